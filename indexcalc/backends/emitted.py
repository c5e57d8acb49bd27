"""What emitting gives: a text, and what a call of it asks for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..ir.index import Space

if TYPE_CHECKING:
    from ..ir.graph import Graph
    from .bound import Bound


@dataclass(frozen=True)
class Emitted:
    """Source text of a module with `run(inputs, sizes=None)`, and the extents that it reads from `sizes`.

    `takes_out`: whether `run` takes a third argument, a dict of arrays in which kernels make the results named there.
    `graph`: what was written, made where somebody asks; None where whoever asked for the text has it.  `bound`: of the
    memory that a call needs, where that is known without the graph.
    """

    source: str
    sizes: dict[str, Space]
    takes_out: bool = field(default=False, kw_only=True)
    graph: Callable[[], Graph] | None = field(default=None, kw_only=True, compare=False, repr=False)
    bound: Bound | None = field(default=None, kw_only=True)
