"""Deltas in a product: a bound index is replaced, a free one is scattered to, what remains is a comparison."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..ir.conditions import is_window
from ..ir.expr import Delta
from ..ir.graph import Form, Operand, Scatter, ScatterWindows
from ..ir.index import Affine, Index, Slot, substitute_slot
from ..ir.slots import linear_form
from .access import has_data, position, take
from .contraction import contract, product
from .windows import inside, solved, window

if TYPE_CHECKING:
    from .expressions import Lowering


@dataclass(frozen=True)
class Target:
    """δ(index, slot) with a free index and a slot that has a summed one: the sum adds at the slot's positions."""

    index: Index
    slot: Slot


def mask_of(low: Lowering, delta: Delta) -> Operand:
    """δ as a comparison of positions."""
    left, right = (position(low.build, s, low.lower) for s in (delta.left, delta.right))
    return low.build.map("equal", left, right)


def remove_bound(
    low: Lowering, deltas: Sequence[Delta], operands: list[Operand], bound: list[Index]
) -> tuple[list[Delta], list[Operand]]:
    """Use up Σ_i δ(i, s) f(i) = f(s), first where s surely is a value of i, then where f is 0 if it is none."""
    left = list(deltas)
    while True:
        found = next(_substitutions(low, left, bound), None)
        if found is None:
            return left, operands
        delta, index, slot = found
        left.remove(delta)
        bound.remove(index)
        operands = _put(low, operands, index, slot)
        new = {index: slot}
        left = [Delta(substitute_slot(d.left, new), substitute_slot(d.right, new)) for d in left]


def _substitutions(
    low: Lowering, deltas: Sequence[Delta], bound: Sequence[Index]
) -> Iterator[tuple[Delta, Index, Slot]]:
    """(δ, i, s): a summed index and what it may be replaced by, the cheapest first."""
    for find in (_substitution, _windowed, _solved):
        for delta in deltas:
            pair = find(low, delta, bound)
            if pair is not None:
                yield delta, *pair


def _put(low: Lowering, operands: list[Operand], index: Index, slot: Slot) -> list[Operand]:
    """The factors with a slot in place of the index; where it may be no value of the index, their product is 0."""
    put = [replace_label(low, o, index, slot) for o in operands]
    if isinstance(slot, Affine) and not has_data(slot) and not any(index in o.label_set for o in operands):
        put.append(inside(low.build, index, position(low.build, slot, low.lower)))
    return put


def _windowed(low: Lowering, delta: Delta, bound: Sequence[Index]) -> tuple[Index, Slot] | None:
    for index, slot in ((delta.left, delta.right), (delta.right, delta.left)):
        if isinstance(index, Index) and index in bound and is_window(slot) and index not in _free(slot):
            return index, slot
    return None


def _solved(low: Lowering, delta: Delta, bound: Sequence[Index]) -> tuple[Index, Slot] | None:
    """A summed index inside a form, unless a scatter to the free index on the other side does better."""
    for index, slot in ((delta.left, delta.right), (delta.right, delta.left)):
        if isinstance(index, Index) and index not in bound and _free(slot) and _free(slot) <= set(bound):
            return None
    return solved(low.build, delta, bound)


def _substitution(low: Lowering, delta: Delta, bound: Sequence[Index]) -> tuple[Index, Slot] | None:
    for index, slot in ((delta.left, delta.right), (delta.right, delta.left)):
        if not isinstance(index, Index) or index not in bound or isinstance(slot, Affine):
            continue
        if isinstance(slot, int):
            if isinstance(index.space.extent, int) and 0 <= slot < index.space.extent:
                return index, slot
        elif isinstance(slot, Index):
            if slot.space == index.space and slot != index:
                return index, slot
        elif low.values_of(slot) == index.space and index not in slot.free:
            return index, slot
    return None


def replace_label(low: Lowering, operand: Operand, index: Index, slot: Slot) -> Operand:
    """The operand with a slot in place of one label."""
    if index not in operand.label_set:
        return operand
    if isinstance(slot, Affine) and not has_data(slot):
        return window(low.build, operand, index, slot)
    return take(low.build, operand, [slot if x == index else x for x in operand.labels], low.lower)


def scatter_targets(deltas: Sequence[Delta], bound: Sequence[Index]) -> tuple[list[Target], list[Delta]]:
    """(targets, other deltas): one target for each free index."""
    targets: list[Target] = []
    others = []
    for delta in deltas:
        found = None
        for index, slot in ((delta.left, delta.right), (delta.right, delta.left)):
            if isinstance(index, Index) and index not in bound and not isinstance(slot, int):
                fresh = all(t.index != index for t in targets)
                if fresh and index not in slot.free and not slot.free.isdisjoint(bound):
                    found = Target(index, slot)
        if found:
            targets.append(found)
        else:
            others.append(delta)
    return targets, others


def scatter(
    low: Lowering, targets: list[Target], operands: list[Operand], bound: list[Index], scalars: list[Operand],
    divisors: list[Operand],
) -> Operand:  # fmt: skip
    """Σ Π δ(v, s) f = the other factors, contracted, and added at the positions s."""
    build = low.build
    operands = [*operands, *(build.map("reciprocal", d) for d in divisors)]
    into = [t.index for t in targets]
    along = tuple(dict.fromkeys(i for t in targets for i in _ordered(t.slot)))
    inner, outer = [], []
    for operand in operands:
        if operand.label_set.isdisjoint(into):
            inner.append(operand)
        elif operand.label_set.isdisjoint(bound):
            outer.append(operand)
        else:  # the delta says that its index is the slot, so the factor may be read there
            for target in targets:
                operand = _read_at(low, operand, target)
            inner.append(operand)
    have = frozenset[Index]().union(*(o.label_set for o in inner))
    for index in [i for i in bound if i not in have and i not in along]:
        scalars = [*scalars, build.size(index.space)]
    free = [x for x in dict.fromkeys(x for o in inner for x in o.labels) if x not in bound and x not in along]
    source = build.floating(contract(build, inner, (*along, *free), scalars))
    source = build.broadcast(source, along)
    added = _add(low, targets, source, along, free, bound)
    for operand in outer:
        added = product(build, added, operand)
    return added


def _free(slot: Slot) -> frozenset[Index]:
    return frozenset() if isinstance(slot, int) else slot.free


def _ordered(slot: Slot) -> list[Index]:
    if isinstance(slot, Index):
        return [slot]
    return [] if isinstance(slot, int) else sorted(slot.free, key=lambda i: i.name)


def _read_at(low: Lowering, operand: Operand, target: Target) -> Operand:
    if isinstance(target.slot, Affine) and has_data(target.slot):  # may lie outside: nothing is read there
        build = low.build
        masked = mask_of(low, Delta(target.index, target.slot))
        out = [x for x in dict.fromkeys([*operand.labels, *masked.labels]) if x != target.index]
        return contract(build, [operand, masked], out, ())
    return replace_label(low, operand, target.index, target.slot)


def _add(
    low: Lowering, targets: list[Target], source: Operand, along: tuple[Index, ...], free: list[Index],
    bound: Sequence[Index],
) -> Operand:  # fmt: skip
    build = low.build
    into = tuple(t.index for t in targets)
    kept = tuple(i for i in along if i not in bound)  # free labels of a position: each result element has its own
    if not kept and all(not has_data(t.slot) and _rises(t.slot) for t in targets):
        forms = tuple(_form(t.slot, along) for t in targets)
        return build.make(ScatterWindows(forms, along), (source,), (*into, *free), source.kind)
    positions = [position(build, t.slot, low.lower) for t in targets] + [build.range(i) for i in kept]
    inside = _inside(kept)
    operation = Scatter((*into, *inside.values()), False)
    added = build.make(operation, (source, *positions), (*into, *inside.values(), *free), source.kind)
    return Operand(added.value, (*into, *kept, *free))


def _form(slot: Slot, along: tuple[Index, ...]) -> Form:
    terms, offset = linear_form(slot)
    weight = {i: c for c, i in terms or ()}
    return Form(tuple(weight.get(a, 0) for a in along), offset)


def _rises(slot: Slot) -> bool:
    """Whether some index moves the position up: then it can move as a slice."""
    return any(c > 0 for c, _ in linear_form(slot)[0] or ())


def _inside(kept: Sequence[Index]) -> dict[Index, Index]:
    """Names for the result's axes that positions point into, apart from the labels of the positions."""
    return {i: Index(i.name + "@", i.space) for i in kept}


def add_at(low: Lowering, base: Operand, index: Index, slot: Slot, amount: Operand) -> Operand:
    """base + amount · δ(index, slot) by adding at the positions: no array of the mask's size is made."""
    build = low.build
    kept = tuple(dict.fromkeys([*_ordered(slot), *amount.labels]))
    source = amount if not amount.is_array else build.floating(amount)
    positions = [position(build, slot, low.lower), *(build.range(i) for i in kept)]
    inside = _inside(kept)
    based = Operand(base.value, tuple(inside.get(x, x) for x in base.labels))
    operation = Scatter((index, *inside.values()), True)
    added = build.make(operation, (source, *positions, based), based.labels, base.kind)
    return Operand(added.value, base.labels)
