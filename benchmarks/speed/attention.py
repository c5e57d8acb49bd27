"""Softmax attention of several heads, full or causal."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from .libraries import by_hand, jax_with, torch_with
from .workload import Aim, Arrays, Sizes, Workload, draw

TEXT = """\
index h : heads(H)
index i, j : seq(L)
index d, a : head_dim(D)
tensor Q[h, i, d], K[h, j, d], V[h, j, a]
S[h, i, j] = Q[h, i, d] K[h, j, d] / sqrt(D)
P[h, i, j] = softmax[j]({score})
O[h, i, a] = P[h, i, j] V[h, j, a]
output O
"""
SCORES = {False: "S[h, i, j]", True: "where(j <= i, S[h, i, j], -inf)"}


def attention(length: int, *, causal: bool, aims: tuple[Aim, ...]) -> Workload:
    """Forward and backward at 8 heads of width 64."""
    kind = "causal attention" if causal else "attention"
    peers = {
        "torch SDPA": torch_with(partial(_sdpa, causal=causal)),
        "torch eager": torch_with(partial(_torch, causal=causal)),
        "torch.compile": torch_with(partial(_torch, causal=causal), compiled=True),
        "jax.jit": jax_with(partial(_jax, causal=causal)),
        "NumPy by hand": by_hand(partial(_numpy, causal=causal)),
    }
    return Workload(
        name=f"{kind.replace(' ', '-')}-{length}",
        title=f"{kind}, 8 heads, d 64, L {length}",
        text=TEXT.format(score=SCORES[causal]),
        output="O",
        wrt=("Q", "K", "V"),
        sizes={"H": 8, "L": length, "D": 64},
        tiny={"H": 2, "L": 7, "D": 3},
        inputs=_inputs,
        reference=partial(_reference, causal=causal),
        peers=peers,
        aims=aims,
        # S, P V, and for the gradients of V, P, Q and K one product each; the triangle takes half of each
        matmul=12 * 8 * length**2 * 64 // (2 if causal else 1),
    )


def _inputs(sizes: Sizes, dtype: str) -> Arrays:
    shape = (sizes["H"], sizes["L"], sizes["D"])
    return draw(dict.fromkeys(("Q", "K", "V", "grad_O"), shape), dtype)


def _reference(workload: Workload, x: Arrays, causal: bool) -> Arrays:
    """Head by head, the derivatives of softmax written out."""
    found = {name: np.empty_like(x["Q"]) for name in ("O", "grad_Q", "grad_K", "grad_V")}
    scale = x["Q"].shape[2] ** -0.5
    for h, (q, k, v, g) in enumerate(zip(x["Q"], x["K"], x["V"], x["grad_O"])):
        s = q @ k.T * scale
        if causal:
            s[np.triu_indices(len(q), 1)] = -np.inf
        p = np.exp(s - s.max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        slope = g @ v.T
        slope = p * (slope - (p * slope).sum(1, keepdims=True))
        found["O"][h], found["grad_V"][h] = p @ v, p.T @ g
        found["grad_Q"][h], found["grad_K"][h] = slope @ k * scale, slope.T @ q * scale
    return found


def _torch(x: dict[str, Any], sizes: Sizes, causal: bool) -> Any:
    import torch

    s = x["Q"] @ x["K"].transpose(-1, -2) * sizes["D"] ** -0.5
    if causal:
        s = s.masked_fill(torch.ones(s.shape[-2:], dtype=torch.bool).triu(1), float("-inf"))
    return torch.softmax(s, -1) @ x["V"]


def _sdpa(x: dict[str, Any], sizes: Sizes, causal: bool) -> Any:
    from torch.nn.functional import scaled_dot_product_attention

    q, k, v = (x[name][None] for name in "QKV")
    return scaled_dot_product_attention(q, k, v, is_causal=causal)[0]


def _jax(x: dict[str, Any], sizes: Sizes, causal: bool) -> Any:
    import jax
    from jax import numpy as jnp

    s = jnp.einsum("hid,hjd->hij", x["Q"], x["K"]) * sizes["D"] ** -0.5
    if causal:
        s = jnp.where(jnp.tri(s.shape[1], dtype=bool), s, -jnp.inf)
    return jax.nn.softmax(s, -1) @ x["V"]


def _numpy(x: Arrays, sizes: Sizes, causal: bool) -> Arrays:
    """As few passes over the L × L arrays as one writes by hand: scale in Q and K, mask once, softmax in place."""
    q, k, v, g = x["Q"], x["K"], x["V"], x["grad_O"]
    scale = q.dtype.type(sizes["D"] ** -0.5)
    scaled = q * scale
    p = np.matmul(scaled, k.transpose(0, 2, 1))
    if causal:
        np.copyto(p, -np.inf, where=np.triu(np.ones(p.shape[1:], bool), 1))
    p -= p.max(-1, keepdims=True)
    np.exp(p, out=p)
    p /= p.sum(-1, keepdims=True)
    o = np.matmul(p, v)
    grad_v = np.matmul(p.transpose(0, 2, 1), g)
    slope = np.matmul(g, v.transpose(0, 2, 1))
    slope -= np.einsum("hia,hia->hi", o, g)[..., None]
    slope *= p
    return {
        "O": o,
        "grad_Q": np.matmul(slope, k * scale),
        "grad_K": np.matmul(slope.transpose(0, 2, 1), scaled),
        "grad_V": grad_v,
    }


def _aims(peer_factor: float, numpy_factor: float | None) -> tuple[Aim, ...]:
    alone = () if numpy_factor is None else (Aim("numpy", "torch SDPA", numpy_factor),)
    return (Aim("fastest", "torch SDPA", peer_factor), *alone, Aim("fastest", "torch SDPA", of="memory"))


ATTENTION = (
    attention(1024, causal=False, aims=_aims(1.1, 0.95)),
    attention(4096, causal=False, aims=_aims(1.1, 0.95)),
    attention(1024, causal=True, aims=(*_aims(1.15, None), Aim("numpy", "NumPy by hand", 1 / 1.3))),
    attention(4096, causal=True, aims=_aims(1.15, None)),
)
