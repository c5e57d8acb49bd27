"""Rules on cost: their counts are those of `ic.cost`, and they say nothing where unknown sizes decide."""

import re
from itertools import permutations

import pytest

import indexcalc as ic
from indexcalc.ir.index import Index, Space
from indexcalc.lint.orders import best
from indexcalc.lint.run import lint

SIZES = "index i : a(100)\nindex j : b(90)\nindex k : c(80)\n"
FORCED = "M[i, k] = A[i, j] B[j, k]\ny[i] = M[i, k] x[k]\noutput y"


def codes(text):
    return [d.code for d in lint(text)]


def test_a_forced_order_is_told_with_the_counts_of_the_cost_model():
    (found,) = lint(SIZES + FORCED)
    assert found.code == "IX701"
    forced, free = (int(n.replace("_", "")) for n in re.findall(r"\d[\d_]+", found.message))
    assert forced == ic.cost(SIZES + FORCED, {}, without=("contraction-order",)).multiplications
    better = SIZES + "y[i] = A[i, j] B[j, k] x[k]\noutput y"
    assert free == ic.cost(better, {}).multiplications
    assert codes(better) == []


def test_the_best_order_is_the_best_of_all_orders():
    i, j, k, n, m = (Index(c, Space(c)) for c in "ijknm")
    sizes = {i: 2, j: 30, k: 3, n: 40, m: 5}
    chain = [frozenset(x) for x in ((i, j), (j, k), (k, n), (n, m))]
    out = frozenset((i, m))

    def by_hand(operands, total=0):
        if len(operands) == 1:
            return total
        costs = []
        for a, b in permutations(range(len(operands)), 2):
            rest = [o for p, o in enumerate(operands) if p not in (a, b)]
            both = operands[a] | operands[b]
            step = 1
            for index in both:
                step *= sizes[index]
            kept = both & out.union(*rest)
            costs.append(by_hand([*rest, kept], total + step))
        return min(costs)

    assert best(chain, out, sizes) == by_hand(chain)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("IX701", FORCED),  # whatever the sizes are
        (
            "IX701",
            "index i, j : seq(2048)\nindex d, a : head(64)\nS[i, j] = Q[i, d] K[j, d]\nO[i, a] = S[i, j] V[j, a]",
        ),
        ("IX703", "integer t[b] : v(V)\nindex v : v\ny[b] = sum[v]((v == t[b]) E[v])".replace(": v", ": vocab")),
        ("IX703", "y[b, d] = one_hot[b, v] E[v, d]"),
        ("IX703", "y[b, d] = OneHot[b, v] E[v, d]"),
        ("IX704", "B[c, a, b] = A[a, b, c]\ny[a] = B[c, a, b] x[b, c]"),
        ("IX156", "index i, j : n(N)\nS[i, j] = exp(A[i, k] B[k, j])\ny[i] = S[j, i] x[j]"),
    ],
)
def test_found(code, text):
    assert codes(text) == [code]


@pytest.mark.parametrize(
    "text",
    [
        FORCED.replace("output y", "output y, M"),
        FORCED.replace("output y", "z[i] = M[i, k] w[k]\noutput y, z"),
        "index i, j : seq(L)\nindex d, a : head(D)\nS[i, j] = Q[i, d] K[j, d]\nO[i, a] = S[i, j] V[j, a]",  # L or D?
        "index i, j : seq(64)\nindex d, a : head(64)\nS[i, j] = Q[i, d] K[j, d]\nO[i, a] = S[i, j] V[j, a]",
        "h[n, r] = x[n, i] A[i, r]\ny[n, o] = h[n, r] B[r, o]",
        "index i, j : seq(L)\nP[i, j] = softmax[j](Q[i, d] K[j, d])\nO[i, a] = P[i, j] V[j, a]",
        "index i : n(100000)\nindex j : m(100000)\ny[i, j] = a[i] b[j]",  # the result itself
        "integer t[b] : vocab(V)\nindex v : vocab\ny[b] = delta[t[b], v] E[v]",
        "integer t[b] : vocab(V)\nindex v : vocab\ny[b, v] = (v == t[b]) E[v]",
        "B[i, j] = A[j, i]\ny[i] = B[i, j] x[j]\noutput y, B",
        "index i, j : n(N)\nS[i, j] = exp(A[i, k] B[k, j])\ny[i] = S[j, i] x[j] + S[i, j] x[j]",
        "index m, n : pts(N)\nK[m, n] = exp(-sum[d]((x[m, d] - x[n, d])**2))\ny[m] = K[n, m] z[n]",  # symmetric
        "index i, j : n(N)\nG[i, j] = exp(x[i, d] x[j, d])\ny[i] = G[j, i] z[j]",
    ],
)
def test_left_alone(text):
    assert codes(text) == []
