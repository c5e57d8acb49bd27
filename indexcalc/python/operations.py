"""Calls and operators of a Python file as mathematics: `np.exp(x)`, `torch.exp(x)` and `x.exp()` are one operation."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from .positions import Positions
from .scopes import CUSTOMARY
from .walk import children, parts

_CUSTOMARY = {**CUSTOMARY, "F": "torch.nn.functional", "nn": "torch.nn", "scipy": "scipy", "lax": "jax.lax"}
_SYMBOLIC = ("sympy", "math", "cmath", "z3")  # numbers and formulas, no arrays
_MAXIMUM = re.compile(r"\b(?:nan|a|reduce_|seg_|segment_)?max(?:imum)?\s*\(|\bmax_\w+|\w_max\b|\blogsumexp\b")

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


@dataclass(frozen=True, slots=True)
class Applied:
    """An operation on an operand; `function` is its full name, or "" for a method of the operand."""

    node: ast.Call
    name: str
    function: str
    operand: ast.expr
    rest: tuple[str, ...]  # the source of the other arguments, those by keyword sorted


class Operations:
    """The calls and binary operators of a file, each with the function that it stands in."""

    def __init__(self, tree: ast.Module, positions: Positions) -> None:
        self.positions = positions
        self.operators: list[tuple[ast.BinOp, FunctionNode | None]] = []
        self._calls: dict[str, list[tuple[ast.Call, FunctionNode | None]]] = {}
        self.imports: dict[str, str] = {}  # full names by what an import binds
        self._locals: dict[int, Locals] = {}
        self._maxima: dict[int, bool] = {}
        self._walk(tree)

    def _walk(self, tree: ast.Module) -> None:
        stack: list[tuple[ast.AST, FunctionNode | None]] = [(tree, None)]
        while stack:
            node, home = stack.pop()
            kind = type(node)
            if kind is ast.Call:
                assert isinstance(node, ast.Call)
                name = last_name(node.func)
                self._calls.setdefault(name, []).append((node, home))
            elif kind is ast.BinOp:
                self.operators.append((node, home))  # type: ignore[arg-type]
            elif isinstance(node, (ast.Import, ast.ImportFrom)):
                self._import(node)
            elif isinstance(node, FunctionNode):
                home = node
            stack += [(child, home) for child in parts(node)]

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        for alias in node.names:
            if isinstance(node, ast.Import):
                name = alias.name if alias.asname else alias.name.partition(".")[0]
                self.imports[alias.asname or name] = name
            else:
                self.imports[alias.asname or alias.name] = f"{node.module or ''}.{alias.name}"

    def applied(self, node: ast.expr, *names: str) -> Applied | None:
        """A call of one of these names as an operation, or None.

        >>> from ..diagnostics import Lines
        >>> text = "import numpy as np\\nnp.exp(x); x.sum(0)"
        >>> found = Operations(ast.parse(text), Positions(text, Lines(text)))
        >>> [(a.name, a.function, ast.unparse(a.operand)) for a, _ in found.each("exp", "sum")]
        [('exp', 'numpy.exp', 'x'), ('sum', '', 'x')]
        """
        if not isinstance(node, ast.Call) or not isinstance(node.func, (ast.Attribute, ast.Name)):
            return None
        name = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
        full = self._full_name(node.func)
        last = full.rpartition(".")[2] or name
        if last not in names or full.partition(".")[0] in _SYMBOLIC:
            return None
        rest = tuple(sorted(f"{k.arg}={self.text(k.value)}" for k in node.keywords))
        if full:
            if not node.args or isinstance(node.args[0], ast.Starred):
                return None
            return Applied(node, last, full, node.args[0], (*map(self.text, node.args[1:]), *rest))
        if isinstance(node.func, ast.Attribute):
            return Applied(node, last, "", node.func.value, (*map(self.text, node.args), *rest))
        return None

    def _full_name(self, node: ast.expr) -> str:
        """The dotted name behind an import, or ""."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return ""
        base = self.imports.get(node.id) or (_CUSTOMARY.get(node.id) if parts else None)
        return ".".join([base, *reversed(parts)]) if base else ""

    def value(self, node: ast.expr, home: FunctionNode | None) -> ast.expr:
        """What a name stands for that its function assigns once; anything else as it is."""
        if isinstance(node, ast.Name) and home is not None:
            found = self._names(home).assigned.get(node.id, [])
            if len(found) == 1 and found[0] is not None:
                return found[0]
        return node

    def reads(self, name: str, home: FunctionNode) -> list[ast.Name]:
        """Where a function reads a name."""
        return self._names(home).reads.get(name, [])

    def _names(self, home: FunctionNode) -> Locals:
        if id(home) not in self._locals:
            self._locals[id(home)] = Locals(home)
        return self._locals[id(home)]

    def takes_a_maximum(self, node: ast.expr, home: FunctionNode | None) -> bool:
        """Whether the function around a place (the line, outside of functions) takes a maximum somewhere: what it
        exponentiates is then likely to be shifted by it."""
        around = home if home is not None else node
        if id(around) not in self._maxima:
            self._maxima[id(around)] = _MAXIMUM.search(self.positions.source(around)) is not None
        return self._maxima[id(around)]

    @cached_property
    def logarithms(self) -> frozenset[int]:
        """The operands of all logarithms, by identity."""
        return frozenset(id(found.operand) for found, _ in self.each("log"))

    def text(self, node: ast.expr) -> str:
        """The source of an expression, without the blanks in it."""
        return "".join(self.positions.source(node).split())

    def same(self, one: ast.expr, two: ast.expr) -> bool:
        """Whether two expressions read alike."""
        return type(one) is type(two) and self.text(one) == self.text(two)

    def each(self, *names: str) -> Iterator[tuple[Applied, FunctionNode | None]]:
        """Every operation of these names, with the function that it stands in."""
        renamed = [
            alias for alias, full in self.imports.items() if full.rpartition(".")[2] in names and alias not in names
        ]
        for name in (*names, *renamed):
            for node, home in self._calls.get(name, ()):
                found = self.applied(node, *names)
                if found is not None:
                    yield found, home


class Locals:
    """The names of one function, functions inside it included: what is assigned (None where it is not one value, as in
    a loop), and where it is read."""

    def __init__(self, function: FunctionNode) -> None:
        self.assigned: dict[str, list[ast.expr | None]] = {}
        self.reads: dict[str, list[ast.Name]] = {}
        stack: list[ast.AST] = [function]
        while stack:
            node = stack.pop()
            if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
                self.assigned.setdefault(node.targets[0].id, []).append(node.value)
                stack.append(node.value)
                continue
            if isinstance(node, ast.arg):
                self.assigned.setdefault(node.arg, []).append(None)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                self.reads.setdefault(node.id, []).append(node)
            elif isinstance(node, ast.Name):
                self.assigned.setdefault(node.id, []).append(None)
            stack += children(node)


def last_name(node: ast.expr) -> str:
    """`W_q` of `self.W_q`; "" for what is no name."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
