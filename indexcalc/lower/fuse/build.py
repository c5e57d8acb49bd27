"""A group becomes a kernel: blocks made where they are first needed, running reductions, stages, stores.

Each block stands at the outermost place whose axes it has: before the loop of its stage, inside of one, or behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from ...ir import kernel as k
from ...ir.graph import Reduce, Value
from ...ir.index import Index
from .blocks import Blocks, Stage
from .degree import Degrees
from .divide_less import divided_less
from .group import Group, Member
from .instance import Instance, Slot, operands_at
from .neutral import Conditions, Neutral

PLACED = 128  # positions of a tile until tiles are chosen


@dataclass(frozen=True)
class Built:
    """A kernel with what its inputs and outputs are in the graph."""

    kernel: k.Kernel
    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]
    origins: tuple[Value, ...]  # by the number of a block, the value for which it is made or loaded


def build(
    group: Group,
    inside: Callable[[Value], bool],
    stored: Collection[int],
    note: str,
    namings: Mapping[int, Mapping[Index, Slot]] | None = None,
) -> Built:
    """The kernel of a group; of its members those in `stored` become outputs.

    `namings`: what the labels of a value's operation stand for, by number, where a value has only one instance.
    """
    return _Build(group, inside, stored, namings or {}).run(note)


class _Build(Blocks):
    def __init__(
        self,
        group: Group,
        inside: Callable[[Value], bool],
        stored: Collection[int],
        namings: Mapping[int, Mapping[Index, Slot]],
    ) -> None:
        super().__init__(group, inside, namings)
        self.stored = stored
        self.neutral = Neutral(inside, group.walked)
        self.arrays: list[k.Array] = []
        self.made: list[Value] = []

    def run(self, note: str) -> Built:
        group = self.group
        for number in range(group.stages):
            members = [m for m in group.members if m.stage == number]
            self.stage = Stage(loops=[[] for _ in group.stream])
            self.stages.append(self.stage)
            flow = [m for m in members if not m.row]
            self.ended = not group.stream
            finish = [self.flow(m) for m in sorted(flow, key=lambda m: m.value.operation != Reduce("shift"))]
            self.ended = True
            for member, block in finish:
                if block is not None:
                    self.finish(member, block)
            for member in members:
                if member.row:
                    self.row(member)
        body = [s for stage in self.stages for s in (*stage.before, *self.nest(stage), *stage.after)]
        crossing = {x for m in group.members for x in group.grid if x not in m.instance.free}
        grid = tuple(k.Tile(x, PLACED if x in group.tiled else 0, x not in crossing) for x in group.grid)
        inputs = tuple(k.Array(v.axes, v.kind) for v in self.inputs)
        kernel = divided_less(k.Kernel(inputs, tuple(self.arrays), grid, tuple(body), note), self.origins)
        return Built(kernel, tuple(self.inputs), tuple(self.made), tuple(self.origins))

    def nest(self, stage: Stage) -> list[k.Step]:
        """The stage's loops, each inside of the one before it."""
        if not any(stage.loops):
            return []
        shared = _shared(stage.skips)
        if stage.kept or stage.recalls:  # loops that hand on blocks leave out the same tiles
            shared = _shared([s for each in self.stages if each.kept or each.recalls for s in each.skips])
        inner: list[k.Step] = []
        for axis, steps in reversed(list(zip(self.group.stream, stage.loops))):
            tile = k.Tile(axis, PLACED if axis in self.group.tiled else 0)
            steps = [_with_all_rescaled(s, stage) if isinstance(s, k.Shift) else s for s in steps]
            here = tuple(c for c in shared if axis == self.group.stream[-1] and self.testable(c))
            inner = [k.Loop(tile, (*steps, *inner), here)]
        return inner

    def testable(self, condition: k.Condition) -> bool:
        return all(x in self.group.walked for _, x in condition.form.terms)

    # -- members --------------------------------------------------------------------------------------------

    def row(self, member: Member) -> None:
        """Make a member behind the stage's loops."""
        with self.making(member.value):
            self.finish(member, self.compute(member.instance, member.naming))

    def flow(self, member: Member) -> tuple[Member, k.Block | None]:
        """Make the member's part of the stage's loops; the block that has it after them."""
        with self.making(member.value):
            return member, self.streamed(member)

    def streamed(self, member: Member) -> k.Block | None:
        value, group = member.value, self.group
        operation = value.operation
        kept = set(member.instance.free)
        if self.inside(value):  # a virtual value that is stored
            self.store(member, self.demand(member.instance))
            self.stage.skips.append(())
            return None
        if not group.stream:
            return self.compute(member.instance, member.naming)
        operands = operands_at(value, member.naming)
        if kept & set(group.stream):
            self.stage.skips.append(self.neutral.product(operands))
            self.store(member, self.summand(member))
            return None
        axes = self.visible(member.instance.free)
        if operation == Reduce("shift"):
            return self.running(member, operands[0], axes)
        name = operation.operation if isinstance(operation, Reduce) else "sum"
        carry = self.block(axes, value.kind)
        source = self.summand(member)
        self.stage.before.append(k.Carry(carry, name))
        self.put(k.Fold(carry, name, source), group.stream)
        lowest = self.neutral.lowest(operands[0]) if name == "max" else ()
        self.stage.skips.append(self.neutral.product(operands) if name == "sum" else lowest)
        for stat, (_, _, rescaled) in self.stage.shifts.items():
            degree = Degrees(stat, self.inside, group.walked).product(operands)
            if degree:
                rescaled.append((carry, int(degree)))
        return carry

    def summand(self, member: Member) -> k.Block:
        """What a member adds up in one tile: a matrix product sums there, all else is summed by who takes it."""
        operands = operands_at(member.value, member.naming)
        blocks = [self.demand(o) for o in operands]
        if len(blocks) == 1:
            return blocks[0]
        axes = self.visible(member.instance.free)
        return self.contraction(axes, member.value.kind, blocks, operands)

    def running(self, member: Member, source: Instance, axes: tuple[Index, ...]) -> k.Block:
        carry = self.block(axes, member.value.kind)
        self.stage.before.append(k.Carry(carry, "shift"))
        block = self.demand(source)
        self.put(k.Shift(carry, block, ()), self.group.stream)
        self.stage.shifts[member.instance] = carry, block, []
        self.stage.blocks[member.instance] = carry
        self.stage.skips.append(self.neutral.lowest(source))
        return carry

    def finish(self, member: Member, block: k.Block) -> None:
        self.rows[member.instance] = block
        if member.value.number in self.stored:
            with self.making(member.value):
                self.store(member, block)

    def store(self, member: Member, block: k.Block) -> None:
        value = member.value
        adds = any(x not in member.instance.free for x in self.group.walked) and (
            not set(self.group.grid) <= set(member.instance.free)
            or bool(set(self.group.stream) & set(member.instance.free))
        )
        self.arrays.append(k.Array(value.axes, value.kind, adds))
        self.made.append(value)
        slots = tuple(self.slot(s) for s in member.instance.slots)
        step = k.Store(len(self.arrays) - 1, slots, block, "+=" if adds else "=")
        free = self.group.stream if not self.ended else ()
        self.put(step, free)


def _shared(skips: list[Conditions]) -> list[k.Condition]:
    """The conditions that all have."""
    return [c for c in skips[0] if all(c in s for s in skips)] if skips else []


def _with_all_rescaled(step: k.Shift, stage: Stage) -> k.Shift:
    """The step with all that runs beside the maximum."""
    for carry, _, rescaled in stage.shifts.values():
        if carry == step.carry:
            return k.Shift(step.carry, step.source, tuple(rescaled))
    return step
