"""Where the blocks of a kernel lie: views of arrays, scratch that is used again, or arrays of their own.

NumPy's kernels and `ic.cost` both read it, so that what is counted is what is done.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..ir.graph import Kind
from ..ir.index import Index
from ..ir.kernel import (
    Block,
    Carry,
    Contract,
    Keep,
    Kernel,
    Load,
    Loop,
    Map,
    Mask,
    Recall,
    Reduce,
    Step,
    Store,
    Tile,
    block_made,
    blocks_read,
)
from ..ir.slots import unknown_of

Shape = tuple[tuple[str, bool, int], ...]

PIECE = 1 << 19
"""Elements of a product that are made at a time where it is only added to an array: a cache holds them."""

OVERWRITES = frozenset({
    "add", "subtract", "multiply", "divide", "negative", "reciprocal", "exp", "log", "sqrt", "square", "sin", "cos",
    "tan", "tanh", "sinh", "cosh", "maximum", "minimum", "power", "relu", "sigmoid", "logical_and", "logical_or",
    "logical_not",
})  # fmt: skip
"""Functions that may write into an operand of the result's axes and kind: element by element, one ufunc at a time."""


@dataclass
class Plan:
    """Places of blocks with several axes; others are arrays of their own, which costs nothing.

    `scratch`: the buffer of a block; `taken`: the block whose place it takes over; `direct`: the store in whose array
    it is made; `added`: likewise the store that adds it to an array, which is done by pieces of rows; `kept`: the step
    that keeps it, or what overwrites it, so that it is made there; `buffers`: axes and kind of each buffer, which holds
    the largest tile.
    """

    scratch: dict[int, int] = field(default_factory=dict)
    taken: dict[int, Block] = field(default_factory=dict)
    direct: dict[int, Store] = field(default_factory=dict)
    added: dict[int, Store] = field(default_factory=dict)
    kept: dict[int, Keep] = field(default_factory=dict)
    buffers: list[tuple[tuple[Index, ...], Kind]] = field(default_factory=list)


def plan_of(kernel: Kernel) -> Plan:
    """The plan of one kernel."""
    planner = _Planner(kernel)
    planner.walk(kernel.body)
    return planner.plan


class _Planner:
    """Steps are numbered in the order of their text; a loop ends at a number of its own."""

    def __init__(self, kernel: Kernel) -> None:
        self.tiles = kernel.tiles
        self.plan = Plan()
        self.last = last_uses(kernel.body)
        self.stores = _direct_stores(kernel, "=")
        self.adding = _direct_stores(kernel, "+=")
        self.keeps = _kept_from(kernel.body, self.last)
        self.readers = Counter(b.number for s in kernel.steps() for b in blocks_read(s))
        self.clock = 0
        self.free: dict[tuple[Shape, Kind], list[int]] = {}
        self.home: dict[int, Block] = {}  # the block that now has a buffer, by buffer
        self.owned: set[int] = set()  # blocks that may be written over

    def walk(self, steps: Sequence[Step]) -> None:
        for step in steps:
            self.clock += 1
            if isinstance(step, Loop):
                self.walk(step.body)
                self.clock += 1
            else:
                self._place(step)
            self._release()

    def _release(self) -> None:
        """Buffers of blocks that nothing reads any more."""
        for buffer, block in list(self.home.items()):
            if self.last.get(block.number, 0) <= self.clock:
                del self.home[buffer]
                self.free.setdefault(self._class(block), []).append(buffer)

    def _class(self, block: Block) -> tuple[Shape, Kind]:
        """What blocks have in common that can take over each other's place."""
        kind: Kind = "float" if block.kind == "number" else block.kind
        return tuple(sorted(_most(self.tiles, x) for x in block.axes)), kind

    def _place(self, step: Step) -> None:
        block = block_made(step)
        if isinstance(step, Keep):
            self.owned.discard(step.source.number)  # what is kept stays as it is
        if block is None or len(block.axes) < 2 or not isinstance(step, (Map, Mask, Contract, Reduce, Carry)):
            return
        if isinstance(step, Carry) and step.operation == "shift":
            return  # each new maximum is an array of its own
        if isinstance(step, Contract) and block.axes[0] not in self.tiles and self._only_added(block):
            self.plan.added[block.number] = self.adding[block.number]
            return
        self.owned.add(block.number)
        if block.number in self.stores and isinstance(step, (Map, Contract, Reduce)):
            self.plan.direct[block.number] = self.stores[block.number]
            self.owned.discard(block.number)  # what is stored stays as it is
            return
        if block.number in self.keeps:
            self.plan.kept[block.number] = self.keeps[block.number]
            return
        source = self._overwritten(step, block)
        if source is not None:
            self.plan.taken[block.number] = source
            for buffer, held in self.home.items():
                if held.number == source.number:
                    self.home[buffer] = block
                    self.plan.scratch[block.number] = buffer
        else:
            self._give(block)

    def _only_added(self, block: Block) -> bool:
        return len(block.axes) == 2 and block.number in self.adding and self.readers[block.number] == 1

    def _overwritten(self, step: Step, block: Block) -> Block | None:
        for each in _overwritable(step, block):
            if each.number in self.owned and self.last[each.number] == self.clock:
                return each
        return None

    def _give(self, block: Block) -> None:
        key = self._class(block)
        waiting = self.free.get(key)
        if waiting:
            buffer = waiting.pop()
        else:
            buffer = len(self.plan.buffers)
            self.plan.buffers.append((block.axes, key[1]))
        self.plan.scratch[block.number] = buffer
        self.home[buffer] = block


def _overwritable(step: Step, block: Block) -> list[Block]:
    """The operands over which the step could write its result, as far as their form goes."""
    candidates: Sequence[object] = ()
    if isinstance(step, Map) and step.function in OVERWRITES:
        candidates = step.arguments
    elif isinstance(step, Map) and step.function == "masked":
        candidates = step.arguments[:1]
    elif isinstance(step, Mask):
        candidates = [step.source]
    return [a for a in candidates if isinstance(a, Block) and a.axes == block.axes and a.kind == block.kind]


def _kept_from(body: Sequence[Step], last: Mapping[int, int]) -> dict[int, Keep]:
    """Where what is kept begins: the first block of those that are written over each other until then."""
    found: dict[int, Keep] = {}
    clock = 0

    def walk(steps: Sequence[Step]) -> None:
        nonlocal clock
        made: dict[int, tuple[Step, int]] = {}
        for step in steps:
            clock += 1
            block = block_made(step)
            if block is not None:
                made[block.number] = step, clock
            if isinstance(step, Loop):
                walk(step.body)
                clock += 1
            elif isinstance(step, Keep):
                root = _root(step.source, made, last)
                if root is not None:
                    found.setdefault(root, step)

    walk(body)
    return found


def _root(block: Block, made: Mapping[int, tuple[Step, int]], last: Mapping[int, int]) -> int | None:
    while block.number in made:
        step, clock = made[block.number]
        before = [o for o in _overwritable(step, block) if o.number in made and last[o.number] == clock]
        before = [o for o in before if not isinstance(made[o.number][0], (Load, Recall, Carry))]
        if not before:
            return block.number if isinstance(step, (Map, Mask, Contract, Reduce)) else None
        block = before[0]
    return None


def _most(tiles: Mapping[Index, Tile], axis: Index) -> tuple[str, bool, int]:
    """The largest number of positions of an axis, to be compared: an extent, and the tile's size where there is one."""
    size = tiles[axis].size if axis in tiles else 0
    extent = axis.space.extent
    if isinstance(extent, int):
        return "", False, min(size, extent) if size else extent
    unknown = unknown_of(axis.space)
    return (unknown, True, size) if isinstance(unknown, str) else (unknown.name, False, size)


def last_uses(body: Sequence[Step]) -> dict[int, int]:
    """When each block is last read: where that is in a loop that does not make it, at the loop's end."""
    last: dict[int, int] = {}
    made: dict[int, tuple[int, ...]] = {}
    ends: dict[int, int] = {}
    reads: list[tuple[int, tuple[int, ...], int]] = []
    clock = 0

    def walk(steps: Sequence[Step], loops: tuple[int, ...]) -> None:
        nonlocal clock
        for step in steps:
            clock += 1
            block = block_made(step)
            if block is not None:
                made[block.number] = loops
            reads.extend((each.number, loops, clock) for each in blocks_read(step))
            if isinstance(step, Loop):
                own = clock
                walk(step.body, (*loops, own))
                clock += 1
                ends[own] = clock

    walk(body, ())
    for number, loops, at in reads:
        deeper = loops[len(made[number]) :]
        last[number] = max(last.get(number, 0), ends[deeper[0]] if deeper else at)
    return last


def _direct_stores(kernel: Kernel, mode: str) -> dict[int, Store]:
    """Stores whose block can be made in the output itself: all of it, in the order of the output's axes."""
    found: dict[int, Store] = {}
    single = {axis for axis, tile in kernel.tiles.items() if not tile.size}
    bodies: list[Sequence[Step]] = [kernel.body]
    while bodies:
        body = bodies.pop()
        here = {b.number for b in map(block_made, body) if b is not None}
        for step in body:
            if isinstance(step, Loop):
                bodies.append(step.body)
            elif isinstance(step, Store) and step.mode == mode and step.source.number in here:
                axes = tuple(s for s in step.slots if isinstance(s, Index) and s not in single)
                if axes == step.source.axes and len(axes) > 1:
                    found.setdefault(step.source.number, step)
    return found
