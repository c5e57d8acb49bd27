"""What is measured: a program with its inputs, a float64 reference, the contenders, and what is aimed at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

Arrays = dict[str, np.ndarray]
Sizes = Mapping[str, int]
Call = Callable[[], dict[str, Any]]
BACKENDS = ("numpy", "cpp")


@dataclass(frozen=True, slots=True)
class Aim:
    """A promise.  `ours`: a backend, or "fastest" for the fastest of them; `peer`: a contender, or "fastest" likewise.

    of      what is compared
    factor  time: the peer takes at least so many times as long; memory: ours needs at most this share of the peer's
    bytes   memory: instead of a peer, a number of bytes that ours stays below
    """

    ours: str
    peer: str = ""
    factor: float = 1.0
    of: Literal["time", "memory"] = "time"
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Contender:
    """Somebody's way to do the same.

    make     from the workload and its inputs to the call that is timed, which gives the program's outputs by name
    library  what must be installed
    warm     starts the library's machinery on something small, so that its memory is not counted as the workload's
    slow     takes long to start, so that a quick run leaves it out
    is_peer  what a user would pick instead; not so what is written by hand to show what is possible
    """

    make: Callable[[Workload, Arrays], Call]
    library: str = "numpy"
    warm: Callable[[], object] | None = None
    slow: bool = False
    is_peer: bool = True


@dataclass(frozen=True, slots=True)
class Workload:
    """One row of figures.

    text       the program; what is timed gives its output and the gradients by `wrt`
    sizes      extents by name
    inputs     all inputs of the derived program, from sizes and the floating-point dtype, the same each time
    reference  the outputs from inputs in float64, by formulas that share nothing with the library
    matmul     FLOPs of the matrix products that any way to compute it takes; 0 where they do not decide
    rate       the step of gradient descent that is part of what is timed; 0 for none
    tolerance  the greatest ‖found - right‖ / ‖right‖ of any output in float32
    """

    name: str
    title: str
    text: str
    output: str
    wrt: tuple[str, ...]
    sizes: Sizes
    inputs: Callable[[Sizes, str], Arrays]
    reference: Callable[[Workload, Arrays], Arrays]
    peers: Mapping[str, Contender]
    aims: tuple[Aim, ...]
    matmul: int = 0
    rate: float = 0.0
    tolerance: float = 1e-4
    tiny: Sizes = field(default_factory=dict)

    @property
    def cotangent(self) -> str:
        """The input that holds the output's cotangent."""
        return f"grad_{self.output}"


def draw(shapes: Mapping[str, tuple[int, ...]], dtype: str, scale: Mapping[str, float] | None = None) -> Arrays:
    """Normal numbers of the given shapes: equal for equal shapes, but for rounding also across dtypes."""
    rng = np.random.default_rng(0)
    scale = scale or {}
    of = {name: rng.standard_normal(shape, dtype="f4") for name, shape in shapes.items()}
    return {name: (array * np.float32(scale.get(name, 1))).astype(dtype) for name, array in of.items()}
