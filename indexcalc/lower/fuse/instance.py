"""A value at given axes of a kernel: what has to be computed or loaded there.

The same value at other axes is another instance.  A slot of an instance is an axis of the kernel, an affine form of
them, or an instance that gives positions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias, Union

from ...ir.graph import Broadcast, Contract, Gather, Map, Operand, Range, Reduce, Value, View
from ...ir.index import Index
from ...ir.kernel import Affine

Slot: TypeAlias = Union[Index, Affine, "Instance"]

INNER_REDUCTIONS = frozenset({"sum", "prod", "max", "min", "shift"})


class Instance:
    """A value with a slot for each of its axes.  `free`: the axes of the kernel that it depends on, in their order."""

    __slots__ = ("_hash", "free", "slots", "value")

    def __init__(self, value: Value, slots: tuple[Slot, ...]) -> None:
        self.value = value
        self.slots = slots
        self._hash = hash((value.number, slots))  # asked for often, as is `free`: they are keys of most tables here
        self.free: tuple[Index, ...] = tuple(dict.fromkeys(x for slot in slots for x in axes_of(slot)))

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Instance):
            return NotImplemented
        return self.value is other.value and self.slots == other.slots

    def __repr__(self) -> str:
        return f"Instance({self.value!r}, {self.slots!r})"


def axes_of(slot: Slot) -> tuple[Index, ...]:
    """The axes of the kernel in a slot."""
    if isinstance(slot, Index):
        return (slot,)
    if isinstance(slot, Affine):
        return tuple(x for _, x in slot.terms)
    return slot.free


def at(operand: Operand, naming: Mapping[Index, Slot]) -> Instance:
    """The operand's value where its labels stand for slots."""
    return Instance(operand.value, tuple(naming[x] for x in operand.labels))


def operands_at(value: Value, naming: Mapping[Index, Slot]) -> list[Instance]:
    """The value's array operands under a naming of its labels."""
    return [at(o, naming) for o in value.operands if o.is_array]


def is_rename(value: Value) -> bool:
    """Whether it is a view that only picks, repeats or reorders axes: its operand at other axes."""
    operation = value.operation
    if isinstance(operation, Broadcast):
        return True
    return isinstance(operation, View) and all(
        form.offset == 0 and sorted(c for c in form.coefficients if c) == [1] for form in operation.forms
    )


def is_recomputed(value: Value) -> bool:
    """Whether a kernel can compute it from its operands at any place (what a view or a gather reads must be stored)."""
    operation = value.operation
    if isinstance(operation, (Map, Range, Contract)):
        return all(len(o.label_set) == len(o.labels) for o in value.operands)
    if isinstance(operation, Reduce):
        return operation.operation in INNER_REDUCTIONS
    if isinstance(operation, View):
        return not operation.padded
    return isinstance(operation, (Broadcast, Gather))


def naming_of(instance: Instance, walked: Iterable[Index]) -> dict[Index, Slot]:
    """What each label of the value's operation stands for: a slot of the instance, or a whole axis if it is summed.

    Whole axes keep their labels' names, so that equal sums of different instances meet, but for those of `walked`.
    """
    naming: dict[Index, Slot] = dict(zip(instance.value.axes, instance.slots))
    taken = {*walked, *instance.free}
    for operand in instance.value.operands:
        for label in operand.labels:
            if label not in naming:
                naming[label] = whole(label, taken)
    return naming


def whole(label: Index, taken: Iterable[Index]) -> Index:
    """An axis named like the label that is none of `taken`."""
    found, used = label, set(taken)
    while found in used:
        found = Index(found.name + "'", found.space)
    return found


def operands_of(instance: Instance, walked: Iterable[Index]) -> tuple[Instance, ...]:
    """The instances that computing this one reads, numbers written in place left out."""
    value, operation = instance.value, instance.value.operation
    if isinstance(operation, View):
        return (Instance(value.operands[0].value, tuple(_viewed(operation, instance))),)
    naming = naming_of(instance, walked)
    if isinstance(operation, Gather):
        source, *positions = value.operands
        naming |= {x: _position(at(p, naming)) for x, p in zip(operation.indices, positions)}
        return (at(source, naming),)
    return tuple(operands_at(value, naming))


def _position(found: Instance) -> Slot:
    """The slot that a gather's positions are: an axis or an affine form where they are one."""
    from .affine import affine_of

    form = affine_of(found)
    if form is None:
        return found
    return form.terms[0][1] if len(form.terms) == 1 and form.terms[0][0] == 1 and not form.offset else form


def _viewed(operation: View, instance: Instance) -> Iterator[Slot]:
    for form in operation.forms:
        terms: list[tuple[int, Index]] = []
        offset = form.offset
        plain = [s for c, s in zip(form.coefficients, instance.slots) if c]
        if len(plain) == 1 and offset == 0 and 1 in form.coefficients:
            yield plain[0]
            continue
        for coefficient, slot in zip(form.coefficients, instance.slots):
            if isinstance(slot, Index):
                terms += [(coefficient, slot)] if coefficient else []
            elif isinstance(slot, Affine):
                terms += [(coefficient * c, x) for c, x in slot.terms]
                offset += coefficient * slot.offset
            elif coefficient:
                raise ValueError("a view at gathered positions has no affine form")
        yield Affine(tuple(terms), offset)
