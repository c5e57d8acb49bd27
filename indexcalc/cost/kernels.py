"""Arithmetic, traffic and memory of a fused kernel, counted over its tiles at given sizes.

The rules are those of `work.py`, with each step's block in place of an array: what is computed again in another kernel
or for each tile counts again.  A running sum takes one FLOP for each element that it takes in, none where that is a
product that nothing else reads, since a matrix product adds as it goes.  What NumPy's kernels add to a product by
further columns of its operands counts as the additions that it is; the operands' copies count as memory.  A running
maximum takes one for each element, and where it rescales running sums a difference and an exp for each row, a
multiplication for each element of those, but for what is kept: NumPy's kernels follow a maximum only where they must.

A loop with conditions walks from the first to behind the last position for which all of them can hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import product
from math import ceil, prod
from typing import Any, TypeAlias

from ..ir.graph import Kind
from ..ir.index import Index, Space
from ..ir.kernel import (
    Affine,
    Block,
    Carry,
    Condition,
    Contract,
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
)
from ..ir.kernel_bounds import limits
from ..lower.lazy import arranged
from ..lower.scratch import PIECE, plan_of
from .rules import Work, function_work, width

Walked: TypeAlias = dict[Index, tuple[int, int]]
"""Of each axis that is walked around a step: positions and tiles, in all."""
Place: TypeAlias = dict[Index, tuple[int, int]]
"""First and last position of each tile that is known by itself."""

SMALL = 1 << 19  # elements below which a NumPy kernel keeps to one thread
UNEVEN = 1.25  # how much longer the busiest of the threads may take before each gets sums of its own


def kernel_work(kernel: Kernel, sizes: Mapping[Space, int], item: int) -> dict[int, Work]:
    """What one run takes, by the number of the block that a step makes, changes or stores.

    `item`: bytes of a floating-point number.
    """
    return _Counting(kernel, sizes, item).run()


class _Counting:
    def __init__(self, kernel: Kernel, sizes: Mapping[Space, int], item: int) -> None:
        self.kernel = kernel
        self.sizes = sizes
        self.item = item
        self.tiles = kernel.tiles
        self.linked = {x for s in kernel.steps() if isinstance(s, Loop) for c in s.skip for _, x in c.form.terms}
        self.added = _only_added(kernel)
        self.kept = {s.carry.number for s in kernel.steps() if isinstance(s, Keep)}
        self.found: dict[int, Work] = {}

    def run(self) -> dict[int, Work]:
        around: Walked = {}
        apart: list[list[tuple[Index, int, int]]] = []
        for tile in self.kernel.grid:
            extent = self.sizes[tile.axis.space]
            if tile.axis in self.linked:
                apart.append([(tile.axis, a, b) for a, b in spans(0, extent, tile.size)])
            else:
                around[tile.axis] = extent, count(extent, tile.size)
        for chosen in product(*apart):
            here = {axis: (a, b) for axis, a, b in chosen}
            single = {axis: (b - a + 1, 1) for axis, (a, b) in here.items()}
            self.body(self.kernel.body, around | single, here)
        return self.found

    def body(self, steps: Sequence[Step], around: Walked, here: Place) -> None:
        for step in steps:
            if not isinstance(step, Loop):
                number = _concerned(step).number
                self.found[number] = self.found.get(number, Work()) + self.step(step, around)
                continue
            axis, size = step.tile.axis, step.tile.size
            start, stop = self.bounds(step, here)
            if start >= stop:
                continue
            if self.is_asked_for(axis, step.body):
                for a, b in spans(start, stop, size):
                    self.body(step.body, {**around, axis: (b - a + 1, 1)}, {**here, axis: (a, b)})
            else:
                self.body(step.body, {**around, axis: (stop - start, count(stop - start, size))}, here)

    def is_asked_for(self, axis: Index, body: Sequence[Step]) -> bool:
        """Whether a loop's bounds within the body depend on the place along the axis."""
        inner = [s for s in body if isinstance(s, Loop)]
        return any(
            any(x == axis for c in s.skip for _, x in c.form.terms) or self.is_asked_for(axis, s.body) for s in inner
        )

    def bounds(self, loop: Loop, here: Place) -> tuple[int, int]:
        """The first position and the one behind the last for which all conditions can hold."""
        axis = loop.tile.axis
        start, stop = 0, self.sizes[axis.space]
        for limit in limits(loop.skip, axis):
            most = limit.rest.offset
            for c, x in limit.rest.terms:
                low, high = here.get(x, (0, self.sizes[x.space] - 1))
                most += c * (high if c > 0 else low)
            if limit.factor > 0:
                start = max(start, -(most // limit.factor))
            elif limit.factor < 0:
                stop = min(stop, most // -limit.factor + 1)
            elif most < 0:
                return 0, 0
        return start, stop

    def elements(self, axes: Iterable[Index], around: Walked) -> int:
        """Of blocks with these axes, over all tiles around."""
        own = dict.fromkeys(axes)
        walked = prod(positions if x in own else trips for x, (positions, trips) in around.items())
        return walked * prod(self.sizes[x.space] for x in own if x not in around)

    def bytes(self, block: Block, around: Walked) -> int:
        return width(block.kind, self.item) * self.elements(block.axes, around)

    def step(self, step: Step, around: Walked) -> Work:
        if isinstance(step, Load):
            return Work(bytes=self.bytes(step.block, around))
        if isinstance(step, Contract):
            terms = self.elements((*step.left.axes, *step.right.axes), around)
            return Work(2 * terms, terms, matmul=2 * terms)
        if isinstance(step, Map) and step.block.kind not in ("int", "bool"):
            return function_work(step.function, self.elements(step.block.axes, around))
        if isinstance(step, Reduce):
            terms = self.elements(step.source.axes, around)
            return Work(terms, terms if step.operation == "prod" else 0)
        if isinstance(step, Fold):
            terms = 0 if step.source.number in self.added else self.elements(step.source.axes, around)
            return Work(terms, terms if step.operation == "prod" else 0)
        if isinstance(step, Shift):
            return self.shift(step, around)
        if isinstance(step, Store):
            return self.store(step, around)
        return Work()

    def shift(self, step: Shift, around: Walked) -> Work:
        rows = self.elements(step.carry.axes, around)
        found = Work(self.elements(step.source.axes, around))
        if step.rescaled:
            degrees = len({degree for _, degree in step.rescaled})
            found += Work(rows) + Work(rows * degrees, functions=rows * degrees)
        for block, _ in step.rescaled:
            if block.number in self.kept:
                continue
            found += function_work("multiply", self.elements(block.axes, around))
        return found

    def store(self, step: Store, around: Walked) -> Work:
        places = slot_axes(step.slots, self.tiles)
        written = width(step.source.kind, self.item) * self.elements(places, around)
        if step.mode == "+=":
            terms = 0 if step.source.number in self.added else self.elements(step.source.axes, around)
            return Work(terms, bytes=2 * written)
        summed = any(x not in places for x in step.source.axes)
        return Work(self.elements(step.source.axes, around) if summed else 0, bytes=written)


def _concerned(
    step: Load | Position | Map | Mask | Contract | Reduce | Carry | Fold | Shift | Keep | Recall | Store,
) -> Block:
    """The block that a step makes, changes or stores."""
    if isinstance(step, Store):
        return step.source
    return step.carry if isinstance(step, (Fold, Shift, Keep)) else step.block


def spans(start: int, stop: int, size: int) -> Iterator[tuple[int, int]]:
    """First and last position of each tile of a walk."""
    step = max(1, size)
    for first in range(start, stop, step):
        yield first, min(first + step, stop) - 1


def count(positions: int, size: int) -> int:
    """How many tiles a walk has."""
    return ceil(positions / size) if size else positions


def slot_axes(slots: Iterable[Slot], tiles: Mapping[Index, Tile]) -> tuple[Index, ...]:
    """The axes over which the slots run together."""
    found: list[Index] = []
    for slot in slots:
        if isinstance(slot, Block):
            found += slot.axes
        else:
            found += [x for _, x in slot.terms] if isinstance(slot, Affine) else [slot]
    return tuple(dict.fromkeys(x for x in found if x not in tiles or tiles[x].size))


def _only_added(kernel: Kernel) -> frozenset[int]:
    """Products whose only reader is a running sum of their shape, or adds them to an output."""
    products = {s.block.number for s in kernel.steps() if isinstance(s, Contract)}
    readers: dict[int, int] = {}
    adding: set[int] = set()
    for step in kernel.steps():
        for block in blocks_read(step):
            readers[block.number] = readers.get(block.number, 0) + 1
        is_sum = isinstance(step, Fold) and step.operation == "sum" and set(step.source.axes) == set(step.carry.axes)
        if is_sum or (isinstance(step, Store) and step.mode == "+="):
            adding.add(step.source.number)  # type: ignore[union-attr]
    return frozenset(n for n in products & adding if readers[n] == 1)


def kernel_memory(kernel: Kernel, sizes: Mapping[Space, int], item: int, threads: int) -> int:
    """Bytes of the blocks that lie in memory while it runs, in all threads, of masks, and of threads' private sums."""
    one, masks, sums = _held(kernel, sizes, item, max, min)
    running = _running(kernel, sizes, threads)
    # a mask is computed from positions, by one thread at a time as a rule, and kept
    found: int = running * (one + masks) + width("int", item) * masks + _private(kernel, sizes, running) * sums
    return found


def kernel_memory_bound(kernel: Kernel, sizes: Mapping[Space, Any], item: Any, threads: int) -> Any:
    """At least that, by additions and multiplications alone, so that polynomials may stand for sizes and `item`."""
    one, masks, sums = _held(kernel, sizes, item, sum, _a_number)
    return threads * (one + masks) + width("int", item) * masks + (threads - 1) * sums


def _a_number(values: Iterable[Any]) -> Any:
    """One of the values, a number where there is one: no less than the least of them."""
    found = list(values)
    numbers = [x for x in found if isinstance(x, int)]
    return min(numbers) if numbers else found[0]


def _held(
    kernel: Kernel,
    sizes: Mapping[Space, Any],
    item: Any,
    largest: Callable[[list[Any]], Any],
    least: Callable[[list[Any]], Any],
) -> tuple[Any, Any, Any]:
    """Bytes of blocks of one thread, elements of masks, and bytes of the outputs that are added up."""
    most = {x: least([sizes[x.space], t.size or 1]) for x, t in kernel.tiles.items()}

    def bytes_of(axes: Iterable[Index], kind: Kind) -> Any:
        return width(kind, item) * prod(most.get(x, sizes[x.space]) for x in axes)

    calls = arranged(kernel)
    plan = plan_of(calls.kernel)
    one = sum(bytes_of(axes, kind) for axes, kind in plan.buffers)
    pieces = [s.block for s in kernel.steps() if isinstance(s, Contract) and s.block.number in plan.added]
    one += largest([0, *(least([bytes_of(b.axes, b.kind), PIECE * width(b.kind, item)]) for b in pieces)])
    taking = {found.product for found in (*calls.joined.values(), *(each.quick for each in calls.lazy.values()))}
    one += sum(bytes_of(b.axes, b.kind) for p in taking for b in (p.left, p.right))
    masks = [0]
    for step in kernel.steps():
        block = block_made(step)
        if isinstance(step, Load):
            if any(isinstance(s, Block) and s.axes for s in step.slots):
                one += bytes_of(step.block.axes, step.block.kind)
        elif block is not None and len(block.axes) == 1:
            one += bytes_of(block.axes, block.kind)
        if isinstance(step, Mask):
            masks += [_masked(c, kernel, most, sizes, least) for c in step.conditions]
    sums = sum(width(o.kind, item) * prod(sizes[x.space] for x in o.axes) for o in kernel.outputs if o.accumulated)
    return one, largest(masks), sums


def _masked(
    condition: Condition,
    kernel: Kernel,
    most: Mapping[Index, Any],
    sizes: Mapping[Space, Any],
    least: Callable[[list[Any]], Any],
) -> Any:
    """Elements of the part of a tile in which the condition fails somewhere.

    A loop that walks only as far as it holds cuts that down to the smaller of the tiles.
    """
    axes = [x for _, x in condition.form.terms]
    each = [most.get(x, sizes[x.space]) for x in axes]
    is_bound = any(isinstance(s, Loop) and condition in s.skip for s in kernel.steps())
    return prod([least(each)] * len(each) if each and is_bound else each)


def _running(kernel: Kernel, sizes: Mapping[Space, int], threads: int) -> int:
    """How many threads run tiles: one where there is little to do."""
    parallel = prod(count(sizes[t.axis.space], t.size) for t in kernel.grid if t.parallel)
    effort = max(prod(sizes[x.space] for x in axes) for axes in _nests(kernel))
    return 1 if effort < SMALL else max(1, min(threads, parallel))


def _nests(kernel: Kernel) -> Iterator[dict[Index, None]]:
    """The axes around and of each block."""
    bodies = [(kernel.body, tuple(t.axis for t in kernel.grid))]
    while bodies:
        body, around = bodies.pop()
        yield dict.fromkeys(around)
        for step in body:
            if isinstance(step, Loop):
                bodies.append((step.body, (*around, step.tile.axis)))
            block = block_made(step)
            yield dict.fromkeys((*around, *(block.axes if block else ())))


def _private(kernel: Kernel, sizes: Mapping[Space, int], running: int) -> int:
    """How many copies of the accumulated outputs threads get, beside the outputs themselves."""
    added = [s for s in kernel.steps() if isinstance(s, Store) and s.mode == "+="]
    if running == 1 or not added:
        return 0
    owners = [t for t in kernel.grid if t.parallel and all(t.axis in s.slots for s in added)]
    groups = prod(count(sizes[t.axis.space], t.size) for t in owners)
    return running - 1 if ceil(groups / running) * running > UNEVEN * groups else 0
