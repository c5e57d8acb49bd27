"""What a graph is lowered for: the composite operations that the target has, and the machine that runs kernels."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Machine:
    """A processor as the choice of tiles sees it.  All figures are per second, or bytes; orders of magnitude suffice.

    threads          that run kernels
    matmul           FLOPs of a large matrix product, all threads
    bandwidth        bytes to and from memory, all threads
    exponentials     evaluations of exp, all threads
    cache            bytes of fast memory that one thread has for itself
    step             seconds that a step of a kernel costs whatever its size (a call from Python, or next to nothing)
    """

    threads: int
    matmul: float
    bandwidth: float
    exponentials: float
    cache: int
    step: float


LAPTOP = Machine(threads=2, matmul=1.6e11, bandwidth=2.0e10, exponentials=2.0e9, cache=1 << 21, step=1e-8)
"""Two threads of a usual processor: what decisions are made for where nothing else is said, so that they repeat."""

INTERPRETED = Machine(threads=2, matmul=1.8e11, bandwidth=2.0e10, exponentials=4.0e9, cache=1 << 21, step=5e-6)
"""The same, where each step is a call from Python."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a graph will run.

    native     composite operations that need not be taken apart: "softmax", "logsumexp"
    machine    for which kernels are fused and tiled; None where there are no kernels
    keeps      whether kernels may keep what one loop makes for a later one
    """

    native: frozenset[str] = frozenset()
    machine: Machine | None = None
    keeps: bool = False


ARRAYS = Target()
"""An array library that has elementwise functions, reductions and matrix products."""

ARRAY_KERNELS = Target(machine=INTERPRETED, keeps=True)
"""The same, with kernels whose steps are calls of it."""
