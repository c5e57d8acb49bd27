"""The SwiGLU feed-forward layer."""

from __future__ import annotations

from typing import Any

import numpy as np

from .libraries import by_hand, jax_with, torch_with
from .workload import Aim, Arrays, Sizes, Workload, draw

TEXT = """\
index t : tokens(T)
index m, n : model(M)
index f : hidden(F)
tensor x[t, m], W_gate[m, f], W_up[m, f], W_down[f, n]
g[t, f] = x[t, m] W_gate[m, f]
u[t, f] = x[t, m] W_up[m, f]
h[t, f] = silu(g[t, f]) u[t, f]
y[t, n] = h[t, f] W_down[f, n]
output y
"""
SIZES = {"T": 2048, "M": 512, "F": 1376}


def _inputs(sizes: Sizes, dtype: str) -> Arrays:
    t, m, f = sizes["T"], sizes["M"], sizes["F"]
    shapes = {"x": (t, m), "W_gate": (m, f), "W_up": (m, f), "W_down": (f, m), "grad_y": (t, m)}
    return draw(shapes, dtype, {"W_gate": m**-0.5, "W_up": m**-0.5, "W_down": f**-0.5})


def _reference(workload: Workload, a: Arrays) -> Arrays:
    x, g = a["x"], a["grad_y"]
    gate, up = x @ a["W_gate"], x @ a["W_up"]
    sigmoid = 1 / (1 + np.exp(-gate))
    h = gate * sigmoid * up
    along = g @ a["W_down"].T
    to_gate, to_up = along * up * (sigmoid + gate * sigmoid * (1 - sigmoid)), along * gate * sigmoid
    return {
        "y": h @ a["W_down"],
        "grad_x": to_gate @ a["W_gate"].T + to_up @ a["W_up"].T,
        "grad_W_gate": x.T @ to_gate,
        "grad_W_up": x.T @ to_up,
        "grad_W_down": h.T @ g,
    }


def _torch(a: dict[str, Any], sizes: Sizes) -> Any:
    from torch.nn.functional import silu

    return (silu(a["x"] @ a["W_gate"]) * (a["x"] @ a["W_up"])) @ a["W_down"]


def _jax(a: dict[str, Any], sizes: Sizes) -> Any:
    import jax

    return (jax.nn.silu(a["x"] @ a["W_gate"]) * (a["x"] @ a["W_up"])) @ a["W_down"]


def _numpy(a: Arrays, sizes: Sizes) -> Arrays:
    """In place where it can be."""
    x, g = a["x"], a["grad_y"]
    gate, up = x @ a["W_gate"], x @ a["W_up"]
    sigmoid = np.negative(gate)
    np.exp(sigmoid, out=sigmoid)
    sigmoid += 1
    np.reciprocal(sigmoid, out=sigmoid)
    silu = gate * sigmoid
    h = silu * up
    along = g @ a["W_down"].T
    slope = 1 - sigmoid
    slope *= silu
    slope += sigmoid
    slope *= up
    slope *= along
    silu *= along
    grad_x = slope @ a["W_gate"].T
    grad_x += silu @ a["W_up"].T
    return {
        "y": h @ a["W_down"],
        "grad_x": grad_x,
        "grad_W_gate": x.T @ slope,
        "grad_W_up": x.T @ silu,
        "grad_W_down": h.T @ g,
    }


SWIGLU = Workload(
    name="swiglu",
    title="SwiGLU 2048 × 512 × 1376",
    text=TEXT,
    output="y",
    wrt=("x", "W_gate", "W_up", "W_down"),
    sizes=SIZES,
    tiny={"T": 5, "M": 3, "F": 4},
    inputs=_inputs,
    reference=_reference,
    peers={
        "torch eager": torch_with(_torch),
        "torch.compile": torch_with(_torch, compiled=True),
        "jax.jit": jax_with(_jax),
        "NumPy by hand": by_hand(_numpy),
    },
    aims=(Aim("fastest", "fastest", 1.1),),
    matmul=18 * SIZES["T"] * SIZES["M"] * SIZES["F"],  # three products, and two for the gradients of each
)
