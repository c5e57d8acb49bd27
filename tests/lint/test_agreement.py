"""Formulas that agree only under what papers leave to words."""

import pytest

from indexcalc.lint.agreement import Formulas, agree_in_words, compared

ASSUMED = {
    "one vector sums to 1": (Formulas((), (), "sum[a](t[a]) * Loss", "Loss"), {"t": 1}),
    "both do": (Formulas((), (), "sum[a](t[a]) * sum[b](u[b])", "1"), {"t": 1, "u": 1}),
    "a matrix is symmetric": (Formulas((), ("i0",), "A[i0, j0] * x[j0]", "A[j0, i0] * x[j0]"), {"A": 2}),
}


@pytest.mark.parametrize("name", ASSUMED)
def test_a_hypothesis_makes_them_agree(name):
    formulas, ranks = ASSUMED[name]
    assert compared(formulas).verdict == "different"
    assert agree_in_words(formulas, ranks, ())
    assert not agree_in_words(formulas, {}, ())


def test_no_hypothesis_makes_a_wrong_factor_right():
    formulas = Formulas((), ("i0",), "A[i0, j0] * x[j0]", "2 * A[i0, j0] * x[j0]")
    assert not agree_in_words(formulas, {"A": 2, "x": 1}, ())


def test_indices_that_are_said_to_differ():
    formulas = Formulas((), ("i0", "j0"), "p[i0] * (delta[i0, j0] - p[j0])", "-p[i0] * p[j0]")
    assert not agree_in_words(formulas, {}, ())
    assert agree_in_words(formulas, {}, [("i0", "j0")])
