"""The summation convention, seen from the printer: which explicit sums a reader would put back if they were left out.

Counting follows the language's rules: a product adds its factors' counts; a sum, a function's arguments, `where` and
comparisons take the maximum over their parts; a power counts its base; an index used as a value counts nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from .expr import (
    Access,
    Binder,
    Delta,
    Derivative,
    Expr,
    GeneralizedDelta,
    Index,
    IndexSum,
    IndexValue,
    LeviCivita,
    Literal,
    MatrixApply,
    Partial,
    Power,
    Product,
)
from .walk import children, slot_indices, slots_of, subexpressions

_LEAVES = (Access, Delta, GeneralizedDelta, LeviCivita, MatrixApply)


def occurrences(e: Expr) -> dict[Index, int]:
    """How often each index counts in `e`, in order of first occurrence.

    >>> from indexcalc.ir.expr import Space
    >>> i = Index("i", Space("n"))
    >>> occurrences(Product((Access("x", (i,)), Access("x", (i,))))) == {i: 2}
    True
    """
    if isinstance(e, _LEAVES):
        return dict(Counter(slot_indices(slots_of(e))))
    if isinstance(e, IndexValue):
        return {}
    if isinstance(e, Product):
        return _merge(map(occurrences, e.factors), add=True)
    if isinstance(e, Power):
        return occurrences(e.base)
    if isinstance(e, Partial):
        return _merge([{e.index: 1}, occurrences(e.body)], add=True)
    if isinstance(e, Derivative):
        return _merge([occurrences(e.body), Counter(slot_indices(e.wrt.slots))], add=True)
    if isinstance(e, Binder):
        bound: tuple[Index, ...] = e.indices
        inner = {i: n for i, n in occurrences(e.body).items() if i not in bound}
        return {**dict.fromkeys(bound, 1), **inner} if e.keeps else inner
    return _merge(map(occurrences, children(e)), add=False)


def _merge(parts: Iterable[Mapping[Index, int]], add: bool) -> dict[Index, int]:
    total: dict[Index, int] = {}
    for part in parts:
        for index, n in part.items():
            total[index] = total.get(index, 0) + n if add else max(total.get(index, 0), n)
    return total


def mentions(e: Expr) -> Counter[str]:
    """How often each index name is written in `e` at all: in slots, as a value, by a binder."""
    found: Counter[str] = Counter()
    for part in subexpressions(e):
        if isinstance(part, Access):
            # gathers are sub-expressions of their own, so only this reference's own slots are read here
            found.update(i.name for i in slot_indices(s for s in part.slots if not isinstance(s, Access)))
        elif isinstance(part, Binder):
            found.update(i.name for i in part.indices)
        elif isinstance(part, Partial):
            found[part.index.name] += 1
        else:
            found.update(i.name for i in slot_indices(slots_of(part)))
    return found


def implicit_sums(term: Expr, left: Iterable[Index] = ()) -> frozenset[IndexSum]:
    """The sums inside one term of a right side that the summation rules restore when they are not written.

    `left`: the indices of the left side, which are never summed.  Exponents keep their sums written.
    """
    kept: set[IndexSum] = set()
    refused: set[IndexSum] = set()
    stack = [(term, frozenset(i.name for i in left))]
    while stack:
        now, taken = stack.pop()  # `taken`: names that count together with those in here
        if isinstance(now, IndexSum):
            fits = taken.isdisjoint(i.name for i in now.indices) and _restorable(now)
            (kept if fits else refused).add(now)
        if isinstance(now, Power):
            refused.update(p for p in subexpressions(now.exponent) if isinstance(p, IndexSum))
            stack.append((now.base, taken))
        elif isinstance(now, Product):
            stack += _apart(now, taken)
        elif isinstance(now, Partial):
            stack.append((now.body, taken | {now.index.name}))
        elif isinstance(now, Derivative):
            stack.append((now.body, taken | {i.name for i in slot_indices(now.wrt.slots)}))
        else:
            stack += [(part, taken) for part in children(now)]
    return frozenset(kept - refused)


def _apart(e: Product, taken: frozenset[str]) -> list[tuple[Expr, frozenset[str]]]:
    """The factors that may hold sums, each with the names that the other factors mention."""
    within = [k for k, f in enumerate(e.factors) if any(isinstance(p, IndexSum) for p in subexpressions(f))]
    if not within:
        return []
    each = [mentions(f) for f in e.factors]
    total: Counter[str] = Counter()
    for names in each:
        total.update(names)
    return [(e.factors[k], taken | {n for n in total if total[n] > each[k][n]}) for k in within]


def _restorable(e: IndexSum) -> bool:
    """The body is the smallest sub-expression that has each bound index exactly twice, and no index is left over."""
    counts = occurrences(e.body)
    if any(counts.get(i) != 2 for i in e.indices) or len(set(e.indices)) != len(e.indices):
        return False
    if [i for i in counts if i in e.indices] != list(e.indices):
        return False
    if not isinstance(e.body, Product):
        return isinstance(e.body, _LEAVES)
    first = e.body.factors[0]
    if isinstance(first, Literal) and not (first.value > 0):
        return False  # a sign stands outside the product
    for factor in e.body.factors:
        inside = occurrences(factor)
        if any(inside.get(i, 0) > 1 for i in e.indices):
            return False
        if any(isinstance(p, Power) and not p.exponent.free.isdisjoint(e.indices) for p in subexpressions(factor)):
            return False
    return True
