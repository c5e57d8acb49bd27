"""Invariants of kernels.  A violation is a bug of what made the kernel, so it is said loudly."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .elementwise import ARITY, misfit, result_kind
from .index import Index
from .kernel import (
    Affine,
    Array,
    Block,
    Carry,
    Condition,
    Constant,
    Contract,
    Extent,
    Fold,
    Keep,
    Kernel,
    Load,
    Loop,
    Map,
    Mask,
    Position,
    Recall,
    Reduce,
    Shift,
    Slot,
    Step,
    Store,
    Tile,
    block_made,
    blocks_read,
    kept_axis,
)
from .wellformed import ill_formed

REDUCTIONS = frozenset({"sum", "prod", "max", "min", "shift"})
CARRIED = REDUCTIONS | {"kept"}
FLOATING = frozenset({"float", "real"})


class Misfit(Exception):
    """What is wrong with one step."""


def check_kernel(kernel: Kernel) -> None:
    """Raise IX990 where the kernel is ill-formed.

    >>> check_kernel(Kernel((), (Array((), "float"),), (), ()))
    Traceback (most recent call last):
    indexcalc.diagnostics.IndexCalcError: error IX990: ill-formed kernel: output 0 is never stored
      help: this is a bug in indexcalc; please report it with the program
    """
    wrong = fault(kernel)
    if wrong:
        raise ill_formed(f"kernel: {wrong}")


def fault(kernel: Kernel) -> str:
    """What is wrong with the kernel; "" where nothing is."""
    try:
        _Checker(kernel).check()
    except Misfit as wrong:
        return str(wrong)
    return ""


def _expect(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Misfit(otherwise)


@dataclass
class _Checker:
    """One walk over the steps.  `walked`: the axes of the grid and the enclosing loops; `known`: blocks in reach;
    `loops`: the enclosing loops, outermost first; `kept`: the loop that keeps in a carry, by number."""

    kernel: Kernel
    tiles: dict[Index, int] = field(default_factory=dict)
    walked: dict[Index, Tile] = field(default_factory=dict)
    known: dict[int, Block] = field(default_factory=dict)
    carries: dict[int, str] = field(default_factory=dict)
    loops: list[Loop] = field(default_factory=list)
    kept: dict[int, Loop] = field(default_factory=dict)
    made: set[int] = field(default_factory=set)
    stored: set[int] = field(default_factory=set)

    def check(self) -> None:
        for tile in [*self.kernel.grid, *(s.tile for s in self.kernel.steps() if isinstance(s, Loop))]:
            _expect(tile.size >= 0, f"axis `{tile.axis.name}` has tiles of {tile.size} positions")
            before = self.tiles.setdefault(tile.axis, tile.size)
            _expect(before == tile.size, f"axis `{tile.axis.name}` is walked in tiles of {before} and of {tile.size}")
        for tile in self.kernel.grid:
            self._walk(tile)
        self._body(self.kernel.body)
        for n in range(len(self.kernel.outputs)):
            _expect(n in self.stored, f"output {n} is never stored")

    def _walk(self, tile: Tile) -> None:
        _expect(tile.axis not in self.walked, f"axis `{tile.axis.name}` is walked inside of its own walk")
        self.walked[tile.axis] = tile

    def _body(self, steps: Sequence[Step]) -> None:
        outside = dict(self.known)
        for step in steps:
            try:
                self._step(step)
            except Misfit as wrong:
                made = block_made(step)
                raise Misfit(f"{type(step).__name__}{f' of block {made.number}' if made else ''}: {wrong}") from None
            if isinstance(step, Loop):  # its body names its own steps
                self._loop(step)
        self.known = outside

    def _loop(self, loop: Loop) -> None:
        self.loops.append(loop)
        self._body(loop.body)
        self.loops.pop()
        del self.walked[loop.tile.axis]

    def _step(self, step: Step) -> None:
        for block in blocks_read(step):
            _expect(self.known.get(block.number) == block, f"block {block.number} is not made before, or is another")
        made = block_made(step)
        if made is not None:
            _expect(made.number not in self.made, "it is made twice")
            _expect(len(set(made.axes)) == len(made.axes), "an axis occurs twice")
            for axis in made.axes:
                self._reachable(axis)
                _expect(self.tiles.get(axis) != 0, f"axis `{axis.name}` is walked one position at a time")
        _CHECKS[type(step)](self, step)
        if made is not None:
            self.made.add(made.number)
            self.known[made.number] = made

    def _reachable(self, axis: Index) -> None:
        """Whether a block or a form may have the axis here: it is whole, or walked around this step."""
        inside = axis not in self.tiles or axis in self.walked
        _expect(inside, f"axis `{axis.name}` is walked in tiles, but not around this step")

    # ---- slots, forms ------------------------------------------------------------------------------
    def _slot_axes(self, array: Array, slots: Sequence[Slot]) -> dict[Index, None]:
        """The axes that a load or a store has by its slots."""
        _expect(len(slots) == len(array.axes), f"{len(slots)} slots for {len(array.axes)} axes")
        found: dict[Index, None] = {}
        for slot, axis in zip(slots, array.axes):
            if isinstance(slot, Index):
                message = f"slot `{slot.name}` is not of the array's space `{axis.space.name}`"
                _expect(slot.space == axis.space, message)
                self._reachable(slot)
                found |= self._shown((slot,))
            elif isinstance(slot, Affine):
                found |= self._shown(self._form(slot))
            else:
                _expect(slot.kind == "int", f"positions of kind {slot.kind}")
                found |= dict.fromkeys(slot.axes)
        return found

    def _form(self, form: Affine) -> tuple[Index, ...]:
        axes = tuple(axis for _, axis in form.terms)
        _expect(len(set(axes)) == len(axes) and all(c for c, _ in form.terms), "a form has an axis twice or times 0")
        for axis in axes:
            self._reachable(axis)
        return axes

    def _shown(self, axes: Iterable[Index]) -> dict[Index, None]:
        """Those that a block has as dimensions."""
        return dict.fromkeys(x for x in axes if self.tiles.get(x) != 0)

    def _conditions(self, conditions: Sequence[Condition]) -> dict[Index, None]:
        return self._shown(x for c in conditions for x in self._form(c.form))

    # ---- steps -------------------------------------------------------------------------------------
    def _load(self, step: Load) -> None:
        array = self._array(self.kernel.inputs, step.array)
        _axes(step.block, self._slot_axes(array, step.slots), "its slots have")
        _kind(step.block, array.kind)

    def _array(self, arrays: Sequence[Array], number: int) -> Array:
        _expect(0 <= number < len(arrays), f"no array {number} of {len(arrays)}")
        return arrays[number]

    def _position(self, step: Position) -> None:
        self._reachable(step.axis)
        _axes(step.block, self._shown((step.axis,)), "positions have")
        _kind(step.block, "int")

    def _map(self, step: Map) -> None:
        _expect(step.function in ARITY, f"no function is called {step.function!r}")
        _expect(len(step.arguments) == ARITY[step.function], f"{step.function} of {len(step.arguments)} arguments")
        kinds = [_kind_of(a) for a in step.arguments]
        wrong = misfit(step.function, kinds, [isinstance(a, Block) for a in step.arguments])
        _expect(not wrong, wrong)
        _kind(step.block, result_kind(step.function, kinds))
        axes = {x: None for a in step.arguments if isinstance(a, Block) for x in a.axes}
        if not set(axes) <= set(step.block.axes):
            _axes(step.block, axes, "its arguments have")

    def _mask(self, step: Mask) -> None:
        _expect(bool(step.conditions), "no condition")
        _kind(step.block, step.source.kind)
        _expect(step.source.kind in FLOATING, f"a source of kind {step.source.kind}")
        axes = dict.fromkeys(step.source.axes) | self._conditions(step.conditions)
        _axes(step.block, axes, "source and conditions have")

    def _contract(self, step: Contract) -> None:
        both = {step.left.kind, step.right.kind}
        _expect(both <= FLOATING, f"operands of kinds {step.left.kind} and {step.right.kind}")
        _kind(step.block, "float" if "float" in both else "real")
        axes = {*step.left.axes, *step.right.axes}
        _expect(set(step.block.axes) < axes, "it sums over no axis, or has one that no operand has")

    def _reduce(self, step: Reduce) -> None:
        _expect(step.operation in REDUCTIONS, f"no reduction is called {step.operation!r}")
        _expect(step.source.kind in FLOATING, f"a source of kind {step.source.kind}")
        _kind(step.block, "real" if step.operation == "shift" else step.source.kind)
        _expect(set(step.block.axes) < set(step.source.axes), "it reduces no axis, or has one that its source lacks")

    def _carry(self, step: Carry) -> None:
        _expect(step.operation in CARRIED, f"nothing is carried by {step.operation!r}")
        _expect(step.block.kind in FLOATING, f"it is of kind {step.block.kind}")
        _expect(step.operation != "shift" or step.block.kind == "real", "a maximum that is shifted by is real")
        self.carries[step.block.number] = step.operation

    def _fold(self, step: Fold) -> None:
        found = self.carries.get(step.carry.number)
        _expect(
            found is not None and found not in ("shift", "kept"),
            f"block {step.carry.number} is no carry that is folded",
        )
        _expect(found == step.operation, f"a carry of {found} takes {step.operation}")
        _expect(set(step.carry.axes) <= set(step.source.axes), "its source lacks an axis of the carry")
        _expect(_no_wider(step.source.kind, step.carry.kind), f"{step.source.kind} into a carry of {step.carry.kind}")

    def _shift(self, step: Shift) -> None:
        _expect(self.carries.get(step.carry.number) == "shift", f"block {step.carry.number} is no carry of shift")
        _expect(step.source.kind in FLOATING, f"a source of kind {step.source.kind}")
        _expect(set(step.carry.axes) <= set(step.source.axes), "its source lacks an axis of the carry")
        for block, degree in step.rescaled:
            carried = self.carries.get(block.number)
            _expect(carried in ("sum", "kept"), f"block {block.number} is no carry of a sum, nor kept")
            _expect(degree != 0, f"block {block.number} is rescaled by nothing")
            _expect(set(step.carry.axes) <= set(block.axes), f"block {block.number} lacks an axis of the maximum")

    def _keep(self, step: Keep) -> None:
        self._kept(step.source, step.carry)
        _expect(step.carry.number not in self.kept, f"block {step.carry.number} is kept twice")
        self.kept[step.carry.number] = self.loops[-1]

    def _recall(self, step: Recall) -> None:
        self._kept(step.block, step.carry)
        loop, own = self.kept.get(step.carry.number), self.loops[-1]
        _expect(loop is not None and loop is not own, f"no loop before this one keeps block {step.carry.number}")
        same = loop is not None and (loop.tile, loop.skip) == (own.tile, own.skip)
        _expect(same, "the loop that keeps it has other tiles or conditions")

    def _kept(self, block: Block, carry: Block) -> None:
        """Whether the block is a tile, of the innermost loop, of the carry."""
        _expect(self.carries.get(carry.number) == "kept", f"block {carry.number} is no carry that keeps")
        axis = self.loops[-1].tile.axis if self.loops else None
        _expect(axis in block.axes and axis not in carry.axes, "it is no tile of the innermost loop")
        alike = [(x if x != axis else None, x.space) for x in block.axes]
        found = [(y if x != axis else None, y.space) for x, y in zip(block.axes, carry.axes)]
        _expect(alike == found and len(block.axes) == len(carry.axes), "its axes are not those of the carry")
        whole = carry.axes[block.axes.index(kept_axis(block, carry))]
        _expect(whole not in self.tiles, f"axis `{whole.name}` of the carry is walked")
        _kind(block, carry.kind)

    def _store(self, step: Store) -> None:
        array = self._array(self.kernel.outputs, step.array)
        axes = self._slot_axes(array, step.slots)
        accumulated = step.mode == "+="
        _expect(array.accumulated == accumulated, f"mode {step.mode!r} of an output that is accumulated, or is not")
        _kind(step.source, array.kind)
        if not accumulated:
            _expect(set(step.source.axes) <= {*axes}, "its source has an axis that no slot has")
            self._covers(step)
        self.stored.add(step.array)

    def _covers(self, step: Store) -> None:
        """What is stored once has to be stored everywhere, and by one tile only."""
        plain = [s for s in step.slots if isinstance(s, Index)]
        _expect(len(plain) == len(set(plain)) == len(step.slots), "it does not cover its output")
        _expect(step.array not in self.stored, f"output {step.array} is stored twice")
        _expect(not any(loop.skip for loop in self.loops), "it stands in a loop that skips tiles")
        missing = [x.name for x in self.walked if x not in plain]
        _expect(not missing, f"every tile of `{missing[0] if missing else ''}` would store to the same place")

    def _enter(self, step: Loop) -> None:
        self._walk(step.tile)
        self._conditions(step.skip)


def _axes(block: Block, wanted: Mapping[Index, None], what: str) -> None:
    if set(block.axes) != set(wanted):
        shown = [f"[{', '.join(x.name for x in axes)}]" for axes in (block.axes, wanted)]
        raise Misfit(f"its axes are {shown[0]}, {what} {shown[1]}")


def _kind(block: Block, wanted: str) -> None:
    _expect(block.kind == wanted, f"block {block.number} is of kind {block.kind} where it should be {wanted}")


def _kind_of(argument: Block | Constant | Extent) -> Any:
    if isinstance(argument, Block):
        return argument.kind
    return "int" if isinstance(argument, Extent) or isinstance(argument.value, int) else "number"


def _no_wider(kind: str, carry: str) -> bool:
    return kind == carry or (kind, carry) == ("real", "float")


_CHECKS: Mapping[type, Callable[[_Checker, Any], None]] = {
    Carry: _Checker._carry,
    Contract: _Checker._contract,
    Fold: _Checker._fold,
    Keep: _Checker._keep,
    Recall: _Checker._recall,
    Load: _Checker._load,
    Loop: _Checker._enter,
    Map: _Checker._map,
    Mask: _Checker._mask,
    Position: _Checker._position,
    Reduce: _Checker._reduce,
    Shift: _Checker._shift,
    Store: _Checker._store,
}
