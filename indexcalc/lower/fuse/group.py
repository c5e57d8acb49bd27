"""Members of a cluster are put together into groups, one kernel each, by a bijection of axes under which they share.

The axes of a group that are walked have roles: those of the grid are kept by its results, those of the stream are
summed.  A member either finishes inside one tile of the grid, or adds to its output across tiles.  Stages are loops
over the stream one after the other: what a member reads of its own kernel has to be finished, but for a running
maximum, beside which homogeneous sums can run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from ...ir.graph import Contract, Graph, Map, Reduce, Value
from ...ir.index import Index, Space
from .degree import Degrees
from .instance import Instance, Slot, at, naming_of, operands_of, whole
from .virtual import Cluster, size

FEATURES = 256  # axes whose extents multiply to at most this stay whole: nothing is gained by walking them


@dataclass(frozen=True)
class Member:
    """A value that a kernel gives.  `naming`: what its labels are.  `row`: made behind the stage's loop."""

    value: Value
    naming: Mapping[Index, Slot]
    stage: int
    row: bool

    @property
    def instance(self) -> Instance:
        return Instance(self.value, tuple(self.naming[x] for x in self.value.axes))

    @property
    def operands(self) -> list[Instance]:
        return [at(o, self.naming) for o in self.value.operands if o.is_array]


@dataclass
class Group:
    """A kernel to be.  `grid` and `stream`: axes in the order in which they are walked; those in `tiled` by tiles."""

    grid: list[Index]
    stream: list[Index]
    tiled: set[Index]
    members: list[Member] = field(default_factory=list)
    shared: dict[Instance, None] = field(default_factory=dict)

    @property
    def walked(self) -> tuple[Index, ...]:
        return (*self.grid, *self.stream)

    def member(self, value: Value) -> Member | None:
        return next((m for m in self.members if m.value is value), None)

    @property
    def stages(self) -> int:
        return 1 + max(m.stage for m in self.members)


@dataclass(frozen=True)
class Style:
    """How members may be put together.

    accumulate   sums across tiles of the grid go to outputs that add up
    whole        no axis is streamed: a tile of the grid has all of the others, so that nothing is computed again
    """

    name: str
    accumulate: bool
    whole: bool
    small: int  # elements of an output that may be added up across tiles in any style


class Grouping:
    """The groups of one cluster."""

    def __init__(self, graph: Graph, cluster: Cluster, sizes: Mapping[Space, int], style: Style) -> None:
        self.graph, self.sizes, self.style = graph, sizes, style
        self.cluster = cluster
        self.virtual = {v.number for v in cluster.virtual}
        self.groups: list[Group] = []
        self._level: dict[int, int] = {}
        self._members = {v.number for v in cluster.members}
        for value in graph:
            if value.number in self._members:
                self._place(value)
            elif value.number not in self.virtual:
                self._join_row(value)
            self._settle(value)

    def inside(self, value: Value) -> bool:
        """Whether a kernel computes it wherever it is read."""
        return value.number in self.virtual

    # -- what a value needs ---------------------------------------------------------------------------------

    def reach(
        self, operands: list[Instance], walked: tuple[Index, ...]
    ) -> tuple[dict[Instance, None], dict[Instance, None]]:
        """(virtual instances, stored instances) that are computed or read on the way."""
        virtual: dict[Instance, None] = {}
        stored: dict[Instance, None] = {}
        todo = list(operands)
        while todo:
            found = todo.pop()
            todo += [s for s in found.slots if isinstance(s, Instance)]
            if not self.inside(found.value):
                stored.setdefault(found)
            elif found not in virtual:
                virtual[found] = None
                todo += operands_of(found, walked)
        return virtual, stored

    def _needs(
        self, value: Value, naming: Mapping[Index, Slot], walked: tuple[Index, ...]
    ) -> tuple[dict[Instance, None], dict[Instance, None]]:
        if self.inside(value):  # stored after all: it is read like any other
            return self.reach([Instance(value, tuple(naming[x] for x in value.axes))], walked)
        return self.reach([at(o, naming) for o in value.operands if o.is_array], walked)

    def _settle(self, value: Value) -> None:
        """Note the last group on which the value depends."""
        own = [n for n, g in enumerate(self.groups) if g.member(value)]
        before = [self._level[o.value.number] for o in value.operands]
        self._level[value.number] = max([-1, *own, *before])

    # -- placing --------------------------------------------------------------------------------------------

    def _place(self, value: Value) -> None:
        for position in reversed(range(len(self.groups))):
            group = self.groups[position]
            for naming in self._alignments(value, group):
                stage = self._stage(value, naming, group, position)
                if stage is not None:
                    self._add(group, Member(value, naming, stage, False))
                    return
        self.groups.append(self._open(value))

    def _add(self, group: Group, member: Member) -> None:
        group.members.append(member)
        group.shared |= self._needs(member.value, member.naming, group.walked)[0]

    def _plain_naming(self, value: Value) -> dict[Index, Slot]:
        """What its labels are in a kernel of its own; of a virtual value, made in one piece, only those it keeps."""
        if self.inside(value):
            return {x: x for x in value.axes}
        return naming_of(Instance(value, value.axes), ())

    def _open(self, value: Value) -> Group:
        """A group of its own: the axes of the largest virtual value that it needs are walked."""
        naming = self._plain_naming(value)
        virtual, _ = self._needs(value, naming, ())
        labels = [x for x in dict.fromkeys(naming.values()) if isinstance(x, Index)]
        top = max(virtual, key=lambda i: size(i.free, self.sizes))
        loops = [x for x in labels if x in top.free]
        batch = self._batch(value, naming, loops)
        kept = [x for x in loops if x in value.axes]
        summed = [x for x in loops if x not in value.axes]
        extent = lambda x: self.sizes[x.space]  # noqa: E731
        order = [x for x in loops if x not in batch] or loops  # with no other axis, one of these is tiled
        row = max([x for x in order if x in kept], key=extent, default=None)
        column = max([x for x in order if x in summed], key=extent, default=None)
        if row is None and column is not None:
            row, rest = column, [x for x in order if x != column]
            column = max(rest, key=extent, default=None)
        elif column is None and row is not None:
            column = max([x for x in order if x != row], key=extent, default=None)
        others = tuple(x for x in order if x not in (row, column) and x not in batch)
        single = batch if size(others, self.sizes) <= FEATURES else {*batch, *others}
        single -= {row, column}
        grid = [x for x in kept if x in single]
        stream = [x for x in summed if x in single]
        grid += [row] if row is not None else []
        stream += [column] if column is not None else []
        if self.style.whole:
            grid, stream = [*(x for x in stream if x in single), *grid], []
        if not grid:
            grid, stream = stream[:1], stream[1:]
        group = Group(grid, stream, {x for x in (row, column) if x is not None})
        # whole axes must not be named like walked ones
        self._add(group, Member(value, naming, 0, False))
        return group

    def _batch(self, value: Value, naming: Mapping[Index, Slot], loops: list[Index]) -> set[Index]:
        """Axes in both operands of every matrix product: no matrix has them."""
        virtual, _ = self._needs(value, naming, ())
        own = isinstance(value.operation, Contract) and not self.inside(value)
        products = [at_all(value, naming)] if own else []
        products += [list(operands_of(i, ())) for i in virtual if isinstance(i.value.operation, Contract)]
        found = set()
        for axis in loops:
            roles = [all(axis in o.free for o in pair) for pair in products if len(pair) == 2]
            if roles and all(roles):
                found.add(axis)
        return found

    def _alignments(self, value: Value, group: Group) -> Iterator[dict[Index, Slot]]:
        """Namings of the value's labels under which it shares virtual values with the group, the most shared first."""
        plain = self._plain_naming(value)
        mine, _ = self._needs(value, plain, ())
        labels = set(plain.values())
        tried: list[tuple[int, dict[Index, Slot]]] = []
        for own in mine:
            for theirs in group.shared:
                if theirs.value is own.value:
                    naming = self._aligned(value, plain, labels, own, theirs, group)
                    if naming is not None and all(naming != n for _, n in tried):
                        shared = self._needs(value, naming, group.walked)[0]
                        tried.append((sum(i in group.shared for i in shared), naming))
        yield from (n for _, n in sorted(tried, key=lambda t: -t[0]))

    def _aligned(
        self,
        value: Value,
        plain: Mapping[Index, Slot],
        labels: set[Slot],
        own: Instance,
        theirs: Instance,
        group: Group,
    ) -> dict[Index, Slot] | None:
        pairs: dict[Slot, Slot] = {}
        for a, b in zip(own.slots, theirs.slots):
            if not isinstance(a, Index) or not isinstance(b, Index) or pairs.setdefault(a, b) != b:
                return None
        pairs = {a: b for a, b in pairs.items() if a in labels}
        if len(set(pairs.values())) < len(pairs) or not set(group.walked) <= set(pairs.values()):
            return None
        pairs |= self._of_rows(value, plain, pairs, group)
        naming: dict[Index, Slot] = {}
        taken = {*group.walked, *(b for b in pairs.values() if isinstance(b, Index))}
        for label, axis in plain.items():
            if axis in pairs:
                naming[label] = pairs[axis]
            else:
                assert isinstance(axis, Index)
                naming[label] = whole(axis, taken)
                taken.add(naming[label])  # type: ignore[arg-type]
        return naming

    def _of_rows(
        self, value: Value, plain: Mapping[Index, Slot], pairs: Mapping[Slot, Slot], group: Group
    ) -> dict[Slot, Slot]:
        """What further axes are where the value reads finished rows of the group: the axes that these have."""
        found: dict[Slot, Slot] = {}
        for operand in value.operands:
            other = group.member(operand.value)
            if other is None or self.inside(operand.value) or not operand.label_set <= plain.keys():
                continue  # labels that a virtual value sums have no axis of the group
            mine = [plain[x] for x in operand.labels]
            both = list(zip(mine, other.instance.slots))
            if all(pairs.get(a, b) == b for a, b in both):
                found |= {a: b for a, b in both if a not in pairs and b not in (*pairs.values(), *found.values())}
        return found

    # -- legality -------------------------------------------------------------------------------------------

    def _stage(self, value: Value, naming: Mapping[Index, Slot], group: Group, position: int) -> int | None:
        """The stage of the group at which the value can be made, or None."""
        kept = {naming[x] for x in value.axes}
        crossing = [x for x in group.grid if x not in kept]
        streamed = [x for x in group.stream if x in kept]
        adds = isinstance(value.operation, Contract) or value.operation == Reduce("sum")
        if crossing and not (adds and (self.style.accumulate or size(value.axes, self.sizes) <= self.style.small)):
            return None
        if self.inside(value) and not set(group.walked) <= kept:
            return None
        if streamed and not adds and not self.inside(value):
            return None
        stage = 0
        for read in self._needs(value, naming, group.walked)[1]:
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
        if self.inside(value):  # stored after all: made in one piece, so nothing of it is summed along the loop
            return False
        if not (isinstance(value.operation, Contract) or value.operation == Reduce("sum")):
            return False
        degrees = Degrees(stat, self.inside, group.walked)
        degree = degrees.product(at_all(value, naming))
        if degree is None or degree != int(degree):
            return False
        # what depends on the maximum must be made inside of the loop
        virtual, _ = self._needs(value, naming, group.walked)
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
        reduction = isinstance(value.operation, Reduce) and value.operation.operation not in (
            "sum",
            "prod",
            "max",
            "min",
        )
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
        found += [i for m in group.members for i in self._needs(m.value, m.naming, group.walked)[1]]
        rows = [i for i in found if set(group.grid) <= set(i.free) and not set(group.stream) & set(i.free)]
        return max([1, *(self._beside(i.free, group) for i in rows)])

    def _stage_of_row(self, value: Value, naming: Mapping[Index, Slot], group: Group, position: int) -> int | None:
        stage = 0
        for read in at_all(value, naming):
            other = group.member(read.value)
            if self.inside(read.value):
                return None
            if other is None:
                if self._level[read.value.number] >= position:
                    return None
            elif read != other.instance or set(group.stream) & set(read.free):
                return None
            else:
                stage = max(stage, other.stage)
        return stage


def at_all(value: Value, naming: Mapping[Index, Slot]) -> list[Instance]:
    """The value's array operands under a naming of its labels."""
    return [at(o, naming) for o in value.operands if o.is_array]
