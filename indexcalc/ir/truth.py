"""The value of a condition on indices at one point, in exact numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping

from .build import integer_power
from .expr import (
    COMPARISONS,
    Apply,
    Compare,
    Constant,
    Delta,
    Expr,
    Extent,
    IndexValue,
    Literal,
    Logic,
    Number,
    Power,
    Product,
    Slot,
    Sum,
)  # fmt: skip
from .index import Affine, Index
from .slots import Unknown, unknown_of
from .walk import subexpressions


def truth(e: Expr, point: Mapping[Index, int], sizes: Mapping[Unknown, int]) -> bool:
    """Whether the condition holds; true where it has a form that is not looked into, so that nothing is missed."""
    found = _value(e, point, sizes)
    return found is None or bool(found)


def settled(e: Expr) -> bool | None:
    """Whether a condition holds, where that is decided by numbers alone; else None.

    >>> one, two = Literal(1), Literal(2)
    >>> settled(Compare("<", one, two)), settled(Compare("<", two, two)), settled(Constant("pi"))
    (True, False, None)
    """
    if isinstance(e, Logic):
        parts = [settled(a) for a in e.arguments]
        if e.operator == "not":
            return None if parts[0] is None else not parts[0]
        decides = e.operator == "or"  # one part that holds, or fails, is enough
        return decides if decides in parts else None if None in parts else not decides
    if any(isinstance(p, (Extent, Delta, IndexValue, Constant)) for p in subexpressions(e)):
        return None
    found = _value(e, {}, {})
    return None if found is None else bool(found)


def _value(e: Expr, point: Mapping[Index, int], sizes: Mapping[Unknown, int]) -> Number | None:
    if isinstance(e, Literal):
        return e.value
    if isinstance(e, IndexValue):
        return point[e.index]
    if isinstance(e, Extent):
        return e.space.extent if isinstance(e.space.extent, int) else sizes[unknown_of(e.space)]
    if isinstance(e, Constant):
        return math.pi if e.name == "pi" else None
    if isinstance(e, Delta):
        return int(_position(e.left, point) == _position(e.right, point))
    parts: list[Number] = []
    for part in _parts(e):
        found = _value(part, point, sizes)
        if found is None:
            return None
        parts.append(found)
    return _combined(e, parts)


def _parts(e: Expr) -> tuple[Expr, ...]:
    if isinstance(e, Compare):
        return e.left, e.right
    if isinstance(e, Power):
        return e.base, e.exponent
    if isinstance(e, (Apply, Logic)):
        return e.arguments
    return e.terms if isinstance(e, Sum) else e.factors if isinstance(e, Product) else ()


def _combined(e: Expr, parts: list[Number]) -> Number | None:
    if isinstance(e, Compare):
        return int(COMPARISONS[e.operator](*parts))
    if isinstance(e, Logic):
        return int(not parts[0] if e.operator == "not" else all(parts) if e.operator == "and" else any(parts))
    if isinstance(e, Sum):
        return sum(parts)
    if isinstance(e, Product):
        return math.prod(parts)
    if isinstance(e, Power):
        whole = isinstance(parts[1], int) and 0 <= parts[1] <= 64
        return integer_power(parts[0], int(parts[1])) if whole else None
    if isinstance(e, Apply) and e.function == "abs":
        return parts[0] if parts[0] >= 0 else -parts[0]
    if isinstance(e, Apply) and e.function in ("min", "max"):
        return min(parts) if e.function == "min" else max(parts)
    return None


def _position(slot: Slot, point: Mapping[Index, int]) -> int:
    if isinstance(slot, int):
        return slot
    if isinstance(slot, Index):
        return point[slot]
    assert isinstance(slot, Affine)
    return slot.offset + sum(c * point[i] for c, i in slot.terms if isinstance(i, Index))
