"""The kernel IR: a fused piece of a graph as loops over tiles.  Plain data; nothing here knows a target or a formula.

A kernel walks over some *axes*.  An axis with a `Tile` is walked in tiles of `size` positions, or, at size 0, one
position at a time, and then no block has it.  All other axes are *whole*: a block that has one holds all of its
positions.  The `grid` are independent tiles (but for outputs that are accumulated); a `Loop` walks its tiles in order.

A *block* is the small array that a step makes; its axes are those with tiles (of the tile's size, less at the edge) and
whole ones, in the order of its dimensions.  Every block is made by one step, before it is used, and lives until the end
of the body in which it is made; a `Fold`, a `Shift` or a `Keep` changes the block of a `Carry` in place.

The adjoint of a gather is a `Store` with mode "+=" whose slot is a block of positions.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias, Union

from .graph import Kind
from .index import Index, Space


@dataclass(frozen=True, slots=True)
class Tile:
    """How an axis is walked: `size` positions at a time, or one (size 0), which no block has as an axis.

    `parallel`: of a grid axis, whether its tiles may run at the same time.  An output that is accumulated and lacks a
    parallel axis needs a private copy for each thread, summed at the end.
    """

    axis: Index
    size: int
    parallel: bool = True


@dataclass(frozen=True, slots=True)
class Array:
    """An input or output of the kernel in memory: its axes by place (`axes` names only give the spaces) and kind."""

    axes: tuple[Index, ...]
    kind: Kind
    accumulated: bool = False  # an output that starts as zeros and is stored to with "+="


@dataclass(frozen=True, slots=True)
class Block:
    """What a step makes.  `number` is unique in the kernel; without axes it is a scalar."""

    number: int
    axes: tuple[Index, ...]
    kind: Kind


@dataclass(frozen=True, slots=True)
class Constant:
    """A plain number among the operands of a Map; takes the dtype of what it meets."""

    value: int | float


@dataclass(frozen=True, slots=True)
class Extent:
    """The extent of a space among the operands of a Map, an exact integer."""

    space: Space


@dataclass(frozen=True, slots=True)
class Affine:
    """Σ coefficient · position of axis + offset: a slot that is no plain axis, or one side of a condition."""

    terms: tuple[tuple[int, Index], ...]
    offset: int


Slot: TypeAlias = Union[Index, Affine, Block]
"""Where an array is read or written along one of its axes: an axis, an affine form, or a block of positions (integers).

The axes of a load or a store are those of its slots: an Index with a tile of size 0 picks one position.
"""


@dataclass(frozen=True, slots=True)
class Condition:
    """form ≥ 0, for the positions of its axes.  An equation is two of them."""

    form: Affine


Argument: TypeAlias = Union[Block, Constant, Extent]


@dataclass(frozen=True, slots=True)
class Load:
    """block = input[slots]."""

    block: Block
    array: int
    slots: tuple[Slot, ...]


@dataclass(frozen=True, slots=True)
class Position:
    """block = the positions along `axis` as integers: a vector, or a scalar where the axis has a tile of size 0."""

    block: Block
    axis: Index


@dataclass(frozen=True, slots=True)
class Map:
    """block = function(arguments), elementwise, arguments broadcast by axis.  The functions of the graph's Map.

    Along an axis of the block that no argument has, the result is repeated.
    """

    block: Block
    function: str
    arguments: tuple[Argument, ...]


@dataclass(frozen=True, slots=True)
class Mask:
    """block = source where all conditions hold, else `fill`.

    A tile on which they hold everywhere may take the source as it is; `fill` may be infinite.
    """

    block: Block
    source: Block
    conditions: tuple[Condition, ...]
    fill: float


@dataclass(frozen=True, slots=True)
class Contract:
    """block = Σ left · right over every axis that the block lacks: a matrix product of two blocks, batched or not."""

    block: Block
    left: Block
    right: Block


@dataclass(frozen=True, slots=True)
class Reduce:
    """block = sum, prod, max, min or shift of the source over every axis that the block lacks, within the tile."""

    block: Block
    operation: str
    source: Block


@dataclass(frozen=True, slots=True)
class Carry:
    """block = the neutral element of "sum", "prod", "max", "min" or "shift": stands before the loop that changes it.

    Of operation "kept" it holds what the tiles of a loop make for those of a later one, and nothing at first.
    """

    block: Block
    operation: str


@dataclass(frozen=True, slots=True)
class Fold:
    """carry = carry ∘ reduce(operation, source over the axes that the carry lacks), in place.

    A Fold "sum" of a Contract's only use is one matrix product that adds to the carry.
    """

    carry: Block
    operation: str
    source: Block


@dataclass(frozen=True, slots=True)
class Shift:
    """The running maximum: carry = max(carry, max of source over the axes that the carry lacks), and every carry in
    `rescaled` is multiplied by exp(degree · (old − new)), as if the new maximum had been subtracted from the start.

    Where the maximum is not finite the graph's `shift` would be 0: a row of −∞ alone counts as 0, and nothing is
    rescaled by NaN.  Every exp(x − carry) of the loop's body stands behind the Shift and sees the new value.
    """

    carry: Block
    source: Block
    rescaled: tuple[tuple[Block, int], ...]


@dataclass(frozen=True, slots=True)
class Keep:
    """carry = source at the tile of the loop around, in place.

    The carry is "kept" and has the source's axes, but for the loop's, in whose place it has a whole one.
    """

    carry: Block
    source: Block


@dataclass(frozen=True, slots=True)
class Recall:
    """block = what a loop before this one kept of the same tile.  The two loops have the same tiles and conditions."""

    block: Block
    carry: Block


@dataclass(frozen=True, slots=True)
class Store:
    """output[slots] = source, or += where the output is accumulated; with "+=", equal positions add up.

    Axes of the source that no slot has are summed.
    """

    array: int
    slots: tuple[Slot, ...]
    source: Block
    mode: Literal["=", "+="]


@dataclass(frozen=True, slots=True)
class Loop:
    """The body for each tile of an axis, in order.

    A tile on which one of `skip` fails everywhere is left out: there the body would change nothing.
    """

    tile: Tile
    body: tuple[Step, ...]
    skip: tuple[Condition, ...] = ()


Step: TypeAlias = Union[Load, Position, Map, Mask, Contract, Reduce, Carry, Fold, Shift, Keep, Recall, Store, Loop]


@dataclass(frozen=True)
class Kernel:
    """The body for each tile of the grid.  Inputs and outputs are numbered by place."""

    inputs: tuple[Array, ...]
    outputs: tuple[Array, ...]
    grid: tuple[Tile, ...]
    body: tuple[Step, ...]
    note: str = ""  # what it computes, for readers: names of definitions

    def steps(self) -> Iterator[Step]:
        """Every step, a loop before its body."""
        stack: list[Step] = list(reversed(self.body))
        while stack:
            step = stack.pop()
            yield step
            if isinstance(step, Loop):
                stack += reversed(step.body)

    @property
    def tiles(self) -> dict[Index, Tile]:
        """Every axis that is walked."""
        return {t.axis: t for t in self.grid} | {s.tile.axis: s.tile for s in self.steps() if isinstance(s, Loop)}


def blocks_read(step: Step) -> tuple[Block, ...]:
    """The blocks that a step reads (of a loop none: its body does)."""
    if isinstance(step, Load):
        return tuple(s for s in step.slots if isinstance(s, Block))
    if isinstance(step, Map):
        return tuple(a for a in step.arguments if isinstance(a, Block))
    if isinstance(step, Contract):
        return (step.left, step.right)
    if isinstance(step, (Mask, Reduce)):
        return (step.source,)
    if isinstance(step, (Fold, Keep)):
        return (step.carry, step.source)
    if isinstance(step, Recall):
        return (step.carry,)
    if isinstance(step, Shift):
        return (step.carry, step.source, *(block for block, _ in step.rescaled))
    if isinstance(step, Store):
        return (step.source, *(s for s in step.slots if isinstance(s, Block)))
    return ()


def block_made(step: Step) -> Block | None:
    """The block that a step makes."""
    return None if isinstance(step, (Fold, Shift, Keep, Store, Loop)) else step.block


def kept_axis(block: Block, carry: Block) -> Index:
    """The axis of a block that is kept whose tiles the carry has side by side."""
    return next(x for x in block.axes if x not in carry.axes)
