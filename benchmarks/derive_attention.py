"""Deriving attention's three gradients: this library, and tensorgrad on the same equations."""

from __future__ import annotations

from collections.abc import Callable

import indexcalc as ic

PLAIN = """
index i, j : seq(L)
index d, a : head_dim(D)
tensor Q[i, d], K[j, d], V[j, a]
S[i, j] = Q[i, d] K[j, d]
P[i, j] = softmax[j](S[i, j])
O[i, a] = P[i, j] V[j, a]
output O
"""


def ours(text: str = PLAIN) -> Callable[[], object]:
    program = ic.parse(text)
    return lambda: ic.grad(program, ("Q", "K", "V"))


def tensorgrad() -> Callable[[], object] | None:
    """grad and full_simplify with respect to each input, of ΣO·G for a free cotangent G; None where not installed."""
    try:
        import tensorgrad.functions as functions
        from sympy import symbols
        from tensorgrad import Variable
    except ModuleNotFoundError:
        return None
    rows, keys, width, values = symbols("s k d e")
    q, k = Variable("Q", s=rows, d=width), Variable("K", k=keys, d=width)
    v, g = Variable("V", k=keys, e=values), Variable("G", s=rows, e=values)

    def derive() -> object:
        weights = functions.softmax(q @ k, dim="k")
        loss = functions.sum((weights @ v) * g)
        return [loss.grad(x).full_simplify() for x in (q, k, v)]

    return derive
