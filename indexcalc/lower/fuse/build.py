"""A group becomes a kernel: blocks made where they are first needed, running reductions, stages, stores.

Each block stands at the outermost place whose axes it has: before the loop of its stage, inside of one, or behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from ...ir import kernel as k
from ...ir.graph import Contract, Kind, Map, Number, Operand, Range, Reduce, Size, Value
from ...ir.index import Index
from .affine import conditions
from .degree import Degrees
from .group import Group, Member, at_all
from .instance import Instance, Slot, at, is_rename, naming_of, operands_of
from .neutral import Conditions, Neutral

PLACED = 128  # positions of a tile until tiles are chosen


@dataclass(frozen=True)
class Built:
    """A kernel with what its inputs and outputs are in the graph."""

    kernel: k.Kernel
    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]


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


@dataclass
class _Stage:
    """The steps of one stage: before the loops, in each of them, and after them."""

    before: list[k.Step] = field(default_factory=list)
    loops: list[list[k.Step]] = field(default_factory=list)
    after: list[k.Step] = field(default_factory=list)
    skips: list[Conditions] = field(default_factory=list)  # of what each loop changes
    blocks: dict[object, k.Block] = field(default_factory=dict)  # made inside a loop
    shifts: dict[Instance, tuple[k.Block, k.Block, list[tuple[k.Block, int]]]] = field(default_factory=dict)


class _Build:
    def __init__(
        self,
        group: Group,
        inside: Callable[[Value], bool],
        stored: Collection[int],
        namings: Mapping[int, Mapping[Index, Slot]],
    ) -> None:
        self.group, self.inside, self.stored, self.namings = group, inside, stored, namings
        self.neutral = Neutral(inside, group.walked)
        self.inputs: list[Value] = []
        self.outputs: dict[int, int] = {}  # number of a member: its place
        self.arrays: list[k.Array] = []
        self.made: list[Value] = []
        self.rows: dict[object, k.Block] = {}  # blocks of one tile of the grid, by what they are
        self.count = 0
        self.stage = _Stage()
        self.ended = False  # whether steps go behind the stage's loops

    def run(self, note: str) -> Built:
        group = self.group
        body: list[k.Step] = []
        for number in range(group.stages):
            members = [m for m in group.members if m.stage == number]
            self.stage = _Stage(loops=[[] for _ in group.stream])
            flow = [m for m in members if not m.row]
            self.ended = not group.stream
            finish = [self.member(m) for m in sorted(flow, key=lambda m: m.value.operation != Reduce("shift"))]
            self.ended = True
            for member, block in finish:
                if block is not None:
                    self.finish(member, block)
            for member in members:
                if member.row:
                    self.finish(member, self.compute(member.instance, member.naming))
            body += [*self.stage.before, *self.nest(), *self.stage.after]
        crossing = {x for m in group.members for x in group.grid if x not in m.instance.free}
        grid = tuple(k.Tile(x, PLACED if x in group.tiled else 0, x not in crossing) for x in group.grid)
        inputs = tuple(k.Array(v.axes, v.kind) for v in self.inputs)
        return Built(
            k.Kernel(inputs, tuple(self.arrays), grid, tuple(body), note), tuple(self.inputs), tuple(self.made)
        )

    def nest(self) -> list[k.Step]:
        """The stage's loops, each inside of the one before it."""
        stage = self.stage
        if not any(stage.loops):
            return []
        shared = [c for c in stage.skips[0] if all(c in s for s in stage.skips)] if stage.skips else []
        inner: list[k.Step] = []
        for axis, steps in reversed(list(zip(self.group.stream, stage.loops))):
            tile = k.Tile(axis, PLACED if axis in self.group.tiled else 0)
            steps = [self.shift(s) if isinstance(s, k.Shift) else s for s in steps]
            here = tuple(c for c in shared if axis == self.group.stream[-1] and self.testable(c))
            inner = [k.Loop(tile, (*steps, *inner), here)]
        return inner

    def testable(self, condition: k.Condition) -> bool:
        return all(x in self.group.walked for _, x in condition.form.terms)

    def shift(self, step: k.Shift) -> k.Shift:
        """The step with all that runs beside the maximum."""
        for carry, _, rescaled in self.stage.shifts.values():
            if carry == step.carry:
                return k.Shift(step.carry, step.source, tuple(rescaled))
        return step

    # -- members --------------------------------------------------------------------------------------------

    def member(self, member: Member) -> tuple[Member, k.Block | None]:
        """Make the member's part of the stage's loops; the block that has it after them."""
        value, group = member.value, self.group
        operation = value.operation
        kept = set(member.instance.free)
        if self.inside(value):  # a virtual value that is stored
            self.store(member, self.demand(member.instance))
            self.stage.skips.append(())
            return member, None
        if not group.stream:
            return member, self.compute(member.instance, member.naming)
        operands = at_all(value, member.naming)
        if kept & set(group.stream):
            self.stage.skips.append(self.neutral.product(operands))
            self.store(member, self.summand(member))
            return member, None
        axes = self.visible(member.instance.free)
        if operation == Reduce("shift"):
            return member, self.running(member, operands[0], axes)
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
        return member, carry

    def summand(self, member: Member) -> k.Block:
        """What a member adds up in one tile: a matrix product sums there, all else is summed by who takes it."""
        operands = at_all(member.value, member.naming)
        blocks = [self.demand(o) for o in operands]
        if len(blocks) == 1:
            return blocks[0]
        axes = self.visible(member.instance.free)
        return self.contraction(axes, member.value.kind, blocks, operands)

    def contraction(
        self, axes: tuple[Index, ...], kind: Kind, blocks: list[k.Block], operands: list[Instance]
    ) -> k.Block:
        free = tuple(x for o in operands for x in o.free)
        block = self.block(axes, kind)
        left, right = blocks
        if set(left.axes) | set(right.axes) <= set(axes):  # all that is summed is walked one position at a time
            return self.put(k.Map(block, "multiply", (left, right)), free)
        return self.put(k.Contract(block, left, right), free)

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

    # -- values ---------------------------------------------------------------------------------------------

    def block(self, axes: tuple[Index, ...], kind: Kind) -> k.Block:
        self.count += 1
        return k.Block(self.count - 1, axes, kind)

    def visible(self, axes: Sequence[Index]) -> tuple[Index, ...]:
        """Those that blocks have: not the ones that are walked one position at a time."""
        group = self.group
        return tuple(x for x in dict.fromkeys(axes) if x not in group.walked or x in group.tiled)

    def level(self, axes: Sequence[Index]) -> int:
        return max([0, *(n + 1 for n, x in enumerate(self.group.stream) if x in axes)])

    def put(self, step: k.Step, axes: Sequence[Index]) -> k.Block:
        """Add a step at the outermost place that has these axes."""
        level = self.level(axes)
        where = self.stage.loops[level - 1] if level else self.stage.after if self.ended else self.stage.before
        where.append(step)
        made = k.block_made(step)
        return made if made is not None else k.Block(-1, (), "float")

    def demand(self, instance: Instance) -> k.Block:
        """The block of an instance, made or loaded once."""
        known = self.stage.blocks if self.level(instance.free) or instance in self.stage.shifts else self.rows
        if instance in self.rows:
            return self.rows[instance]
        if instance not in known:
            known[instance] = self.fresh(instance)
        return known[instance]

    def fresh(self, instance: Instance) -> k.Block:
        value = instance.value
        axes = self.visible(instance.free)
        if isinstance(value.operation, Range):
            return self.position(instance)
        if self.inside(value):
            naming = self.namings.get(value.number)
            return self.compute(instance, naming_of(instance, self.group.walked) if naming is None else naming)
        slots = tuple(self.slot(s) for s in instance.slots)
        if value not in self.inputs:
            self.inputs.append(value)
        return self.put(k.Load(self.block(axes, value.kind), self.inputs.index(value), slots), instance.free)

    def position(self, instance: Instance) -> k.Block:
        (slot,) = instance.slots
        if isinstance(slot, Instance):
            return self.demand(slot)
        if isinstance(slot, Index):
            return self.put(k.Position(self.block(self.visible((slot,)), "int"), slot), (slot,))
        return self.affine(slot)

    def affine(self, form: k.Affine) -> k.Block:
        """The values of an affine form, step by step."""
        total: k.Argument = k.Constant(form.offset)
        have: tuple[Index, ...] = ()
        for coefficient, axis in form.terms:
            have = (*have, axis)
            position = self.put(k.Position(self.block(self.visible((axis,)), "int"), axis), (axis,))
            scaled = k.Map(self.block(position.axes, "int"), "multiply", (position, k.Constant(coefficient)))
            added = self.block(self.visible(have), "int")
            total = self.put(k.Map(added, "add", (self.put(scaled, (axis,)), total)), have)
        assert isinstance(total, k.Block)
        return total

    def slot(self, slot: Slot) -> k.Slot:
        return self.demand(slot) if isinstance(slot, Instance) else slot

    def compute(self, instance: Instance, naming: Mapping[Index, Slot]) -> k.Block:
        """The steps of the value's own operation."""
        value = instance.value
        operation = value.operation
        if is_rename(value):
            return self.demand(operands_of(instance, self.group.walked)[0])
        axes = self.visible(instance.free)
        parts = [at(o, naming) for o in value.operands]
        if isinstance(operation, Map):
            return self.map(instance, operation.function, list(value.operands), parts)
        if isinstance(operation, Contract):
            return self.contraction(axes, value.kind, [self.demand(p) for p in parts], parts)
        if isinstance(operation, Reduce):
            source = self.demand(parts[0])
            if source.axes == axes:
                return source  # all that is reduced is walked one position at a time
            return self.put(k.Reduce(self.block(axes, value.kind), operation.operation, source), parts[0].free)
        return self.load_view(instance)

    def load_view(self, instance: Instance) -> k.Block:
        """A view or a gather of what is stored is a load at its slots."""
        (source,) = operands_of(instance, self.group.walked)
        if source.value not in self.inputs:
            self.inputs.append(source.value)
        slots = tuple(self.slot(s) for s in source.slots)
        block = self.block(self.visible(instance.free), instance.value.kind)
        return self.put(k.Load(block, self.inputs.index(source.value), slots), source.free)

    def map(self, instance: Instance, function: str, operands: list[Operand], parts: list[Instance]) -> k.Block:
        masked = self.masked(instance, function, operands, parts)
        if masked is not None:
            return masked
        arguments = tuple(self.argument(o, p) for o, p in zip(operands, parts))
        block = self.block(self.visible(instance.free), instance.value.kind)
        return self.put(k.Map(block, function, arguments), instance.free)

    def masked(
        self, instance: Instance, function: str, operands: list[Operand], parts: list[Instance]
    ) -> k.Block | None:
        """A selection by conditions on positions, where one side is a number."""
        if function == "masked":
            source, mask, fill, wanted = 0, 1, operands[2].number(), False
        elif function == "where" and operands[2].number() is not None:
            source, mask, fill, wanted = 1, 0, operands[2].number(), True
        elif function == "where":
            source, mask, fill, wanted = 2, 0, operands[1].number(), False
        else:
            return None
        found = conditions(parts[mask], wanted)
        if found is None or fill is None or not operands[source].is_array:
            return None
        inner = self.demand(parts[source])
        axes = self.visible(instance.free)
        if inner.axes != axes and set(inner.axes) != set(axes):
            return None
        block = self.block(inner.axes, instance.value.kind)
        return self.put(k.Mask(block, inner, found, float(fill)), instance.free)

    def argument(self, operand: Operand, part: Instance) -> k.Argument:
        operation = operand.value.operation
        if isinstance(operation, Number):
            return k.Constant(operation.value)
        if isinstance(operation, Size):
            return k.Extent(operation.space)
        return self.demand(part)
