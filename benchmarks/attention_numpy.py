"""Forward and backward of causal attention: the emitted NumPy against careful hand-written NumPy, in turns.

Run `python -m benchmarks.attention_numpy`; it prints both medians and their ratio.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from sys import path

import numpy as np

path.insert(0, str(Path(__file__).parents[1]))

import indexcalc as ic
from benchmarks.timing import interleaved

TEXT = """
index h : heads(H)
index i, j : seq(L)
index d, a : head_dim(D)
tensor Q[h, i, d], K[h, j, d], V[h, j, a]
S[h, i, j] = Q[h, i, d] K[h, j, d] / sqrt(D)
P[h, i, j] = softmax[j](where(j <= i, S[h, i, j], -inf))
O[h, i, a] = P[h, i, j] V[h, j, a]
output O
"""
HEADS, LENGTH, WIDTH = 8, 1024, 64
Arrays = dict[str, np.ndarray]


def inputs(heads: int = HEADS, length: int = LENGTH, width: int = WIDTH) -> Arrays:
    """Q, K, V and O's cotangent in float32."""
    rng = np.random.default_rng(0)
    shape = (heads, length, width)
    return {name: rng.standard_normal(shape, dtype=np.float32) for name in ("Q", "K", "V", "grad_O")}


def ours(x: Arrays) -> Callable[[], Arrays]:
    """What this library derives and emits."""
    program = ic.grad(ic.parse(TEXT), ("Q", "K", "V"), with_value=True)
    run = ic.compile(program, sizes={"H": HEADS, "L": LENGTH, "D": WIDTH})
    return lambda: run(**x)


def by_hand(x: Arrays) -> Callable[[], Arrays]:
    """As few passes over the L × L arrays as one writes by hand: scale in Q and K, mask once, softmax in place."""

    def run() -> Arrays:
        q, k, v, g = x["Q"], x["K"], x["V"], x["grad_O"]
        length, width = q.shape[1:]
        scale = np.float32(width**-0.5)
        mask = np.triu(np.ones((length, length), bool), 1)
        scaled = q * scale
        p = np.matmul(scaled, k.transpose(0, 2, 1))
        np.copyto(p, np.float32(-np.inf), where=mask)
        p -= p.max(-1, keepdims=True)
        np.exp(p, out=p)
        p /= p.sum(-1, keepdims=True)
        o = np.matmul(p, v)
        grad_v = np.matmul(p.transpose(0, 2, 1), g)
        ds = np.matmul(g, v.transpose(0, 2, 1))
        ds -= np.einsum("hia,hia->hi", o, g)[..., None]
        ds *= p
        return {
            "O": o,
            "grad_Q": np.matmul(ds, k * scale),
            "grad_K": np.matmul(ds.transpose(0, 2, 1), scaled),
            "grad_V": grad_v,
        }

    return run


def measure(rounds: int = 15) -> dict[str, float]:
    """Median milliseconds of both, after a check that they agree."""
    x = inputs()
    contenders = {"ours": ours(x), "hand-written": by_hand(x)}
    expected = contenders["hand-written"]()
    for name, value in contenders["ours"]().items():
        error = float(np.abs(value - expected[name]).max() / np.abs(expected[name]).max())
        assert error < 1e-5, f"{name} is off by {error}"
    return interleaved(contenders, rounds)


def main() -> None:
    found = measure()
    print(f"attention, forward + backward, {HEADS} heads, L = {LENGTH}, d = {WIDTH}, float32, causal")
    for name, milliseconds in found.items():
        print(f"  {name:14} {milliseconds:7.1f} ms")
    print(f"  ratio          {found['ours'] / found['hand-written']:7.2f}")


if __name__ == "__main__":
    main()
