"""What is computed at two places is equal to the last bit, so that gradients find where an extreme value is taken."""

import numpy as np
import pytest

import indexcalc as ic
from tests.backends.cpp.batch import has_compiler

TEXT = """
index i, j : seq(L)
tensor w[j]
t[i, j] = w[i] w[j] + w[j]
m[i] = {}[j](tanh(t[i, j]))
loss = mean[i](tanh(m[i]))
output loss
"""


@pytest.mark.skipif(not has_compiler(), reason="needs a C++ compiler")
@pytest.mark.parametrize("reduction", ["min", "max"])
def test_gradients_of_extremes_compare_a_value_with_itself(reduction):
    program = ic.grad(ic.parse(TEXT.format(reduction)), "w", with_value=True)
    compiled = ic.compile(program, "cpp", sizes={"L": 2048})
    plain = ic.compile(program, without=("fuse", "fuse-rows"))
    for seed in range(8):
        w = np.random.default_rng(seed).standard_normal(7)
        np.testing.assert_allclose(compiled(w=w)["grad_w"], plain(w=w)["grad_w"], rtol=1e-12, atol=1e-12)
