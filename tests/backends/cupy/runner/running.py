"""Kernels of the tests with NumPy's answers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from indexcalc.backends.cupy.runner import Kernels, Schedule
from indexcalc.diagnostics import IndexCalcError

from .texts import HISTOGRAM, MATMUL, SCAN, SOFTMAX

Run = Callable[[Kernels, Schedule], "tuple[np.ndarray, np.ndarray]"]
RNG = np.random.default_rng(7)
X = RNG.standard_normal((5, 300)).astype(np.float32)


def surrounded(rows: int, columns: int) -> np.ndarray:
    """A random matrix with NaN behind it in memory, as far as a tile reaches."""
    memory = np.full((rows + 8, columns), np.nan, np.float32)
    memory[:rows] = RNG.standard_normal((rows, columns))
    return memory[:rows]


A, B = surrounded(19, 22), surrounded(22, 13)
BYTES = RNG.integers(0, 9, 1000).astype(np.uint8)
INTEGERS = RNG.integers(-9, 9, (3, 96)).astype(np.int32)


def softmax(kernels: Kernels, schedule: Schedule, workers: int = 1) -> tuple[np.ndarray, np.ndarray]:
    y = np.full_like(X, np.nan)
    kernels.launch("softmax", 5, 96, [X, y, 300], schedule=schedule, workers=workers)
    e = np.exp(X.astype(np.float64) - X.max(1, keepdims=True))
    return y, e / e.sum(1, keepdims=True)


def matmul(kernels: Kernels, schedule: Schedule) -> tuple[np.ndarray, np.ndarray]:
    memory = np.full(26 * 13, np.nan, np.float32)  # rows behind the result, which stay as they are
    kernels.launch(
        "matmul",
        (2, 3),
        (8, 8),
        [A, B, memory, np.int32(19), np.int32(13), 22],
        shared=4 * 4 * 64,
        schedule=schedule,
    )
    expected = np.full((26, 13), np.nan)
    expected[:19] = A.astype(np.float64) @ B
    return memory.reshape(26, 13), expected


def histogram(kernels: Kernels, schedule: Schedule) -> tuple[np.ndarray, np.ndarray]:
    counts = np.zeros(256, np.uint32)
    kernels.launch("histogram", 3, 64, [BYTES, counts, 1000], schedule=schedule)
    return counts, np.bincount(BYTES, minlength=256)


def inclusive(kernels: Kernels, schedule: Schedule) -> tuple[np.ndarray, np.ndarray]:
    y = np.zeros_like(INTEGERS)
    kernels.launch("inclusive", 3, 96, [INTEGERS, y], shared=2 * 96 * 4, schedule=schedule)
    return y, INTEGERS.cumsum(1)[:, ::-1]


CASES: dict[str, tuple[str, dict[str, int], Run]] = {
    "softmax": (SOFTMAX, {}, softmax),
    "matmul": (MATMUL, {"T": 8}, matmul),
    "histogram": (HISTOGRAM, {}, histogram),
    "scan": (SCAN, {}, inclusive),
}


def is_right(kernels: Kernels, run: Run, schedule: Schedule) -> bool:
    """Whether the kernel ends and gives what NumPy does."""
    try:
        found, expected = run(kernels, schedule)
    except IndexCalcError:
        return False
    return bool(np.allclose(found, expected, rtol=1e-5, atol=1e-6, equal_nan=True))
