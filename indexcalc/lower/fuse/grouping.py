"""Members of a cluster are put together into groups, one kernel each, by a bijection of axes under which they share.

The axes of a group that are walked have roles: those of the grid are kept by its results, those of the stream are
summed.  A member either finishes inside one tile of the grid, or adds to its output across tiles.  Stages are loops
over the stream one after the other: what a member reads of its own kernel has to be finished, but for a running
maximum, beside which homogeneous sums can run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from heapq import heappop, heappush

from ...ir.graph import Contract, Map, Reduce, Value
from ...ir.index import Index, Space
from .align import alignments
from .degree import Degrees
from .group import Group, Member, Style
from .instance import Instance, Slot, operands_at, whole
from .needs import Needs
from .virtual import Cluster, adds_up, size
from .walked import opened


class Grouping:
    """The groups of one cluster.

    `users`: the values that read each value of the graph, by number.
    """

    def __init__(
        self, cluster: Cluster, needs: Needs, users: Mapping[int, Sequence[Value]], sizes: Mapping[Space, int],
        style: Style,
    ) -> None:  # fmt: skip
        self.sizes, self.style = sizes, style
        self.needs = needs
        self.groups: list[Group] = []
        self._home: dict[int, int] = {}  # a member's group
        self._levels: dict[int, int] = {}
        self._widths: dict[int, tuple[int, int]] = {}
        self._first = cluster.members[0].number
        waiting = {v.number: v for v in cluster.members}
        members = frozenset(waiting)
        order = sorted(waiting)
        while order:  # in the graph's order: members, and what reads them
            value = waiting.pop(heappop(order))
            if value.number in members:
                self._place(value)
            elif value.number not in self.needs.virtual:
                self._join_row(value)
            if value.number in self._home:
                for user in users[value.number]:
                    if user.number not in waiting:
                        waiting[user.number] = user
                        heappush(order, user.number)

    def _level(self, value: Value) -> int:
        """The last group on which the value, which comes before the one at hand, depends; −1 where there is none."""
        stack = [] if value.number in self._levels else [value]
        while stack:
            now = stack[-1]
            unknown = [
                o.value for o in now.operands if o.value.number >= self._first and o.value.number not in self._levels
            ]
            if unknown:
                stack += unknown
                continue
            stack.pop()
            before = (self._levels.get(o.value.number, -1) for o in now.operands)
            self._levels[now.number] = max([self._home.get(now.number, -1), *before])
        return self._levels[value.number]

    def _place(self, value: Value) -> None:
        for position in reversed(range(len(self.groups))):
            group = self.groups[position]
            for naming in alignments(value, group, self.needs):
                stage = self._stage(value, naming, group, position)
                if stage is not None:
                    self._add(position, Member(value, naming, stage, False))
                    return
        group = opened(value, self.needs, self.sizes, self.style)
        self.groups.append(group)
        self._add(len(self.groups) - 1, Member(value, self.needs.plain_naming(value), 0, False))

    def _add(self, position: int, member: Member) -> None:
        group = self.groups[position]
        group.add(member)
        self._home[member.value.number] = position
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
        if streamed and not adds and not self.needs.inside(value):
            return None
        stage = 0
        for read in self.needs.of(value, naming, group.walked)[1]:
            other = group.member(read.value)
            if other is None:
                if self._level(read.value) >= position:
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
        if degree is None:
            return False
        # what depends on the maximum must be made inside of the loop
        virtual, _ = self.needs.of(value, naming, group.walked)
        return all(degrees.of(v) == 0 or set(v.free) & set(group.stream) for v in virtual)

    def _join_row(self, value: Value) -> None:
        """What is made of finished rows, in one piece, rides along after the loop."""
        if not isinstance(value.operation, (Map, Contract, Reduce)) or not value.axes:
            return
        homes = {self._home[o.value.number] for o in value.operands if o.value.number in self._home}
        for position in sorted(homes, reverse=True):
            group = self.groups[position]
            for operand in value.operands:
                other = group.member(operand.value)
                if other is None or set(group.stream) & set(other.instance.free):
                    continue
                naming = self._row_naming(value, operand.labels, other, position)
                if naming is not None:
                    stage = self._stage_of_row(value, naming, group, position)
                    if stage is not None:
                        self._add(position, Member(value, naming, stage, True))
                        return

    def _row_naming(
        self, value: Value, labels: tuple[Index, ...], other: Member, position: int
    ) -> dict[Index, Slot] | None:
        group = self.groups[position]
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
        return naming if self._beside(naming.values(), group) <= self._widest(position) else None

    def _beside(self, slots: Iterable[Slot], group: Group) -> int:
        """Elements for one position of the grid."""
        whole_axes = tuple(x for x in dict.fromkeys(slots) if isinstance(x, Index) and x not in group.walked)
        return size(whole_axes, self.sizes)

    def _widest(self, position: int) -> int:
        """Elements, for one position of the grid, of the largest block of rows that the group makes or loads."""
        group = self.groups[position]
        seen, widest = self._widths.get(position, (0, 1))
        for m in group.members[seen:]:
            found = [m.instance, *self.needs.of(m.value, m.naming, group.walked)[1]]
            rows = [i for i in found if set(group.grid) <= set(i.free) and not set(group.stream) & set(i.free)]
            widest = max([widest, *(self._beside(i.free, group) for i in rows)])
        self._widths[position] = len(group.members), widest
        return widest

    def _stage_of_row(self, value: Value, naming: Mapping[Index, Slot], group: Group, position: int) -> int | None:
        stage = 0
        for read in operands_at(value, naming):
            other = group.member(read.value)
            if self.needs.inside(read.value):
                return None
            if other is None:
                if self._level(read.value) >= position:
                    return None
            elif read != other.instance or set(group.stream) & set(read.free):
                return None
            else:
                stage = max(stage, other.stage)
        return stage
