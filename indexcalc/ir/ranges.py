"""Whether a slot that is read under conditions stays inside its range: for all sizes, or for given ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod

from ..diagnostics import fail
from .conditions import conjuncts, is_window, on_indices
from .expr import Expr, Slot, Space
from .index import Index
from .linear import Clause, Linear, TooComplex, clauses, extent, implied, number, of_slot, sized, some_point
from .slots import SlotUse, Unknown, slot_text, unknown_of
from .truth import truth


@dataclass(frozen=True)
class Sides:
    """Which ends of its range the conditions keep a slot from leaving, whatever the sizes are."""

    low: bool
    high: bool


def facts(slot: Slot, space: Space) -> Clause:
    """0 ≤ slot < extent, as constraints."""
    form = of_slot(slot)
    return () if form is None else (form, extent(space) - number(1) - form)


def guarded_sides(slot: Slot, space: Space, conditions: Sequence[Expr]) -> Sides:
    """What the conditions and the ranges of the indices prove."""
    form = of_slot(slot)
    if form is None or not conditions:
        return Sides(False, False)
    known = clauses(conditions)
    low, high = (all(implied(clause, fact) for clause in known) for fact in facts(slot, space))
    return Sides(low, high)


def is_guarded(slot: Slot, space: Space, conditions: Sequence[Expr]) -> bool:
    """Whether an affine slot is read under conditions that keep it inside for all sizes."""
    if not conditions or not is_window(slot):
        return False
    sides = guarded_sides(slot, space, conditions)
    return sides.low and sides.high


def speaks_of(use: SlotUse) -> Sides:
    """Which ends of the slot's range the conditions speak of: those are no reason to make an extent smaller."""
    form = of_slot(use.slot)
    if form is None or not use.conditions:
        return Sides(False, False)
    own = {i: form.terms[i] for i in form.indices}
    opposite = {i: -c for i, c in own.items()}
    spoken = [{i: c.terms[i] for i in c.indices} for clause in clauses(use.conditions) for c in clause]
    proved = guarded_sides(use.slot, use.space, use.conditions)
    return Sides(proved.low or own in spoken, proved.high or opposite in spoken)


MAX_TUPLES = 100_000  # of index values that are gone through, where a condition is not linear


def leaving_point(use: SlotUse, sizes: Mapping[Space, int]) -> dict[Index, int] | None:
    """Values of the indices at which the slot is read outside of its range; None where there are none."""
    form = of_slot(use.slot)
    if form is None:
        return None
    known = {unknown_of(space): size for space, size in sizes.items()}
    tests = [t for c in use.conditions for t in conjuncts(c) if on_indices(t)]
    own = dict.fromkeys([*form.indices, *sorted(frozenset().union(*(t.free for t in tests)), key=lambda i: i.name)])
    box = {i: (0, known[unknown_of(i.space)] - 1) for i in own}
    if any(high < 0 for _, high in box.values()):
        return None  # an index without values: nothing is read
    outside = (form * -1 - number(1), form - number(sizes[use.space]))
    try:
        for clause, side in product(clauses(tests), outside):
            found = some_point([side, *(sized(c, known) for c in clause)], box)
            if found is not None and all(truth(t, found, known) for t in tests):
                return found
            if found is not None:  # some condition is not linear
                return _first_point(side, tests, box, known)
    except TooComplex:
        text = slot_text(use.slot)
        message = f"the conditions around slot {use.number} of `{use.tensor}`, `{text}`, are too involved to check"
        hint = f"compare the form itself: where({text} >= 0 and {text} < {use.space.extent or 'its extent'}, …, 0)"
        raise fail("IX009", message, hint=hint) from None
    return None


def _first_point(
    side: Linear, tests: Sequence[Expr], box: Mapping[Index, tuple[int, int]], known: Mapping[Unknown, int]
) -> dict[Index, int] | None:
    """By going through all values of the indices."""
    if prod(high + 1 for _, high in box.values()) > MAX_TUPLES:
        raise TooComplex
    for values in product(*(range(high + 1) for _, high in box.values())):
        point = dict(zip(box, values))
        excess = side.constant + sum(side.terms[i] * point[i] for i in side.indices)
        if excess >= 0 and all(truth(t, point, known) for t in tests):
            return point
    return None
