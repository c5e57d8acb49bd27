"""A group of members becomes one kernel: what is given, at which axes, and which of them are walked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from ...ir.graph import Value
from ...ir.index import Index
from .instance import Instance, Slot, operands_at


@dataclass(frozen=True)
class Member:
    """A value that a kernel gives.  `naming`: what its labels are.  `row`: made behind the stage's loop."""

    value: Value
    naming: Mapping[Index, Slot]
    stage: int
    row: bool

    @cached_property
    def instance(self) -> Instance:
        return Instance(self.value, tuple(self.naming[x] for x in self.value.axes))

    @cached_property
    def operands(self) -> list[Instance]:
        return operands_at(self.value, self.naming)


@dataclass
class Group:
    """A kernel to be.  `grid` and `stream`: axes in the order in which they are walked; those in `tiled` by tiles.

    `keeps`: whether a later stage takes what an earlier one has made of the same tile, rather than make it again.
    """

    grid: list[Index]
    stream: list[Index]
    tiled: set[Index]
    members: list[Member] = field(default_factory=list)
    shared: dict[Instance, None] = field(default_factory=dict)
    keeps: bool = False
    _by_number: dict[int, Member] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._by_number = {m.value.number: m for m in self.members}

    @property
    def walked(self) -> tuple[Index, ...]:
        return (*self.grid, *self.stream)

    def add(self, member: Member) -> None:
        self.members.append(member)
        self._by_number[member.value.number] = member

    def member(self, value: Value) -> Member | None:
        return self._by_number.get(value.number)

    @property
    def stages(self) -> int:
        return 1 + max(m.stage for m in self.members)


@dataclass(frozen=True)
class Style:
    """How members may be put together.

    accumulate   sums across tiles of the grid go to outputs that add up
    whole        no axis is streamed: a tile of the grid has all of the others, so that nothing is computed again
    keep         what one stage makes of the stream is kept for the later ones, tile by tile
    """

    name: str
    accumulate: bool
    whole: bool
    small: int  # elements of an output that may be added up across tiles in any style
    keep: bool = False
