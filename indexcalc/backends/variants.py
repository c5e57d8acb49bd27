"""The texts of one program for calls of very different sizes: each lowered where a decision could be another one.

What is emitted is right for all sizes; sizes only decide which of two equal forms is faster.  So a program that was
compiled without sizes is lowered again when a call with much work has other ones.  This is asked once for each
signature of a call (`function.py` remembers the answer), and never where no kernels are made.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..ir.index import Space
from ..ir.program import Program
from ..ir.signature import SizeTable
from ..lower.sizes import representative_sizes
from .base import Backend, Run
from .emitted import Emitted
from .recipe import Recipe

if TYPE_CHECKING:
    from ..ir.graph import Graph

WORTH = 2e-3  # seconds of a call from which another lowering may pay: it takes tens of milliseconds, once
RATIO = 4  # extents by how many times four they are larger or smaller than those that decided
MAX_VARIANTS = 4  # texts of one program

Bucket = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Variant:
    """A text, its function, and the extents that it reads."""

    bucket: Bucket
    emitted: Emitted
    run: Run


class Variants:
    """The texts of a program on a backend, made when a call needs them.

    `sizes`: representative extents by name.  Those that it gives, and with `adapt` off all, decide for every call.
    """

    def __init__(
        self,
        program: Program,
        backend: Backend,
        *,
        sizes: Mapping[str, int] | None = None,
        without: Collection[str] = (),
        adapt: bool = True,
    ) -> None:
        self.program = program
        self.backend = backend
        self.without = without
        self.sizes = representative_sizes(program, sizes)
        self.machine = backend.load_spelling().target.machine
        self.open = _open_spaces(program, sizes or {}) if adapt and self.machine is not None else ()
        self._plain: Graph | None = None
        base = emitted(self.recipe(self.sizes))
        self.made = [Variant((0,) * len(self.open), base, backend.load(base))]

    def recipe(self, sizes: Mapping[Space, int]) -> Recipe:
        """What is emitted where these sizes decide."""
        return Recipe(self.program, self.backend, sizes, self.without, is_kept=True)

    def choose(self, sizes: Mapping[Space, int]) -> Variant:
        """The text for a call with these sizes."""
        base = self.made[0]
        if not self.open:
            return base
        bucket = tuple(_steps(sizes[s], self.sizes[s]) for s in self.open)
        known = next((v for v in self.made if v.bucket == bucket), None)
        if known is not None or not self._is_worth_it(sizes):
            return known or base
        if len(self.made) >= MAX_VARIANTS:
            return min(self.made, key=lambda v: sum(abs(a - b) for a, b in zip(v.bucket, bucket)))
        self.made.append(self._variant(bucket, sizes))
        return self.made[-1]

    def _is_worth_it(self, sizes: Mapping[Space, int]) -> bool:
        """Whether a call takes long enough, by the operations as they are written."""
        from ..lower.estimate import seconds
        from ..lower.passes import Context
        from ..lower.program import lower_in

        assert self.machine is not None
        if self._plain is None:
            self._plain = lower_in(self.program, Context(self.sizes), stop_after="lowering")
        total = 0.0
        for value in self._plain:
            total += seconds(value, sizes, self.machine)
            if total > WORTH:
                return True
        return False

    def _variant(self, bucket: Bucket, sizes: Mapping[Space, int]) -> Variant:
        """A new text; where it turns out to be one that there is, that one's function under another bucket."""
        decided = {**self.sizes, **{s: max(1, sizes[s]) for s in self.open}}
        found = emitted(self.recipe(decided))
        same = next((v for v in self.made if v.emitted.source == found.source), None)
        if same is not None:
            return Variant(bucket, same.emitted, same.run)
        return Variant(bucket, found, self.backend.load(found))


def emitted(recipe: Recipe) -> Emitted:
    """The backend's text for a recipe, with its graph."""
    return replace(recipe.backend.emit(recipe), graph=recipe.graph)


def _open_spaces(program: Program, given: Mapping[str, int]) -> tuple[Space, ...]:
    """The spaces whose sizes only a call tells: neither declared nor given."""
    table = SizeTable(program)
    table.take_sizes(given)
    return tuple(s for s in table.needed if table.size(s) is None)


def _steps(size: int, representative: int) -> int:
    """How many times `RATIO` one is larger than the other, to the nearest."""
    return round(math.log(max(1, size) / representative, RATIO))
