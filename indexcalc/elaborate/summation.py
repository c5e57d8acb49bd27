"""Which indices are summed, and where: rules 2, 3 and 4 of the language, term by term.

An index that is neither free nor bound is summed at the smallest part that holds both of its occurrences.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .terms import ADDING, Bind, Join, Leaf, Term


@dataclass(slots=True)
class Settled:
    """`single`: index → the terms where it dangles; `thrice`: (index, the term that holds too many);
    `summed`: index → a term that sums it."""

    single: dict[str, list[Term]] = field(default_factory=dict)
    thrice: list[tuple[str, Term]] = field(default_factory=list)
    summed: dict[str, Term] = field(default_factory=dict)


def settle(term: Term, known: frozenset[str]) -> Settled:
    """Decide every sum in a term; `known` are its free indices.  Writes `sums` into the terms."""
    found = Settled()
    _settle(term, known, found)
    return found


def _settle(term: Term, known: frozenset[str], found: Settled) -> None:
    pending = [k for k in term.counts if k not in known]
    if not pending:
        return  # what a binder inside binds, it protects all the way down
    if isinstance(term, Leaf):
        _settle_leaf(term, pending, found)
    elif isinstance(term, Join):
        if term.kind in ADDING and len(term.parts) > 1:
            known = known | _settle_product(term, pending, found)
        for part in term.parts:
            if part.counts:
                _settle(part, known, found)
    elif isinstance(term, Bind):
        if term.keeps:
            for key in term.keys:
                if key not in known:
                    found.single.setdefault(key, []).append(term)
        _settle(term.body, known.union(term.keys), found)


def _settle_leaf(term: Leaf, pending: list[str], found: Settled) -> None:
    for key in pending:
        count = term.counts[key]
        if count == 1:
            found.single.setdefault(key, []).append(term)
        elif count == 2:
            _sum_here(term, key, found)
        else:
            found.thrice.append((key, term))


def _sum_here(term: Term, key: str, found: Settled) -> None:
    found.summed.setdefault(key, term)
    if key not in term.sums:  # the middle of `a < b < c` is met twice
        term.sums += (key,)


def _settle_product(term: Join, pending: list[str], found: Settled) -> frozenset[str]:
    """Indices that meet in this product; the others are left to the one factor that holds them."""
    holders = dict.fromkeys(pending, 0)
    for part in term.parts:
        for key in part.counts:
            if key in holders:
                holders[key] += 1
    own = term.parts[1].counts if term.kind == "derivative" else {}  # ∂f/∂A_kk: the sum is of derivatives
    met = [k for k in pending if holders[k] > 1 or own.get(k, 0) > 1]
    for key in met:
        if term.counts[key] == 2:
            _sum_here(term, key, found)
        else:
            found.thrice.append((key, term))
    return frozenset(met)
