"""Terms that are equal once dummies are renamed, and factors that summed terms share."""

from __future__ import annotations

from collections import Counter
from itertools import permutations

from ...ir.build import ZERO, add, index_sum, multiply, number
from ...ir.expr import Expr, Index, IndexSum, Literal, Number, Sum
from ...ir.walk import substitute
from ..rule import Context, rule
from ..terms import SEARCHED, factors_of, finite, key, split_coefficient

MOST_TERMS = 32  # of one sum, among which shared factors are looked for


@rule(
    "collect-terms",
    title="rename, collect",
    on=Sum,
    law=r"a\,x + b\,x = (a + b)\,x",
    decreases="factors",
    example=("sum[j](A[i, j] x[j]) + sum[k](A[i, k] x[k])", "2 sum[j](A[i, j] x[j])"),
    given="index i : m(M)\nindex j, k : n(N)",
)
def collect_terms(node: Sum, context: Context) -> Expr | None:
    """Terms that differ in their coefficient and in the names of dummies only become one."""
    found: dict[str, list[tuple[Number, Expr]]] = {}
    order: list[str] = []
    for term in node.terms:
        coefficient, rest = (1, term) if isinstance(term, Literal) else split_coefficient(term)
        mark = repr(term) if isinstance(term, Literal) else key(rest)  # numbers are `number-fold`'s to add
        if mark not in found:
            order.append(mark)
        found.setdefault(mark, []).append((coefficient, rest))
    if all(len(group) == 1 for group in found.values()):
        return None
    out: list[Expr] = []
    changed = False
    for mark in order:
        group = found[mark]
        total: Number = 0
        for coefficient, _ in group:
            total = total + coefficient
        if len(group) == 1 or total != total or (total == 0 and not finite(group[0][1])):
            out += [multiply(number(c), rest) for c, rest in group]
        else:
            changed = True
            out.append(multiply(number(total), group[0][1]) if total != 0 else ZERO)
    return add(*out) if changed else None


@rule(
    "collect-factors",
    title="rename, collect",
    on=Sum,
    law=r"\sum_i a_i x_i + \sum_j b_j x_j = \sum_i (a_i + b_i)\,x_i",
    decreases="sums",
    example=("sum[j](A[k, j] x[j]) + sum[i](x[i] A[i, k])", "sum[j]((A[k, j] + A[j, k]) x[j])"),
    given="index i, j, k : n(N)",
)
def collect_factors(node: Sum, context: Context) -> Expr | None:
    """Two summed terms that share factors once their dummies are named alike become one sum over them, if the bracket
    has no more indices than what is added in it: x[i, a] z[a] + y[j, a] z[a] stays."""
    terms = node.terms
    if len(terms) > MOST_TERMS:
        return None
    parts = [_summed(t) for t in terms]
    for a in range(len(terms)):
        for b in range(a + 1, len(terms)):
            first, second = parts[a], parts[b]
            joined = _join(first, second) if first is not None and second is not None else None
            if joined is not None:
                return add(*terms[:a], joined, *terms[a + 1 : b], *terms[b + 1 :])
    return None


_Summed = tuple[tuple[Expr, ...], tuple[Index, ...], tuple[Expr, ...]]


def _summed(term: Expr) -> _Summed | None:
    """(factors before the sum, its indices, its factors) of a term with one sum."""
    factors = factors_of(term)
    sums = [f for f in factors if isinstance(f, IndexSum)]
    if len(sums) != 1:
        return None
    return tuple(f for f in factors if f is not sums[0]), sums[0].indices, factors_of(sums[0].body)


def _join(first: _Summed, second: _Summed) -> Expr | None:
    before, bound, factors = first
    if len(bound) != len(second[1]) or len(bound) > SEARCHED:
        return None
    outside = multiply(*before, *second[0], index_sum(multiply(*second[2]), second[1])).free
    if not outside.isdisjoint(bound):
        return None  # the first sum's names would capture something of the second term
    best: tuple[int, tuple[Expr, ...], tuple[Expr, ...]] | None = None
    for order in permutations(bound):
        if any(x.space != y.space for x, y in zip(order, second[1])):
            continue
        renamed = factors_of(substitute(multiply(*second[2]), dict(zip(second[1], order))))
        shared = Counter(factors) & Counter(renamed)
        useful = [f for f in shared.elements() if not f.free.isdisjoint(bound)]
        if useful and (best is None or len(useful) > best[0]):
            best = (len(useful), renamed, tuple(useful))
    if best is None:
        return None
    _, renamed, shared_factors = best
    mine, theirs = _without(factors, shared_factors), _without(renamed, shared_factors)
    parts = multiply(*before, *mine), multiply(*second[0], *theirs)
    either = add(*parts)
    if all(len(either.free) > len(p.free) for p in parts):
        return None
    return index_sum(multiply(either, *shared_factors), bound)


def _without(factors: tuple[Expr, ...], taken: tuple[Expr, ...]) -> list[Expr]:
    left = Counter(taken)
    out = []
    for factor in factors:
        if left[factor]:
            left[factor] -= 1
        else:
            out.append(factor)
    return out


RULES = (collect_terms, collect_factors)
