"""Programs that fusion is tested with: text, what to differentiate by, sizes to decide by, sizes to run at."""

from dataclasses import dataclass, field

import numpy as np

ATTENTION = """
index i, j : seq(L)
index d, a : feat(D)
index h : heads(H)
S[h, i, j] = Q[h, i, d] K[h, j, d] / sqrt(D)
{more}
P[h, i, j] = softmax[j]({score})
O[h, i, a] = {weight}
"""


def attention(score="S[h, i, j]", more="", weight="P[h, i, j] V[h, j, a]"):
    return ATTENTION.format(score=score, more=more, weight=weight)


@dataclass
class Case:
    text: str
    by: str
    big: dict
    small: list = field(default_factory=lambda: [{"L": n, "D": 3, "H": 2} for n in (0, 1, 7)])
    arrays: dict = field(default_factory=dict)  # name: function of (generator, shape)


BIG = {"L": 2048, "D": 64, "H": 8}
HEADS = "Q,K,V"
CROSS = """
index n : tok(T)
index d : dim(D)
index v : vocab(V)
{inputs}
z[n, v] = X[n, d] W[v, d]
L = mean[n]({loss})
"""
CROSS_BIG = {"T": 2048, "D": 512, "V": 32000}
CROSS_SMALL = [{"T": t, "D": 3, "V": v} for t, v in ((1, 1), (5, 4), (3, 7))]
NCE = """
index i, j : pairs(N)
index d : feat(D)
S[i, j] = 10 A[i, d] B[j, d]
"""
GAUSS = """
index i : points(N)
index j : centres(M)
index d : dim(D)
K[i, j] = exp(-sum[d]((x[i, d] - y[j, d])**2) / (2 * D))
f[i] = K[i, j] w[j]
"""
GAUSS_SMALL = [{"N": n, "M": m, "D": 3} for n, m in ((1, 1), (5, 4), (3, 7), (0, 2))]

CASES = {
    "attention": Case(attention(), HEADS, BIG),
    "causal": Case(attention("where(j <= i, S[h, i, j], -inf)"), HEADS, BIG),
    "window": Case(attention("where(j <= i and i < j + 3, S[h, i, j], -inf)"), HEADS, BIG),
    "softcap": Case(attention("where(j <= i, 5 * tanh(S[h, i, j] / 5), -inf)"), HEADS, BIG),
    "alibi": Case(attention("where(j <= i, S[h, i, j] + slope[h] * (j - i), -inf)"), HEADS + ",slope", BIG),
    "masked rows": Case(attention("where(j >= i + 2, S[h, i, j], -inf)"), HEADS, BIG),
    "masked rows summed": Case(attention("where(i < 3, S[h, i, j], -inf)", weight="P[h, j, i] V[h, j, a]"), "", BIG),
    "dropout": Case(attention(weight="sum[j](P[h, i, j] M[h, i, j] V[h, j, a])"), HEADS, BIG),
    "weights": Case(attention() + "output O, P\n", "", BIG),
    "written out": Case(
        attention().replace(
            "P[h, i, j] = softmax[j](S[h, i, j])",
            "E[h, i, j] = exp(S[h, i, j])\nZ[h, i] = sum[j](E[h, i, j])\nP[h, i, j] = E[h, i, j] / Z[h, i]",
        ),
        HEADS, BIG,
    ),
    "shifted by hand": Case(
        attention().replace(
            "P[h, i, j] = softmax[j](S[h, i, j])",
            "m[h, i] = max[j](S[h, i, j])\nE[h, i, j] = exp(S[h, i, j] - m[h, i])\nP[h, i, j] = "
            "E[h, i, j] / sum[k](E[h, i, k])",
        ).replace("index i, j", "index i, j, k"),
        "", BIG, [{"L": n, "D": 3, "H": 2} for n in (1, 5, 7)],
    ),
    "relative": Case(
        attention("S[h, i, j] + R[h, i - j + 8]", "").replace(
            "index h", "index r : rel(17)\ntensor R[h, r]\nindex h"
        ),
        HEADS, BIG,
    ),
    "groups": Case(
        """
index i, j : seq(L)
index d, a : feat(D)
index h : heads(H)
index g : group(G)
S[h, g, i, j] = Q[h, g, i, d] K[h, j, d] / sqrt(D)
P[h, g, i, j] = softmax[j](where(j <= i, S[h, g, i, j], -inf))
O[h, g, i, a] = P[h, g, i, j] V[h, j, a]
""", HEADS, {"L": 2048, "D": 64, "H": 2, "G": 4}, [{"L": n, "D": 3, "H": 2, "G": 2} for n in (1, 5, 7)],
    ),
    "cross-entropy": Case(
        CROSS.format(inputs="integer t[n] : vocab", loss="logsumexp[v](z[n, v]) - z[n, t[n]]"),
        "X,W", CROSS_BIG, CROSS_SMALL,
    ),
    "cross-entropy one-hot": Case(
        CROSS.format(inputs="", loss="logsumexp[v](z[n, v]) - sum[v](Y[n, v] z[n, v])"), "X,W", CROSS_BIG, CROSS_SMALL
    ),
    "nce": Case(
        NCE + "L = mean[i](logsumexp[j](S[i, j]) - S[i, i])\n",
        "A,B", {"N": 8192, "D": 128}, [{"N": n, "D": 3} for n in (1, 5, 7)]
    ),
    "nce both": Case(
        NCE + "L = mean[i](logsumexp[j](S[i, j]) - S[i, i]) + mean[j](logsumexp[i](S[i, j]) - S[j, j])\n",
        "A,B", {"N": 8192, "D": 128}, [{"N": n, "D": 3} for n in (1, 5, 7)],
    ),
    "read across": Case(
        NCE + "u[i] = logsumexp[j](S[i, j])\nf[i] = sum[j](tanh(S[i, j]) u[j])\n",
        "A", {"N": 8192, "D": 128}, [{"N": n, "D": 3} for n in (1, 5, 7)],
    ),
    "masked and not": Case(
        NCE + "f[i] = sum[j](where(j <= i, tanh(S[i, j]), 0) w[j])\ng[i] = tanh(S[i, j]) w[j]\n",
        "", {"N": 8192, "D": 128}, [{"N": n, "D": 3} for n in (1, 5, 7)],
    ),
    "relative diagonal": Case(
        "index r : rel(17)\ntensor q[r]\n"
        + NCE.replace("B[j, d]", "B[j, d] + q[i - j + 8]")
        + "L = mean[i](logsumexp[j](S[i, j]) - tanh(S[i, i]))\n",
        "A,q", {"N": 8192, "D": 128}, [{"N": n, "D": 3} for n in (1, 5, 7)],
    ),
    "plain diagonal": Case(
        """
index i, j : pairs(N)
index d : feat(D)
tensor x[i, d], y[j, d], w[j], g[d], B[i, j]
T[i, j] = sum[d](tanh(x[i, d] + y[j, d]) g[d]) + B[i, j]
c[i] = T[i, i]
u[i] = sum[j](where(j <= i or B[i, j] > 1, T[i, j], 0) w[j])
output c, u
""", "", {"N": 2048, "D": 64}, [{"N": n, "D": 9} for n in (1, 5, 8)],
    ),
    "masked and summed": Case(
        """
index i, j : pairs(N)
index d : feat(D)
scalar s
T[i, j] = A[i, d] B[j, d] + s (i - j)
P[i, j] = softmax[j](where(j < 3, T[i, j], -inf))
u[j] = sum[i](T[i, j] w[i])
v[i] = max[j](P[i, j])
output u, v
""", "", {"N": 2048, "D": 64}, [{"N": n, "D": 3} for n in (1, 5, 7)],
    ),
    "a large product stored": Case(
        """
index i, j : seq(L)
index d, a : feat(D)
index v : vocab(V)
integer t[i] : vocab
tensor E[v, d], w[j]
S[i, j] = w[i] w[j] - w[i]
P[i, j] = softmax[j](where(j <= i and i - j < 4, S[i, j], -inf))
R[i, j] = softmax[i](where(i + j >= L - 1, P[i, j], -inf))
O[i, a] = sum[j](P[i, j] E[t[j], a])
output R, O
""", "", {"L": 2048, "D": 64, "V": 300}, [{"L": n, "D": 3, "V": 4} for n in (1, 5, 7)],
    ),
    "a large sum of rows stored": Case(
        """
index i, j : seq(L)
index d : feat(D)
S[i, j] = tanh(w[i] w[j])
m[i, d] = sum[j](S[i, j] h[j, d])
y[i, j] = sum[d](tanh(S[i, j] + g[d]) m[i, d])
output m, y
""", "", {"L": 2048, "D": 16}, [{"L": n, "D": 3} for n in (1, 5, 7)],
    ),
    "extremes over all heads": Case(
        """
index i, j : seq(L)
index d : feat(D)
index h : heads(H)
S[h, i, j] = Q[h, i, d] K[h, j, d]
m[i] = max[h, j](S[h, i, j])
n[j] = min[h, i](tanh(S[h, i, j]))
y[h, i] = sum[j](S[h, i, j] n[j]) m[i]
output m, n, y
""", "", BIG, [{"L": n, "D": 3, "H": 2} for n in (1, 5, 7)],
    ),
    "maxima of a third axis": Case(
        """
index i, j : pairs(N)
index k : feat(D)
T[i, j, k] = tanh(B[i, j] + x[i, k] + y[j, k])
f[i] = sum[j, k](T[i, j, k] w[j, k])
m[i, j] = max[k](T[i, j, k])
output f, m
""", "", {"N": 2048, "D": 64}, [{"N": n, "D": 3} for n in (1, 5, 7)],
    ),
    "sums over rows": Case(
        attention() + "y[a] = sum[h, i](O[h, i, a] w[i])\nz[h, i] = sum[a](O[h, i, a] g[a])\noutput O, y, z\n",
        "", BIG,
    ),
    "rows picked": Case(
        attention().replace("index h", "integer t[i] : feat\nindex h") + "y[h, i] = O[h, i, t[i]]\noutput O, y\n",
        "", BIG, [{"L": n, "D": 3, "H": 2} for n in (1, 5, 7)],
    ),
    "gauss 3": Case(GAUSS, "x,y,w", {"N": 20000, "M": 20000, "D": 3}, GAUSS_SMALL),
    "gauss 64": Case(GAUSS, "x", {"N": 20000, "M": 20000, "D": 64}, GAUSS_SMALL),
}  # fmt: skip

NORM_SMALL = [{"T": t, "D": d} for t, d in ((1, 1), (5, 4), (3, 7), (0, 2))]
ROWS = {
    "layer norm": Case(
        """
index n : tok(T)
index d : dim(D)
m[n] = mean[d](x[n, d])
c[n, d] = x[n, d] - m[n]
r[n] = 1 / sqrt(mean[d](c[n, d]**2) + 0.00001)
y[n, d] = c[n, d] r[n] g[d] + b[d]
""",
        "x,g,b", {"T": 4096, "D": 1024}, NORM_SMALL,
    ),
    "rms norm": Case(
        """
index n : tok(T)
index d : dim(D)
y[n, d] = x[n, d] g[d] / sqrt(mean[d](x[n, d]**2) + 0.00001)
""",
        "x,g", {"T": 4096, "D": 1024}, NORM_SMALL,
    ),
    "batch norm": Case(
        """
index n : tok(T)
index d : dim(D)
c[n, d] = x[n, d] - mean[n](x[n, d])
y[n, d] = c[n, d] / sqrt(mean[n](c[n, d]**2) + 0.00001)
""",
        "x", {"T": 4096, "D": 1024}, [{"T": t, "D": d} for t, d in ((1, 1), (5, 4), (7, 3))],
    ),
    "swiglu": Case(
        """
index n : tok(T)
index d, e : dim(D)
index f : hidden(F)
a[n, f] = x[n, d] G[d, f]
u[n, f] = x[n, d] U[d, f]
h[n, f] = silu(a[n, f]) u[n, f]
y[n, e] = h[n, f] W[f, e]
""",
        "x,G,U,W", {"T": 2048, "D": 512, "F": 1376}, [{"T": t, "D": d, "F": 3} for t, d in ((1, 1), (5, 4), (3, 7))],
    ),
    "rows and columns": Case(
        "index i, j : tok(T)\nindex d : dim(D)\nn[i] = sum[d](x[i, d]**2)\ny[i, j] = tanh(n[i] + n[j] + B[i, j])\n",
        "x,B", {"T": 1024, "D": 64}, NORM_SMALL,
    ),
    "softmax": Case(
        "index h : heads(H)\nindex n : tok(T)\nindex d : dim(D)\n"
        "p[h, n, d] = softmax[d](where(d <= n, x[h, n, d], -inf))\n",
        "x", {"T": 512, "D": 512, "H": 8}, [{"T": t, "D": d, "H": 2} for t, d in ((1, 1), (5, 4), (3, 7), (0, 2))],
    ),
}  # fmt: skip


def arrays_of(program, sizes, case, seed=0):
    """Random inputs."""
    random = np.random.default_rng(seed)
    found = {}
    for tensor in program.tensors:
        shape = [x.space.extent if isinstance(x.space.extent, int) else sizes[x.space.extent] for x in tensor.indices]
        if tensor.is_integer:
            found[tensor.name] = random.integers(0, max(1, sizes[tensor.values.extent]), shape)
        else:
            found[tensor.name] = case.arrays.get(tensor.name, lambda r, s: r.standard_normal(s))(random, shape)
    return found
