"""The last touch for readers: 2 (A[i, j] x[j]) is written 2 A[i, j] x[j], one flat product under its sum."""

from __future__ import annotations

from ..ir.build import add, multiply
from ..ir.expr import Expr, IndexSum, Literal, Product, Sum
from ..ir.summation import implicit_sums
from ..ir.walk import indices_in, transform


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


def flattened(e: Expr) -> Expr:
    """A sum that is a factor under a sum becomes part of it: Σ_i a_i (Σ_j b_ij c_j) is Σ_ij a_i b_ij c_j."""
    return transform(e, _flat_sum)


def _flat_sum(e: Expr) -> Expr:
    if not isinstance(e, IndexSum) or not isinstance(e.body, Product):
        return e
    if not any(isinstance(f, IndexSum) for f in e.body.factors):
        return e
    factors: list[Expr] = []
    indices = e.indices
    names = {i.name for i in (*indices, *e.body.free)}
    for factor in e.body.factors:
        if isinstance(factor, IndexSum) and names.isdisjoint(i.name for i in factor.indices):
            indices += factor.indices
            names |= {i.name for i in factor.indices}
            factor = factor.body
        factors.append(factor)
        names |= {i.name for i in indices_in(factor)}
    return IndexSum(multiply(*factors), indices) if len(indices) > len(e.indices) else e


def positive_first(e: Expr) -> Expr:
    """b - a rather than -a + b, in every bracket."""
    return transform(e, _with_positive_first)


def _with_positive_first(e: Expr) -> Expr:
    if not isinstance(e, Sum) or not _negative(e.terms[0]):
        return e
    lead = next((k for k, t in enumerate(e.terms) if not _negative(t)), None)
    return e if lead is None else Sum((e.terms[lead], *e.terms[:lead], *e.terms[lead + 1 :]))


def _negative(term: Expr) -> bool:
    """Whether a minus stands in front."""
    first = term.factors[0] if isinstance(term, Product) else term.body if isinstance(term, IndexSum) else term
    if isinstance(first, Product):
        first = first.factors[0]
    return isinstance(first, Literal) and first.value < 0
