"""Running sums."""

import numpy as np

import indexcalc as ic


def test_a_running_sum_of_equal_terms():
    """The cotangent of a sum is the same for every i, and its graph has no axis for i."""
    text = "index i : n(4)\nindex j : m(2)\nc[i] = cumsum[i](x[i])\nd[i] = cumsum[i](c[i])\ny[j] = sum[i](d[i]) ones[j]"
    slope = ic.compile(ic.grad(text, "x"))(x=np.arange(4.0), grad_y=np.array([1.5, 0.5]))["grad_x"]
    np.testing.assert_allclose(slope, [20, 12, 6, 2])
