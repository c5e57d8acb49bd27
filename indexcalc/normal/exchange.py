"""Which slots of a computed value may be exchanged, seen from how it is computed."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from ..ir.expr import Number
from ..ir.index import Index
from . import poly as nf
from .atoms import Atom, free_of, note_symmetry, symmetries
from .poly import Mono, Poly
from .symmetry import Sort, symmetry

if TYPE_CHECKING:
    from .definitions import Definition, Part


def note_exchanges(d: Definition) -> None:
    """Find out which slots of the definition may be exchanged: those of X_ki X_kj and x_i − x_j as they stand, others
    because a tensor that is read has such slots: A⁻¹ for a symmetric A, A_ij A_ij B_kl in k and l."""
    if len(d.free) < 2:
        return
    inherits = not symmetries().keys().isdisjoint(d.reads())
    if not inherits and d.kind != "poly":
        return
    sorts: list[Sort] = []
    for n, one in enumerate(d.free):
        for k, other in enumerate(d.free[n + 1 :], n + 1):
            if one.space != other.space or not (inherits or _places(d.poly, one) == _places(d.poly, other)):
                continue
            sign = _exchanged(d, one, other)
            if sign:
                sorts.append(Sort(((n,), (k,)), sign))
    joined = _joined(sorts)
    if joined:
        note_symmetry(d.name, symmetry(joined, len(d.free)))


def _places(poly: Poly, index: Index) -> Counter[tuple[str, int, Number]]:
    """Where an index stands.  Indices that stand in different places cannot be exchanged, which is seen at once."""
    return Counter(
        (atom.head, 0 if atom.commutes or atom.kind == "epsilon" else position, exponent)
        for mono in poly
        for atom, exponent in mono.factors
        for position, hole in enumerate(atom.holes)
        if index in free_of(hole)
    )


def _exchanged(d: Definition, one: Index, other: Index) -> int:
    """The sign by which the definition's value changes where two of its indices change places; 0 where it is
    another."""
    after = d.swapped(one, other)
    if isinstance(after, dict):
        return 1 if after == d.payload else -1 if nf.scale(after, -1) == d.payload else 0
    if d.kind == "inv":  # also of an antisymmetric matrix: the inverse turns its sign with it
        return _sign_between(after, d.parts)
    return 1 if d.kind in ("map", "where") and _same_signed(after, d.parts) else 0


def _sign_between(after: tuple[Part, ...], before: tuple[Part, ...]) -> int:
    (one,), (other,) = (nf.atom_poly(p[0]).items() for p in (after, before) if isinstance(p[0], Atom))
    return int(one[1] * other[1]) if one[0] == other[0] else 0


def _same_signed(after: Part, before: Part) -> bool:
    """Whether two operands are equal once the slots of what they read are in order."""
    if isinstance(after, tuple) and isinstance(before, tuple):
        return len(after) == len(before) and all(map(_same_signed, after, before))
    if isinstance(after, Atom) and isinstance(before, Atom):
        return nf.atom_poly(after) == nf.atom_poly(before)
    if isinstance(after, Mono) and isinstance(before, Mono):
        return nf.make(1, (), after.factors) == nf.make(1, (), before.factors)
    return after == before


def _joined(sorts: list[Sort]) -> list[Sort]:
    """Pairs that overlap joined to groups: from i ↔ j and j ↔ k follows i ↔ k, with the same sign."""
    groups: list[tuple[set[int], int]] = []
    for sort in sorts:
        slots = {k for (k,) in sort.blocks}
        touched = [g for g in groups if g[0] & slots]
        groups = [g for g in groups if not g[0] & slots]
        groups.append((slots.union(*(g[0] for g in touched)), sort.sign))
    return [Sort(tuple((k,) for k in sorted(slots)), sign) for slots, sign in groups]
