"""Layers of networks, in varied spellings of the language."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F

from .torch_cases import Case


def _mask(n: int, window: int = 0) -> torch.Tensor:
    i, j = torch.arange(n)[:, None], torch.arange(n)[None]
    return (j <= i) & (i - j < window if window else torch.tensor(True))


def _attend(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, bias: torch.Tensor | float = 0.0) -> torch.Tensor:
    return torch.softmax(q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1]) + bias, -1) @ v


def _causal(n: int, window: int = 0) -> torch.Tensor:
    return torch.zeros(n, n, dtype=torch.float64).masked_fill(~_mask(n, window), -math.inf)


def _alibi(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, m: torch.Tensor) -> torch.Tensor:
    n = q.shape[1]
    distance = torch.arange(n)[:, None] - torch.arange(n)[None]
    return _attend(q, k, v, _causal(n) - m[:, None, None] * distance)


def _soft_cap(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, cap: torch.Tensor) -> torch.Tensor:
    s = cap * torch.tanh(q @ k.T / math.sqrt(q.shape[-1]) / cap)
    return torch.softmax(s.masked_fill(~_mask(len(q)), -math.inf), -1) @ v


def _rope(q: torch.Tensor) -> torch.Tensor:
    n, half = q.shape[0], q.shape[2]
    angle = torch.arange(n, dtype=q.dtype)[:, None] * 10000.0 ** (-torch.arange(half, dtype=q.dtype) / half)
    c, s = torch.cos(angle), torch.sin(angle)
    return torch.stack([q[:, 0] * c - q[:, 1] * s, q[:, 0] * s + q[:, 1] * c], 1)


def _linear_attention_causal(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    a = torch.tril(F.elu(q) @ F.elu(k).T + 2.0)
    return a @ v / a.sum(1, keepdim=True)


def _lstm(x, h, c, W, U, b):  # type: ignore[no-untyped-def]
    z = torch.einsum("gfi,bi->bgf", W, x) + torch.einsum("gfk,bk->bgf", U, h) + b
    i, f, o, g = torch.sigmoid(z[:, 0]), torch.sigmoid(z[:, 1]), torch.sigmoid(z[:, 2]), torch.tanh(z[:, 3])
    return o * torch.tanh(f * c + i * g)


def _gru(x, h, W, U, b):  # type: ignore[no-untyped-def]
    a = torch.einsum("gfi,bi->gbf", W, x) + b[:, None]
    u = torch.einsum("gfk,bk->gbf", U, h)
    r, z = torch.sigmoid(a[0] + u[0]), torch.sigmoid(a[1] + u[1])
    return (1 - z) * torch.tanh(a[2] + r * u[2]) + z * h


def _two_positions(y: torch.Tensor) -> torch.Tensor:
    return (y[:, 0] ** 2).sum() + y[1, 2]


def _moe(x, R, W, V):  # type: ignore[no-untyped-def]
    g = torch.softmax(x @ R, -1)
    kept = torch.zeros_like(g).scatter(1, g.topk(2, 1).indices, 1.0) * g
    kept = kept / kept.sum(1, keepdim=True)
    return torch.einsum("ne,neh,eho->no", kept, F.silu(torch.einsum("ni,eih->neh", x, W)), V)


def _ce(logits, t):  # type: ignore[no-untyped-def]
    return F.cross_entropy(logits.flatten(0, -2), t.flatten())


LAYERS = [
    Case(
        "linear",
        "y_bo = x_bi W_oi + c_o",
        "x:3,4 W:5,4 c:5",
        lambda x, W, c: F.linear(x, W, c),
    ),
    Case(
        "linear, batched twice",
        "y[b,t,o] = x[b,t,i] W[o,i] + c[o]",
        "x:2,3,4 W:5,4 c:5",
        lambda x, W, c: F.linear(x, W, c),
    ),
    Case(
        "bilinear layer",
        "y[b,o] = x[b,i] W[o,i,j] z[b,j] + c[o]",
        "x:2,3 W:4,3,5 z:2,5 c:4",
        lambda x, W, z, c: F.bilinear(x, z, W, c),
    ),
    # convolutions and pooling
    Case(
        "conv 1d",
        "index p : out(6); index k : ker(3)\ny[b,o,p] = w[o,c,k] x[b,c,p+k] + h[o]",
        "w:4,2,3 x:2,2,8 h:4",
        lambda w, x, h: F.conv1d(x, w, h),
    ),
    Case(
        "conv 1d, stride and dilation",
        "index p : out(3)\nindex k : ker(3)\ny[b,o,p] = w[o,c,k] x[b,c,2*p + 2*k]",
        "w:4,2,3 x:2,2,9",
        lambda w, x: F.conv1d(x, w, stride=2, dilation=2),
    ),
    Case(
        "conv 1d, longer input than read",
        "index p : out(3)\nindex k : ker(2)\ny[b,o,p] = w[o,c,k] x[b,c,3*p + k]",
        "w:2,2,2 x:2,2,9",
        lambda w, x: F.conv1d(x, w, stride=3),
    ),
    Case(
        "conv 2d",
        "index p, q : out(3)\nindex k, l : ker(2)\ny[b,o,p,q] = w[o,c,k,l] x[b,c,p+k,q+l]",
        "w:3,2,2,2 x:2,2,4,4",
        lambda w, x: F.conv2d(x, w),
    ),
    Case(
        "conv 2d, stride 2, relu",
        "index p : rows(2); index q : cols(3); index k : kr(3); index l : kc(2)\n"
        "y[b,o,p,q] = relu(w[o,c,k,l] x[b,c,2p+k,2q+l] + h[o])",
        "w:3,2,3,2 x:2,2,5,6 h:3",
        lambda w, x, h: F.relu(F.conv2d(x, w, h, stride=2)),
    ),
    Case(
        "depthwise conv",
        "index p : out(5)\nindex k : ker(3)\ny[b,c,p] = w[c,k] x[b,c,p+k]",
        "w:3,3 x:2,3,7",
        lambda w, x: F.conv1d(x, w[:, None], groups=3),
    ),
    Case(
        "the first position of a convolution",
        "index p : out(5); index k : ker(3); index q : padded\ntensor x[c,q]\n"
        "y[o,p] = w[o,c,k] x[c,p+k]**2\nL = sum[o](y[o,0]**2) + y[1,2]",
        "w:3,2,3 x:2,7",
        lambda w, x: _two_positions(F.conv1d(x**2, w)),
    ),
    Case(
        "causal conv with padding by where",
        "index t, u : time; index k : ker(3); index p : padded(7)\n"
        "x_padded[b,p,c] = sum[u](where(p == u + 2, x[b,u,c], 0))\n"
        "y[b,t,c] = w[c,k] x_padded[b,t + 2 - k,c]",
        "w:2,3 x:2,5,2",
        lambda w, x: F.conv1d(F.pad(x.transpose(1, 2), (2, 0)), w.flip(1)[:, None], groups=2).transpose(1, 2),
    ),
    Case(
        "two convs in a row",
        "index p : mid(6)\n"
        "index q : last(4)\n"
        "index k, l : ker(3)\n"
        "h[c,p] = tanh(w[c,k] x[p+k])\n"
        "y[q] = v[c,l] h[c,q+l]",
        "w:2,3 x:8 v:2,3",
        lambda w, x, v: F.conv1d(torch.tanh(F.conv1d(x[None], w[:, None])), v[None])[0],
    ),
    Case(
        "average pooling",
        "index p : out(3); index k : win(2)\ny[b,p] = mean[k](x[b,2p + k])",
        "x:2,6",
        lambda x: F.avg_pool1d(x, 2),
    ),
    Case(
        "max pooling 2d",
        "index p, q : out(2); index k, l : win(2)\ny[b,p,q] = max[k,l](x[b,2p+k,2q+l])",
        "x:2,4,4",
        lambda x: F.max_pool2d(x, 2),
    ),
    Case(
        "overlapping max pooling",
        "index p : out(3); index k : win(3)\ny[p] = max[k](x[2p+k])",
        "x:7",
        lambda x: F.max_pool1d(x[None], 3, 2)[0],
    ),
    Case("global average pooling", "y[b,c] = mean[h,w](x[b,c,h,w])", "x:2,3,4,2", lambda x: x.mean((2, 3))),
    # norms
    Case(
        "layer norm in compact letters",
        "index b : batch; index i : feat\n"
        "μ_b = mean[i](x_bi)\n"
        "v_b = var[i](x_bi)\n"
        "y_bi = g_i (x_bi - μ_b) / sqrt(v_b + 1e-5) + c_i",
        "x:3,5 g:5 c:5",
        lambda x, g, c: F.layer_norm(x, (5,), g, c),
    ),
    Case(
        "layer norm, var from second moment",
        "m[b] = mean[i](x[b,i])\ns[b] = mean[i](x[b,i]**2) - m[b]**2\ny[b,i] = (x[b,i] - m[b]) (s[b] + 1e-5)**-0.5",
        "x:3,5",
        lambda x: F.layer_norm(x, (5,)),
    ),
    Case(
        "batch norm",
        "m[c] = mean[b,p](x[b,c,p])\n"
        "v[c] = mean[b,p]((x[b,c,p] - m[c])**2)\n"
        "y[b,c,p] = g[c] (x[b,c,p] - m[c]) / sqrt(v[c] + 1e-5) + h[c]",
        "x:3,2,4 g:2 h:2",
        lambda x, g, h: F.batch_norm(x, None, None, g, h, training=True),
    ),
    Case(
        "group norm",
        "index g : group; index c : chan; index p : pos\n"
        "m[b,g] = mean[c,p](x[b,g,c,p])\n"
        "y[b,g,c,p] = w[g,c] (x[b,g,c,p] - m[b,g]) / sqrt(var[c,p](x[b,g,c,p]) + 1e-5) + h[g,c]",
        "x:2,2,3,4 w:2,3 h:2,3",
        lambda x, w, h: F.group_norm(x.reshape(2, 6, 4), 2, w.reshape(6), h.reshape(6)).reshape(x.shape),
    ),
    Case(
        "instance norm",
        "y[b,c,p] = (x[b,c,p] - mean[p](x[b,c,p])) / sqrt(var[p](x[b,c,p]) + 1e-5)",
        "x:2,3,4",
        lambda x: F.instance_norm(x),
    ),
    Case(
        "rms norm",
        "y[t,c] = gain[c] x[t,c] (mean[c](x[t,c]^2) + 1e-6)^(-1/2)",
        "x:3,4 gain:4",
        lambda x, gain: F.rms_norm(x, (4,), gain, 1e-6),
    ),
    Case(
        "weight norm",
        "W[o,i] = g[o] V[o,i] / norm[i](V[o,i])\ny[b,o] = W[o,i] x[b,i]",
        "g:3 V:3,4 x:2,4",
        lambda g, V, x: x @ (g[:, None] * V / V.norm(dim=1, keepdim=True)).T,
    ),
    Case(
        "pre-norm residual block",
        "n[t,c] = g[c] x[t,c] / sqrt(mean[c](x[t,c]**2) + 1e-6)\n"
        "h[t,f] = gelu(n[t,c] U[c,f])\n"
        "y[t,c] = x[t,c] + h[t,f] D[f,c]",
        "x:3,4 g:4 U:4,5 D:5,4",
        lambda x, g, U, D: x + F.gelu(F.rms_norm(x, (4,), g, 1e-6) @ U) @ D,
    ),
    # attention
    Case(
        "attention, no mask",
        "index i : rows; index j : cols; index d : head(D); index a : val\n"
        "S_ij = Q_id K_jd / sqrt(D)\n"
        "P_ij = softmax[j](S_ij)\n"
        "O_ia = P_ij V_ja",
        "Q:4,3 K:5,3 V:5,2",
        lambda Q, K, V: _attend(Q, K, V),
    ),
    Case(
        "attention in one line",
        "index i, j : seq\nindex d : head(D)\nO[i,a] = softmax[j](where(j <= i, Q[i,d] K[j,d] / sqrt(D), -inf)) V[j,a]",
        "Q:5,3 K:5,3 V:5,4",
        lambda Q, K, V: _attend(Q, K, V, _causal(5)),
    ),
    Case(
        "attention by exp and sum",
        "index i : q; index j : k\n"
        "E[i,j] = exp(Q[i,d] K[j,d] / sqrt(3))\n"
        "Z[i] = sum[j](E[i,j])\n"
        "O[i,a] = E[i,j] V[j,a] / Z[i]",
        "Q:4,3 K:5,3 V:5,2",
        lambda Q, K, V: _attend(Q, K, V),
    ),
    Case(
        "multi-head attention with projections",
        "index t, u : seq; index h : heads; index d : head(D); index c, e : model\n"
        "q[h,t,d] = x[t,c] Wq[h,c,d]\n"
        "k[h,u,d] = x[u,c] Wk[h,c,d]\n"
        "v[h,u,d] = x[u,c] Wv[h,c,d]\n"
        "P[h,t,u] = softmax[u](where(u <= t, q[h,t,d] k[h,u,d] / sqrt(D), -inf))\n"
        "o[h,t,d] = P[h,t,u] v[h,u,d]\n"
        "y[t,e] = o[h,t,d] Wo[h,d,e]",
        "x:4,6 Wq:2,6,3 Wk:2,6,3 Wv:2,6,3 Wo:2,3,6",
        lambda x, Wq, Wk, Wv, Wo: torch.einsum(
            "htd,hde->te",
            _attend(
                torch.einsum("tc,hcd->htd", x, Wq),
                torch.einsum("tc,hcd->htd", x, Wk),
                torch.einsum("tc,hcd->htd", x, Wv),
                _causal(4),
            ),
            Wo,
        ),
    ),
    Case(
        "grouped queries",
        "index i, j : seq\n"
        "index d : head(D)\n"
        "S[g,r,i,j] = Q[g,r,i,d] K[g,j,d] / sqrt(D)\n"
        "O[g,r,i,a] = softmax[j](S[g,r,i,j]) V[g,j,a]",
        "Q:2,3,4,3 K:2,4,3 V:2,4,2",
        lambda Q, K, V: _attend(Q, K[:, None], V[:, None]),
    ),
    Case(
        "multi-query",
        "O[h,i,a] = softmax[j](Q[h,i,d] K[j,d] / sqrt(3)) V[j,a]",
        "Q:2,4,3 K:5,3 V:5,2",
        lambda Q, K, V: _attend(Q, K, V),
    ),
    Case(
        "ALiBi",
        "index i, j : seq\n"
        "S[h,i,j] = Q[h,i,d] K[h,j,d] / sqrt(3) - m[h] (i - j)\n"
        "P[h,i,j] = softmax[j](where(j <= i, S[h,i,j], -inf))\n"
        "O[h,i,a] = P[h,i,j] V[h,j,a]",
        "Q:2,4,3 K:2,4,3 V:2,4,2 m:2",
        lambda Q, K, V, m: _alibi(Q, K, V, m),
    ),
    Case(
        "soft cap",
        "index i, j : seq\n"
        "S_ij = cap tanh(Q_id K_jd / sqrt(3) / cap)\n"
        "P_ij = softmax[j](where(j <= i, S_ij, -inf))\n"
        "O_ia = P_ij V_ja",
        "Q:4,3 K:4,3 V:4,2 cap+:",
        lambda Q, K, V, cap: _soft_cap(Q, K, V, cap),
    ),
    Case(
        "sliding window",
        "index i, j : seq\n"
        "P[i,j] = softmax[j](where(j <= i and i - j < 2, Q[i,d] K[j,d] / sqrt(3), -inf))\n"
        "O[i,a] = P[i,j] V[j,a]",
        "Q:5,3 K:5,3 V:5,2",
        lambda Q, K, V: _attend(Q, K, V, _causal(5, 2)),
    ),
    Case(
        "key padding mask by integers",
        "index i : q; index j : k\n"
        "integer len[b] : k\n"
        "P[b,i,j] = softmax[j](where(j <= len[b], Q[b,i,d] K[b,j,d] / sqrt(3), -inf))\n"
        "O[b,i,a] = P[b,i,j] V[b,j,a]",
        "Q:2,3,3 K:2,5,3 V:2,5,2 len%5:2",
        lambda Q, K, V, len: _attend(
            Q,
            K,
            V,
            torch.zeros(2, 1, 5, dtype=Q.dtype).masked_fill(
                torch.arange(5)[None, None] > len[:, None, None], -math.inf
            ),
        ),
    ),
    Case(
        "document mask",
        "index i, j : seq\n"
        "integer doc[i] : docs\n"
        "P[i,j] = softmax[j](where(doc[i] == doc[j] and j <= i, Q[i,d] K[j,d] / sqrt(3), -inf))\n"
        "O[i,a] = P[i,j] V[j,a]",
        "Q:5,3 K:5,3 V:5,2 doc%3:5",
        lambda Q, K, V, doc: _attend(Q, K, V, _causal(5).masked_fill(doc[:, None] != doc[None], -math.inf)),
    ),
    Case(
        "relative position bias",
        "index i, j : seq(N)\n"
        "index r : rel\n"
        "tensor B[r]\n"
        "P[i,j] = softmax[j](Q[i,d] K[j,d] / sqrt(3) + B[i - j + 3])\n"
        "O[i,a] = P[i,j] V[j,a]",
        "Q:4,3 K:4,3 V:4,2 B:7",
        lambda Q, K, V, B: _attend(Q, K, V, B[torch.arange(4)[:, None] - torch.arange(4)[None] + 3]),
    ),
    Case(
        "RoPE",
        "index t, u : seq; index c : two(2); index f : freq(F)\n"
        "A[t,f] = t * 10000**(-f / F)\n"
        "y[t,c,f] = where(c == 0, x[t,0,f] cos(A[t,f]) - x[t,1,f] sin(A[t,f]), x[t,0,f] sin(A[t,f]) + "
        "x[t,1,f] cos(A[t,f]))",
        "x:4,2,3",
        lambda x: _rope(x),
    ),
    Case(
        "linear attention with state",
        "S[d,a] = K[j,d] V[j,a]\nO[i,a] = Q[i,d] S[d,a]",
        "Q:4,3 K:5,3 V:5,2",
        lambda Q, K, V: Q @ (K.T @ V),
    ),
    Case(
        "causal linear attention with elu",
        "index i, j, k : seq\n"
        "function phi(x) = where(x > 0, x, exp(x) - 1)\n"
        "A[i,j] = where(j <= i, phi(Q[i,d]) phi(K[j,d]) + 2, 0)\n"
        "O[i,a] = A[i,j] V[j,a] / sum[k](A[i,k])",
        "Q:4,3 K:4,3 V:4,2",
        lambda Q, K, V: _linear_attention_causal(Q, K, V),
    ),
    Case(
        "cosine-similarity attention",
        "q[i,d] = Q[i,d] / norm[e](Q[i,e])\n"
        "k[j,d] = K[j,d] / norm[e](K[j,e])\n"
        "O[i,a] = softmax[j](tau q[i,d] k[j,d]) V[j,a]",
        "Q:4,3 K:5,3 V:5,2 tau+:",
        lambda Q, K, V, tau: torch.softmax(tau * F.normalize(Q, dim=-1) @ F.normalize(K, dim=-1).T, -1) @ V,
    ),
    Case(
        "additive attention",
        "e[i,j] = v[h] tanh(W[h,d] q[i,d] + U[h,d] k[j,d])\na[i,j] = softmax[j](e[i,j])\nc[i,d] = a[i,j] k[j,d]",
        "v:3 W:3,2 q:4,2 U:3,2 k:5,2",
        lambda v, W, q, U, k: torch.softmax(torch.tanh((q @ W.T)[:, None] + (k @ U.T)[None]) @ v, 1) @ k,
    ),
    Case(
        "QK-norm",
        "r[i] = (mean[d](Q[i,d]**2) + 1e-6)**-0.5\n"
        "n[i,d] = g[d] Q[i,d] r[i]\n"
        "O[i,a] = softmax[j](n[i,d] K[j,d]) V[j,a]",
        "Q:4,3 K:5,3 V:5,2 g:3",
        lambda Q, K, V, g: torch.softmax(F.rms_norm(Q, (3,), g, 1e-6) @ K.T, -1) @ V,
    ),
    # gated and mixed layers
    Case(
        "SwiGLU in one line",
        "y[t,o] = sum[f](silu(x[t,i] U[i,f]) sum[j](x[t,j] V[j,f]) W[f,o])",
        "x:3,4 U:4,5 V:4,5 W:5,4",
        lambda x, U, V, W: (F.silu(x @ U) * (x @ V)) @ W,
    ),
    Case(
        "GeGLU",
        "h_tf = gelu(x_ti U_if + a_f) (x_tj V_jf)\ny_to = h_tf W_fo",
        "x:3,4 U:4,5 V:4,5 W:5,4 a:5",
        lambda x, U, V, W, a: (F.gelu(x @ U + a) * (x @ V)) @ W,
    ),
    Case(
        "squared ReLU",
        "y[t,o] = relu(x[t,i] U[i,f])**2 W[f,o]",
        "x:3,4 U:4,5 W:5,4",
        lambda x, U, W: F.relu(x @ U) ** 2 @ W,
    ),
    Case(
        "tanh GELU",
        "function g(x) = 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x**3)))\ny[i] = g(W[i,j] x[j])",
        "W:4,3 x:3",
        lambda W, x: F.gelu(W @ x, approximate="tanh"),
    ),
    Case(
        "mish, hardtanh, leaky relu",
        "function mish(x) = x tanh(softplus(x))\n"
        "function leaky(x) = max(x, 0.01 x)\n"
        "y[i] = mish(x[i]) + min(max(x[i], -1), 1) + leaky(x[i])",
        "x:6",
        lambda x: F.mish(x) + F.hardtanh(x) + F.leaky_relu(x),
    ),
    Case(
        "mixture of the top two",
        "index e : experts\n"
        "G[n,e] = softmax[e](x[n,i] R[i,e])\n"
        "M[n,e] = topk[e, 2](G[n,e]) G[n,e]\n"
        "w[n,e] = M[n,e] / sum[e](M[n,e])\n"
        "y[n,o] = sum[e](w[n,e] silu(x[n,i] W[e,i,h]) V[e,h,o])",
        "x:3,4 R:4,4 W:4,4,5 V:4,5,3",
        _moe,
    ),
    Case(
        "LoRA with scaling",
        "index r : rank(R)\ndelta_y[b,o] = (alpha / R) x_bi A_ir B_ro\ny_bo = x_bi W_io + delta_y[b,o]",
        "x:2,4 W:4,3 A:4,2 B:2,3 alpha:",
        lambda x, W, A, B, alpha: x @ W + alpha / 2 * x @ A @ B,
    ),
    Case(
        "DoRA",
        "V[i,o] = W[i,o] + A[i,r] B[r,o]\ny[b,o] = m[o] x[b,i] V[i,o] / norm[i](V[i,o])",
        "x:2,4 W:4,3 A:4,2 B:2,3 m:3",
        lambda x, W, A, B, m: m * (x @ (W + A @ B)) / (W + A @ B).norm(dim=0),
    ),
    Case(
        "LSTM cell",
        "index g : gates(4)\n"
        "z[b,g,f] = W[g,f,i] x[b,i] + U[g,f,k] h[b,k] + bias[g,f]\n"
        "n[b,f] = sigmoid(z[b,1,f]) c[b,f] + sigmoid(z[b,0,f]) tanh(z[b,3,f])\n"
        "y[b,f] = sigmoid(z[b,2,f]) tanh(n[b,f])",
        "x:2,3 h:2,4 c:2,4 W:4,4,3 U:4,4,4 bias:4,4",
        lambda x, h, c, W, U, bias: _lstm(x, h, c, W, U, bias),
    ),
    Case(
        "GRU cell",
        "a[g,b,f] = W[g,f,i] x[b,i] + v[g,f]\n"
        "u[g,b,f] = U[g,f,k] h[b,k]\n"
        "r[b,f] = sigmoid(a[0,b,f] + u[0,b,f])\n"
        "z[b,f] = sigmoid(a[1,b,f] + u[1,b,f])\n"
        "n[b,f] = tanh(a[2,b,f] + r[b,f] u[2,b,f])\n"
        "y[b,f] = (1 - z[b,f]) n[b,f] + z[b,f] h[b,f]",
        "x:2,3 h:2,4 W:3,4,3 U:3,4,4 v:3,4",
        lambda x, h, W, U, v: _gru(x, h, W, U, v),
    ),
    Case(
        "state-space scan by cumsum",
        "index t : time\nl[t,c] = cumsum[t](softplus(x[t,c]))\ny[t,c] = exp(-l[t,c]) cumsum[t](exp(l[t,c]) u[t,c])",
        "x:4,2 u:4,2",
        lambda x, u: torch.exp(-F.softplus(x).cumsum(0)) * (torch.exp(F.softplus(x).cumsum(0)) * u).cumsum(0),
    ),
    # embeddings and losses
    Case(
        "embedding and position",
        "integer tok[b,t] : vocab\nindex w : vocab; index t : seq\nh[b,t,c] = E[tok[b,t],c] + P[t,c]\ntensor E[w,c]",
        "E:6,3 P:4,3 tok%6:2,4",
        lambda E, P, tok: E[tok] + P,
    ),
    Case(
        "embedding bag",
        "integer tok[b,t] : vocab\ny[b,c] = mean[t](E[tok[b,t],c])",
        "E:6,3 tok%6:2,4",
        lambda E, tok: E[tok].mean(1),
    ),
    Case(
        "tied embeddings",
        "index v : vocab\n"
        "integer tok[t] : vocab\n"
        "h[t,c] = tanh(E[tok[t],d] W[d,c])\n"
        "z[t,v] = h[t,c] E[v,c]\n"
        "L = mean[t](logsumexp[v](z[t,v]) - z[t,tok[t]])",
        "E:5,3 W:3,3 tok%5:4",
        lambda E, W, tok: F.cross_entropy(torch.tanh(E[tok] @ W) @ E.T, tok),
    ),
    Case(
        "cross-entropy of a sequence",
        "index v : vocab\n"
        "integer y[b,t] : vocab\n"
        "z[b,t,v] = h[b,t,c] W[v,c]\n"
        "L = mean[b,t](logsumexp[v](z[b,t,v]) - z[b,t,y[b,t]])",
        "h:2,3,4 W:5,4 y%5:2,3",
        lambda h, W, y: _ce(h @ W.T, y),
    ),
    Case(
        "label smoothing",
        "index v : vocab(V)\n"
        "integer y[b] : vocab\n"
        "q[b,v] = (1 - 0.1) delta[v, y[b]] + 0.1 / V\n"
        "L = -mean[b](sum[v](q[b,v] log(softmax[v](z[b,v]))))",
        "z:3,5 y%5:3",
        lambda z, y: F.cross_entropy(z, y, label_smoothing=0.1),
    ),
    Case(
        "z-loss",
        "index v : vocab\nl[b] = logsumexp[v](z[b,v])\nL = 1e-1 mean[b](l[b]**2)",
        "z:3,5",
        lambda z: 0.1 * (torch.logsumexp(z, 1) ** 2).mean(),
    ),
    Case(
        "focal loss",
        "p[b] = sigmoid(z[b])\nL = -sum[b](y[b] (1 - p[b])**gam log(p[b]))",
        "z:5 y+:5 gam+:",
        lambda z, y, gam: -(y * (1 - torch.sigmoid(z)) ** gam * torch.log(torch.sigmoid(z))).sum(),
    ),
    Case(
        "binary cross-entropy with logits",
        "L = mean[n](softplus(z[n]) - y[n] z[n])",
        "z:6 y+:6",
        lambda z, y: F.binary_cross_entropy_with_logits(z, y),
    ),
    Case(
        "Huber loss",
        "d[n] = x[n] - y[n]\nL = mean[n](where(abs(d[n]) < 1, 0.5 d[n]**2, abs(d[n]) - 0.5))",
        "x:8 y:8",
        lambda x, y: F.huber_loss(x, y),
    ),
    Case(
        "hinge loss",
        "L = mean[n](relu(1 - y[n] (w[i] X[n,i] + c)))",
        "y:6 w:3 X:6,3 c:",
        lambda y, w, X, c: F.relu(1 - y * (X @ w + c)).mean(),
    ),
    Case(
        "dropout by a mask",
        "index z : two(2)\ninteger m[b,i] : two\ny[b,o] = where(m[b,i] == 1, x[b,i], 0) W[i,o] / 0.5",
        "x:3,4 W:4,2 m%2:3,4",
        lambda x, W, m: (x * m) @ W / 0.5,
    ),
]
