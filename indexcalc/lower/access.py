"""Slots of an access: plain indices relabel, affine forms and repeated indices become views, the rest gathers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..ir.expr import Expr
from ..ir.graph import Form, Gather, Map, Operand, View
from ..ir.index import Affine, Index, Slot
from ..ir.slots import linear_form
from ..ir.walk import slot_value
from .builder import Builder

Lower = Callable[[Expr], Operand]


def take(build: Builder, source: Operand, slots: Sequence[Slot], lower: Lower) -> Operand:
    """The source with one slot in place of each of its labels.  `lower` gives the operand of an integer expression.

    Views come first and cost nothing; then one gather replaces every axis whose position is data.
    """
    gathered = _gathered(slots)
    stand_in = [Index(f"@{n}", axis.space) for n, axis in enumerate(source.value.axes)]
    viewed = view(build, source, [stand_in[n] if n in gathered else slot for n, slot in enumerate(slots)])
    if not gathered:
        return viewed
    replaced = tuple(stand_in[n] for n in gathered)
    positions = [_checked(build, slots[n], source.value.axes[n], lower) for n in gathered]
    along = dict.fromkeys(label for p in positions for label in p.labels)
    rest = tuple(x for x in viewed.labels if x not in replaced)
    return build.make(Gather(replaced), (viewed, *positions), (*along, *rest), source.kind)


def position(build: Builder, slot: Slot, lower: Lower) -> Operand:
    """The integers that a slot stands for."""
    return build.range(slot) if isinstance(slot, Index) else lower(slot_value(slot))


def _checked(build: Builder, slot: Slot, axis: Index, lower: Lower) -> Operand:
    """The positions that a gather reads; those computed from data are checked when they are known."""
    found = position(build, slot, lower)
    if isinstance(slot, Affine) and has_data(slot):
        return build.make(Map("inside"), (found, build.size(axis.space)), found.labels, "int")
    return found


def has_data(slot: Slot) -> bool:
    """Whether an integer tensor takes part."""
    return linear_form(slot)[0] is None


def _gathered(slots: Sequence[Slot]) -> list[int]:
    """Numbers of the slots that no view can express, and of those that share an index with one of them."""
    found = {n for n, s in enumerate(slots) if has_data(s) or any(c < 0 for c, _ in linear_form(s)[0] or ())}
    while True:
        labels = frozenset[Index]().union(*(_free(slots[n]) for n in found))
        more = {n for n, s in enumerate(slots) if _free(s) & labels} - found
        if not more:
            return sorted(found)
        found |= more


def _free(slot: Slot) -> frozenset[Index]:
    return frozenset() if isinstance(slot, int) else slot.free


def view(build: Builder, source: Operand, slots: Sequence[Slot], *, padded: bool = False) -> Operand:
    """Elements of the source at affine positions; a mere renaming costs nothing.  What is not `padded` has no negative
    coefficients and stays inside."""
    plain = [s for s in slots if isinstance(s, Index)]
    if len(plain) == len(slots) == len(set(plain)):
        return Operand(source.value, tuple(plain))
    axes: dict[Index, None] = {}
    for slot in slots:
        for part in [p for _, p in slot.terms] if isinstance(slot, Affine) else [slot]:
            if isinstance(part, Index):
                axes.setdefault(part)
    forms = []
    for slot in slots:
        terms, offset = linear_form(slot)
        weight = {index: c for c, index in terms or ()}
        forms.append(Form(tuple(weight.get(a, 0) for a in axes), offset))
    formal = Operand(source.value, tuple(Index(f"@{n}", a.space) for n, a in enumerate(source.value.axes)))
    return build.make(View(tuple(forms), padded), (formal,), tuple(axes), source.kind)
