"""The plain meaning of a kernel: every tile in order, one NumPy operation a step.  The oracle for what prints kernels.

A block is an array with the block's axes; an axis that is walked one position at a time is no axis of an array.  What
no step stores to stays NaN, so that a hole in an output is seen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import product
from typing import Any, TypeAlias

import numpy as np

from ..ir.graph import Kind
from ..ir.index import Index, Space
from ..ir.kernel import (
    Affine,
    Argument,
    Block,
    Carry,
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
    kept_axis,
)
from .elementwise import FUNCTIONS, compare, logic
from .value import Array

Axes: TypeAlias = tuple[Index, ...]
At: TypeAlias = dict[Index, Array]
Blocks: TypeAlias = dict[int, Array]


def run_kernel(kernel: Kernel, inputs: Sequence[Array], extents: Mapping[Space, int], dtype: Any = None) -> list[Array]:
    """The outputs.  `dtype`: that of blocks of kind "float"; else that of the inputs of this kind, or float64."""
    if dtype is None:
        floats = [a for a, kind in zip(inputs, kernel.inputs) if kind.kind == "float"]
        dtype = np.result_type(*floats) if floats else np.float64
    run = _Run(kernel, inputs, extents, np.dtype(dtype))
    with np.errstate(all="ignore"):
        for tiles in product(*(run.tiles(t) for t in kernel.grid)):
            run.body(kernel.body, dict(zip((t.axis for t in kernel.grid), tiles)), {})
    return run.outputs


class _Run:
    """The arrays of one run.  `at` holds the positions of each axis that is walked, `blocks` arrays by number."""

    def __init__(self, kernel: Kernel, inputs: Sequence[Array], extents: Mapping[Space, int], dtype: Any) -> None:
        self.inputs = inputs
        self.extents = extents
        self.dtype = dtype
        self.walked = kernel.tiles
        self.outputs: list[Array] = []
        for output in kernel.outputs:
            found = np.zeros([extents[x.space] for x in output.axes], self.of_kind(output.kind))
            if not output.accumulated and output.kind in ("float", "real"):
                found[...] = np.nan
            self.outputs.append(found)

    def of_kind(self, kind: Kind) -> Any:
        """The dtype of a kind."""
        real = np.zeros((), self.dtype).real.dtype
        return {"float": self.dtype, "number": self.dtype, "real": real, "int": np.int64, "bool": np.bool_}[kind]

    def tiles(self, tile: Tile) -> list[Array]:
        """The positions of each tile; a plain number where the axis is walked one position at a time."""
        every = np.arange(self.extents[tile.axis.space])
        if tile.size == 0:
            return list(every)
        return [every[start : start + tile.size] for start in range(0, len(every), tile.size)]

    def body(self, steps: Sequence[Step], at: At, blocks: Blocks) -> None:
        for step in steps:
            if not isinstance(step, Loop):
                _STEPS[type(step)](self, step, at, blocks)
                continue
            for tile in self.tiles(step.tile):
                inner = {**at, step.tile.axis: tile}
                if all((self.form(c.form, inner)[0] >= 0).any() for c in step.skip):
                    self.body(step.body, inner, dict(blocks))

    def form(self, form: Affine, at: At) -> tuple[Array, Axes]:
        """The values of an affine form in this place, and the axes over which they run."""
        axes = tuple(x for _, x in form.terms if np.ndim(self.positions(x, at)))
        total = np.full([1] * len(axes), form.offset)
        for factor, axis in form.terms:
            total = total + factor * spread(self.positions(axis, at), (axis,) if axis in axes else (), axes)
        return total, axes

    def positions(self, axis: Index, at: At) -> Array:
        return at[axis] if axis in self.walked else np.arange(self.extents[axis.space])

    def places(self, slots: Sequence[Slot], array: Array, at: At, blocks: Blocks) -> tuple[tuple[Array, ...], Axes]:
        """The position in each slot, and the axes over which they run together."""
        found = []
        for slot in slots:
            if isinstance(slot, Block):
                found.append((blocks[slot.number], slot.axes))
            else:
                found.append(self.form(slot if isinstance(slot, Affine) else Affine(((1, slot),), 0), at))
        axes = tuple(dict.fromkeys(x for _, over in found for x in over))
        for (position, _), size in zip(found, array.shape):
            if position.size and (position.min() < 0 or position.max() >= size):
                raise IndexError("a position lies outside of its axis")
        return tuple(spread(position, over, axes) for position, over in found), axes

    def put(self, block: Block, value: Any, blocks: Blocks) -> None:
        blocks[block.number] = np.array(value, self.of_kind(block.kind))

    def shape(self, block: Block, at: At) -> list[int]:
        return [len(self.positions(x, at)) for x in block.axes]

    def argument(self, argument: Argument, axes: Axes, blocks: Blocks) -> Any:
        if isinstance(argument, Constant):
            return argument.value
        if isinstance(argument, Extent):
            return self.extents[argument.space]
        return spread(blocks[argument.number], argument.axes, axes)


def spread(array: Array, have: Axes, axes: Axes) -> Array:
    """The array so that it broadcasts over `axes`, which have all of its own."""
    array = np.transpose(array, [have.index(x) for x in axes if x in have])
    return np.asarray(array[tuple(slice(None) if x in have else None for x in axes)])


def reduced(operation: str, array: Array, have: Axes, axes: Axes) -> Array:
    """Reduced over the axes that are not in `axes`, the others in the order of `axes`."""
    gone = tuple(n for n, x in enumerate(have) if x not in axes)
    found = REDUCTIONS[operation](array, gone) if gone else array
    return spread(found, tuple(x for x in have if x in axes), axes)


def visible(top: Array) -> Array:
    """What is subtracted before an exponential: the maximum, 0 where that is infinite."""
    return np.where(np.isinf(top), 0.0, top)


REDUCTIONS: Mapping[str, Callable[[Array, tuple[int, ...]], Array]] = {
    "sum": lambda x, over: np.asarray(np.sum(x, axis=over, dtype=x.dtype)),
    "prod": lambda x, over: np.asarray(np.prod(x, axis=over, dtype=x.dtype)),
    "max": lambda x, over: np.asarray(np.max(x, axis=over, initial=least(x.dtype))),
    "min": lambda x, over: np.asarray(-np.max(-x, axis=over, initial=least(x.dtype))),
    "shift": lambda x, over: visible(np.max(x.real, axis=over, initial=-np.inf)),
}
FOLDS: Mapping[str, Callable[[Array, Array], Array]] = {
    "sum": np.add, "prod": np.multiply, "max": np.maximum, "min": np.minimum
}  # fmt: skip


def least(dtype: Any) -> Any:
    return -np.inf if dtype.kind in "fc" else -np.iinfo(dtype).max


_LOGIC = {"logical_and": "and", "logical_or": "or", "logical_not": "not"}
_COMPARE = {"less": "<", "less_equal": "<=", "greater": ">", "greater_equal": ">=", "equal": "==", "not_equal": "!="}


def _inside(position: Array, size: Array) -> Array:
    if position.size and (position.min() < 0 or position.max() >= size):
        raise IndexError("a position lies outside of its axis")
    return position


MAPS: Mapping[str, Callable[..., Any]] = {
    **{name: f for name, f in FUNCTIONS.items() if name not in ("max", "min", "gelu", "silu")},
    **{name: partial(compare, operator) for name, operator in _COMPARE.items()},
    **{name: lambda *x, how=how: logic(how, x) for name, how in _LOGIC.items()},
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "divide": np.true_divide,
    "negative": np.negative,
    "reciprocal": lambda x: 1.0 / x,
    "sqrt": np.sqrt,
    "square": np.square,
    "power": np.power,
    "maximum": FUNCTIONS["max"],
    "minimum": FUNCTIONS["min"],
    "as_real": np.real,
    "inside": _inside,
    "where": lambda c, x, y: np.where(c, x, y),
    "masked": lambda x, c, y: np.where(c, y, x),
}
"""The functions of a Map, by their names in the graph."""


def _load(run: _Run, step: Load, at: At, blocks: Blocks) -> None:
    array = run.inputs[step.array]
    places, axes = run.places(step.slots, array, at, blocks)
    run.put(step.block, spread(np.asarray(array[places]), axes, step.block.axes), blocks)


def _position(run: _Run, step: Position, at: At, blocks: Blocks) -> None:
    run.put(step.block, run.positions(step.axis, at), blocks)


def _map(run: _Run, step: Map, at: At, blocks: Blocks) -> None:
    arguments = [run.argument(a, step.block.axes, blocks) for a in step.arguments]
    value = MAPS[step.function](*(np.asarray(a) for a in arguments))
    run.put(step.block, np.broadcast_to(value, run.shape(step.block, at)), blocks)


def _mask(run: _Run, step: Mask, at: At, blocks: Blocks) -> None:
    axes = step.block.axes
    kept: Any = np.True_
    for condition in step.conditions:
        form, over = run.form(condition.form, at)
        kept = kept & spread(form >= 0, over, axes)
    run.put(step.block, np.where(kept, run.argument(step.source, axes, blocks), step.fill), blocks)


def _contract(run: _Run, step: Contract, at: At, blocks: Blocks) -> None:
    dtype = run.of_kind(step.block.kind)
    letters = {x: n for n, x in enumerate(dict.fromkeys((*step.left.axes, *step.right.axes)))}
    operands: list[Any] = []
    for block in (step.left, step.right):
        operands += [blocks[block.number].astype(dtype), [letters[x] for x in block.axes]]
    run.put(step.block, np.einsum(*operands, [letters[x] for x in step.block.axes]), blocks)


def _reduce(run: _Run, step: Reduce, at: At, blocks: Blocks) -> None:
    source = step.source
    run.put(step.block, reduced(step.operation, blocks[source.number], source.axes, step.block.axes), blocks)


def _carry(run: _Run, step: Carry, at: At, blocks: Blocks) -> None:
    dtype = np.dtype(run.of_kind(step.block.kind))
    start = {"sum": 0, "prod": 1, "max": least(dtype), "min": -least(dtype)}.get(step.operation, 0)
    run.put(step.block, np.full(run.shape(step.block, at), start), blocks)
    if step.operation == "shift":
        blocks[_top(step.block)] = np.full(run.shape(step.block, at), -np.inf)


def _top(carry: Block) -> int:
    """Under which number the running maximum itself is kept, of which the block shows the visible part."""
    return -1 - carry.number


def _fold(run: _Run, step: Fold, at: At, blocks: Blocks) -> None:
    carry, source = step.carry, step.source
    new = reduced(step.operation, blocks[source.number], source.axes, carry.axes)
    blocks[carry.number][...] = FOLDS[step.operation](blocks[carry.number], new)


def _shift(run: _Run, step: Shift, at: At, blocks: Blocks) -> None:
    carry, source = step.carry, step.source
    shown, top = blocks[carry.number], blocks[_top(carry)]
    new = np.maximum(top, reduced("max", blocks[source.number].real, source.axes, carry.axes))
    for block, degree in step.rescaled:
        # What was folded in while there was only −∞ is 0 whatever it is multiplied by.
        factor = np.where(top == -np.inf, 1.0, np.exp(degree * (shown - visible(new))))
        blocks[block.number][...] *= spread(factor, carry.axes, block.axes).astype(blocks[block.number].dtype)
    shown[...], top[...] = visible(new), new


def _keep(run: _Run, step: Keep, at: At, blocks: Blocks) -> None:
    blocks[step.carry.number][_tile_of(step.source, step.carry, at)] = blocks[step.source.number]


def _recall(run: _Run, step: Recall, at: At, blocks: Blocks) -> None:
    run.put(step.block, blocks[step.carry.number][_tile_of(step.block, step.carry, at)], blocks)


def _tile_of(block: Block, carry: Block, at: At) -> tuple[Any, ...]:
    """Where the block lies in its carry."""
    axis = kept_axis(block, carry)
    return tuple(at[axis] if x == axis else slice(None) for x in block.axes)


def _store(run: _Run, step: Store, at: At, blocks: Blocks) -> None:
    array = run.outputs[step.array]
    places, axes = run.places(step.slots, array, at, blocks)
    source = step.source
    kept = tuple(x for x in source.axes if x in axes)
    value = spread(reduced("sum", blocks[source.number], source.axes, kept), kept, axes)
    if step.mode == "+=":
        np.add.at(array, places, value)
    else:
        array[places] = value


_STEPS: Mapping[type, Callable[[_Run, Any, At, Blocks], None]] = {
    Load: _load, Position: _position, Map: _map, Mask: _mask, Contract: _contract, Reduce: _reduce, Carry: _carry,
    Fold: _fold, Shift: _shift, Keep: _keep, Recall: _recall, Store: _store,
}  # fmt: skip
