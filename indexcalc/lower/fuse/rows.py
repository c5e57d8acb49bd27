"""Elementwise values and reductions over the same rows become one kernel: each array is read once and written once.

Nothing here is larger than what it is made of.  The values of a group all have one axis in common, which is walked in
tiles; sums over it are added up across tiles.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ...ir.graph import Contract, Graph, Map, Operand, Reduce, Value
from ...ir.index import Index, Space
from .group import Group, Member
from .instance import INNER_REDUCTIONS, Slot, whole
from .virtual import DEEPEST, adds_up, size

LARGE = 1 << 15  # elements of an array that is worth a kernel


@dataclass
class Rows:
    """A group of values with a common axis `row`.  `slots`: the axes of each value in the kernel, by number.

    namings   what the labels of each value's operation stand for
    columns   the values among them that are sums over `row`: nobody here may read them
    loads     the axes of the arrays with this row that are read, by number
    depths    how many values of the group are made of each other up to each value, by number
    """

    row: Index
    slots: dict[int, tuple[Slot, ...]] = field(default_factory=dict)
    namings: dict[int, Mapping[Index, Slot]] = field(default_factory=dict)
    values: list[Value] = field(default_factory=list)
    columns: set[int] = field(default_factory=set)
    loads: dict[int, tuple[Slot, ...]] = field(default_factory=dict)
    depths: dict[int, int] = field(default_factory=dict)

    def depth(self, value: Value) -> int:
        """That of a value of the group, or of one that joined it."""
        return 1 + max((self.depths.get(o.value.number, 0) for o in value.operands), default=0)

    def add(self, value: Value, naming: Mapping[Index, Slot]) -> None:
        self.values.append(value)
        self.depths[value.number] = self.depth(value)
        self.namings[value.number] = naming
        self.slots[value.number] = tuple(naming[x] for x in value.axes)
        if self.row not in self.slots[value.number]:
            self.columns.add(value.number)
        for operand in value.operands:
            slots = tuple(naming[x] for x in operand.labels)
            if operand.value.number not in self.slots and self.row in slots:
                self.loads.setdefault(operand.value.number, slots)

    def remove(self, value: Value) -> None:
        self.values.remove(value)
        del self.slots[value.number], self.namings[value.number], self.depths[value.number]

    def inside(self, value: Value) -> bool:
        return value.number in self.slots and value.number not in self.columns

    def group(self, stored: set[int]) -> Group:
        """What `build` makes a kernel of."""
        members = [Member(v, self.namings[v.number], 0, False) for v in self.values if v.number in stored]
        return Group([self.row], [], {self.row}, members)


class Growing:
    """Values in their order join the last group that they can."""

    def __init__(self, graph: Graph, sizes: Mapping[Space, int]) -> None:
        self.sizes = sizes
        self.groups: list[Rows] = []
        self.home: dict[int, int] = {}  # of a value: its group
        self.level: dict[int, int] = {}  # and the last group on which it depends
        for value in graph:
            if is_rowwise(value):
                self.place(value)
            before = (self.level[o.value.number] for o in value.operands)
            self.level[value.number] = max([self.home.get(value.number, -1), *before])

    def place(self, value: Value) -> None:
        first = max([0, *(self.level[o.value.number] for o in value.operands)])
        for position in reversed(range(first, len(self.groups))):
            group = self.groups[position]
            naming = self.naming(value, group, position)
            if naming is not None:
                group.add(value, naming)
                self.home[value.number] = position
                return
        self.open(value)

    def naming(self, value: Value, group: Rows, position: int) -> Mapping[Index, Slot] | None:
        """What the value's labels stand for in the group, or None where it cannot join."""
        if group.depth(value) > DEEPEST:
            return None
        naming: dict[Index, Slot] = {}
        read = []
        for operand in value.operands:
            slots = group.slots.get(operand.value.number)
            if slots is None:
                if self.level[operand.value.number] >= position:
                    return None
                read.append(operand)
            elif operand.value.number in group.columns:
                return None  # not finished inside of a tile
            elif any(naming.setdefault(x, s) != s for x, s in zip(operand.labels, slots)):
                return None
        shares = bool(naming)
        for operand in read:  # what is loaded already is loaded at the same axes, if it can be
            slots = group.loads.get(operand.value.number, ())
            if slots and all(naming.get(x, s) == s for x, s in zip(operand.labels, slots)):
                naming |= zip(operand.labels, slots)
                shares = True
        if not shares or len(set(naming.values())) < len(naming):
            return None
        complete(naming, value, group.row)
        if all(naming[x] != group.row for x in value.axes) and not adds_up(value):
            return None
        return naming

    def open(self, value: Value) -> None:
        """A group of its own, for a large value; its rows are the longest axis but the last."""
        largest = max((o for o in value.operands if o.is_array), key=self.extent, default=None)
        if largest is None or self.extent(largest) < LARGE or not largest.labels:
            return
        kept = [x for x in largest.labels if x in value.axes]
        leading = [x for x in largest.labels[:-1] if x in kept] or kept
        if not leading or size(value.axes, self.sizes) * 16 < self.sizes[leading[0].space]:
            return
        row = max(leading, key=lambda x: self.sizes[x.space])
        naming: dict[Index, Slot] = {row: row}
        complete(naming, value, row)
        group = Rows(row)
        group.add(value, naming)
        self.home[value.number] = len(self.groups)
        self.groups.append(group)

    def extent(self, operand: Operand) -> int:
        return size(operand.labels, self.sizes)


def complete(naming: dict[Index, Slot], value: Value, row: Index) -> None:
    """Labels that only other arrays have are whole axes."""
    for operand in value.operands:
        for label in operand.labels:
            if label not in naming:
                naming[label] = whole(label, [row, *(s for s in naming.values() if isinstance(s, Index))])


def is_rowwise(value: Value) -> bool:
    """Whether it is elementwise, or reduces without being a matrix product."""
    operation = value.operation
    if any(len(o.label_set) < len(o.labels) for o in value.operands) or value.kind in ("number",):
        return False
    if isinstance(operation, Map):
        return bool(value.axes) and operation.function != "inside"
    if isinstance(operation, Reduce):
        return operation.operation in INNER_REDUCTIONS
    if isinstance(operation, Contract):
        left, right = value.operands
        return left.label_set <= right.label_set or right.label_set <= left.label_set
    return False
