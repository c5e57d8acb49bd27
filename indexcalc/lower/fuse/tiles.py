"""Sizes of tiles are put into a kernel after it was built."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ...ir.kernel import Kernel, Loop, Step, Tile


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
