"""Derived gradients of programs in which one tensor meets itself under two indices of one space."""

from __future__ import annotations

import pytest

from indexcalc.elaborate.read import read_program
from indexcalc.verify import verify

SELF = {
    # Opening the row statistic Σ_j P_ij grad_P_ij under a sum over j once captured its dummy.
    "outer softmax": "index i, j : n\nP[i, j] = softmax[j](a[i] a[j])\nL = P[i, j] x[j] y[i]",
    "outer softmax, masked": "P[i, j] = softmax[j](where(j <= i, a[i] a[j], -inf))\nL = P[i, j] a[j] y[i]",
    "sum under softmax": "index i, j : n\nP[i, j] = softmax[j](a[i] + a[j]**2)\nL = P[i, j] a[j] y[i]",
    "self-attention": "index i, j : n\nP[i, j] = softmax[j](x[i, d] x[j, d])\nY[i, e] = P[i, j] x[j, e]",
    "pair potential": "index i, j : n\nL = sum[i, j](where(i < j, 1 / sqrt(sum[d]((x[i, d] - x[j, d])**2) + 0.1), 0))",
    "kernel": "index i, j : n\nK[i, j] = exp(-sum[d]((x[i, d] - x[j, d])**2))\nL = a[i] K[i, j] a[j]",
    "square": "L = A[i, j] A[j, i]",
    "gather": "integer t[n] : rows\nL = sum[n](x[t[n]]**2 w[n])",
    "pooling": "index p : out\nindex k : window(2)\ny[p] = max[k](x[2*p + k])",
    "convolution": "index p : out\nindex k : window\ny[b, o, p] = relu(w[o, c, k] x[b, c, 2*p + k])",
}


@pytest.mark.parametrize("name", SELF)
def test_gradient_is_right(name: str) -> None:
    found = verify(read_program(SELF[name]))
    assert found, str(found)
