"""A Gaussian kernel's product with a vector, and its gradient by the points: nothing of size N × N need be stored."""

from __future__ import annotations

from typing import Any

import numpy as np

from .libraries import by_hand, jax_with, torch_with
from .workload import Aim, Arrays, Call, Contender, Sizes, Workload, draw

TEXT = """\
index i, j : points(N)
index d : dim(D)
tensor x[i, d], y[j, d], b[j]
K[i, j] = exp(-sum[d]((x[i, d] - y[j, d])**2) / (2 D))
f[i] = K[i, j] b[j]
output f
"""
POINTS = 20_000
ROWS = 500  # of the kernel at a time, in the reference and in hand-written NumPy


def gaussian(width: int, factor: float) -> Workload:
    """The points lie in `width` dimensions."""
    matmul = 4 * POINTS**2 * width if width > 16 else 0  # x·y for the distances, and K times b y for the gradient
    return Workload(
        name=f"gaussian-{width}",
        title=f"Gaussian kernel matvec + gradient, N {POINTS}, D {width}",
        text=TEXT,
        output="f",
        wrt=("x",),
        sizes={"N": POINTS, "D": width},
        tiny={"N": 9, "D": width},
        inputs=_inputs,
        reference=_reference,
        peers={
            "jax.jit": jax_with(_jax),
            "torch eager": torch_with(_torch),
            "torch.compile": torch_with(_torch, compiled=True),
            "KeOps": _keops(),
            "NumPy by hand": by_hand(_numpy),
        },
        aims=(Aim("fastest", "fastest", factor), Aim("fastest", of="memory", bytes=100 * 2**20)),
        matmul=matmul,
    )


def _inputs(sizes: Sizes, dtype: str) -> Arrays:
    n, d = sizes["N"], sizes["D"]
    return draw({"x": (n, d), "y": (n, d), "b": (n,), "grad_f": (n,)}, dtype)


def _reference(workload: Workload, a: Arrays) -> Arrays:
    x, y, b, g = a["x"], a["y"], a["b"], a["grad_f"]
    width = x.shape[1]
    value, slope = np.empty(len(x)), np.empty_like(x)
    for start in range(0, len(x), ROWS):
        rows = slice(start, start + ROWS)
        squared = (x[rows] ** 2).sum(1)[:, None] + (y**2).sum(1) - 2 * x[rows] @ y.T
        weighted = np.exp(-squared / (2 * width)) * b
        value[rows] = weighted.sum(1)
        slope[rows] = (weighted @ y - value[rows, None] * x[rows]) * g[rows, None] / width
    return {"f": value, "grad_x": slope}


def _torch(a: dict[str, Any], sizes: Sizes) -> Any:
    """As one writes it to be fast: the distances by one matrix product."""
    x, y = a["x"], a["y"]
    squared = (x * x).sum(1)[:, None] + (y * y).sum(1) - 2 * x @ y.T
    return (-squared / (2 * sizes["D"])).exp() @ a["b"]


def _jax(a: dict[str, Any], sizes: Sizes) -> Any:
    from jax import numpy as jnp

    x, y = a["x"], a["y"]
    squared = (x * x).sum(1)[:, None] + (y * y).sum(1) - 2 * x @ y.T
    return jnp.exp(-squared / (2 * sizes["D"])) @ a["b"]


def _numpy(a: Arrays, sizes: Sizes) -> Arrays:
    """Rows of the kernel in blocks; the forward also takes K (b y), so that the backward is linear in N."""
    x, y, b, g = a["x"], a["y"], a["b"], a["grad_f"]
    half = x.dtype.type(-0.5 / sizes["D"])
    with_b = np.concatenate((b[:, None], b[:, None] * y), 1)
    scaled, of_x, of_y = x * (-2 * half), (x * x).sum(1) * half, (y * y).sum(1) * half
    both = np.empty((len(x), 1 + sizes["D"]), x.dtype)
    block = np.empty((ROWS, len(y)), x.dtype)
    for start in range(0, len(x), ROWS):
        rows = slice(start, start + ROWS)
        k = block[: len(x[rows])]
        np.matmul(scaled[rows], y.T, out=k)
        k += of_x[rows, None]
        k += of_y
        np.exp(k, out=k)
        np.matmul(k, with_b, out=both[rows])
    value = both[:, 0].copy()
    return {"f": value, "grad_x": (both[:, 1:] - value[:, None] * x) * (g / x.dtype.type(sizes["D"]))[:, None]}


def _keops() -> Contender:
    """KeOps reduces without storing, in generated C++."""

    def forward(a: dict[str, Any], sizes: Sizes) -> Any:
        from pykeops.torch import LazyTensor

        left, right = LazyTensor(a["x"][:, None, :]), LazyTensor(a["y"][None, :, :])
        kernel = (-((left - right) ** 2).sum(-1) / (2 * sizes["D"])).exp()
        return (kernel @ a["b"][:, None])[:, 0]

    def make(workload: Workload, arrays: Arrays) -> Call:
        return torch_with(forward).make(workload, arrays)

    return Contender(make, "pykeops", slow=True)


GAUSSIAN = (gaussian(3, 10.0), gaussian(64, 2.5))
