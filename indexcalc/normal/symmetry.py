"""Slots that may be exchanged: an order of a tensor's slots that is the same however they were written, with the sign
that leads there.

The symmetries of a tensor are a chain of sorts of blocks of slots.  A symmetric or antisymmetric group of slots is one
sort of blocks of one slot; a Riemann tensor sorts inside its two pairs, then the pairs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Any, TypeVar

from ..ir.index import parity
from ..ir.structure import RIEMANN_PAIRS, Structure

T = TypeVar("T")
MAX_ORDERS = 24  # spellings of one access that a pattern is tried in; beyond it only the sorted one


@dataclass(frozen=True, slots=True)
class Sort:
    """Blocks of slots that may be exchanged; `sign` is the factor that an exchange of two gives."""

    blocks: tuple[tuple[int, ...], ...]
    sign: int


@dataclass(frozen=True, slots=True)
class Symmetry:
    """`orbit[k]`: the first slot to which slot k can be brought."""

    sorts: tuple[Sort, ...]
    orbit: tuple[int, ...]

    @property
    def signed(self) -> bool:
        return any(s.sign < 0 for s in self.sorts)


def symmetry(sorts: Sequence[Sort], rank: int) -> Symmetry:
    """The symmetry of a tensor of that rank."""
    orbit = list(range(rank))
    for sort in sorts:
        slots = {k for block in sort.blocks for k in block}
        ends = {orbit[k] for k in slots}
        orbit = [min(ends) if o in ends else o for o in orbit]
    return Symmetry(tuple(sorts), tuple(orbit))


def of_structure(structure: Structure, rank: int) -> Symmetry | None:
    """The symmetry that a declaration gives; None where no slots may be exchanged."""
    sorts = [Sort(tuple((k,) for k in slots), sign) for slots, sign in structure.exchanges]
    if structure.riemann:
        sorts.append(Sort(RIEMANN_PAIRS, 1))
    return symmetry(sorts, rank) if sorts else None


def sorted_slots(items: Sequence[T], over: Symmetry, key: Callable[[T], Any]) -> tuple[tuple[T, ...], int]:
    """The items in the order that all their spellings share, and the sign; 0 where an exchange that turns the sign
    leaves them as they are.

    >>> antisymmetric = symmetry([Sort(((0,), (1,)), -1)], 2)
    >>> sorted_slots("ji", antisymmetric, str), sorted_slots("ii", antisymmetric, str)[1]
    ((('i', 'j'), -1), 0)
    """
    out, sign = list(items), 1
    for sort in over.sorts:
        keys = [tuple(key(out[k]) for k in block) for block in sort.blocks]
        order = sorted(range(len(keys)), key=keys.__getitem__)
        if sort.sign < 0:
            sign = 0 if len(set(keys)) < len(keys) else sign * parity(order)
        _rearrange(out, sort.blocks, order)
    return tuple(out), sign


def spellings(items: Sequence[T], over: Symmetry) -> Iterator[tuple[tuple[T, ...], int]]:
    """Every order of the items that means the same up to the sign given with it."""
    found: dict[tuple[T, ...], int] = {tuple(items): 1}
    for sort in reversed(over.sorts):  # pairs are exchanged whole, then turned inside
        orders = list(permutations(range(len(sort.blocks)))) if len(sort.blocks) <= 4 else []
        for known, sign in list(found.items()):
            for order in orders:
                out = list(known)
                _rearrange(out, sort.blocks, order)
                found.setdefault(tuple(out), sign * (parity(order) if sort.sign < 0 else 1))
            if len(found) > MAX_ORDERS:
                return iter([(tuple(items), 1)])
    return iter(found.items())


def other_sign(items: Sequence[T], over: Symmetry) -> tuple[T, ...]:
    """The items with two exchanged that turn the sign; nothing where no exchange does."""
    for sort in over.sorts:
        if sort.sign < 0:
            out = list(items)
            _rearrange(out, sort.blocks, (1, 0, *range(2, len(sort.blocks))))
            return tuple(out)
    return ()


def _rearrange(items: list[T], blocks: tuple[tuple[int, ...], ...], order: Sequence[int]) -> None:
    taken = [[items[k] for k in blocks[n]] for n in order]
    for block, values in zip(blocks, taken):
        for k, value in zip(block, values):
            items[k] = value
