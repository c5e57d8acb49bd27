"""The last touch for readers: 2 (A[i, j] x[j]) is written 2 A[i, j] x[j], one flat product under its sum."""

from __future__ import annotations

from ..ir.build import add, multiply
from ..ir.expr import Expr, IndexSum, Literal, Product, Sum
from ..ir.summation import implicit_sums


def tidy(e: Expr) -> Expr:
    """Factors beside a top-level sum moved into it, where the sum then need not be written.  The value is the same.

    >>> from indexcalc.ir.expr import Access, Index, Space
    >>> j = Index("j", Space("n"))
    >>> print(tidy(2 * IndexSum(Access("x", (j,)) * Access("y", (j,)), (j,))))
    2 x[j] y[j]
    """
    if isinstance(e, Sum):
        return add(*(_term(t) for t in e.terms))
    return _term(e)


def _term(e: Expr) -> Expr:
    if not isinstance(e, Product):
        return e
    sums = [f for f in e.factors if isinstance(f, IndexSum)]
    if len(sums) != 1:
        return e
    inside, first = sums[0], e.factors[0]
    negative = isinstance(first, Literal) and first.value < 0
    factors = (-first, *e.factors[1:]) if negative else e.factors
    merged = IndexSum(multiply(*(inside.body if f is inside else f for f in factors)), inside.indices)
    if merged not in implicit_sums(merged, e.free):
        return e
    return -merged if negative else merged
