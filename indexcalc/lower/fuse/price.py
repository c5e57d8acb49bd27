"""What a kernel costs on a machine, at representative extents: the model by which tiles and groups are chosen.

Counted are the FLOPs of matrix products (less efficient the thinner the matrices), exponentials and their like,
elementwise passes over blocks (at the speed of the cache that holds the live blocks), what is loaded and stored, and
each step's own cost.  Tiles that a loop leaves out are counted by trying all pairs of a sample of tiles.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil, prod

from ...ir.elementwise import SLOW
from ...ir.index import Index, Space
from ...ir.kernel import (
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
    Recall,
    Reduce,
    Shift,
    Step,
    Store,
    Tile,
    block_made,
    blocks_read,
)
from ..lazy import arranged
from ..target import Machine

ITEM = 4  # bytes of an element
NEAR = 5.0  # how much faster than memory the own cache is
FAR = 0.2  # of its speed that a matrix product loses where its operands come from memory
EDGE = 8  # rows, columns or terms at which a matrix product runs at half of its speed
THIN = 4  # rows or columns below which a product is no matrix product
SAMPLE = 24  # tiles of each axis that are tried for conditions
INTERPRETED_STEP = 1e-7  # seconds: a step that costs more is a call of its own, and each makes a pass over its block
WAIT = 1e-6  # seconds that threads which share a step wait for each other behind it
ROW = 1.2e-7  # seconds that a call from Python takes for each row of which it finds the maximum


@dataclass
class Price:
    """Totals over a kernel.  `seconds` is the model's verdict; the rest is for telling.

    `shared`: whether threads share each step, because too few tiles can run at the same time.
    """

    flops: float = 0.0
    exponentials: float = 0.0
    moved: float = 0.0  # bytes between memory and kernel
    passes: float = 0.0  # bytes of elementwise passes
    steps: float = 0.0
    workspace: int = 0  # bytes of the blocks that live at once, of one thread
    seconds: float = 0.0
    matmul_seconds: float = 0.0
    shared: bool = False


def price(kernel: Kernel, sizes: Mapping[Space, int], machine: Machine) -> Price:
    """The cost of running the kernel once."""
    return _Pricing(kernel, sizes, machine).total()


def conditions_hold(conditions: Sequence[Condition], at: Mapping[Index, tuple[int, int]]) -> bool:
    """Whether each condition holds somewhere on a tile: `at` is first and last position of each axis."""
    return all(c.form.offset + sum(f * at[x][1 if f > 0 else 0] for f, x in c.form.terms) >= 0 for c in conditions)


@dataclass
class _Pricing:
    kernel: Kernel
    sizes: Mapping[Space, int]
    machine: Machine
    found: Price = field(default_factory=Price)

    def total(self) -> Price:
        self.tiles = self.kernel.tiles
        calls = arranged(self.kernel) if self.interpreted else None
        self.joined = calls.joined if calls else {}
        self.lazy = {n: each for each in (calls.lazy.values() if calls else ()) for n in each.once}
        self.once = 1.0  # of a loop's tiles, the share that is first
        trips = prod(self.count(t) for t in self.kernel.grid)
        self.found.workspace = self.live(self.kernel.body)
        carries = [s.block for s in self.kernel.steps() if isinstance(s, Carry) and s.operation == "kept"]
        self.kept = int(sum(ITEM * self.elements(b.axes) for b in carries))
        near = self.near(self.found.workspace - self.kept)
        self.speed = self.machine.bandwidth * near
        self.operands = 1 - FAR * (NEAR - near) / (NEAR - 1)
        self.body(self.kernel.body, float(trips))
        self.settle(trips)
        return self.found

    @property
    def interpreted(self) -> bool:
        """Whether each step is a call."""
        return self.machine.step > INTERPRETED_STEP

    def near(self, held: int) -> float:
        """How much faster than memory is what holds this many bytes, beside what a matrix product needs for itself."""
        share = self.machine.cache / (1.5 * max(1, held))
        return min(NEAR, max(1.0, NEAR * math.sqrt(share)))

    def settle(self, trips: int) -> None:
        """Seconds from the totals, by how many tiles can run at once."""
        machine, found = self.machine, self.found
        units = prod(self.count(t) for t in self.kernel.grid if t.parallel)
        in_order = not all(t.parallel for t in self.kernel.grid)
        found.shared = in_order and not self.interpreted and 2 * units <= machine.threads
        share = units / (ceil(units / machine.threads) * machine.threads) if units and not found.shared else 1.0
        elementwise = found.exponentials / machine.exponentials + found.passes / self.speed
        found.seconds = elementwise / share + found.moved / machine.bandwidth
        # a kernel that has one tile at a time leaves the threads to the matrix products at least
        found.seconds += found.matmul_seconds / (share if units >= machine.threads else 1.0)
        found.seconds += found.steps * (WAIT if found.shared else machine.step)
        for output in self.kernel.outputs:
            lacking = [t for t in self.kernel.grid if t.parallel and t.axis.space not in [x.space for x in output.axes]]
            if output.accumulated and lacking:
                found.seconds += 3 * machine.threads * ITEM * self.extent(output.axes) / machine.bandwidth

    def count(self, tile: Tile) -> int:
        extent = self.sizes[tile.axis.space]
        return extent if tile.size == 0 else ceil(extent / tile.size)

    def extent(self, axes: Sequence[Index]) -> float:
        return prod(self.sizes[x.space] for x in axes)

    def elements(self, axes: Sequence[Index]) -> float:
        """Of a block with these axes, on the average."""
        found = 1.0
        for axis in axes:
            extent = self.sizes[axis.space]
            tile = self.tiles.get(axis)
            found *= extent if tile is None else 1 if tile.size == 0 else extent / ceil(extent / tile.size)
        return found

    def live(self, steps: Sequence[Step]) -> int:
        """Bytes of the blocks that live at once.

        What is loaded is read where it lies, maps may overwrite, and a product that is only added to an output needs no
        more than pieces of itself.
        """
        added = {s.source.number for s in steps if isinstance(s, Store) and s.mode == "+="}
        last: dict[int, int] = {}
        for place, step in enumerate(steps):
            for block in _touched(step):
                last[block] = place
        now: dict[int, float] = {}
        top = 0.0
        for place, step in enumerate(steps):
            gone = {n for n in now if last.get(n, -1) <= place}
            if isinstance(step, Loop):
                top = max(top, sum(now.values()) + self.live(step.body))
            made = block_made(step)
            if (
                made is not None
                and not isinstance(step, Load)
                and not (isinstance(step, Contract) and made.number in added)
            ):
                size = ITEM * self.elements(made.axes)
                if isinstance(step, (Map, Mask)):  # takes over the place of an operand that ends here
                    now = {n: b for n, b in now.items() if n not in gone}
                now[made.number] = size
                top = max(top, sum(now.values()))
            now = {n: b for n, b in now.items() if n not in gone}
        return int(top)

    def body(self, steps: Sequence[Step], trips: float) -> None:
        for step in steps:
            if isinstance(step, Loop):
                tiles = self.count(step.tile) * self.visited(step)
                outer, self.once = self.once, 1 / max(1.0, tiles)
                self.body(step.body, trips * tiles)
                self.once = outer
                continue
            self.found.steps += trips
            self.step(step, trips)

    def visited(self, loop: Loop) -> float:
        """The share of a loop's tiles that its conditions leave."""
        if not loop.skip:
            return 1.0
        axes = list(dict.fromkeys(x for c in loop.skip for _, x in c.form.terms))
        places: list[dict[Index, tuple[int, int]]] = [{}]
        for axis in axes:
            extent, size = self.sizes[axis.space], max(1, self.tiles[axis].size)
            count = ceil(extent / size)
            chosen = range(0, count, ceil(count / SAMPLE))
            here = [(n * size, min(extent, (n + 1) * size) - 1) for n in chosen]
            places = [p | {axis: span} for p in places for span in here] if len(places) * len(here) < 4096 else places
        if any(len(p) < len(axes) for p in places):
            return 1.0
        return sum(conditions_hold(loop.skip, p) for p in places) / len(places) if places else 1.0

    def step(self, step: Step, trips: float) -> None:
        found = self.found
        if isinstance(step, Contract):
            both = dict.fromkeys((*step.left.axes, *step.right.axes))
            flops = trips * 2 * self.elements(tuple(both))
            found.flops += flops
            rows, columns, summed = self.shape(step)
            if min(rows, columns) < THIN:  # a matrix is read once: that takes longer than to multiply
                self.passed(flops / 2, 1)
            else:
                efficiency = self.operands * prod(n / (n + EDGE) for n in (rows, columns, summed))
                found.matmul_seconds += flops / (self.machine.matmul * efficiency)
        elif isinstance(step, Load):
            found.moved += trips * ITEM * self.elements(step.block.axes) / self.reuse(step.block)
        elif isinstance(step, Map) and step.block.number in self.joined:
            if step.block == self.joined[step.block.number].block:  # a product takes it in: its operands are copied
                product = self.joined[step.block.number].product
                self.copied(product, trips)
        elif isinstance(step, Map) and step.block.number in self.lazy:
            self.copied(self.lazy[step.block.number].quick.product, trips)
            self.passed(trips * self.once * self.elements(step.block.axes), 2)
        elif isinstance(step, Map):
            elements = trips * self.elements(step.block.axes)
            if step.function in SLOW:
                found.exponentials += elements
            self.passed(elements, 1 + sum(isinstance(a, Block) and len(a.axes) > 1 for a in step.arguments))
        elif isinstance(step, Mask):
            self.passed(trips * self.elements(step.block.axes), 0.5)
        elif isinstance(step, (Reduce, Fold, Shift)):
            if isinstance(step, Shift) and step.carry.number in self.lazy:
                trips *= self.once
            self.passed(trips * self.elements(step.source.axes), 1)
            self.found.steps += self.rows(step) * trips
            if isinstance(step, Fold):
                self.passed(trips * self.elements(step.carry.axes), 2)
            if isinstance(step, Shift):
                self.passed(sum(trips * self.elements(b.axes) for b, _ in step.rescaled), 2)
        elif isinstance(step, (Keep, Recall)):
            block = step.source if isinstance(step, Keep) else step.block
            found.moved += trips * ITEM * self.elements(block.axes) / self.near(self.kept)
        elif isinstance(step, Store):
            bytes_ = trips * ITEM * self.elements(step.source.axes)
            found.moved += bytes_ * (1 if step.mode == "=" else 3 / self.reuse(step.source))

    def copied(self, product: Contract, trips: float) -> None:
        """The operands of a product that takes in what is added to it."""
        self.passed(trips * (self.elements(product.left.axes) + self.elements(product.right.axes)), 1)

    def rows(self, step: Reduce | Fold | Shift) -> float:
        """Rows of which a call finds the maximum or the like, one after the other, in steps; sums are products."""
        kept = step.block.axes if isinstance(step, Reduce) else step.carry.axes
        is_sum = not isinstance(step, Shift) and step.operation == "sum"
        if not self.interpreted or is_sum or len(step.source.axes) == len(kept):
            return 0.0
        return self.elements(kept) * ROW / self.machine.step / self.machine.threads

    def reuse(self, block: Block) -> float:
        """What is read again and again from an array of which a cache holds the part that is walked is near."""
        streamed = [x for x in block.axes if x in self.tiles and all(t.axis != x for t in self.kernel.grid)]
        if not streamed:
            return 1.0
        whole = ITEM * self.elements(tuple(x for x in block.axes if x not in streamed)) * self.extent(streamed)
        return self.near(int(whole))

    def passed(self, elements: float, blocks: float) -> None:
        """An elementwise pass; compiled code does several in one."""
        weight = 1.0 if self.interpreted else 0.4
        self.found.passes += weight * ITEM * elements * blocks

    def shape(self, step: Contract) -> tuple[float, float, float]:
        """Rows, columns and summed terms of the matrix product."""
        left, right, kept = set(step.left.axes), set(step.right.axes), set(step.block.axes)
        rows = self.elements(tuple(x for x in step.left.axes if x in kept and x not in right))
        columns = self.elements(tuple(x for x in step.right.axes if x in kept and x not in left))
        summed = self.elements(tuple(x for x in step.left.axes if x not in kept))
        return rows, columns, summed


def _numbers(step: Step) -> tuple[int, ...]:
    """The blocks that a step other than a loop reads or makes."""
    made = block_made(step)
    return tuple(b.number for b in (*blocks_read(step), *(() if made is None else (made,))))


def _touched(step: Step) -> Iterator[int]:
    if isinstance(step, Loop):
        for inner in step.body:
            yield from _touched(inner)
    else:
        yield from _numbers(step)
