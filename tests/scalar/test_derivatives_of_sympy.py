"""What SymPy's own derivatives bring: δ, with and without its range, Heaviside's step, and sums over them."""

import numpy as np
import pytest
import sympy
from sympy import Idx, IndexedBase, KroneckerDelta, Max, Sum, Symbol, symbols

import indexcalc as ic
from indexcalc.interpret.evaluate import evaluate

i, j, k, n = symbols("i j k n", integer=True)
A, x = (IndexedBase(Symbol(name)) for name in "Ax")


@pytest.mark.parametrize(
    ("e", "text"),
    [
        (KroneckerDelta(i, j, (0, n - 1)) * x[j], "delta[i, j] x[j]"),
        (Sum(A[i, j] * x[j], (j, 0, n - 1)).diff(x[k]), "delta[j, k] A[i, j]"),
        (Sum(x[Idx(j, n)] ** 2, Idx(j, n)).diff(x[k]), "2 delta[k, j] x[j]"),
        (Sum(KroneckerDelta(i, j) * A[i, k] * x[j], (j, 0, n - 1)), "delta[i, j] A[i, k] x[j]"),
        (Max(0, x[i]).diff(x[k]), "where(x[i] == 0, 0.5, x[i] > 0) delta[i, k]"),
    ],
)
def test_text(e, text):
    assert str(ic.from_sympy(e)) == text


def test_the_range_of_a_delta_is_its_indices_extent():
    found = ic.from_sympy(KroneckerDelta(i, j, (0, n - 1)))
    assert found.shape == ("n", "n")


@pytest.mark.parametrize("middle", [sympy.Rational(1, 2), sympy.Integer(1)])
def test_the_step_has_sympys_values(middle):
    at = np.array([-1.5, 0.0, 2.5])
    found = ic.from_sympy(sympy.Heaviside(x[i], middle))
    (index,) = found.free_indices
    value, _ = evaluate(found, {"x": at}, {index.space: 3})
    wanted = [float(sympy.Heaviside(sympy.Float(t), middle)) for t in at]
    np.testing.assert_array_equal(value, wanted)
