"""Layer normalisation of many tokens."""

from __future__ import annotations

from typing import Any

import numpy as np

from .libraries import by_hand, jax_with, torch_with
from .workload import Aim, Arrays, Sizes, Workload, draw

TEXT = """\
index t : tokens(T)
index c : channels(C)
tensor x[t, c], gain[c], bias[c]
mu[t] = mean[c](x[t, c])
sigma[t] = sqrt(var[c](x[t, c]) + 1e-5)
xhat[t, c] = (x[t, c] - mu[t]) / sigma[t]
y[t, c] = gain[c] xhat[t, c] + bias[c]
output y
"""


def _inputs(sizes: Sizes, dtype: str) -> Arrays:
    t, c = sizes["T"], sizes["C"]
    return draw({"x": (t, c), "gain": (c,), "bias": (c,), "grad_y": (t, c)}, dtype)


def _numpy(a: Arrays, sizes: Sizes) -> Arrays:
    x, gain, g = a["x"], a["gain"], a["grad_y"]
    channels, epsilon = x.dtype.type(sizes["C"]), x.dtype.type(1e-5)
    centred = x - x.mean(1, keepdims=True)
    inverse = 1 / np.sqrt(np.einsum("tc,tc->t", centred, centred)[:, None] / channels + epsilon)
    centred *= inverse
    y = centred * gain
    y += a["bias"]
    slope = g * gain
    along = np.einsum("tc,tc->t", slope, centred)[:, None] / channels
    slope -= slope.mean(1, keepdims=True)
    grad_gain = np.einsum("tc,tc->c", g, centred)
    centred *= along
    slope -= centred
    slope *= inverse
    return {"y": y, "grad_x": slope, "grad_gain": grad_gain, "grad_bias": g.sum(0)}


def _reference(workload: Workload, a: Arrays) -> Arrays:
    """The Jacobian of normalisation is (1 - 1/C - x̂ x̂ᵀ/C) / σ for each token."""
    x, g = a["x"], a["grad_y"]
    sigma = np.sqrt(x.var(1, keepdims=True) + 1e-5)
    hat = (x - x.mean(1, keepdims=True)) / sigma
    w = g * a["gain"]
    slope = (w - w.mean(1, keepdims=True) - hat * (w * hat).mean(1, keepdims=True)) / sigma
    return {
        "y": hat * a["gain"] + a["bias"],
        "grad_x": slope,
        "grad_gain": (g * hat).sum(0),
        "grad_bias": g.sum(0),
    }


def _torch(a: dict[str, Any], sizes: Sizes) -> Any:
    from torch.nn.functional import layer_norm

    return layer_norm(a["x"], (sizes["C"],), a["gain"], a["bias"], 1e-5)


def _jax(a: dict[str, Any], sizes: Sizes) -> Any:
    import jax

    x = a["x"]
    centred = x - x.mean(1, keepdims=True)
    return centred * jax.lax.rsqrt((centred * centred).mean(1, keepdims=True) + 1e-5) * a["gain"] + a["bias"]


LAYER_NORM = Workload(
    name="layer-norm",
    title="layer norm 4096 × 1024",
    text=TEXT,
    output="y",
    wrt=("x", "gain", "bias"),
    sizes={"T": 4096, "C": 1024},
    tiny={"T": 5, "C": 7},
    inputs=_inputs,
    reference=_reference,
    peers={
        "torch F.layer_norm": torch_with(_torch),
        "torch.compile": torch_with(_torch, compiled=True),
        "jax.jit": jax_with(_jax),
        "NumPy by hand": by_hand(_numpy),
    },
    aims=(Aim("cpp", "torch F.layer_norm", 1.5), Aim("numpy", "jax.jit", 1.5)),
)
