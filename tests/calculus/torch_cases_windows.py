"""Padded, strided, dilated, grouped and transposed windows, and recurrences over an explicit time index."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from .torch_cases import Case

SEQUENCE = "index t, s : time(N)\nindex k : kernel(K)\ntensor x[t], w[k]\n"
IMAGE = (
    "index b : batch(B)\nindex c : channels(C)\nindex h : rows(H)\nindex v : columns(V)\n"
    "index k : height(3)\nindex l : width(3)\ntensor x[b,c,h,v]\n"
)


def _conv(x: torch.Tensor, w: torch.Tensor, **options: int) -> torch.Tensor:
    return F.conv1d(x[None, None], w[None, None], **options)[0, 0]


def _unrolled_lstm(x, W, U):  # type: ignore[no-untyped-def]
    h = c = torch.zeros(x.shape[0], U.shape[1], dtype=x.dtype)
    for t in range(3):
        z = torch.einsum("gfi,bi->gbf", W, x[:, t]) + torch.einsum("gfk,bk->gbf", U, h)
        c = torch.sigmoid(z[1]) * c + torch.sigmoid(z[0]) * torch.tanh(z[3])
        h = torch.sigmoid(z[2]) * torch.tanh(c)
    return h


LSTM = "\n".join(
    [
        "index b : batch(B)\nindex g : gates(4)\nindex f, f2 : hidden(F)\nindex t : time(3)\nindex i : inputs(I)",
        "tensor x[b,t,i], W[g,f,i], U[g,f,f2]",
        "h0[b,f] = 0 x[b,0,i] W[0,f,i]\nc0[b,f] = 0 x[b,0,i] W[0,f,i]",
        *(
            f"z{n}[g,b,f] = W[g,f,i] x[b,{n - 1},i] + U[g,f,f2] h{n - 1}[b,f2]\n"
            f"c{n}[b,f] = sigmoid(z{n}[1,b,f]) c{n - 1}[b,f] + sigmoid(z{n}[0,b,f]) tanh(z{n}[3,b,f])\n"
            f"h{n}[b,f] = sigmoid(z{n}[2,b,f]) tanh(c{n}[b,f])"
            for n in (1, 2, 3)
        ),
        "output h3",
    ]
)


def _unrolled_gru(x, W, U, v):  # type: ignore[no-untyped-def]
    h = torch.zeros(x.shape[0], U.shape[1], dtype=x.dtype)
    for t in range(3):
        a = torch.einsum("gfi,bi->gbf", W, x[:, t]) + v[:, None]
        u = torch.einsum("gfk,bk->gbf", U, h)
        keep = torch.sigmoid(a[1] + u[1])
        h = (1 - keep) * torch.tanh(a[2] + torch.sigmoid(a[0] + u[0]) * u[2]) + keep * h
    return h


GRU = "\n".join(
    [
        "index b : batch(B)\nindex g : gates(3)\nindex f, f2 : hidden(F)\nindex t : time(3)\nindex i : inputs(I)",
        "tensor x[b,t,i], W[g,f,i], U[g,f,f2], v[g,f]",
        "a[t,g,b,f] = W[g,f,i] x[b,t,i] + v[g,f]",
        "h0[b,f] = 0",
        *(
            f"u{n}[g,b,f] = U[g,f,f2] h{n - 1}[b,f2]\n"
            f"k{n}[b,f] = sigmoid(a[{n - 1},1,b,f] + u{n}[1,b,f])\n"
            f"c{n}[b,f] = tanh(a[{n - 1},2,b,f] + sigmoid(a[{n - 1},0,b,f] + u{n}[0,b,f]) u{n}[2,b,f])\n"
            f"h{n}[b,f] = (1 - k{n}[b,f]) c{n}[b,f] + k{n}[b,f] h{n - 1}[b,f]"
            for n in (1, 2, 3)
        ),
        "output h3",
    ]
)


def _scan(a: torch.Tensor, u: torch.Tensor) -> torch.Tensor:
    total, out = torch.zeros_like(u[0]), []
    for t in range(len(u)):
        total = torch.exp(a[t]) * total + u[t]
        out.append(total)
    return torch.stack(out)


WINDOWS = [
    Case(
        "same conv, padded by where",
        SEQUENCE + "y[t] = sum[k](where(t + k >= 1 and t + k - 1 < N, w[k] x[t + k - 1], 0))",
        "x:7 w:3",
        lambda x, w: _conv(x, w, padding=1),
    ),
    Case(
        "causal conv",
        SEQUENCE + "y[t] = sum[k](where(k <= t, w[k] x[t - k], 0))",
        "x:7 w:3",
        lambda x, w: _conv(F.pad(x, (2, 0)), w.flip(0)),
    ),
    Case(
        "causal conv by a factor, kernel longer than the sequence",
        SEQUENCE + "y[t] = (k <= t) w[k] x[t - k]",
        "x:4 w:6",
        lambda x, w: _conv(F.pad(x, (5, 0)), w.flip(0)),
    ),
    Case(
        "same conv by a delta",
        SEQUENCE + "y[t] = x[s] w[k] delta[s, t + k - 1]",
        "x:7 w:3",
        lambda x, w: _conv(x, w, padding=1),
    ),
    Case(
        "transposed conv by a delta, stride 2",
        SEQUENCE + "index p : out(14)\ny[p] = x[s] w[k] delta[p, 2*s + k - 1]",
        "x:7 w:4",
        lambda x, w: F.conv_transpose1d(x[None, None], w[None, None], stride=2, padding=1)[0, 0],
    ),
    Case(
        "conv of a function, dilated, with a bias where nothing is read",
        SEQUENCE + "y[t] = sum[k](where(2*k <= t, w[k] exp(x[t - 2*k]), w[k]))",
        "x:7 w:3",
        lambda x, w: _conv(F.pad(torch.exp(x), (4, 0), value=1.0), w.flip(0), dilation=2),
    ),
    Case(
        "conv 2d, padding 1, stride 2",
        IMAGE
        + "index o : filters(F)\nindex p : out_h(3)\nindex q : out_v(2)\ntensor w[o,c,k,l]\n"
        + "y[b,o,p,q] = sum[c,k,l](where(2*p + k >= 1 and 2*p + k - 1 < H and 2*q + l >= 1 and 2*q + l - 1 < V, "
        + "w[o,c,k,l] x[b,c,2*p + k - 1,2*q + l - 1], 0))",
        "x:2,3,5,4 w:2,3,3,3",
        lambda x, w: F.conv2d(x, w, padding=1, stride=2),
    ),
    Case(
        "conv 2d, padding 2, dilation 2, bias",
        IMAGE
        + "index o : filters(F)\ntensor w[o,c,k,l], u[o]\n"
        + "y[b,o,h,v] = u[o] + (h + 2*k >= 2) (h + 2*k - 2 < H) (v + 2*l >= 2) (v + 2*l - 2 < V) "
        + "w[o,c,k,l] x[b,c,h + 2*k - 2,v + 2*l - 2]",
        "x:2,3,5,4 w:2,3,3,3 u:2",
        lambda x, w, u: F.conv2d(x, w, u, padding=2, dilation=2),
    ),
    Case(
        "grouped conv 1d, padding 1",
        "index b : batch(B)\nindex t : time(N)\nindex g : groups(2)\nindex i : within(3)\nindex o : out(2)\n"
        "index c : channels(6)\nindex k : kernel(3)\ntensor x[b,c,t], w[g,o,i,k]\n"
        "y[b,g,o,t] = sum[i,k](where(t + k >= 1 and t + k - 1 < N, w[g,o,i,k] x[b,3*g + i,t + k - 1], 0))",
        "x:2,6,5 w:2,2,3,3",
        lambda x, w: F.conv1d(x, w.reshape(4, 3, 3), padding=1, groups=2).reshape(2, 2, 2, 5),
    ),
    Case(
        "depthwise conv 2d, padding 1",
        IMAGE
        + "tensor w[c,k,l]\ny[b,c,h,v] = sum[k,l](where(h + k >= 1 and h + k - 1 < H and v + l >= 1 and "
        + "v + l - 1 < V, w[c,k,l] x[b,c,h + k - 1,v + l - 1], 0))",
        "x:2,3,4,3 w:3,3,3",
        lambda x, w: F.conv2d(x, w[:, None], padding=1, groups=3),
    ),
    Case(
        "max pooling 2d, padding 1, stride 2",
        IMAGE
        + "index p : out_h(3)\nindex q : out_v(2)\ny[b,c,p,q] = max[k,l](where(2*p + k >= 1 and 2*p + k - 1 < H and "
        + "2*q + l >= 1 and 2*q + l - 1 < V, x[b,c,2*p + k - 1,2*q + l - 1], -inf))",
        "x:2,3,5,4",
        lambda x: F.max_pool2d(x, 3, padding=1, stride=2),
    ),
    Case(
        "average pooling 2d, padding 1, stride 2",
        IMAGE
        + "index p : out_h(3)\nindex q : out_v(2)\ny[b,c,p,q] = sum[k,l](where(2*p + k >= 1 and 2*p + k - 1 < H and "
        + "2*q + l >= 1 and 2*q + l - 1 < V, x[b,c,2*p + k - 1,2*q + l - 1], 0)) / 9",
        "x:2,3,5,4",
        lambda x: F.avg_pool2d(x, 3, padding=1, stride=2),
    ),
    Case(
        "unfold, padding 1",
        IMAGE
        + "y[b,c,k,l,h,v] = where(h + k >= 1 and h + k - 1 < H and v + l >= 1 and v + l - 1 < V, "
        + "x[b,c,h + k - 1,v + l - 1], 0)",
        "x:2,3,4,3",
        lambda x: F.unfold(x, 3, padding=1).reshape(2, 3, 3, 3, 4, 3),
    ),
    Case(
        "a padded conv of a padded conv",
        SEQUENCE
        + "u[t] = tanh(sum[k](where(k <= t, w[k] x[t - k], 0)))\ny[t] = sum[k](where(k <= t, w[k] u[t - k], 0))",
        "x:6 w:3",
        lambda x, w: _conv(F.pad(torch.tanh(_conv(F.pad(x, (2, 0)), w.flip(0))), (2, 0)), w.flip(0)),
    ),
    # time
    Case(
        "autoregressive likelihood",
        SEQUENCE + "L = sum[t]((x[t] - sum[k](where(k + 1 <= t, w[k] x[t - k - 1], 0)))**2)",
        "x:7 w:2",
        lambda x, w: ((x - F.pad(_conv(F.pad(x, (2, 0)), w.flip(0)), (0, 0))[: len(x)]) ** 2).sum(),
    ),
    Case(
        "total variation in time, ends by where",
        "index t : time(N)\ntensor x[t]\nL = sum[t](where(t + 1 < N, abs(x[t + 1] - x[t]), 0))",
        "x:7",
        lambda x: x.diff().abs().sum(),
    ),
    Case(
        "second differences, periodic by hand at the ends",
        "index t : time(6)\ntensor x[t]\ny[t] = where(t == 0, x[5], x[t - 1]) - 2 x[t] + where(t == 5, x[0], x[t + 1])",
        "x:6",
        lambda x: x.roll(1) - 2 * x + x.roll(-1),
    ),
    Case(
        "discounted sums",
        "index t, s : time(N)\ntensor r[t]\nscalar d\nG[t] = sum[s](where(s + t < N, d**s r[t + s], 0))",
        "r:5 d+:",
        lambda r, d: torch.stack([sum(d**s * r[t + s] for s in range(5 - t)) for t in range(5)]),
    ),
    Case(
        "state space scan in closed form",
        "index t, s : time(N)\nindex n : state(S)\ntensor a[t,n], u[t,n]\nc[t,n] = cumsum[t](a[t,n])\n"
        "h[t,n] = sum[s](where(s <= t, exp(c[t,n] - c[s,n]) u[s,n], 0))",
        "a:6,3 u:6,3",
        _scan,
    ),
    Case("LSTM over an explicit time index", LSTM, "x:2,3,2 W:4,2,2 U:4,2,2", _unrolled_lstm),
    Case("GRU over an explicit time index", GRU, "x:2,3,2 W:3,2,2 U:3,2,2 v:3,2", _unrolled_gru),
]
