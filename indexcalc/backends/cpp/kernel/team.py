"""Threads that share the steps of a tile: what each piece of a body changes and reads, and where threads have to wait.

Where the tiles of a grid cannot run at the same time, every thread goes through the same loops, and takes its part of
each piece: of a nest the places of one axis, of a matrix product rows or columns of its result.  What has no axis to
divide is the first thread's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ....ir.index import Index
from ....ir.kernel import Carry, Fold, Store
from ..layout import times as product
from .names import Lines, Names
from .order import Order
from .pieces import Nest, Unit
from .steps import Axes, is_product, points
from .storage import Memory

TERMS = 16  # of a matrix product that take as long as an elementwise operation


@dataclass(frozen=True)
class Work:
    """What a piece reads and changes: storage and outputs, each with its axes by name.

    `split`: the axis whose places are divided; "product" for parts of a matrix product, "first" for one thread's.
    """

    reads: dict[str, Axes]
    writes: dict[str, Axes]
    split: Index | str

    def meets(self, other: Work) -> bool:
        """Whether threads have to wait between both, in either order."""
        mine, others = self.writes | self.reads, other.writes | other.reads
        shared = [mine[x] for x in mine if x in others and (x in self.writes or x in other.writes)]
        if not shared or (self.split == other.split == "first"):
            return False
        return not (self.split == other.split and all(self.split in axes for axes in shared))


@dataclass
class Waits:
    """Prints where threads wait for each other; nowhere in a kernel without a team."""

    order: Order
    memory: Memory
    out: Lines
    since: list[Work] = field(default_factory=list)  # what threads may still be busy with

    def before(self, work: Work) -> None:
        if self.order.team:
            if any(work.meets(other) for other in self.since):
                self.all()
            self.since.append(work)

    def all(self) -> None:
        """Threads wait for everything."""
        if self.order.team and self.since:
            self.out.add("team.wait();")
            self.since = []

    # -- pieces -------------------------------------------------------------------------------------------------------

    def carry(self, step: Carry) -> Work:
        split = self.order.divided(frozenset(step.block.axes))
        return Work({}, self._blocks((step.block.number,)), split or "first")

    def nest(self, nest: Nest) -> Work:
        units = [u for one in nest.passes for u in one.units]
        reads = frozenset().union(*(self.order.needs(u) for u in units))
        writes = frozenset().union(*(u.writes for u in units))
        outputs = {u.step.array for u in units if isinstance(u.step, Store)}
        return Work(self._blocks(reads), self._blocks(writes) | _outputs(outputs), nest.split or "first")

    def product(self, unit: Unit) -> Work:
        into = unit.into
        target = (into.carry.number,) if isinstance(into, Fold) else () if into else unit.writes
        stored = {into.array} if isinstance(into, Store) else set()
        return Work(self._blocks(unit.reads), self._blocks(target) | _outputs(stored), "product")

    def _blocks(self, numbers: Iterable[int]) -> dict[str, Axes]:
        """Those that lie in memory that threads share."""
        blocks = self.memory.blocks
        return {blocks[n].name: tuple(blocks[n].strides) for n in sorted(numbers) if n in blocks}


def _outputs(numbers: Iterable[int]) -> dict[str, Axes]:
    return {f"out{n}": () for n in sorted(numbers)}


def work(names: Names, order: Order) -> str:
    """About how many elementwise operations a tile takes, as text: those of the steps with most axes."""
    slow: dict[frozenset[Index], bool] = {}  # whether some step over these axes is no matrix product
    for step in order.kernel.steps():
        axes = frozenset(points(step, order.single))
        slow[axes] = slow.get(axes, False) or not is_product(step)
    texts = []
    for axes in slow:
        if axes and not any(axes < others for others in slow):
            text = product(*(names.most(x) for x in order.sorted(axes)))
            texts.append(text if slow[axes] else f"{text} / {TERMS}")
    return " + ".join(texts) or "0"
