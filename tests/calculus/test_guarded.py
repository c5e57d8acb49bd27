"""Gradients are finite where a condition says that a singular function is not read."""

from __future__ import annotations

import numpy as np
import pytest

import indexcalc as ic

CASES = {
    "root": (
        "y[i] = where(x[i] > 0, sqrt(x[i]), 0)",
        lambda x: np.where(x > 0, 0.5 / np.sqrt(np.abs(x) + (x <= 0)), 0),
    ),
    "entropy": (
        "y[i] = where(x[i] > 0, x[i] log(x[i]), 0)",
        lambda x: np.where(x > 0, np.log(np.abs(x) + (x <= 0)) + 1, 0),
    ),
    "sinc": (
        "y[i] = where(x[i] == 0, 1, sin(x[i]) / x[i])",
        lambda x: np.where(x == 0, 0, (np.cos(x) - np.sinc(x / np.pi)) / (x + (x == 0))),
    ),
    "nested": (
        "y[i] = where(x[i] > 0, where(x[i] < 2, sqrt(x[i]) sqrt(2 - x[i]), 0), 0)",
        lambda x: np.where((x > 0) & (x < 2), (1 - x) / np.sqrt(np.where((x > 0) & (x < 2), x * (2 - x), 1)), 0),
    ),
    "declared": (
        "function f(u) = 1 / u\ny[i] = where(x[i] != 0, f(x[i]), 0)",
        lambda x: np.where(x == 0, 0, -1 / (x + (x == 0)) ** 2),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_gradient_is_finite_and_right_on_both_sides(name: str) -> None:
    text, slope = CASES[name]
    x = np.array([-1.0, 0.0, 0.5, 1.5, 4.0])
    found = ic.compile(ic.grad(text, "x"))(x=x, grad_y=np.ones(5))["grad_x"]
    np.testing.assert_allclose(found, slope(x), rtol=1e-13, atol=1e-15)


def test_second_derivatives_are_finite_too() -> None:
    hessian = ic.hessian("L = sum[i](where(x[i] > 0, sqrt(x[i]), 0))", "x")
    found = ic.compile(hessian)(x=np.array([-1.0, 0.0, 4.0]))["hess_x"]
    np.testing.assert_allclose(found, np.diag([0, 0, -0.25 * 4**-1.5]), rtol=1e-13)


def test_a_masked_pair_potential_has_its_forces() -> None:
    r = np.array([[0.0, 2.0], [2.0, 0.0]])
    gradient = ic.grad("E = sum[a,b](where(a != b, m[a] m[b] / r[a,b], 0))", "r")
    found = ic.compile(gradient)(m=np.array([1.0, 3.0]), r=r)["grad_r"]
    np.testing.assert_allclose(found, [[0, -0.75], [-0.75, 0]], rtol=1e-14)


def test_what_does_not_vary_with_the_condition_is_left_as_it_is() -> None:
    text = "y[i] = where(x[i] < beta, x[i]**2 / beta, x[i])"
    assert "0.5" not in str(ic.grad(text, "x"))


def test_what_cannot_be_singular_is_left_as_it_is() -> None:
    text = "y[i] = where(x[i] > z[i], 1 / (1 + (x[i] - z[i])**2) + log(exp(x[i]) + abs(z[i])), 0)"
    assert "0.5" not in str(ic.grad(text, "x"))
