"""Arguments of array functions that say something about axes, read from the syntax tree."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

from ...python.operations import last_name


class NotReadable(Exception):
    """Says which part of an expression has no index notation here, and why."""

    def __init__(self, node: ast.AST, message: str) -> None:
        super().__init__(message)
        self.node = node
        self.message = message


def subject(call: ast.Call, libraries: frozenset[str]) -> tuple[ast.expr | None, list[ast.expr]]:
    """The array that a function or method works on, and its other positional arguments."""
    function = call.func
    arguments = list(call.args)
    if isinstance(function, ast.Attribute) and not is_library(function.value, libraries):
        return function.value, arguments
    return (arguments[0], arguments[1:]) if arguments else (None, [])


def is_library(node: ast.expr, libraries: frozenset[str]) -> bool:
    """`torch`, `np`, `torch.nn.functional`: what functions are taken from."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name) and node.id in libraries


def argument(call: ast.Call, rest: Sequence[ast.expr], place: int, *names: str) -> ast.expr | None:
    """A keyword argument, or the positional one at this place behind the array."""
    for keyword in call.keywords:
        if keyword.arg in names:
            return keyword.value
    return rest[place] if place < len(rest) else None


def constant(node: ast.expr | None) -> Any:
    """The value of a literal: a number, a text, a truth, None, or a tuple of such; raises where it is no literal."""
    if node is None:
        return None
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        raise NotReadable(node, f"`{shown(node)}` is no number that the source shows") from None


def axis(value: Any, rank: int, node: ast.AST) -> int:
    """An axis counted from 0."""
    if isinstance(value, bool) or not isinstance(value, int) or not -rank <= value < rank:
        raise NotReadable(node, f"an array of rank {rank} has no axis {value}")
    return value % rank


def axes(value: Any, rank: int, node: ast.AST) -> tuple[int, ...]:
    """One axis or several."""
    values = value if isinstance(value, (tuple, list)) else (value,)
    return tuple(axis(v, rank, node) for v in values)


def order_of(node: ast.Call, rest: Sequence[ast.expr], rank: int) -> tuple[int, ...]:
    """For each axis of the result, the axis of the array that it is."""
    name = last_name(node.func)
    given = argument(node, rest, 0, "dims", "axes", "axis", "dim0", "source")
    values = [constant(a) for a in rest] if len(rest) > 1 else constant(given)
    keywords = [constant(k.value) for k in node.keywords if k.arg in ("dim0", "dim1", "source", "destination")]
    values = keywords if len(keywords) == 2 else values
    if values is None or name == "t":
        return tuple(reversed(range(rank)))
    values = axes(tuple(values) if isinstance(values, (list, tuple)) else (values,), rank, node)
    order = list(range(rank))
    if name in ("moveaxis", "movedim") and len(values) == 2:
        order.remove(values[0])
        order.insert(values[1], values[0])
    elif sorted(values) == order and (name == "permute" or rank != 2):
        order = list(values)
    elif len(values) == 2 and name != "permute":
        order[values[0]], order[values[1]] = values[1], values[0]
    else:
        raise NotReadable(node, f"`{shown(node)}` is no order of {rank} axes")
    return tuple(order)


def shown(node: ast.AST) -> str:
    """The source of a node, cut short."""
    text = ast.unparse(node)
    return text if len(text) <= 40 else text[:37] + "..."
