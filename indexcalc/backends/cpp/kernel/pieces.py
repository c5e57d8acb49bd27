"""Pieces of a body: matrix products and inner loops, and between them regions of everything else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ....ir.index import Index
from ....ir.kernel import Fold, Loop, Step, Store
from .steps import Axes, is_product, reads, writes


@dataclass(frozen=True, eq=False)
class Unit:
    """A step, or a product with the Fold or Store that takes its result; in the order of the program by `place`."""

    step: Step
    into: Fold | Store | None
    place: int

    @property
    def reads(self) -> frozenset[int]:
        return reads(self.step) | (reads(self.into) if self.into else frozenset())

    @property
    def writes(self) -> frozenset[int]:
        return writes(self.step) | (writes(self.into) if self.into else frozenset())


@dataclass(eq=False)
class Pass:
    """One sweep of a row: `loops` beyond the rows, the vector axis last, and what is computed there."""

    loops: Axes
    units: list[Unit]


@dataclass(eq=False)
class Nest:
    """`split`: the axis of which each thread of a team takes a part; None where one thread has to take all."""

    rows: Axes
    passes: list[Pass] = field(default_factory=list)
    split: Index | None = None


@dataclass(eq=False)
class Region:
    units: list[Unit]
    nests: list[Nest] = field(default_factory=list)


@dataclass(eq=False)
class Body:
    """`pieces` in order; `vector` is the axis along which registers run, and the last one of what is stored here."""

    steps: Sequence[Step]
    pieces: list[Unit | Region]
    vector: Index | None


def conflict(writes: frozenset[int], before: frozenset[int], later: frozenset[int], reads: frozenset[int]) -> bool:
    """Whether what writes and reads `before` has to run ahead of what writes `later` and `reads`."""
    return not (writes.isdisjoint(reads | later) and before.isdisjoint(later))


def pieces_of(units: Sequence[Unit]) -> list[Unit | Region]:
    """Products and loops as soon as they can run, everything that can run between them in one region."""
    before: dict[Unit, set[Unit]] = {}
    for n, later in enumerate(units):
        conflicting = (u for u in units[:n] if conflict(u.writes, u.reads, later.writes, later.reads))
        before[later] = set(conflicting)
    found: list[Unit | Region] = []
    done: set[Unit] = set()
    while len(done) < len(units):
        alone = [u for u in units if u not in done and stands_alone(u) and before[u] <= done]
        if alone:
            found.append(alone[0])
            done.add(alone[0])
            continue
        region: list[Unit] = []
        for unit in units:
            if unit not in done and not stands_alone(unit) and before[unit] <= done | set(region):
                region.append(unit)
        found.append(Region(region))
        done |= set(region)
    return found


def stands_alone(unit: Unit) -> bool:
    return isinstance(unit.step, Loop) or is_product(unit.step)
