"""Spaces, indices and what may stand in a slot."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
    """Σ coefficient · part + offset, as a slot: a convolution `p + k`, a stride `2*i + 1`, a window `p + 0`.

    An affine slot says nothing about spaces: `x[p + 0]` is x at p's values, where p may range over another space than
    the slot, and where `x[p]` would be an error.  Build it with `affine_form`, which sorts and merges.
    """

    terms: tuple[tuple[int, Index | Node], ...]  # (coefficient, Index or integer tensor's Access)
    offset: int


Slot: TypeAlias = Union[Index, int, Affine, "Node"]  # the Node is an integer tensor's Access (a gather)


def affine(terms: Iterable[tuple[int, Index | Node]], offset: int) -> Slot:
    """The simplest slot equal to the affine form, where an index that is left alone is of the slot's space.

    >>> i = Index("i", Space("n"))
    >>> affine([(1, i)], 0) == i
    True
    """
    form = affine_form(terms, offset)
    return plain_part(form) if isinstance(form, Affine) else form


def plain_part(form: Affine) -> Slot:
    """The index of a window `p + 0`; any other form as it is."""
    ((coefficient, part), *more) = form.terms
    return part if not more and coefficient == 1 and form.offset == 0 else form


def affine_form(terms: Iterable[tuple[int, Index | Node]], offset: int) -> Slot:
    """The affine form with terms sorted and merged; a number or a gather where it is nothing else.

    >>> i, k = Index("i", Space("n")), Index("k", Space("m"))
    >>> affine_form([(1, i), (-1, i)], 3)
    3
    >>> affine_form([(1, i), (1, k), (-1, k)], 0)
    Affine(((1, Index('i', Space('n', None))),), 0)
    """
    merged: dict[Index | Node, int] = {}
    for coefficient, part in terms:
        merged[part] = merged.get(part, 0) + coefficient
    kept = sorted(((c, p) for p, c in merged.items() if c), key=lambda t: (repr(t[1]), t[0]))
    if not kept:
        return offset
    form = Affine(tuple(kept), offset)
    alone = plain_part(form)
    return form if isinstance(alone, Index) else alone


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
    return affine_form(terms, offset)  # an index left alone need not be of the slot's space
