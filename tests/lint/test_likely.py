"""Well-formed equations that most likely say something else than was meant, and those that only look so."""

import pytest

from indexcalc.lint.run import lint


def codes(text):
    return [d.code for d in lint(text) if d.code != "IX591"]  # not every text uses all three indices


SQUARE = "index i, j, k : n(N)\n"


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("IX150", "C_ij = A_ij B_ij"),
        ("IX150", "C[i, j] = A[i, j] B[i, j]"),
        ("IX150", "C_ij = A_ij B_ji"),
        ("IX151", "s[n, i] = V[i, h] tanh(W[h, i] y[n, i])"),
        ("IX151", "s[i] = V[i, h] relu(W[h, i] y[i] + b[h])"),
        ("IX152", SQUARE + "P[i, j] = softmax[j](S[i, k] T[k, i]) x[j]"),
        ("IX152", SQUARE + "u[i] = x[i] - mean[j](x[i])"),
        ("IX152", SQUARE + "y[i] = sum[j](x[i]) + sum[j, k](S[j, k])"),
        ("IX152", SQUARE + "P[i, j] = softmax[j](where(j <= i, S[i, i], -inf))\nt = S[i, k] P[i, k]"),
        ("IX153", SQUARE + "D[i, j] = sum[k]((x[i, k] - x[i, k])**2) + y[i, j]"),
        ("IX153", SQUARE + "tensor F[i, j], A[i, j]\nF[i, j] = A[i, j] - A[i, j]"),
        ("IX153", SQUARE + "integer doc[i] : docs(D)\nM[i, j] = where(doc[i] == doc[i], S[i, j], 0) + A[i, k] B[k, j]"),
        ("IX154", SQUARE + "e[i, j] = H[i, j] + H[i, j] + A[i, k] B[k, j]"),
        ("IX155", SQUARE + "M[i, j] = A[j, j] + A[i, k] A[k, j]"),
        ("IX155", SQUARE + "T[i, j] = F[i, k] B[k, j] + noise delta[j, j]"),
    ],
)
def test_found(code, text):
    assert codes(text) == [code]


@pytest.mark.parametrize(
    "text",
    [
        "tensor A[i, j], B[i, j]\nC[i, j] = A[i, j] B[i, j]",  # declared: chosen
        "h[b, m] = gate[b, m] up[b, m]",
        "C_ij = A_ik B_kj",
        "y_i = g_i x_i",
        "s[n, i] = V[i, h] tanh(W[h, j] y[n, j])",
        "s[b, i] = V[b, i, h] tanh(W[b, h, j] y[b, j])",  # a batch stands everywhere
        "y[t, c] = silu(a[t, c]) b[t, c] W[c, o] g[o]",
        SQUARE + "y = sum[i](2)",
        SQUARE + "c[i] = sum[j](where(j <= i, 1, 0))",
        SQUARE + "c[i] = sum[j](j <= i)",
        SQUARE + "m[i] = max[j](where(A[i, j] > 0, A[i, j], -inf))",
        SQUARE + "d[i] = sum[j](where(A[i, j] > 0, x[i], 0))",
        SQUARE + "m[i] = mean[j](A[i, j] > 0) + x[k] y[k]",
        SQUARE + "p[i] = mean[j](j x[i]) + x[k] y[k]",  # varies by the index's value
        SQUARE + "2 x[i] == x[i] + x[i]\nA[i, j] - A[i, j] == 0\ny = B[i, k] B[k, i]",  # identities say the obvious
        SQUARE + "D[i, j] = G[i, i] + G[j, j] - 2 G[i, j]\nt = G[i, k] G[k, i]",
        SQUARE + "y[i] = A[i, i] + x[i] + B[i, k] B[k, i]",
        SQUARE + "e[i, j] = H[i, j] + H[j, i] + A[i, k] B[k, j]",
    ],
)
def test_left_alone(text):
    assert codes(text) == []


def test_positions_of_a_pair_are_compared_in_every_term_of_a_sum():
    head = "convention einstein\nindex m, n : spacetime(4)\nmetric g : spacetime\n"
    good = head + "y[^m] = g[^m, ^n] (a[_n] + b[_n])"
    assert codes(good) == []
    assert codes(good.replace("b[_n]", "b[^n]")) == ["IX301"]
    assert codes(good.replace("g[^m, ^n]", "g[^m, _n]")) == ["IX301"]
    assert codes(head + "t = K[^m, ^m] + x[^n] y[_n]") == ["IX301"]
