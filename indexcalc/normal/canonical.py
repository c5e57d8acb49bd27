"""Canonical names for dummies: colour refinement over index → factor incidence, ties broken by search.

Indices live in a map index → factors, never in pairs: a Hadamard hyperedge is the normal case.  Slots that a symmetry
exchanges count as one place, and an exchange of dummies that only turns the sign shows that the sum is zero.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from math import prod
from typing import Any, NamedTuple

from ..ir.expr import Number
from ..ir.index import Affine, Index
from .atoms import Atom, Hole, exchangeable, free_of, hole_text, substitute
from .symmetry import Symmetry, sorted_slots

Factor = tuple[Atom, Number]
Tagged = tuple[Any, Atom, Number]
Known = Mapping[str, Symmetry]
# Indices of a tied cell that are still tried; beyond it equal things may get different keys, never the reverse.
SEARCH_WIDTH = 4


class Labelling(NamedTuple):
    """The factors as they read under the order, and the sign of sorting their slots; 0 where both signs occur."""

    keys: list[str]
    order: list[Index]
    sign: int


def order_indices(indices: Iterable[Index], tagged: Sequence[Tagged], known: Known) -> tuple[list[Index], bool]:
    """The indices in an order that depends on structure only, not on their names; and whether exchanging some of them
    shows that the product is its own negative."""
    ordered = sorted(indices, key=hole_text)
    if len(ordered) < 2:
        return ordered, False
    spaces = sorted({i.space.name for i in ordered})
    color = _stable({i: spaces.index(i.space.name) for i in ordered}, ordered, tagged, known)
    found = _search(color, ordered, tagged, known)
    return found.order, found.sign == 0


def _describe(hole: Hole, color: dict[Index, int]) -> tuple[Any, ...]:
    if isinstance(hole, Index):
        c = color.get(hole)
        return ("~", hole.space.name, c) if c is not None else (hole_text(hole),)
    if isinstance(hole, Atom):
        return (hole.head, *(_describe(h, color) for h in hole.holes))
    if isinstance(hole, Affine):
        terms = sorted(repr((c, _describe(p, color))) for c, p in hole.terms)  # type: ignore[arg-type]
        return ("+", hole.offset, *terms)
    return (hole_text(hole),)


def _factor_key(tag: Any, atom: Atom, exponent: Number, color: dict[Index, int], known: Known) -> tuple[str, int]:
    """The factor under the present colours, and the sign of sorting its slots."""
    holes, sign = tuple(_describe(h, color) for h in atom.holes), 1
    if atom.commutes:
        return repr((tag, atom.head, str(exponent), tuple(sorted(map(repr, holes))))), 1
    symmetry = exchangeable(atom, exponent, known) if known else None
    if symmetry is not None:
        holes, sign = sorted_slots(holes, symmetry, repr)
        sign = sign if sign and exponent % 2 else 1  # what is zero has been taken out before, 1/0 stays
    return repr((tag, atom.head, str(exponent), holes)), sign


def _signatures(
    color: dict[Index, int], indices: list[Index], tagged: Sequence[Tagged], known: Known
) -> dict[Index, list[Any]]:
    """Where each index sits: the factors' keys under the present colours, and the positions."""
    signature: dict[Index, list[Any]] = {i: [] for i in indices}
    for tag, atom, exponent in tagged:
        if atom.free.isdisjoint(color):
            continue
        key, _ = _factor_key(tag, atom, exponent, color, known)
        symmetry = exchangeable(atom, exponent, known) if known else None
        for position, hole in enumerate(atom.holes):
            place = 0 if atom.commutes else position if symmetry is None else symmetry.orbit[position]
            for i in free_of(hole):
                if i in signature:
                    signature[i].append((key, place))
    return signature


def _stable(color: dict[Index, int], indices: list[Index], tagged: Sequence[Tagged], known: Known) -> dict[Index, int]:
    """The colours refined until where an index sits tells no more of them apart, as ranks."""
    while True:
        signature = _signatures(color, indices, tagged, known)
        ranked = {i: (color[i], tuple(sorted(signature[i]))) for i in indices}
        levels = {s: r for r, s in enumerate(sorted(set(ranked.values())))}
        settled = len(levels) == len(set(color.values()))
        color = {i: levels[ranked[i]] for i in indices}
        if settled or len(levels) == len(indices):
            return color


def _search(color: dict[Index, int], indices: list[Index], tagged: Sequence[Tagged], known: Known) -> Labelling:
    """Of the labellings that put one of the tied indices before the others, the one that reads first; `color` is
    stable."""
    values = list(color.values())
    if len(set(values)) == len(indices):
        order = sorted(indices, key=lambda i: color[i])
        place = {i: r for r, i in enumerate(order)}
        found = [_factor_key(t, a, e, place, known) for t, a, e in tagged]
        return Labelling(sorted(key for key, _ in found), order, prod(sign for _, sign in found))
    tied = min(c for c in values if values.count(c) > 1)
    doubled = {i: 2 * c + 1 for i, c in color.items()}
    starts: list[dict[Index, int]] = []
    for i in [i for i in indices if color[i] == tied][:SEARCH_WIDTH]:
        start = _stable({**doubled, i: 2 * tied}, indices, tagged, known)
        if not any(_look_alike(start, other, tagged, known) for other in starts):
            starts.append(start)
    tried = [_search(start, indices, tagged, known) for start in starts]
    best = min(tried, key=lambda r: r.keys)
    signs = {r.sign for r in tried if r.keys == best.keys or r.sign == 0}
    return best if len(signs) == 1 else best._replace(sign=0)


def _look_alike(one: dict[Index, int], other: dict[Index, int], tagged: Sequence[Tagged], known: Known) -> bool:
    """Whether exchanging what the two colourings tell apart changes nothing, so that both lead to the same labelling.

    Without it, a product of n equal factors would be searched in as many ways as it has orders.
    """
    there = _alone(other)
    moved = {i: there[c] for c, i in _alone(one).items() if c in there and there[c] != i}
    moved |= {j: i for i, j in moved.items() if j not in moved}
    if set(moved) != set(moved.values()):
        return False
    touched = [f for f in tagged if not f[1].free.isdisjoint(moved)]
    after = [(tag, substitute(atom, moved), e) for tag, atom, e in touched]
    return _spelt_alike(touched, known) == _spelt_alike(after, known)


def _spelt_alike(tagged: Iterable[Tagged], known: Known) -> tuple[Counter[Tagged], int]:
    """The factors with exchangeable slots sorted, and the sign of that."""
    spelt: Counter[Tagged] = Counter()
    sign = 1
    for tag, atom, e in tagged:
        symmetry = exchangeable(atom, e, known) if known else None
        if symmetry is not None:
            holes, turned = sorted_slots(atom.holes, symmetry, hole_text)
            atom, sign = Atom(atom.kind, atom.name, holes), sign * (turned if turned and e % 2 else 1)
        spelt[tag, atom, e] += 1
    return spelt, sign


def _alone(color: dict[Index, int]) -> dict[int, Index]:
    """The indices that share their colour with no other, by it."""
    count = Counter(color.values())
    return {c: i for i, c in color.items() if count[c] == 1}
