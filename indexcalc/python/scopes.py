"""Names of a file: what each is bound to, scope by scope, and the dotted name that stands behind an expression."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from .walk import parts

MAX_STEPS = 20  # aliases of aliases

# Names that a file without the import means, as in an excerpt or a notebook's later cell.
CUSTOMARY = {
    "np": "numpy", "onp": "numpy", "numpy": "numpy", "torch": "torch", "jnp": "jax.numpy", "jax": "jax", "cp": "cupy",
    "cupy": "cupy", "tf": "tensorflow", "tensorflow": "tensorflow", "oe": "opt_einsum", "opt_einsum": "opt_einsum",
    "einops": "einops", "einx": "einx", "functools": "functools",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Imported:
    """A name that an import binds."""

    dotted: str


@dataclass(frozen=True, slots=True)
class Opaque:
    """A name that something binds whose value is not followed: a parameter, a loop, a function."""

    kind: str = ""


Binding = Imported | Opaque | ast.expr


@dataclass(slots=True, eq=False)
class Scope:
    """The names that a module, class or function binds.  `attributes` are those set on `self`."""

    kind: str
    parent: Scope | None = None
    names: dict[str, list[Binding]] = field(default_factory=dict)
    attributes: dict[str, list[Binding]] = field(default_factory=dict)
    outside: set[str] = field(default_factory=set)
    imports: dict[str, Imported] = field(default_factory=dict)  # the last of each name

    def bind(self, name: str, value: Binding) -> None:
        home = self.module if name in self.outside else self
        home.names.setdefault(name, []).append(value)
        if isinstance(value, Imported):
            home.imports[name] = value

    @property
    def module(self) -> Scope:
        scope = self
        while scope.parent is not None:
            scope = scope.parent
        return scope

    @property
    def owner(self) -> Scope | None:
        """The class whose method this is, or is inside of."""
        scope: Scope | None = self
        while scope is not None and scope.kind != "class":
            scope = scope.parent
        return scope

    def bindings(self, name: str) -> tuple[list[Binding], Scope | None]:
        """What the name may be bound to where it is read in this scope, and the scope that binds it."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names and (scope is self or scope.kind != "class"):
                return scope.names[name], scope
            scope = scope.parent
        return [], None


def value_of(node: ast.expr, scope: Scope) -> tuple[Binding, Scope] | None:
    """The one thing that a name or an attribute of `self` or of the class is bound to; None where it is not one."""
    found: list[Binding] = []
    home: Scope | None = None
    if isinstance(node, ast.Name):
        found, home = scope.bindings(node.id)
    elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"):
        home = scope.owner
        if home is not None:
            found = [*home.attributes.get(node.attr, ()), *home.names.get(node.attr, ())]
    if home is None or len(found) != 1:
        return None
    return found[0], home


def dotted_name(node: ast.expr, scope: Scope) -> str:
    """The full name behind aliases (`numpy.einsum` of `np.einsum`), or "" where there is none.

    A part that nothing in the file explains stands as it is written.
    """
    parts: list[str] = []
    for _ in range(MAX_STEPS):
        while isinstance(node, ast.Attribute):
            bound = value_of(node, scope)
            if bound is not None and isinstance(bound[0], ast.expr):
                break
            parts.append(node.attr)
            node = node.value
        if isinstance(node, ast.Call):
            inner = _of_partial(node, scope)
            if inner is None:
                return ""
            node = inner
            continue
        if not isinstance(node, (ast.Name, ast.Attribute)):
            return ""
        name = node.id if isinstance(node, ast.Name) else node.attr
        found, home = scope.bindings(name) if isinstance(node, ast.Name) else ([], None)
        imported = home.imports.get(name) if home is not None else None
        if imported is not None:
            return ".".join([imported.dotted, *reversed(parts)])
        bound = value_of(node, scope)
        if bound is None:
            base = name if found else CUSTOMARY.get(name, name)
            return ".".join([base, *reversed(parts)])
        value, scope = bound
        if not isinstance(value, (ast.Name, ast.Attribute, ast.Call)):
            return ".".join([name, *reversed(parts)])
        if isinstance(value, ast.Call) and _of_partial(value, scope) is None:
            return ".".join([name, *reversed(parts)])
        node = value
    return ""


def _of_partial(call: ast.Call, scope: Scope) -> ast.expr | None:
    """The function that `functools.partial(function, key=value)` wraps; positional arguments would shift the others."""
    if len(call.args) != 1 or isinstance(call.args[0], ast.Starred):
        return None
    if not isinstance(call.func, (ast.Name, ast.Attribute)):
        return None
    last = call.func.id if isinstance(call.func, ast.Name) else call.func.attr
    return call.args[0] if last == "partial" else None


def survey(tree: ast.Module) -> tuple[Scope, list[tuple[ast.Call, Scope]]]:
    """One walk over a file: its names, and every call with the scope it stands in, in the order of the source.

    What a test expects to raise an error (`with pytest.raises(…):`, `assert_raises(Error, lambda: …)`) is left out.
    """
    module = Scope("module")
    calls: list[tuple[ast.Call, Scope]] = []
    stack: list[tuple[ast.AST, Scope]] = [(tree, module)]
    while stack:
        node, scope = stack.pop()
        inner = scope
        if isinstance(node, ast.Call):
            if _expects_error(node):
                continue
            calls.append((node, scope))
        elif isinstance(node, ast.With):
            if any(_expects_error(item.context_expr) for item in node.items):
                continue
        elif node.__class__ in _BINDING:
            _bind(node, scope)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            inner = Scope("function", scope)
            if not isinstance(node, ast.Lambda):
                scope.bind(node.name, Opaque("function"))
            for argument in _parameters(node.args):
                inner.bind(argument, Opaque())
        elif isinstance(node, ast.ClassDef):
            scope.bind(node.name, Opaque("class"))
            inner = Scope("class", scope)
        stack += [(child, inner) for child in parts(node)]
    calls.sort(key=lambda found: (found[0].lineno, found[0].col_offset))
    return module, calls


def _expects_error(node: ast.expr) -> bool:
    """Whether this is a call in which an error is the right outcome."""
    if not isinstance(node, ast.Call):
        return False
    function = node.func
    return (function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")) in _RAISES


_RAISES = frozenset(("raises", "assert_raises", "assertRaises", "assertRaisesRegex", "assert_raises_regex"))
_BINDING = frozenset(  # what `_bind` looks at
    (
        ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign, ast.NamedExpr, ast.For, ast.AsyncFor, ast.comprehension,
        ast.AugAssign, ast.withitem, ast.ExceptHandler, ast.MatchAs, ast.MatchStar, ast.Global, ast.Nonlocal,
    )
)  # fmt: skip


def _parameters(arguments: ast.arguments) -> Iterator[str]:
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    return (a.arg for a in every if a is not None)


def _bind(node: ast.AST, scope: Scope) -> None:
    """Enter what a node binds by itself."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            first = alias.name.partition(".")[0]
            scope.bind(alias.asname or first, Imported(alias.name if alias.asname else first))
    elif isinstance(node, ast.ImportFrom):
        start = "." * node.level + (f"{node.module}." if node.module else "")
        for alias in node.names:
            scope.bind(alias.asname or alias.name, Imported(start + alias.name))
    elif isinstance(node, ast.Assign):
        for target in node.targets:
            _assign(target, node.value, scope)
    elif isinstance(node, ast.AnnAssign):
        if node.value is not None:
            _assign(node.target, node.value, scope)
    elif isinstance(node, ast.NamedExpr):
        _assign(node.target, node.value, scope)
    elif isinstance(node, (ast.For, ast.AsyncFor, ast.comprehension, ast.AugAssign)):
        _assign(node.target, None, scope)
    elif isinstance(node, ast.withitem) and node.optional_vars is not None:
        _assign(node.optional_vars, None, scope)
    elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)) and node.name:
        scope.bind(node.name, Opaque())
    elif isinstance(node, (ast.Global, ast.Nonlocal)):
        scope.outside.update(node.names)


def _assign(target: ast.expr, value: ast.expr | None, scope: Scope) -> None:
    """Bind the names of an assignment's target; `value` is None where it is not followed."""
    if isinstance(target, ast.Name):
        scope.bind(target.id, value if value is not None else Opaque())
    elif isinstance(target, ast.Attribute):
        owner = scope.owner
        if owner is not None and isinstance(target.value, ast.Name) and target.value.id in ("self", "cls"):
            owner.attributes.setdefault(target.attr, []).append(value if value is not None else Opaque())
    elif isinstance(target, (ast.Tuple, ast.List)):
        values: list[ast.expr] = []
        if isinstance(value, (ast.Tuple, ast.List)) and len(value.elts) == len(target.elts):
            values = [] if any(isinstance(x, ast.Starred) for x in (*value.elts, *target.elts)) else value.elts
        for k, item in enumerate(target.elts):
            _assign(item, values[k] if values else None, scope)
    elif isinstance(target, ast.Starred):
        _assign(target.value, None, scope)
