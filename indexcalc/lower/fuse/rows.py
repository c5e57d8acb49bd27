"""Elementwise values and reductions over the same rows become one kernel: each array is read once and written once.

Nothing here is larger than what it is made of.  The values of a group all have one axis in common, which is walked in
tiles; sums over it are added up across tiles.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ...ir.graph import Contract, Graph, Map, Operand, Reduce, Value
from ...ir.index import Index, Space
from ..estimate import Uses
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


def row_groups(graph: Graph, sizes: Mapping[Space, int]) -> list[Rows]:
    """Groups of at least two large values, in an order in which they can run."""
    groups = merged(graph, _Growing(graph, sizes).groups)
    _sink(graph, groups)
    return [g for g in groups if len(g.values) > 1]


def merged(graph: Graph, groups: list[Rows]) -> list[Rows]:
    """The groups, where one that reads rows of an earlier one joins it: so those rows need not be stored.

    A group that begins with a value that reads nothing of what was there, such as a gradient's, comes to be by itself.
    """
    found: list[Rows] = []
    for group in groups:
        for earlier in found:
            renaming = _meeting(earlier, group)
            if renaming is not None and not _between(graph, groups, earlier, group):
                for value in group.values:
                    earlier.add(value, {x: renaming[s] for x, s in group.namings[value.number].items()})
                earlier.values.sort(key=lambda v: v.number)
                break
        else:
            found.append(group)
    return found


def _meeting(earlier: Rows, later: Rows) -> Mapping[Slot, Slot] | None:
    """What the axes of the later group are called in the earlier one, of which it reads rows, if that is one way."""
    if max(earlier.depths.values()) + max(later.depths.values()) > DEEPEST:
        return None
    found: dict[Slot, Slot] = {}
    for value in later.values:
        naming = later.namings[value.number]
        for operand in value.operands:
            number = operand.value.number
            if number in earlier.columns:
                return None  # not finished inside of a tile
            slots = earlier.slots.get(number, ())
            if any(found.setdefault(naming[x], s) != s for x, s in zip(operand.labels, slots)):
                return None
    if found.get(later.row) != earlier.row or len(set(found.values())) < len(found):
        return None
    taken = [earlier.row, *(s for naming in earlier.namings.values() for s in naming.values() if isinstance(s, Index))]
    for slot in (s for naming in later.namings.values() for s in naming.values()):
        if slot not in found and isinstance(slot, Index):
            fresh = whole(slot, taken)
            taken.append(fresh)
            found[slot] = fresh
    return found


def _between(graph: Graph, groups: list[Rows], earlier: Rows, later: Rows) -> bool:
    """Whether the two groups cannot be one, since something else needs a part of it and gives another."""
    own = {*earlier.slots, *later.slots}
    others = [set(g.slots) for g in groups if own.isdisjoint(g.slots)]
    behind: set[int] = set()
    while True:
        before = len(behind)
        for value in graph:
            reads = {o.value.number for o in value.operands}
            if value.number not in own and not reads.isdisjoint(own | behind):
                behind.add(value.number)
        for numbers in others:
            if not numbers.isdisjoint(behind):
                behind |= numbers
        if len(behind) == before:
            break
    return any(o.value.number in behind for v in (*earlier.values, *later.values) for o in v.operands)


def _sink(graph: Graph, groups: list[Rows]) -> None:
    """A value that only a later group reads is made there, if what it reads is in memory anyway."""
    home = {number: n for n, g in enumerate(groups) for number in g.slots}
    uses = Uses(graph)
    stored = {n for n in home if n in uses.outputs or any(home.get(r.number) != home[n] for r in uses.users[n])}
    for value in reversed(graph.values):
        number = value.number
        places = {home.get(r.number) for r in uses[value]}
        if number not in home or number in uses.outputs or len(places) != 1 or None in places:
            continue
        (place,) = places
        group = groups[home[number]]
        own = [o.value.number for o in value.operands if home.get(o.value.number) == home[number]]
        if place is None or groups[place] is group or number in group.columns or not set(own) <= stored:
            continue
        slots = _read_at(value, uses[value], groups[place])
        if slots is None:
            continue
        naming = dict(zip(value.axes, slots))
        complete(naming, value, groups[place].row)
        group.remove(value)
        groups[place].add(value, naming)
        home[number] = place
        stored.discard(number)


def _read_at(value: Value, readers: list[Value], group: Rows) -> tuple[Slot, ...] | None:
    """The axes of a group at which its values read this one, or None where these differ, as in n[i] + n[j], or where
    each tile would read all of it."""
    reads = {
        tuple(group.namings[r.number][x] for x in operand.labels)
        for r in readers
        for operand in r.operands
        if operand.value is value
    }
    slots = reads.pop()
    return None if reads or group.row not in slots or len(set(slots)) < len(slots) else slots


class _Growing:
    """Values in their order join the last group that they can."""

    def __init__(self, graph: Graph, sizes: Mapping[Space, int]) -> None:
        self.sizes = sizes
        self.groups: list[Rows] = []
        self.level: dict[int, int] = {}  # of a value: the last group on which it depends
        for value in graph:
            if is_rowwise(value):
                self.place(value)
            own = [n for n, g in enumerate(self.groups) if value.number in g.slots]
            self.level[value.number] = max([-1, *own, *(self.level[o.value.number] for o in value.operands)])

    def place(self, value: Value) -> None:
        for position in reversed(range(len(self.groups))):
            group = self.groups[position]
            naming = self.naming(value, group, position)
            if naming is not None:
                group.add(value, naming)
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
