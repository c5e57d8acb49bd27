"""What this machine can do: matrix products, exponentials, copies, each of them with the rate that it reaches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

SIDE = 2048
ELEMENTS = 1 << 22
COPIED = 1 << 26


@dataclass(frozen=True, slots=True)
class Probe:
    """`amount` of `unit` is what one call of what `make` gives does."""

    unit: str
    amount: float
    make: Callable[[], Callable[[], object]]
    library: str = "numpy"


def _numpy_product() -> Callable[[], object]:
    a, out = np.full((SIDE, SIDE), 0.5, "f4"), np.empty((SIDE, SIDE), "f4")
    return lambda: np.matmul(a, a, out=out)


def _torch_product() -> Callable[[], object]:
    import torch

    a, out = torch.full((SIDE, SIDE), 0.5), torch.empty(SIDE, SIDE)
    return lambda: torch.mm(a, a, out=out)


def _numpy_exponentials() -> Callable[[], object]:
    """In two threads, since NumPy uses one."""
    from concurrent.futures import ThreadPoolExecutor

    pool = ThreadPoolExecutor(2)
    x, out = np.linspace(-5, 0, ELEMENTS, dtype="f4"), np.empty(ELEMENTS, "f4")
    halves = (slice(0, ELEMENTS // 2), slice(ELEMENTS // 2, ELEMENTS))

    def half(part: slice) -> Any:
        for start in range(part.start, part.stop, 1 << 16):
            np.exp(x[start : start + (1 << 16)], out=out[start : start + (1 << 16)])

    return lambda: list(pool.map(half, halves))


def _torch_exponentials() -> Callable[[], object]:
    import torch

    x, out = torch.linspace(-5, 0, ELEMENTS), torch.empty(ELEMENTS)
    return lambda: torch.exp(x, out=out)


def _torch_copy() -> Callable[[], object]:
    import torch

    x, out = torch.ones(COPIED), torch.zeros(COPIED)
    return lambda: out.copy_(x)


def _numpy_copy() -> Callable[[], object]:
    x, out = np.ones(COPIED, "f4"), np.zeros(COPIED, "f4")
    return lambda: np.copyto(out, x)


PROBES = {
    "product, NumPy": Probe("GFLOP/s", 2 * SIDE**3 / 1e9, _numpy_product),
    "product, torch": Probe("GFLOP/s", 2 * SIDE**3 / 1e9, _torch_product, "torch"),
    "exp, NumPy": Probe("G/s", ELEMENTS / 1e9, _numpy_exponentials),
    "exp, torch": Probe("G/s", ELEMENTS / 1e9, _torch_exponentials, "torch"),
    "copy, NumPy, one thread": Probe("GB/s", 8 * COPIED / 1e9, _numpy_copy),
    "copy, torch": Probe("GB/s", 8 * COPIED / 1e9, _torch_copy, "torch"),
}
