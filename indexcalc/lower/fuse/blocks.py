"""Blocks of a kernel, made where they are first needed: each at the outermost place whose axes it has."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from ...ir import kernel as k
from ...ir.graph import Contract, Kind, Map, Number, Operand, Range, Reduce, Size, Value
from ...ir.index import Index
from .affine import conditions
from .degree import Degrees
from .group import Group
from .instance import Instance, Slot, at, is_rename, naming_of, operands_of, whole
from .neutral import Conditions


@dataclass
class Stage:
    """The steps of one stage: before the loops, in each of them, and after them."""

    before: list[k.Step] = field(default_factory=list)
    loops: list[list[k.Step]] = field(default_factory=list)
    after: list[k.Step] = field(default_factory=list)
    skips: list[Conditions] = field(default_factory=list)  # of what each loop changes
    blocks: dict[object, k.Block] = field(default_factory=dict)  # made inside a loop
    shifts: dict[Instance, tuple[k.Block, k.Block, list[tuple[k.Block, int]]]] = field(default_factory=dict)
    kept: dict[k.Block, k.Block] = field(default_factory=dict)  # the carries of blocks that later stages recall
    recalls: bool = False  # whether it recalls what an earlier one kept


class Blocks:
    """What is known while a kernel is built.  `rows` outlive a stage, blocks made in a loop do not."""

    def __init__(
        self,
        group: Group,
        inside: Callable[[Value], bool],
        namings: Mapping[int, Mapping[Index, Slot]],
    ) -> None:
        self.group, self.inside, self.namings = group, inside, namings
        self.inputs: list[Value] = []
        self.rows: dict[object, k.Block] = {}  # blocks of one tile of the grid, by what they are
        self.origins: list[Value] = []  # by the number of a block, the value that it is, or for which it is read
        self.origin: Value | None = None  # that of the blocks to come
        self.stages: list[Stage] = []
        self.stage = Stage()
        self.ended = False  # whether steps go behind the stage's loops

    def block(self, axes: tuple[Index, ...], kind: Kind) -> k.Block:
        assert self.origin is not None
        self.origins.append(self.origin)
        return k.Block(len(self.origins) - 1, axes, kind)

    @contextmanager
    def making(self, value: Value) -> Iterator[None]:
        """Blocks are this value's, or read for it."""
        before, self.origin = self.origin, value
        yield
        self.origin = before

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
            recalled = self.recalled(instance)
            known[instance] = self.fresh(instance) if recalled is None else recalled
        return known[instance]

    def recalled(self, instance: Instance) -> k.Block | None:
        """The block that an earlier stage made of the instance, kept for this one; None where there is none.

        What changes with a running maximum of that stage is rescaled like its sums.
        """
        if not self.group.keeps or not self.level(instance.free) or not self.inside(instance.value):
            return None
        for stage in self.stages:
            made = stage.blocks.get(instance)
            if not isinstance(made, k.Block) or made.kind not in ("float", "real"):
                continue
            degrees = {stat: Degrees(stat, self.inside, self.group.walked).of(instance) for stat in stage.shifts}
            if any(d is None or d != int(d) for d in degrees.values()):
                continue
            return self.kept(stage, made, {stat: int(d) for stat, d in degrees.items() if d})
        return None

    def kept(self, stage: Stage, made: k.Block, degrees: Mapping[Instance, int]) -> k.Block:
        """The steps that keep a block of the stage's loop and recall it in the present one."""
        (axis,) = self.group.stream
        if made not in stage.kept:
            taken = (*self.group.walked, *made.axes)
            carry = self.block(tuple(whole(x, taken) if x == axis else x for x in made.axes), made.kind)
            stage.before.append(k.Carry(carry, "kept"))
            stage.loops[-1].append(k.Keep(carry, made))
            for stat, degree in degrees.items():
                stage.shifts[stat][2].append((carry, degree))
            stage.kept[made] = carry
        self.stage.recalls = True
        return self.put(k.Recall(self.block(made.axes, made.kind), stage.kept[made]), (axis,))

    def fresh(self, instance: Instance) -> k.Block:
        value = instance.value
        axes = self.visible(instance.free)
        if isinstance(value.operation, Range):
            return self.position(instance)
        if self.inside(value):
            naming = self.namings.get(value.number)
            with self.making(value):
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
        axes, kind = self.visible(source.free), instance.value.kind
        loaded = self.put(k.Load(self.block(axes, kind), self.inputs.index(source.value), slots), source.free)
        wanted = self.visible(instance.free)
        if set(wanted) == set(axes):
            return loaded
        # q[i - j + 2] at j = i is the same for all i
        same = k.Map(self.block(wanted, kind), "maximum" if kind != "bool" else "logical_and", (loaded, loaded))
        return self.put(same, instance.free)

    def map(self, instance: Instance, function: str, operands: list[Operand], parts: list[Instance]) -> k.Block:
        masked = self.masked(instance, function, operands, parts)
        if masked is not None:
            return masked
        divided = self.normalised(parts[0]) if function == "exp" else None
        if divided is not None:
            block = self.block(self.visible(instance.free), instance.value.kind)
            return self.put(k.Map(block, "divide", divided), instance.free)
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

    def normalised(self, gap: Instance) -> tuple[k.Block, k.Block] | None:
        """exp(x − (m + log Z)) is exp(x − m) / Z: the two blocks, where both are here already."""
        pair = self.mapped(gap, "subtract")
        shifts = self.mapped(pair[1], "add") if pair else None
        for m, log in (shifts, shifts[::-1]) if pair and shifts else ():
            total = self.mapped(log, "log")
            if total and total[0] in self.rows:
                earlier = [known for stage in self.stages for known in stage.blocks] if self.group.keeps else []
                for known in (*self.rows, *self.stage.blocks, *earlier):
                    inner = self.mapped(known, "exp") if isinstance(known, Instance) else None
                    if inner and pair and self.mapped(inner[0], "subtract") == [pair[0], m]:
                        assert isinstance(known, Instance)
                        return self.demand(known), self.rows[total[0]]
        return None

    def mapped(self, instance: Instance, function: str) -> list[Instance] | None:
        """The operands of an instance that is this function of them."""
        value = instance.value
        if value.operation != Map(function):
            return None
        naming = naming_of(instance, self.group.walked)
        return [at(o, naming) for o in value.operands]

    def argument(self, operand: Operand, part: Instance) -> k.Argument:
        operation = operand.value.operation
        if isinstance(operation, Number):
            return k.Constant(operation.value)
        if isinstance(operation, Size):
            return k.Extent(operation.space)
        return self.demand(part)

    def contraction(
        self, axes: tuple[Index, ...], kind: Kind, blocks: list[k.Block], operands: list[Instance]
    ) -> k.Block:
        free = tuple(x for o in operands for x in o.free)
        block = self.block(axes, kind)
        left, right = blocks
        if set(left.axes) | set(right.axes) <= set(axes):  # all that is summed is walked one position at a time
            return self.put(k.Map(block, "multiply", (left, right)), free)
        return self.put(k.Contract(block, left, right), free)
