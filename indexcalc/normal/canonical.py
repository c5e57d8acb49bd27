"""Canonical names for dummies: colour refinement over index → factor incidence, ties broken by search.

Indices live in a map index → factors, never in pairs: a Hadamard hyperedge is the normal case.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ..ir.expr import Number
from ..ir.index import Affine, Index
from .atoms import Atom, Hole, free_of, hole_text

Factor = tuple[Atom, Number]
Tagged = tuple[Any, Atom, Number]
SEARCH_WIDTH = (
    4  # indices of a tied cell that are still tried; beyond it equal things may get different keys, never the reverse
)


def order_indices(indices: Iterable[Index], tagged: Sequence[Tagged]) -> list[Index]:
    """The indices in an order that depends on structure only, not on their names."""
    ordered = sorted(indices, key=hole_text)
    if len(ordered) < 2:
        return ordered
    spaces = sorted({i.space.name for i in ordered})
    return _refine({i: spaces.index(i.space.name) for i in ordered}, ordered, tagged)[1]


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


def _factor_key(tag: Any, atom: Atom, exponent: Number, color: dict[Index, int]) -> str:
    holes = tuple(_describe(h, color) for h in atom.holes)
    return repr((tag, atom.head, str(exponent), tuple(sorted(map(repr, holes))) if atom.kind == "delta" else holes))


def _signatures(color: dict[Index, int], indices: list[Index], tagged: Sequence[Tagged]) -> dict[Index, list[Any]]:
    """Where each index sits: the factors' keys under the present colours, and the positions."""
    signature: dict[Index, list[Any]] = {i: [] for i in indices}
    for tag, atom, exponent in tagged:
        if atom.free.isdisjoint(color):
            continue
        key = _factor_key(tag, atom, exponent, color)
        for position, hole in enumerate(atom.holes):
            place = 0 if atom.kind == "delta" else position
            for i in free_of(hole):
                if i in signature:
                    signature[i].append((key, place))
    return signature


def _refine(color: dict[Index, int], indices: list[Index], tagged: Sequence[Tagged]) -> tuple[list[str], list[Index]]:
    while True:
        signature = _signatures(color, indices, tagged)
        ranked = {i: (color[i], tuple(sorted(signature[i]))) for i in indices}
        levels = {s: r for r, s in enumerate(sorted(set(ranked.values())))}
        stable = len(levels) == len(set(color.values()))
        color = {i: levels[ranked[i]] for i in indices}
        if stable or len(levels) == len(indices):
            break
    if len(levels) == len(indices):
        order = sorted(indices, key=lambda i: color[i])
        place = {i: r for r, i in enumerate(order)}
        return sorted(_factor_key(t, a, e, place) for t, a, e in tagged), order
    values = list(color.values())
    tied = min(c for c in values if values.count(c) > 1)
    cell = [i for i in indices if color[i] == tied][:SEARCH_WIDTH]
    doubled = {i: 2 * c + 1 for i, c in color.items()}
    return min((_refine({**doubled, i: 2 * color[i]}, indices, tagged) for i in cell), key=lambda r: r[0])
