"""What statements bind, and where a size is read from: by the look of the syntax tree alone."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Sequence

Function = ast.FunctionDef | ast.AsyncFunctionDef


def dotted(node: ast.expr) -> str:
    """`self.W` as a text; "" for anything else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def stores(statements: Sequence[ast.stmt], function: Function | None = None) -> Counter[str]:
    """How often each name and attribute of `self` is bound; parameters once."""
    counts: Counter[str] = Counter()
    if function is not None:
        arguments = function.args
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
        counts.update(a.arg for a in every if a is not None)
    stack: list[ast.AST] = list(statements)
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Name):
            if not isinstance(node.ctx, ast.Load):
                counts[node.id] += 1
        elif isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
            name = dotted(node)
            if name:
                counts[name] += 1
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            counts[node.name] += 1
        stack += ast.iter_child_nodes(node)
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
