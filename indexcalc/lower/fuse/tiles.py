"""The sizes of a kernel's tiles, and which axes of its grid may run at the same time, by the cost model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import product
from math import prod

from ...ir.index import Space
from ...ir.kernel import Kernel, Loop, Step, Tile
from ..target import Machine
from .price import ITEM, Price, price

SIZES = (32, 64, 128, 256, 512, 1024, 2048)
WORKSPACE = 24  # times the cache: bytes of blocks that one thread may hold
PRIVATE = 1 << 22  # bytes of accumulated outputs of which each thread may have copies


def with_tiles(kernel: Kernel, sizes: Mapping[Space, int], machine: Machine) -> tuple[Kernel, Price]:
    """The kernel with the cheapest tiles, and its price there."""
    walked = [t.axis for t in kernel.tiles.values() if t.size]
    best: tuple[Kernel, Price] | None = None
    for chosen in product(*(_sizes(sizes[x.space]) for x in walked)):
        size = dict(zip(walked, chosen))
        tried = retiled(kernel, lambda t, size=size: replace(t, size=size.get(t.axis, t.size)))  # type: ignore[misc]
        for each in _orders(tried, sizes, machine):
            cost = price(each, sizes, machine)
            if cost.workspace > WORKSPACE * machine.cache:
                cost.seconds *= 1 + cost.workspace / (WORKSPACE * machine.cache)
            if best is None or cost.seconds < 0.99 * best[1].seconds:
                best = each, cost
    assert best is not None
    return best


def _sizes(extent: int) -> list[int]:
    """Sizes worth trying for an axis: up to the first that holds all of it."""
    found = [n for n in SIZES if n < extent]
    return [*found, SIZES[len(found)]] if len(found) < len(SIZES) else found


def _orders(kernel: Kernel, sizes: Mapping[Space, int], machine: Machine) -> list[Kernel]:
    """The kernel with its accumulated axes walked in order; with threads side by side where their copies are small."""
    crossed = [t.axis for t in kernel.grid if not t.parallel]
    if not crossed:
        return [kernel]
    copies = ITEM * sum(prod(sizes[x.space] for x in output.axes) for output in kernel.outputs if output.accumulated)
    if copies > PRIVATE:
        return [kernel]
    together = retiled(kernel, lambda t: replace(t, parallel=True))
    return [kernel, together]


def retiled(kernel: Kernel, change: Callable[[Tile], Tile]) -> Kernel:
    """The kernel with each tile replaced by what `change` makes of it.

    >>> from ...ir.index import Index, Space
    >>> retiled(Kernel((), (), (Tile(Index("i", Space("n")), 128),), ()), lambda t: replace(t, size=64)).grid[0].size
    64
    """
    return replace(kernel, grid=tuple(change(t) for t in kernel.grid), body=_steps(kernel.body, change))


def _steps(steps: tuple[Step, ...], change: Callable[[Tile], Tile]) -> tuple[Step, ...]:
    return tuple(
        replace(s, tile=change(s.tile), body=_steps(s.body, change)) if isinstance(s, Loop) else s for s in steps
    )
