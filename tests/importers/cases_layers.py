"""Layers, objectives and estimators as people write them in PyTorch."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F

from .cases import Case

REAL = torch.float64


def _rms(x, g):  # type: ignore[no-untyped-def]
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6) * g


def _angles(x: torch.Tensor) -> torch.Tensor:
    steps = torch.arange(0, x.shape[-1], 2, dtype=REAL) / x.shape[-1]
    return torch.outer(torch.arange(x.shape[-2], dtype=REAL), 1.0 / 10000**steps)


def _rope_halves(x: torch.Tensor) -> torch.Tensor:
    angle = torch.cat((_angles(x), _angles(x)), -1)
    a, b = x[..., : x.shape[-1] // 2], x[..., x.shape[-1] // 2 :]
    return x * angle.cos() + torch.cat((-b, a), -1) * angle.sin()


def _rope_pairs(x: torch.Tensor) -> torch.Tensor:
    angle, a, b = _angles(x), x[..., ::2], x[..., 1::2]
    return torch.stack([a * angle.cos() - b * angle.sin(), a * angle.sin() + b * angle.cos()], -1).flatten(-2)


def _repeated_heads(q, k, v):  # type: ignore[no-untyped-def]
    b, h, t, d = k.shape
    k, v = (y[:, :, None].expand(b, h, 2, t, d).reshape(b, 2 * h, t, d) for y in (k, v))
    return F.scaled_dot_product_attention(q, k, v, is_causal=True)


def _sliding(q, k, v):  # type: ignore[no-untyped-def]
    i, j = torch.arange(q.shape[-2])[:, None], torch.arange(q.shape[-2])[None]
    return F.scaled_dot_product_attention(q, k, v, attn_mask=(j <= i) & (i - j < 2))


def _soft_cap(q, k, v):  # type: ignore[no-untyped-def]
    s = 3 * torch.tanh(q @ k.mT / 3)
    return (s + torch.triu(torch.full(s.shape[-2:], float("-inf")), 1)).softmax(-1) @ v


def _relative_bias(q, k, b):  # type: ignore[no-untyped-def]
    n = q.shape[-2]
    return (q @ k.mT + b[torch.arange(n)[:, None] - torch.arange(n)[None] + n - 1]).softmax(-1)


def _qkv(x, w):  # type: ignore[no-untyped-def]
    b, t, _ = x.shape
    q, k, v = (x @ w).reshape(b, t, 3, 2, -1).permute(2, 0, 3, 1, 4).unbind(0)
    return F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(b, t, -1)


def _latent(x, down, up, wv):  # type: ignore[no-untyped-def]
    c = x @ down
    return torch.einsum("bthd,bshd->bhts", (c @ up).unflatten(-1, (2, 3)), (c @ wv).unflatten(-1, (2, 3)))


def _mixtral(x, r, w, v):  # type: ignore[no-untyped-def]
    weights, chosen = torch.topk(x @ r, 2, -1)
    gate = torch.zeros_like(x @ r).scatter(-1, chosen, weights.softmax(-1))
    return torch.einsum("te,teh,eho->to", gate, F.silu(torch.einsum("ti,eih->teh", x, w)), v)


def _balance(x, r):  # type: ignore[no-untyped-def]
    g = (x @ r).softmax(-1)
    return g.shape[-1] * (g.mean(0) * F.one_hot(g.argmax(-1), g.shape[-1]).to(REAL).mean(0)).sum()


def _clip(x, y, s):  # type: ignore[no-untyped-def]
    x, y = (z / z.norm(dim=-1, keepdim=True) for z in (x, y))
    logits, label = s.exp() * x @ y.T, torch.arange(x.shape[0])
    return (F.cross_entropy(logits, label) + F.cross_entropy(logits.T, label)) / 2


def _kalman(x, P, A, Q, H, R, y):  # type: ignore[no-untyped-def]
    mean, cov = A @ x, A @ P @ A.T + Q
    gain = cov @ H.T @ torch.inverse(H @ cov @ H.T + R)
    return mean + gain @ (y - H @ mean)


def _gaussian_process(x, y, width):  # type: ignore[no-untyped-def]
    K = torch.exp(-0.5 * (x[:, None] - x[None]) ** 2 / width**2) + 0.1 * torch.eye(len(x), dtype=REAL)
    return 0.5 * y @ torch.linalg.solve(K, y) + 0.5 * torch.linalg.slogdet(K).logabsdet


def _state_space(x, a, b, c):  # type: ignore[no-untyped-def]
    h, out = torch.zeros(2, 3, dtype=REAL), []
    for t in range(x.shape[1]):
        h = h * torch.sigmoid(a) + x[:, t, None] * b
        out.append((h * c).sum(-1))
    return torch.stack(out, 1)


def _focal(x, y):  # type: ignore[no-untyped-def]
    p = torch.sigmoid(x)
    kept = p * y + (1 - p) * (1 - y)
    return (F.binary_cross_entropy_with_logits(x, y, reduction="none") * (1 - kept) ** 2).mean()


def _patches(x, w):  # type: ignore[no-untyped-def]
    b, c, h, v = x.shape
    return x.reshape(b, c, h // 2, 2, v // 2, 2).permute(0, 2, 4, 1, 3, 5).reshape(b, h * v // 4, 4 * c) @ w


def _windows(x: torch.Tensor) -> torch.Tensor:
    b, h, w, c = x.shape
    return x.roll((-1, -1), (1, 2)).view(b, h // 2, 2, w // 2, 2, c).permute(0, 1, 3, 2, 4, 5).reshape(-1, 4, c)


def _constants(x: torch.Tensor) -> torch.Tensor:
    picked = F.nll_loss(x.log_softmax(-1), torch.tensor([0, 1, 2]))
    return picked * torch.where(x > 0, x, torch.tensor(0.1, dtype=REAL)) * torch.tensor([1.0, 2, 3, 4], dtype=REAL)


LAYERS = [
    Case("RMS norm by hand", _rms, "x:2,3,4 g:4"),
    Case("rope, halves", _rope_halves, "x:2,3,4"),
    Case("rope, pairs", _rope_pairs, "x:2,3,4"),
    Case("grouped queries, heads repeated", _repeated_heads, "q:2,4,3,2 k:2,2,3,2 v:2,2,3,2"),
    Case("sliding window", _sliding, "q:2,4,3 k:2,4,3 v:2,4,3"),
    Case("soft cap", _soft_cap, "q:2,4,3 k:2,4,3 v:2,4,3"),
    Case("relative bias", _relative_bias, "q:4,2 k:4,2 b:7"),
    Case("qkv in one, heads by reshape", _qkv, "x:2,3,4 w:4,12"),
    Case("latent attention's scores", _latent, "x:2,3,4 down:4,2 up:2,6 wv:2,6"),
    Case("experts, softmax of the chosen", _mixtral, "x:3,4 r:4,5 w:5,4,2 v:5,2,4"),
    Case("load balance", _balance, "x:3,4 r:4,5"),
    Case("dpo", lambda a, b, c, d: -F.logsigmoid(0.1 * ((a - b) - (c - d))).mean(), "a:3 b:3 c:3 d:3"),
    Case("clip", _clip, "x:3,4 y:3,4 s:"),
    Case("kalman step", _kalman, "x:3 P:3,3 A:3,3 Q:3,3 H:2,3 R:2,2 y:2", 1e-10),
    Case("gaussian process", _gaussian_process, "x:4 y:4 width:+", 1e-10),
    Case("vae's divergence", lambda m, s: -0.5 * torch.sum(1 + s - m.pow(2) - s.exp()), "m:3,2 s:3,2"),
    Case("state space, unrolled", _state_space, "x:2,3 a:3 b:3 c:3"),
    Case("focal loss", _focal, "x:4 y:4+"),
    Case("tensor train", lambda a, b, c: torch.einsum("ir,rjs,sk->ijk", a, b, c), "a:3,2 b:2,3,2 c:2,4"),
    Case("distances", lambda x, y: torch.cdist(x, y), "x:3,2 y:4,2"),
    Case("image patches", _patches, "x:1,2,4,4 w:8,3"),
    Case("shifted windows", _windows, "x:1,4,4,2"),
    Case("im2col", lambda x, w: F.unfold(x, 2).transpose(1, 2) @ w, "x:1,2,3,3 w:8,2"),
    Case("pixel shuffle", lambda x: F.pixel_shuffle(x, 2), "x:1,8,2,2"),
    Case("conv_transpose2d", lambda x, w: F.conv_transpose2d(x, w, stride=2, padding=1, output_padding=1),
         "x:1,2,3,3 w:2,2,3,3"),
    Case("separable convolution", lambda x, w, p: F.conv2d(F.conv2d(x, w, padding=1, groups=3), p),
         "x:1,3,4,4 w:3,1,3,3 p:2,3,1,1"),
    Case("kronecker product", lambda a, b: torch.kron(a, b), "a:2,3 b:3,2"),
    Case("scatter-add", lambda x, i: torch.zeros(3, 4, dtype=REAL).scatter_add(1, i, x), "x:3,2 i:3,2<4"),
    Case("index_add", lambda x, i: torch.zeros(4, dtype=REAL).index_add(0, i, x), "x:3 i:3<4"),
    Case("products and log-sums so far", lambda x: x.cumprod(1) + x.logcumsumexp(1), "x:2,4"),
    Case("constants inside", _constants, "x:3,4"),
    Case("glu, differences", lambda x: F.glu(x, -1) * x.diff(dim=1)[:, :2] / math.sqrt(7), "x:3,4"),
    Case("instance norm", lambda x: F.instance_norm(x), "x:2,3,4"),
]  # fmt: skip
