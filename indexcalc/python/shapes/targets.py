"""What statements bind, and where a size is read from: by the look of the syntax tree alone."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Sequence

from ..walk import children

Function = ast.FunctionDef | ast.AsyncFunctionDef


def dotted(node: ast.expr) -> str:
    """`self.W` as a text; "" for anything else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


class Stores:
    """What the statements of a file bind, found in one walk, and besides its `imports` and the `strings` that run over
    several lines, in no particular order.

    The names stand in a list in the order of the walk, and of each statement is kept from where to where its own are,
    so that to count those of a statement costs what it binds, however deep it is.
    """

    def __init__(self, tree: ast.Module) -> None:
        self.imports: list[ast.Import | ast.ImportFrom] = []
        self.strings: list[ast.Constant | ast.JoinedStr] = []
        self._names: list[str] = []
        self._stretches: dict[int, tuple[int, int]] = {}
        names = self._names
        stack: list[ast.AST | tuple[ast.stmt, int]] = [tree]
        while stack:
            node = stack.pop()
            if isinstance(node, ast.Name):
                if node.ctx.__class__ is not ast.Load:
                    names.append(node.id)
                continue
            if isinstance(node, ast.Attribute):
                if node.ctx.__class__ is not ast.Load and (name := dotted(node)):
                    names.append(name)
            elif isinstance(node, tuple):  # the end of a statement
                self._stretches[id(node[0])] = node[1], len(names)
                continue
            elif isinstance(node, (ast.Constant, ast.JoinedStr)):
                if (node.end_lineno or 0) > node.lineno:
                    self.strings.append(node)
            elif isinstance(node, ast.stmt):
                stack.append((node, len(names)))
                if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                    names.append(node.name)
                elif isinstance(node, (ast.Import, ast.ImportFrom)):
                    self.imports.append(node)
                    continue
            stack += children(node)

    def __call__(self, statements: Sequence[ast.stmt], function: Function | None = None) -> Counter[str]:
        """How often each name and attribute of `self` is bound by statements of the file; parameters once."""
        counts: Counter[str] = Counter()
        if function is not None:
            arguments = function.args
            every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
            counts.update(a.arg for a in every if a is not None)
        for statement in statements:
            first, last = self._stretches[id(statement)]
            counts.update(self._names[first:last])
        return counts


def targets(node: ast.expr) -> list[str]:
    return [dotted(n) for n in ast.walk(node) if isinstance(n, (ast.Name, ast.Attribute))]


def plain(targets: Sequence[ast.expr]) -> list[str]:
    """The names that a comment behind an assignment is about: one, or each of several on the left."""
    out: list[str] = []
    for target in targets:
        items = target.elts if isinstance(target, (ast.Tuple, ast.List)) else [target]
        out += [name for t in items if (name := dotted(t))]
    return out


def source_of_shape(node: ast.expr) -> str:
    """x of `x.shape`, `x.size()`, `np.shape(x)`, `list(x.shape)`; else ""."""
    if isinstance(node, ast.Attribute) and node.attr == "shape":
        return dotted(node.value)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if node.func.attr == "size" and not node.args:
            return dotted(node.func.value)
        if node.func.attr == "shape" and len(node.args) == 1:
            return dotted(node.args[0])
    return ""


_WHOLE = ("dim", "size", "ndimension", "numel")  # methods that tell of the whole shape


def asked_rank(test: ast.expr) -> list[str]:
    """The arrays whose rank or whole shape a condition asks for: it is then not one thing.

    >>> asked_rank(ast.parse("x.ndim == 3 and len(y.shape) > 2 and z.shape[0] == 1", mode="eval").body)
    ['x', 'y']
    """
    found: list[str] = []
    stack: list[ast.AST] = [test]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Subscript):
            continue  # one axis
        if isinstance(node, ast.Attribute) and node.attr in ("ndim", "shape"):
            found.append(dotted(node.value))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _WHOLE:
            found.append("" if node.args else dotted(node.func.value))
        stack += children(node)
    return sorted(filter(None, found))


def axis_read(node: ast.expr) -> tuple[str, int] | None:
    """(x, 0) of `x.shape[0]`, `x.size(0)`, `len(x)`."""
    number: ast.expr | None = None
    name = ""
    if isinstance(node, ast.Subscript):
        name, number = source_of_shape(node.value), node.slice
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "size":
        if len(node.args) != 1:
            return None
        name, number = dotted(node.func.value), node.args[0]
    sign = 1
    if isinstance(number, ast.UnaryOp) and isinstance(number.op, ast.USub):
        sign, number = -1, number.operand
    if name and isinstance(number, ast.Constant) and type(number.value) is int:
        return name, sign * number.value
    return None
