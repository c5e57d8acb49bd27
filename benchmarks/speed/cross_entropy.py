"""A linear layer over a large vocabulary with softmax cross-entropy: the logits are larger than all else together."""

from __future__ import annotations

from typing import Any

import numpy as np

from .libraries import by_hand, jax_with, torch_with
from .workload import Aim, Arrays, Sizes, Workload, draw

TEXT = """\
index n : tokens(T)
index m : model(M)
index v : vocab(V)
tensor x[n, m], W[v, m]
integer label[n] : vocab
z[n, v] = x[n, m] W[v, m]
loss = mean[n](logsumexp[v](z[n, v]) - z[n, label[n]])
output loss
"""
SIZES = {"T": 2048, "M": 512, "V": 32_000}
ROWS = 128  # of the logits at a time, in the reference


def _inputs(sizes: Sizes, dtype: str) -> Arrays:
    t, m, v = sizes["T"], sizes["M"], sizes["V"]
    found = draw({"x": (t, m), "W": (v, m)}, dtype, {"W": m**-0.5})
    return {**found, "label": np.random.default_rng(1).integers(0, v, t)}


def _reference(workload: Workload, a: Arrays) -> Arrays:
    """The gradient by the logits is (softmax - one-hot) / T; block by block."""
    x, w, label = a["x"], a["W"], a["label"]
    loss, grad_x, grad_w = 0.0, np.empty_like(x), np.zeros_like(w)
    for start in range(0, len(x), ROWS):
        rows = slice(start, start + ROWS)
        z = x[rows] @ w.T
        top = z.max(1, keepdims=True)
        p = np.exp(z - top)
        total = p.sum(1, keepdims=True)
        right = np.arange(len(z)), label[rows]
        loss += float((top + np.log(total)).sum() - z[right].sum())
        p /= total
        p[right] -= 1
        grad_x[rows] = p @ w / len(x)
        grad_w += p.T @ x[rows] / len(x)
    return {"loss": np.asarray(loss / len(x)), "grad_x": grad_x, "grad_W": grad_w}


def _torch(a: dict[str, Any], sizes: Sizes) -> Any:
    from torch.nn.functional import cross_entropy

    return cross_entropy(a["x"] @ a["W"].T, a["label"])


def _torch_chunked(a: dict[str, Any], sizes: Sizes) -> Any:
    from torch.nn.functional import linear_cross_entropy

    return linear_cross_entropy(a["x"], a["W"], a["label"])


def _jax(a: dict[str, Any], sizes: Sizes) -> Any:
    import jax
    from jax import numpy as jnp

    z = a["x"] @ a["W"].T
    return (jax.nn.logsumexp(z, 1) - jnp.take_along_axis(z, a["label"][:, None], 1)[:, 0]).mean()


def _numpy(a: Arrays, sizes: Sizes) -> Arrays:
    """All logits at once, turned into their gradient in place."""
    x, w, label = a["x"], a["W"], a["label"]
    z = x @ w.T
    right = np.arange(len(z)), label
    picked = z[right]
    top = z.max(1, keepdims=True)
    z -= top
    np.exp(z, out=z)
    total = z.sum(1, keepdims=True)
    loss = ((top + np.log(total))[:, 0] - picked).mean()
    z /= total * z.dtype.type(len(x))
    z[right] -= z.dtype.type(1 / len(x))
    return {"loss": loss, "grad_x": z @ w, "grad_W": z.T @ x}


CROSS_ENTROPY = Workload(
    name="cross-entropy",
    title="linear + cross-entropy, 2048 tokens, d 512, V 32 000",
    text=TEXT,
    output="loss",
    wrt=("x", "W"),
    sizes=SIZES,
    tiny={"T": 5, "M": 3, "V": 11},
    inputs=_inputs,
    reference=_reference,
    peers={
        "torch eager": torch_with(_torch),
        "torch.compile": torch_with(_torch, compiled=True),
        "torch linear_cross_entropy": torch_with(_torch_chunked),
        "jax.jit": jax_with(_jax),
        "NumPy by hand": by_hand(_numpy),
    },
    aims=(Aim("fastest", "fastest", 1.05), Aim("fastest", "fastest", 0.35, of="memory")),
    matmul=6 * SIZES["T"] * SIZES["M"] * SIZES["V"],
)
