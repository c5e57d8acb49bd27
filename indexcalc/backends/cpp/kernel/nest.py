"""Loops over the rows of a nest, each with its passes: everything between two matrix products."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from ....ir.index import Index
from ....ir.kernel import Affine, Block, Contract, Fold, Mask, Reduce, Shift, Store, block_made
from .elementwise import cast
from .intervals import Interval, Intervals
from .names import Lines, Names, Storage, times
from .order import Order
from .pieces import Nest, Pass, Unit
from .reducing import SIGNS, combined, fill, neutral
from .steps import is_pointwise, slot_axes
from .storage import Memory
from .values import Values


class NestPrinter:
    """Prints one nest into `out`."""

    def __init__(self, names: Names, order: Order, memory: Memory, nest: Nest, out: Lines) -> None:
        self.names, self.order, self.memory, self.nest, self.out = names, order, memory, nest, out
        self.values = Values(names, order, memory)
        self.accumulators: list[tuple[str, str, str, str]] = []  # name, type, operation, neutral element
        self.after: list[list[str]] = []
        self.registers: dict[Unit, str] = {}
        self.intervals = Intervals(order, self.values, nest.split)
        self.safe = True

    def print(self) -> None:
        for one in self.nest.passes:
            for unit in one.units:
                target = self._target(unit)
                if target is not None and not set(self.nest.rows) <= set(target.axes):
                    self._clear(unit, target, self.out)
        for axis in self.nest.rows:
            self.out.open(self.names.loop(axis, self.nest.split))
        if not self.nest.rows:
            self.out.open("")  # a scope: the next nest may define the same names
        for one in self.nest.passes:
            self._pass(one)
        self.out.close(max(1, len(self.nest.rows)))

    # -- one pass ----------------------------------------------------------------------------------------------------

    def _pass(self, one: Pass) -> None:
        values, out = self.values, self.out
        values.begin(one.loops)
        values.checked, self.safe = False, True
        interval = self.intervals.of(one)
        inner = one.loops[-1] if one.loops else None
        texts = []
        for inside in (False, True) if interval else (True,):
            self.accumulators, self.after = [], []
            values.again()
            values.selection = partial(interval.choice, one=one, inside=inside) if interval else _unknown
            for unit in one.units:
                self._unit(unit, one)
            texts.append(values.point.lines)
        out.add(*values.row.lines)
        for unit in one.units:
            target = self._target(unit)
            if target is not None and set(self.nest.rows) <= set(target.axes) and self._spread(target, one):
                self._clear(unit, target, out)
        for axis in one.loops[:-1]:
            out.open(self.names.loop(axis, self.nest.split))
        out.add(*values.outer.lines)
        if inner is not None:
            for name, type, _, start in self.accumulators:
                out.add(f"{type} {name} = {start};")
            self._inner(inner, interval, texts)
        for lines in self.after:
            out.add(*lines)
        out.close(max(0, len(one.loops) - 1))

    def _inner(self, inner: Index, interval: Interval | None, texts: list[list[str]]) -> None:
        out, at = self.out, self.names.at(inner)
        first, last = self.names.span(inner, self.nest.split)
        pragma = self._pragma()
        if interval is None:
            out.add(*pragma)
            out.open(self.names.loop(inner, self.nest.split))
            out.add(*texts[0])
            out.close()
            return
        low, high = interval.low, interval.high
        out.add(*interval.lines)
        out.add("// before and behind the positions at which the conditions hold, then there")
        out.open("for (int side = 0; side < 2; ++side)")
        out.add(f"const int64_t from = side ? {high} : {first}, to = side ? {last} : {low};")
        out.add(*pragma)
        out.open(f"for (int64_t {at} = from; {at} < to; ++{at})")
        out.add(*texts[0])
        out.close(2)
        out.add(*pragma)
        out.open(f"for (int64_t {at} = {low}; {at} < {high}; ++{at})")
        out.add(*texts[1])
        out.close()

    def _pragma(self) -> list[str]:
        if not self.safe:
            return []
        clauses: dict[str, list[str]] = {}
        for name, type, operation, _ in self.accumulators:
            sign = SIGNS[operation]
            exact = operation in ("max", "min") and type != "int64_t"
            clauses.setdefault(f"ix::nan_{sign}" if exact else sign, []).append(name)
        if self.values.checked:
            clauses["|"] = ["outside"]
        return ["#pragma omp simd" + "".join(f" reduction({sign} : {', '.join(v)})" for sign, v in clauses.items())]

    # -- units -------------------------------------------------------------------------------------------------------

    def _target(self, unit: Unit) -> Block | None:
        """The block into which a unit sums anew."""
        return unit.step.block if isinstance(unit.step, (Reduce, Contract)) else None

    def _spread(self, target: Block, one: Pass) -> bool:
        """Whether a sum into the target is gathered over more than the innermost loop of a pass."""
        known = {*self.nest.rows, *one.loops[:-1]}
        inner = set(one.loops[-1:])
        return not known <= set(target.axes) or (bool(inner) and inner <= set(target.axes))

    def _clear(self, unit: Unit, target: Block, out: Lines) -> None:
        assert isinstance(unit.step, (Reduce, Contract))
        operation = unit.step.operation if isinstance(unit.step, Reduce) else "sum"
        storage = self.memory.blocks[target.number]
        whole = not set(self.nest.rows) <= set(target.axes)
        within = [x for x in storage.strides if whole or x not in self.nest.rows]
        fill(self.names, storage, within, neutral(operation, self.names.type(target.kind)), out, self.nest.split)

    def _unit(self, unit: Unit, one: Pass) -> None:
        step, values = unit.step, self.values
        if isinstance(step, Store):
            self._store(unit, step, one)
        elif isinstance(step, Shift):
            self._reduced(unit, one, "shift", step.carry, values.of(step.source))
        elif isinstance(step, Fold):
            self._reduced(unit, one, step.operation, step.carry, values.of(step.source))
        elif isinstance(step, Reduce):
            self._reduced(unit, one, step.operation, step.block, values.of(step.source))
        elif isinstance(step, Contract):
            type = self.names.type(step.block.kind)
            left, right = (cast(values.of(b), b.kind, type) for b in (step.left, step.right))
            self._reduced(unit, one, "sum", step.block, f"{left} * {right}")
        else:
            assert is_pointwise(step)
            block = block_made(step)
            assert block is not None
            self._read_before(block, one.units[one.units.index(unit) + 1 :])
            self._kept(block, step)

    def _read_before(self, block: Block, later: Sequence[Unit]) -> None:
        """What the block is written over, where later units of the pass still need it."""
        needed = {number for unit in later for number in self.order.needs(unit)}
        for number, storage in self.memory.blocks.items():
            if storage is self.memory.blocks[block.number] and number != block.number and number in needed:
                source = block_made(self.order.makers[number])
                assert source is not None
                self.values.of(source)

    def _kept(self, block: Block, step: object) -> None:
        values, level = self.values, self.values.level(block.axes)
        text = values.compute(step)
        type = "bool" if block.kind == "bool" else self.names.type(block.kind)
        name = values.define(block.number, text, level, type)
        level.lines.append(f"{values.place(self.memory.blocks[block.number], block.axes)} = {name};")

    def _reduced(self, unit: Unit, one: Pass, operation: str, target: Block, text: str) -> None:
        """One more element for a reduction: in a register along the innermost loop, else in memory."""
        inner = one.loops[-1] if one.loops else None
        type = self.names.type(target.kind)
        if inner is not None and inner not in target.axes:
            name = self._register(unit, f"r{target.number}")
            self.accumulators.append((name, type, operation, neutral(operation, type)))
            self.values.point.lines.append(f"{name} = {combined(operation, name, text)};")
            self.after.append(self._finish(unit, one, operation, target, name))
        else:
            level = self.values.level(target.axes) if inner is not None else self.values.row
            lines = self._finish(unit, one, operation, target, text)
            (level.lines if inner is None or level is self.values.point else self.values.point.lines).extend(lines)

    def _register(self, unit: Unit, name: str) -> str:
        """The register in which a unit sums along the innermost loop."""
        if unit not in self.registers:
            self.registers[unit] = self.values.fresh(name)
        return self.registers[unit]

    def _finish(self, unit: Unit, one: Pass, operation: str, target: Block, text: str) -> list[str]:
        """The lines that take a reduced value into its target."""
        storage = self.memory.blocks.get(target.number)
        place = self.values.place(storage, target.axes) if storage is not None else ""
        if isinstance(unit.step, Shift):
            return self._shift(unit.step, storage, place, text, one)
        if isinstance(unit.step, Fold) or self._spread(target, one):
            self.values.changed(frozenset((target.number,)))
            return [f"{place} = {combined(operation, place, text)};"]
        value = f"ix::shown({text})" if operation == "shift" else text
        if storage is not None:
            return [f"{place} = {value};"]
        name = self.values.fresh(f"b{target.number}")
        self.values.row.names[target.number] = name
        return [f"const {self.names.type(target.kind)} {name} = {value};"]

    def _shift(self, step: Shift, storage: Storage | None, place: str, text: str, one: Pass) -> list[str]:
        """A new maximum, by which what was summed below the old one is rescaled."""
        assert storage is not None
        real = self.names.real
        out = Lines()
        out.open("")
        out.add(f"const {real} before = {place}, found = {text};")
        out.open("if (found > before)")
        out.add(f"{place} = found;")
        out.open(f"if (before > -{real}(INFINITY))")
        for degree in dict.fromkeys(d for _, d in step.rescaled):
            factor = f"factor{degree}".replace("-", "_")
            gap = "ix::shown(before) - ix::shown(found)"
            out.add(f"const {real} {factor} = ix::exp({times(gap, str(degree))});")
            for block, its in step.rescaled:
                if its == degree:
                    self._scale(block, step.carry.axes, factor, out)
        out.close(3)
        self.values.changed(frozenset((step.carry.number, *(b.number for b, _ in step.rescaled))))
        return out.lines

    def _scale(self, block: Block, known: tuple[Index, ...], factor: str, out: Lines) -> None:
        storage = self.memory.blocks[block.number]
        rest = [x for x in storage.strides if x not in known]
        for n, axis in enumerate(reversed(rest)):
            if n == len(rest) - 1:
                out.add("#pragma omp simd")
            out.open(self.names.loop(axis))
        out.add(f"{self.values.place(storage, block.axes)} *= {factor};")
        out.close(len(rest))

    # -- stores ------------------------------------------------------------------------------------------------------

    def _store(self, unit: Unit, step: Store, one: Pass) -> None:
        values, array = self.values, self.names.kernel.outputs[step.array]
        type = self.names.type(array.kind)
        inner = one.loops[-1] if one.loops else None
        source = cast(values.of(step.source), step.source.kind, type)
        axes = slot_axes(step.slots)
        if inner is not None and inner not in axes:  # summed along the innermost loop
            name = self._register(unit, f"r_out{step.array}")
            self.accumulators.append((name, type, "sum", neutral("sum", type)))
            values.point.lines.append(f"{name} += {source};")
            values.inner, before = None, values.inner  # slots know nothing of the innermost loop
            place, exists = values.element(step.slots, "out", step.array)
            values.inner = before
            self.after.append([f"{_where(exists)}{place} += {name};"])
            return
        place, exists = values.element(step.slots, "out", step.array)
        if inner is not None and not _apart(step, inner):
            self.safe = False
        level = values.point if inner is not None else values.row
        level.lines.append(f"{_where(exists)}{place} {step.mode} {source};")


def _unknown(mask: Mask) -> None:
    """What is known of a selection where no interval was found."""


def _where(condition: str) -> str:
    return f"if ({condition}) " if condition else ""


def _apart(step: Store, inner: Index) -> bool:
    """Whether different positions of the innermost loop surely go to different elements."""
    if any(isinstance(s, Block) and inner in s.axes for s in step.slots):
        return False
    forms = [s if isinstance(s, Affine) else Affine(((1, s),), 0) for s in step.slots if not isinstance(s, Block)]
    return any(sum(f for f, x in form.terms if x == inner) for form in forms)
