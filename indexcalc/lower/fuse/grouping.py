"""Members of a cluster are put together into groups, one kernel each, by a bijection of axes under which they share.

The axes of a group that are walked have roles: those of the grid are kept by its results, those of the stream are
summed.  A member either finishes inside one tile of the grid, or adds to its output across tiles.  Stages are loops
over the stream one after the other: what a member reads of its own kernel has to be finished, but for a running
maximum, beside which homogeneous sums can run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ...ir.graph import Contract, Graph, Map, Reduce, Value
from ...ir.index import Index, Space
from .align import alignments
from .degree import Degrees
from .group import Group, Member, Style
from .instance import Instance, Slot, operands_at, whole
from .needs import Needs
from .virtual import Cluster, adds_up, size
from .walked import opened


class Grouping:
    """The groups of one cluster."""

    def __init__(self, graph: Graph, cluster: Cluster, sizes: Mapping[Space, int], style: Style) -> None:
        self.sizes, self.style = sizes, style
        self.needs = Needs([v.number for v in cluster.virtual])
        self.groups: list[Group] = []
        self._level: dict[int, int] = {}
        members = {v.number for v in cluster.members}
        for value in graph:
            if value.number in members:
                self._place(value)
            elif value.number not in self.needs.virtual:
                self._join_row(value)
            self._settle(value)

    def _settle(self, value: Value) -> None:
        """Note the last group on which the value depends."""
        own = [n for n, g in enumerate(self.groups) if g.member(value)]
        before = [self._level[o.value.number] for o in value.operands]
        self._level[value.number] = max([-1, *own, *before])

    # -- placing --------------------------------------------------------------------------------------------

    def _place(self, value: Value) -> None:
        for position in reversed(range(len(self.groups))):
            group = self.groups[position]
            for naming in alignments(value, group, self.needs):
                stage = self._stage(value, naming, group, position)
                if stage is not None:
                    self._add(group, Member(value, naming, stage, False))
                    return
        group = opened(value, self.needs, self.sizes, self.style)
        self._add(group, Member(value, self.needs.plain_naming(value), 0, False))
        self.groups.append(group)

    def _add(self, group: Group, member: Member) -> None:
        group.members.append(member)
        group.shared |= self.needs.of(member.value, member.naming, group.walked)[0]

    # -- legality -------------------------------------------------------------------------------------------

    def _stage(self, value: Value, naming: Mapping[Index, Slot], group: Group, position: int) -> int | None:
        """The stage of the group at which the value can be made, or None."""
        kept = {naming[x] for x in value.axes}
        crossing = [x for x in group.grid if x not in kept]
        streamed = [x for x in group.stream if x in kept]
        adds = adds_up(value)
        if crossing and not (adds and (self.style.accumulate or size(value.axes, self.sizes) <= self.style.small)):
            return None
        if self.needs.inside(value) and not set(group.walked) <= kept:
            return None
        if streamed and not adds and not self.needs.inside(value):
            return None
        stage = 0
        for read in self.needs.of(value, naming, group.walked)[1]:
            other = group.member(read.value)
            if other is None:
                if self._level[read.value.number] >= position:
                    return None
                continue
            theirs = other.instance
            if read != theirs or not set(group.grid) <= set(theirs.free) or set(group.stream) & set(theirs.free):
                return None  # read across tiles, or not finished inside of one
            beside = not other.row and not streamed and self._runs_beside(value, naming, group, theirs, kept)
            stage = max(stage, other.stage + (0 if beside else 1))
        return stage

    def _runs_beside(
        self, value: Value, naming: Mapping[Index, Slot], group: Group, stat: Instance, kept: set[Slot]
    ) -> bool:
        """Whether a sum can run in the same loop as the maximum that it reads."""
        if stat.value.operation != Reduce("shift") or not set(stat.free) <= kept:
            return False
        if self.needs.inside(value):  # stored after all: made in one piece, so nothing of it is summed along the loop
            return False
        if not adds_up(value):
            return False
        degrees = Degrees(stat, self.needs.inside, group.walked)
        degree = degrees.product(operands_at(value, naming))
        if degree is None or degree != int(degree):
            return False
        # what depends on the maximum must be made inside of the loop
        virtual, _ = self.needs.of(value, naming, group.walked)
        return all(degrees.of(v) == 0 or set(v.free) & set(group.stream) for v in virtual)

    def _join_row(self, value: Value) -> None:
        """What is made of finished rows, in one piece, rides along after the loop."""
        if not isinstance(value.operation, (Map, Contract, Reduce)) or not value.axes:
            return
        for position in reversed(range(len(self.groups))):
            group = self.groups[position]
            for operand in value.operands:
                other = group.member(operand.value)
                if other is None or set(group.stream) & set(other.instance.free):
                    continue
                naming = self._row_naming(value, operand.labels, other, group)
                if naming is not None:
                    stage = self._stage_of_row(value, naming, group, position)
                    if stage is not None:
                        self._add(group, Member(value, naming, stage, True))
                        return

    def _row_naming(
        self, value: Value, labels: tuple[Index, ...], other: Member, group: Group
    ) -> dict[Index, Slot] | None:
        naming: dict[Index, Slot] = dict(zip(labels, other.instance.slots))
        operation = value.operation
        reduction = isinstance(operation, Reduce) and operation.operation not in ("sum", "prod", "max", "min")
        if reduction or not set(group.grid) <= {naming.get(x) for x in value.axes}:
            return None
        taken = {*group.walked, *(s for s in naming.values() if isinstance(s, Index))}
        for label in dict.fromkeys(x for o in value.operands for x in o.labels):
            if label not in naming:
                naming[label] = whole(label, taken)
                taken.add(naming[label])  # type: ignore[arg-type]
        # a tile of it may be no larger than what the kernel has anyway
        return naming if self._beside(naming.values(), group) <= self._widest(group) else None

    def _beside(self, slots: Iterable[Slot], group: Group) -> int:
        """Elements for one position of the grid."""
        whole_axes = tuple(x for x in dict.fromkeys(slots) if isinstance(x, Index) and x not in group.walked)
        return size(whole_axes, self.sizes)

    def _widest(self, group: Group) -> int:
        """Elements, for one position of the grid, of the largest block of rows that the group makes or loads."""
        found = [m.instance for m in group.members]
        found += [i for m in group.members for i in self.needs.of(m.value, m.naming, group.walked)[1]]
        rows = [i for i in found if set(group.grid) <= set(i.free) and not set(group.stream) & set(i.free)]
        return max([1, *(self._beside(i.free, group) for i in rows)])

    def _stage_of_row(self, value: Value, naming: Mapping[Index, Slot], group: Group, position: int) -> int | None:
        stage = 0
        for read in operands_at(value, naming):
            other = group.member(read.value)
            if self.needs.inside(read.value):
                return None
            if other is None:
                if self._level[read.value.number] >= position:
                    return None
            elif read != other.instance or set(group.stream) & set(read.free):
                return None
            else:
                stage = max(stage, other.stage)
        return stage
