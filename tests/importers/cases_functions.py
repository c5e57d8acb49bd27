"""Functions: elementwise, views, contractions, reductions, losses, gathers."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F

from .cases import Case


def _heads(x: torch.Tensor, h: int) -> torch.Tensor:
    return x.view(*x.shape[:-1], h, -1).transpose(1, 2)


def _attend(x, wq, wk, wv, wo):  # type: ignore[no-untyped-def]
    q, k, v = (_heads(x @ w.T, 2) for w in (wq, wk, wv))
    s = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
    n = x.shape[1]
    mask = torch.ones(n, n, dtype=torch.bool).tril()
    p = s.masked_fill(~mask, float("-inf")).softmax(-1)
    return (p @ v).transpose(1, 2).reshape(x.shape) @ wo.T


def _rope(x: torch.Tensor) -> torch.Tensor:
    n, half = x.shape[0], x.shape[1] // 2
    angle = torch.arange(n, dtype=x.dtype)[:, None] * 10000.0 ** (-torch.arange(half, dtype=x.dtype) / half)
    a, b = x.chunk(2, -1)
    return torch.cat([a * angle.cos() - b * angle.sin(), a * angle.sin() + b * angle.cos()], -1)


def _alibi(q, k, v, m):  # type: ignore[no-untyped-def]
    n = q.shape[-2]
    distance = torch.arange(n)[:, None] - torch.arange(n)[None]
    s = q @ k.transpose(-1, -2) - m[:, None, None] * distance
    return s.masked_fill(distance < 0, -torch.inf).softmax(-1) @ v


def _moe(x, r, w, v):  # type: ignore[no-untyped-def]
    g = torch.softmax(x @ r, -1)
    top = g.topk(2, -1)
    kept = torch.zeros_like(g).scatter(-1, top.indices, top.values / top.values.sum(-1, keepdim=True))
    return torch.einsum("ne,neh,eho->no", kept, F.silu(torch.einsum("ni,eih->neh", x, w)), v)


def _in_place(x: torch.Tensor) -> torch.Tensor:
    y = x * 2
    y += 1
    y[:, 0] = 0
    return y.tanh_()


def _contrastive(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    s = F.normalize(x, dim=-1) @ F.normalize(y, dim=-1).T / 0.1
    return F.cross_entropy(s, torch.arange(len(x)))


FUNCTIONS = [
    # elementwise
    Case("polynomial", lambda x, y: 2 * x**2 - x / y + 0.1, "x:3,4 y:4+"),
    Case("functions", lambda x: x.sin() + x.tanh() * x.sigmoid() - F.gelu(x) + F.silu(x) + torch.erf(x), "x:3,4"),
    Case("more functions", lambda x: x.log1p() + x.expm1() + x.rsqrt() + x.log2() + x.sqrt() + x.reciprocal(), "x:5+"),
    Case("activations", lambda x: F.relu(x) + F.elu(x) + F.leaky_relu(x) + F.softplus(x) + F.mish(x), "x:4,3"),
    Case("gelu by tanh", lambda x: F.gelu(x, approximate="tanh"), "x:4,3"),
    Case("clamp, maximum, where", lambda x, y: torch.where(x > y, x.clamp(-1, 1), torch.maximum(x, y)), "x:4 y:4"),
    Case("swiglu", lambda x, w, v, u: (F.silu(x @ w) * (x @ v)) @ u, "x:3,4 w:4,5 v:4,5 u:5,4"),
    Case("in place", _in_place, "x:3,4"),
    Case("logaddexp, lerp", lambda x, y: torch.logaddexp(x, y) + torch.lerp(x, y, 0.3), "x:3 y:3"),
    # views
    Case("reshape across axes", lambda x: x.reshape(3, 4) @ x.reshape(4, 3), "x:2,6"),
    Case("flatten and unflatten", lambda x, w: (x.flatten(1) @ w).unflatten(1, (2, 3)), "x:2,3,4 w:12,6"),
    Case("permute, expand, repeat", lambda x: x.permute(1, 0)[None].expand(2, 4, 3).repeat(1, 2, 1) * 2, "x:3,4"),
    Case("slices", lambda x: x[:, 1:] - x[:, :-1] + x[:, ::2][:, :1], "x:3,5"),
    Case("select and last", lambda x: x[0] * x[-1, :, None].squeeze(-1), "x:3,4"),
    Case("chunk and cat", lambda x: torch.cat([c.tanh() for c in x.chunk(2, -1)], -1), "x:3,6"),
    Case("cat of different sizes", lambda x, y: torch.cat([x, y], 1) ** 2, "x:3,2 y:3,4"),
    Case("stack", lambda x, y: torch.stack([x, y, x * y], 1).sum(-1), "x:3,2 y:3,2"),
    Case("roll, flip", lambda x: x.roll(1, 0) + x.flip(1), "x:3,4"),
    Case("pad", lambda x: F.pad(x, (1, 2)).cumsum(1) + F.pad(x, (1, 2), value=0.5), "x:2,3"),
    Case("pad twice, with other numbers", lambda x: F.pad(F.pad(x, (1, 0)), (1, 1, 0, 2), value=2) ** 2, "x:2,3"),
    Case("pad negatively and by nothing", lambda x: F.pad(x, (-1, 2, 0, 0)) * 2, "x:2,3"),
    Case("split", lambda x: (lambda a, b, c: a @ b.T + c.sum())(*x.split([2, 2, 1], 1)), "x:3,5"),
    Case("sizes of one", lambda x, y: (x * y).squeeze(0), "x:1,3,1 y:1,1,4"),
    Case("unfold", lambda x, w: x.unfold(1, 3, 2) @ w, "x:2,7 w:3"),
    Case("repeat_interleave", lambda x, y: x.repeat_interleave(2, 1) * y, "x:3,2 y:3,4"),
    Case("tril, triu, diagonal", lambda x: x.tril() @ x.triu(1) + torch.diag(x.diagonal()), "x:3,3"),
    # contractions
    Case("einsum", lambda a, b, c: torch.einsum("bij,bjk,k->bi", a, b, c), "a:2,3,4 b:2,4,5 c:5"),
    Case("einsum, ellipsis and diagonal", lambda a, b: torch.einsum("...ii,...i->...", a, b), "a:2,3,3 b:2,3"),
    Case("matmul, broadcast", lambda a, b: a @ b, "a:2,1,3,4 b:5,4,2"),
    Case("quadratic form", lambda x, a: x @ a @ x + torch.trace(a) + torch.dot(x, x), "x:3 a:3,3"),
    Case(
        "bilinear, addmm", lambda x, y, w, c: F.bilinear(x, y, w) + torch.addmm(c, x, x.T), "x:3,2 y:3,4 w:3,2,4 c:3,3"
    ),
    Case("outer, cross", lambda x, y: torch.outer(x, y) + torch.linalg.cross(x, y), "x:3 y:3"),
    Case("a batch against itself", lambda x: (x @ x.T).exp(), "x:3,4"),
    # reductions
    Case("sums and means", lambda x: x.sum(0) + x.mean((0, 1)) + x.var(0) + x.std(0, unbiased=False), "x:3,4"),
    Case("extremes", lambda x: x.amax(1) - x.min() + x.max(1).values * x.prod(1), "x:3,4"),
    Case("norms", lambda x: x.norm() + x.norm(dim=1) + torch.linalg.vector_norm(x, 1) + x.norm(3, 1), "x:3,4"),
    Case("softmax, log-softmax, logsumexp", lambda x: x.softmax(0) * x.log_softmax(1) + x.logsumexp(0), "x:3,4"),
    Case("sum of a broadcast", lambda x: (x[:, None].expand(3, 4) * 1).sum() + x.expand(2, 3).mean(0), "x:3"),
    Case("argmax in a formula", lambda x: x * F.one_hot(x.argmax(-1), 4), "x:3,4"),
    # matrices
    Case("inverse, determinant", lambda a: torch.linalg.inv(a) * torch.linalg.det(a) + torch.slogdet(a)[1], "a:3,3"),
    Case("solve", lambda a, y: torch.linalg.solve(a, y), "a:3,3 y:3,2", 1e-10),
    Case(
        "gaussian likelihood",
        lambda x, m, a: 0.5 * (torch.logdet(a @ a.T) + (x - m) @ torch.linalg.inv(a @ a.T) @ (x - m)),
        "x:3 m:3 a:3,3",
        1e-10,
    ),
    # losses
    Case("cross-entropy", lambda x, y: F.cross_entropy(x, y), "x:4,5 y:4<5"),
    Case("cross-entropy, dense", lambda x, y: F.cross_entropy(x, y.softmax(-1)), "x:4,5 y:4,5"),
    Case(
        "cross-entropy, weighted", lambda x, y: F.cross_entropy(x, y, (torch.arange(5) + 0.5).double()), "x:4,5 y:4<5"
    ),
    Case("cross-entropy, smoothed", lambda x, y: F.cross_entropy(x, y, label_smoothing=0.1), "x:4,5 y:4<5"),
    Case("cross-entropy, ignored", lambda x, y: F.cross_entropy(x, y, ignore_index=0), "x:6,3 y:6<3"),
    Case("cross-entropy over a sequence", lambda x, y: F.cross_entropy(x.view(-1, 5), y.view(-1)), "x:2,3,5 y:2,3<5"),
    Case("cross-entropy of an image", lambda x, y: F.cross_entropy(x, y, reduction="sum"), "x:2,5,3 y:2,3<5"),
    Case("nll", lambda x, y: F.nll_loss(x.log_softmax(1), y), "x:4,5 y:4<5"),
    Case(
        "mse, l1, huber", lambda x, y: F.mse_loss(x, y) + F.l1_loss(x, y) + F.huber_loss(x, y, delta=0.5), "x:3,4 y:3,4"
    ),
    Case("bce", lambda x, y: F.binary_cross_entropy(x.sigmoid(), y.sigmoid()), "x:3,4 y:3,4"),
    Case(
        "bce with logits",
        lambda x, y: F.binary_cross_entropy_with_logits(x, y, pos_weight=torch.arange(4) + 0.5),
        "x:3,4 y:3,4",
    ),
    Case("kl", lambda x, y: F.kl_div(x.log_softmax(1), y.softmax(1), reduction="batchmean"), "x:3,4 y:3,4"),
    Case("cosine similarity", lambda x, y: F.cosine_similarity(x, y), "x:3,4 y:3,4"),
    Case("contrastive", _contrastive, "x:3,4 y:3,4"),
    # attention
    Case("attention from its parts", _attend, "x:2,3,4 wq:4,4 wk:4,4 wv:4,4 wo:4,4"),
    Case(
        "causal attention",
        lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True),
        "q:2,2,3,4 k:2,2,3,4 v:2,2,3,4",
    ),
    Case(
        "attention with a bias and a scale",
        lambda q, k, v, m: F.scaled_dot_product_attention(q, k, v, attn_mask=m, scale=0.3),
        "q:2,3,4 k:2,5,4 v:2,5,2 m:3,5",
    ),
    Case(
        "attention with a mask",
        lambda q, k, v, m: F.scaled_dot_product_attention(q, k, v, attn_mask=m > -1),
        "q:2,3,4 k:2,5,4 v:2,5,2 m:3,5",
    ),
    Case(
        "grouped-query attention",
        lambda q, k, v: F.scaled_dot_product_attention(q, k, v, enable_gqa=True),
        "q:2,4,3,2 k:2,2,3,2 v:2,2,3,2",
    ),
    Case("alibi", _alibi, "q:2,3,4 k:2,3,4 v:2,3,4 m:2"),
    Case("rope", _rope, "x:3,4"),
    Case("linear attention", lambda q, k, v: (F.elu(q) + 1) @ ((F.elu(k) + 1).T @ v), "q:3,4 k:3,4 v:3,2"),
    # gathers
    Case("embedding and positions", lambda e, p, t: e[t] + p[torch.arange(3)], "e:5,4 p:6,4 t:2,3<5"),
    Case("index", lambda x, i, j: x[i] * x[:, j].T[:, :1] + x[i, j][:, None], "x:4,4 i:4<4 j:4<4"),
    Case("gather", lambda x, i: x.gather(1, i), "x:3,4 i:3,2<4"),
    Case("index_select, one-hot", lambda x, i: x.index_select(0, i) * F.one_hot(i, 3), "x:4,3 i:2<3"),
    Case("top-k mask", lambda x: x * torch.zeros_like(x).scatter(1, x.topk(2, 1).indices, 1.0), "x:3,5"),
    Case("top-k threshold", lambda x: torch.where(x < x.topk(2, 1).values[:, -1:], 0.0, x), "x:3,5"),
    Case("mixture of experts", _moe, "x:3,4 r:4,3 w:3,4,2 v:3,2,4"),
    Case("scatter one place", lambda x, i, y: x.scatter(1, i[:, None], y), "x:3,4 i:3<4 y:3,1"),
    # convolution and pooling
    Case("conv1d", lambda x, w, c: F.conv1d(x, w, c, stride=2, dilation=2), "x:2,2,9 w:3,2,3 c:3"),
    Case("conv1d, padded", lambda x, w: F.conv1d(x, w, padding=1), "x:2,2,5 w:3,2,3"),
    Case("conv2d", lambda x, w, c: F.conv2d(x, w, c, padding=(1, 0), stride=(2, 1)), "x:2,2,4,5 w:3,2,3,2 c:3"),
    Case("conv1d, depthwise and causal", lambda x, w: F.conv1d(F.pad(x, (2, 0)), w, groups=4), "x:2,4,5 w:4,1,3"),
    Case("conv1d, grouped", lambda x, w: F.conv1d(x, w, groups=2), "x:2,4,5 w:6,2,3"),
    Case("conv_transpose1d", lambda x, w: F.conv_transpose1d(x, w, stride=2, padding=1), "x:2,3,4 w:3,2,3"),
    Case("max pooling", lambda x: F.max_pool2d(x, 2) + F.max_pool2d(x, 3, 2, 1), "x:2,2,4,4"),
    Case("average pooling", lambda x: F.avg_pool1d(x, 2) * F.adaptive_avg_pool1d(x, 1), "x:2,2,6"),
]
