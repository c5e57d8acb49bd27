"""Programs with the same written in torch, for values and gradients."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

torch = pytest.importorskip("torch")
F = torch.nn.functional


@dataclass(frozen=True)
class Twin:
    """`shapes`: inputs in order, integer ones with the number of values as "3:5,2".  `torch` takes them so, too."""

    text: str
    shapes: tuple[str, ...]
    torch: Callable[..., Any]
    options: dict[str, Any] = field(default_factory=dict)

    def arrays(self, seed: int = 0, dtype: Any = torch.float64) -> list[Any]:
        made = torch.Generator().manual_seed(seed)
        found = []
        for shape in self.shapes:
            high, _, rest = shape.rpartition(":")
            size = tuple(int(n) for n in rest.split(",") if n)
            if high:
                found.append(torch.randint(int(high), size, generator=made))
            else:
                x = torch.randn(size, generator=made, dtype=torch.float64)
                found.append(x.to(dtype).requires_grad_())
        return found


ATTENTION = """index i, j : seq(L)
index d, a : head_dim(D)
index h : heads(H)
tensor Q[h, i, d], K[h, j, d], V[h, j, a]
S[h, i, j] = Q[h, i, d] K[h, j, d] / sqrt(D)
P[h, i, j] = softmax[j](where(j <= i, S[h, i, j], -inf))
O[h, i, a] = P[h, i, j] V[h, j, a]
output O"""

CROSS_ENTROPY = """index n : samples(N)
index k : features(F)
index c : classes(C)
tensor x[n, k], W[k, c]
integer label[n] : classes
z[n, c] = x[n, k] W[k, c]
loss = mean[n](logsumexp[c](z[n, c]) - z[n, label[n]])
output loss"""

LAYER_NORM = """tensor X[b, i], g[i], c[i]
mu[b] = mean[i](X[b, i])
h[b, i] = (X[b, i] - mu[b]) / sqrt(var[i](X[b, i]) + 1e-5)
Y[b, i] = g[i] h[b, i] + c[i]
output Y"""

SEVERAL = """tensor A[i, j], x[j]
y[i] = A[i, j] x[j]
z[i] = tanh(y[i])
L = z[i] z[i]
output L, y, z"""

GAUSSIAN = """index i, j : points(N)
tensor X[i, d], v[j]
K[i, j] = exp(-sum[d]((X[i, d] - X[j, d])**2))
y[i] = K[i, j] v[j]
output y"""


def _several(a: Any, x: Any) -> tuple[Any, Any, Any]:
    y = a @ x
    z = torch.tanh(y)
    return z @ z, y, z


TWINS = {
    "attention": Twin(
        ATTENTION, ("2,5,4",) * 3, lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True)
    ),
    "cross_entropy": Twin(
        CROSS_ENTROPY, ("6,4", "4,5", "5:6"), lambda x, w, label: F.cross_entropy(x @ w, label)
    ),
    "layer_norm": Twin(LAYER_NORM, ("3,6", "6", "6"), lambda x, g, c: F.layer_norm(x, (6,), g, c)),
    "several": Twin(SEVERAL, ("3,4", "4"), _several),
    "gaussian": Twin(GAUSSIAN, ("6,2", "6"), lambda x, v: torch.exp(-torch.cdist(x, x) ** 2) @ v),
    "not_read": Twin("tensor x[i]\ny[i] = exp(x[i])", ("7",), torch.exp),
    "scalar_input": Twin("tensor x[i]\nscalar s\ny[i] = s x[i]**2", ("5", ""), lambda x, s: s * x**2),
    "extent_only": Twin("tensor x[i], u[j]\ny[j] = u[j] mean[i](1 + x[i])", ("5", "3"),
                        lambda x, u: u * (1 + x).mean()),
    "saved": Twin(ATTENTION, ("2,5,4",) * 3, lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True),
                  {"save": "O"}),
    "recomputed": Twin("tensor U[i,j], W[i,j], x[j]\nh[i] = tanh(U[i,j] x[j]); k[i] = tanh(W[i,j] h[j]); L = k[i] k[i]",
                       ("4,4", "4,4", "4"), lambda u, w, x: (torch.tanh(w @ torch.tanh(u @ x)) ** 2).sum(),
                       {"recompute": "h"}),
}  # fmt: skip
