"""Factors that all terms of a sum share, put in front: the last form of an answer, multiplied out by nothing."""

from __future__ import annotations

from collections import Counter

from ...ir.build import add, integer_power, multiply, number
from ...ir.expr import Expr, Literal, Number, Sum
from ..rule import Context, rule
from ..terms import divides, factors_of


@rule(
    "common-factor",
    title="common factor",
    on=Sum,
    law=r"a\,x + a\,y = a\,(x + y)",
    decreases="factors",
    example=("a[i] x[i] - a[i] y[i]", "a[i] (x[i] - y[i])"),
    given="index i : n(N)",
    left="i",
)
def common_factor(node: Sum, context: Context) -> Expr | None:
    """What every term has stands once, in front of the bracket; numbers of one size too."""
    terms = [_parts(t) for t in node.terms]
    shared = Counter(terms[0][1])
    for _, factors in terms[1:]:
        shared &= Counter(factors)
    size = _common_size([value for value, _ in terms])
    if not shared and size == 1:
        return None
    inside = []
    for value, factors in terms:
        left = Counter(shared)
        kept = []
        for factor in factors:
            if left[factor]:
                left[factor] -= 1
            else:
                kept.append(factor)
        inside.append(multiply(number(value * integer_power(size, -1)), *kept))
    in_order = []
    for factor in terms[0][1]:
        if shared[factor]:
            shared[factor] -= 1
            in_order.append(factor)
    below = [f for f in in_order if divides(f)]
    return multiply(number(size), *(f for f in in_order if f not in below), add(*inside), *below)


def _parts(term: Expr) -> tuple[Number, tuple[Expr, ...]]:
    """The number in front, and the other factors."""
    factors = factors_of(term)
    first = factors[0]
    return (first.value, factors[1:]) if isinstance(first, Literal) else (1, factors)


def _common_size(values: list[Number]) -> Number:
    """The magnitude that all the numbers have, negative if all of them are; else 1."""
    first = values[0]
    if isinstance(first, float) or first == 0 or any(v not in (first, -first) for v in values):
        return 1
    positive = first if first > 0 else -first
    return -positive if all(v < 0 for v in values) else positive


RULES = (common_factor,)
