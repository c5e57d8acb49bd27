"""What is told of the choice of kernels, with the figures of the cost model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ...ir.graph import Graph, Value
from ...ir.kernel import Kernel, Loop, Tile
from .build import Built
from .price import Price


@dataclass(frozen=True)
class Plan:
    """Kernels for a cluster, in an order in which they can run, and what they cost together."""

    style: str
    kernels: tuple[Built, ...]
    prices: tuple[Price, ...]

    @property
    def seconds(self) -> float:
        return sum(p.seconds for p in self.prices)


def note(graph: Graph, stored: set[int], values: Sequence[Value]) -> str:
    """The names of what a kernel stores."""
    names = (graph.names.get(v.number, "") for v in values if v.number in stored)
    return ", ".join(dict.fromkeys(n for n in names if n))


def subject(graph: Graph, values: Sequence[Value]) -> str:
    """The names of definitions among the values."""
    names = (graph.names.get(v.number, "") for v in values)
    return ", ".join(dict.fromkeys(n for n in names if n)) or "values without names"


def lines(about: str, stored: float, between: int, plans: Sequence[Plan], taken: Plan | None) -> Iterator[str]:
    """The choice, then a line for each kernel."""
    others = ", ".join(f"{p.style} {_ms(p.seconds)}" for p in plans if p is not taken)
    start = f"{about}: value by value {_ms(stored)} with {_mib(between)} in between"
    if taken is None:
        yield f"{start}; kernels would not gain ({others})"
        return
    count = "1 kernel" if len(taken.kernels) == 1 else f"{len(taken.kernels)} kernels"
    yield f"{start}; {count}, {taken.style}, {_ms(taken.seconds)}" + (f" ({others})" if others else "")
    for built, cost in zip(taken.kernels, taken.prices):
        work = f"{cost.flops:.3g} FLOPs, {cost.exponentials:.3g} exponentials, {_mib(cost.moved)} moved"
        shared = ", each step shared out among the threads" if cost.shared else ""
        yield f"{_kernel(built.kernel)}{shared}: {work}, {_mib(cost.workspace)} of blocks"


def _kernel(kernel: Kernel) -> str:
    grid = ", ".join(_tile(t) + ("" if t.parallel else " in order") for t in kernel.grid)
    loops = dict.fromkeys(_tile(s.tile) for s in kernel.steps() if isinstance(s, Loop))
    return f"{kernel.note or 'kernel'} for {grid}" + (f", streaming {', '.join(loops)}" if loops else "")


def _tile(tile: Tile) -> str:
    return f"each {tile.axis.name}" if tile.size == 0 else f"{tile.size} of {tile.axis.name}"


def _ms(seconds: float) -> str:
    return f"{1e3 * seconds:.3g} ms"


def _mib(size: float) -> str:
    return f"{size / 2**20:.3g} MiB"
