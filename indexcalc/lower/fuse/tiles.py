"""The sizes of a kernel's tiles, and which axes of its grid may run at the same time, by the cost model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from math import prod

from ...ir.index import Index, Space
from ...ir.kernel import Kernel, Loop, Step, Tile
from ..target import Machine
from .price import ITEM, Price, price

START = 256
SIZES = (32, 64, 128, 256, 512, 1024, 2048)
WORKSPACE = 24  # times the cache: bytes of blocks that one thread may hold
PRIVATE = 1 << 22  # bytes of accumulated outputs of which each thread may have copies


def with_tiles(kernel: Kernel, sizes: Mapping[Space, int], machine: Machine) -> tuple[Kernel, Price]:
    """The kernel with the cheapest tiles, and its price there."""
    walked = [t.axis for t in kernel.tiles.values() if t.size]
    offered = {x: _sizes(sizes[x.space]) for x in walked}
    chosen = {x: min(START, found[-1]) for x, found in offered.items()}
    known: dict[tuple[int, ...], tuple[Kernel, Price]] = {}

    def priced(tried: Mapping[Index, int]) -> tuple[Kernel, Price]:
        key = tuple(tried[x] for x in walked)
        if key not in known:
            at = retiled(kernel, lambda t: replace(t, size=tried.get(t.axis, t.size)))
            orders = [(each, _price(each, sizes, machine)) for each in _orders(at, sizes)]
            known[key] = min(orders, key=lambda found: found[1].seconds)
        return known[key]

    while True:  # one axis after the other, until none gains
        before = dict(chosen)
        for axis in walked:
            for size in offered[axis]:
                if priced({**chosen, axis: size})[1].seconds < 0.99 * priced(chosen)[1].seconds:
                    chosen[axis] = size
        if chosen == before:
            return priced(chosen)


def _price(kernel: Kernel, sizes: Mapping[Space, int], machine: Machine) -> Price:
    """The price, dearer where the blocks of a thread take more memory than is good."""
    cost = price(kernel, sizes, machine)
    held = cost.workspace / (machine.threads if cost.shared else 1)
    cost.seconds *= max(1.0, held / (WORKSPACE * machine.cache)) ** 2
    return cost


def _sizes(extent: int) -> list[int]:
    """Sizes worth trying for an axis: up to the first that holds all of it."""
    found = [n for n in SIZES if n < extent]
    return [*found, SIZES[len(found)]] if len(found) < len(SIZES) else found


def _orders(kernel: Kernel, sizes: Mapping[Space, int]) -> list[Kernel]:
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
