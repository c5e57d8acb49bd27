"""Conditions on positions that have become numbers."""

from __future__ import annotations

from math import prod

from ..ir.build import ONE, ZERO
from ..ir.expr import COMPARISONS, Compare, Expr, Literal, Logic, Number, Product, Sum, Where


def decided(e: Expr) -> Expr:
    """A comparison of numbers as 1 or 0, and what follows for `and`, `or`, `not` and `where` around it.

    >>> from ..ir.expr import Access
    >>> print(decided(Where(ZERO, Access("x", (7,)), Access("y", (1,)))))
    y[1]
    """
    if isinstance(e, Compare):
        left, right = _number(e.left), _number(e.right)
        if left is not None and right is not None:
            return ONE if COMPARISONS[e.operator](left, right) else ZERO
    elif isinstance(e, Logic):
        return _logic(e)
    elif isinstance(e, Where) and e.condition in (ONE, ZERO):
        return e.then if e.condition == ONE else e.other
    return e


def _logic(e: Logic) -> Expr:
    if e.operator == "not":
        return ZERO if e.arguments[0] == ONE else ONE if e.arguments[0] == ZERO else e
    neutral, final = (ONE, ZERO) if e.operator == "and" else (ZERO, ONE)
    rest = tuple(a for a in e.arguments if a != neutral)
    if final in rest:
        return final
    return neutral if not rest else rest[0] if len(rest) == 1 else Logic(e.operator, rest)


def _number(e: Expr) -> Number | None:
    """The value of a formula of numbers."""
    if isinstance(e, Literal):
        return e.value
    if not isinstance(e, (Sum, Product)):
        return None
    parts = [_number(p) for p in (e.terms if isinstance(e, Sum) else e.factors)]
    known = [p for p in parts if p is not None]
    if len(known) < len(parts):
        return None
    return sum(known) if isinstance(e, Sum) else prod(known)
