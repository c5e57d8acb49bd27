"""Spaces, indices and what may stand in a slot."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import TypeAlias, Union

from .node import Node, node


@node
class Space(Node):
    """The type of an index.  `extent` is a symbolic name, an integer, or None where only arrays will tell."""

    name: str
    extent: str | int | None = None


@node
class Index(Node):
    """A name that ranges over a space, counted from 0."""

    name: str
    space: Space

    def _find_free(self) -> frozenset[Index]:
        return frozenset((self,))

    def __str__(self) -> str:
        return self.name


@node
class Affine(Node):
    """Σ coefficient · part + offset, as a slot: a convolution `p + k`, a stride `2*i + 1`.

    Build it with `affine`, which sorts, merges and collapses to the plain part where it can.
    """

    terms: tuple[tuple[int, Index | Node], ...]  # (coefficient, Index or integer tensor's Access)
    offset: int


Slot: TypeAlias = Union[Index, int, Affine, "Node"]  # the Node is an integer tensor's Access (a gather)


def affine(terms: list[tuple[int, Index | Node]], offset: int) -> Slot:
    """The simplest slot equal to the affine form.

    >>> i = Index("i", Space("n"))
    >>> affine([(1, i)], 0) is i or affine([(1, i)], 0) == i
    True
    >>> affine([(1, i), (-1, i)], 3)
    3
    """
    merged: dict[Index | Node, int] = {}
    for coefficient, part in terms:
        merged[part] = merged.get(part, 0) + coefficient
    kept = sorted(((c, p) for p, c in merged.items() if c), key=lambda t: (repr(t[1]), t[0]))
    if not kept:
        return offset
    if len(kept) == 1 and kept[0][0] == 1 and offset == 0:
        return kept[0][1]
    return Affine(tuple(kept), offset)


def parity(order: Sequence[int]) -> int:
    """The sign of a permutation.

    >>> parity((0, 1, 2)), parity((0, 2, 1))
    (1, -1)
    """
    return -1 if sum(a > b for a, b in combinations(order, 2)) % 2 else 1


def substitute_slot(slot: Slot, mapping: dict[Index, Slot]) -> Slot:
    """Simultaneous substitution; slots bind nothing, so nothing can be captured."""
    if isinstance(slot, Index):
        return mapping.get(slot, slot)
    if isinstance(slot, int) or slot.free.isdisjoint(mapping):
        return slot
    if not isinstance(slot, Affine):
        inner: tuple[Slot, ...] = slot.slots  # type: ignore[attr-defined]
        rebuilt: Slot = slot.with_slots(tuple(substitute_slot(s, mapping) for s in inner))  # type: ignore[attr-defined]
        return rebuilt
    terms: list[tuple[int, Index | Node]] = []
    offset = slot.offset
    for coefficient, part in slot.terms:
        new = substitute_slot(part, mapping)
        if isinstance(new, int):
            offset += coefficient * new
        elif isinstance(new, Affine):
            terms += [(coefficient * c, p) for c, p in new.terms]
            offset += coefficient * new.offset
        else:
            terms.append((coefficient, new))
    return affine(terms, offset)
