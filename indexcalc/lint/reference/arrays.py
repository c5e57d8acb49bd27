"""What an expression reads by name: arrays, sizes of arrays, constants of libraries; and subscripts that add axes."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from ...python.module import Call
from ...python.operations import last_name
from .axes import is_library, subject
from .operations import TRANSPOSES


def arrays_in(node: ast.expr, calls: Mapping[int, Call], libraries: frozenset[str]) -> Iterator[ast.expr]:
    """The arrays and numbers that an expression reads by name, in the order of the source."""
    if id(node) in calls:
        for operand in calls[id(node)].operands:
            yield from arrays_in(operand.node, calls, libraries)
    elif isinstance(node, (ast.Name, ast.Attribute)):
        if isinstance(node, ast.Attribute) and node.attr in TRANSPOSES:
            yield from arrays_in(node.value, calls, libraries)
        elif not is_library(node, libraries):
            yield node
    elif is_size(node):
        yield node
    elif isinstance(node, ast.Subscript):
        yield from [node] if "other" in slice_kinds(node) else arrays_in(node.value, calls, libraries)
    elif isinstance(node, ast.Call):
        array, rest = subject(node, libraries)
        for part in [array, *rest] if array is not None else rest:
            yield from arrays_in(part, calls, libraries)
    elif isinstance(node, ast.BinOp):
        yield from arrays_in(node.left, calls, libraries)
        yield from arrays_in(node.right, calls, libraries)
    elif isinstance(node, ast.UnaryOp):
        yield from arrays_in(node.operand, calls, libraries)


def is_size(node: ast.expr) -> bool:
    """`x.shape[-1]`, `x.size(1)`, `len(x)`: a number that an array tells."""
    if isinstance(node, ast.Subscript):
        return isinstance(node.value, ast.Attribute) and node.value.attr == "shape"
    if isinstance(node, ast.Call):
        name = last_name(node.func)
        method = isinstance(node.func, ast.Attribute)
        return len(node.args) == 1 and ((name == "size" and method) or (name == "len" and not method))
    return False


def wanted_name(node: ast.expr) -> str:
    if is_size(node):
        return "size_" + "_".join(n.id for n in ast.walk(node) if isinstance(n, ast.Name) and n.id != "len")
    while isinstance(node, (ast.Subscript, ast.Call)):
        node = node.value if isinstance(node, ast.Subscript) else node.func
    return last_name(node) or "value"


def constant_name(node: ast.expr, libraries: frozenset[str]) -> str:
    """π or ∞ of a library."""
    from_library = isinstance(node, ast.Attribute) and is_library(node.value, libraries)
    return last_name(node) if from_library and last_name(node) in ("pi", "inf") else ""


def slice_kinds(node: ast.Subscript) -> list[str]:
    """For each part of a subscript: `:`, `...`, a new axis, or something else."""
    return [_slice_kind(p) for p in (node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice])]


def _slice_kind(node: ast.expr) -> str:
    if isinstance(node, ast.Constant) and node.value in (None, ...):
        return "..." if node.value is ... else "new"
    if isinstance(node, ast.Attribute) and node.attr == "newaxis":
        return "new"
    whole = isinstance(node, ast.Slice) and node.lower is node.upper is node.step is None
    return ":" if whole else "other"
