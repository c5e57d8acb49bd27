"""Signs by form: each as it is expected, and none that random values contradict."""

import numpy as np
import pytest

from indexcalc.elaborate.read import read_program
from indexcalc.interpret.run import run_outputs
from indexcalc.lint.facts import Facts, Sign

ANY, NOT_NEGATIVE, POSITIVE = Sign

SIGNS = {
    "x": ANY,
    "p": POSITIVE,
    "2": POSITIVE,
    "0": NOT_NEGATIVE,
    "-2": ANY,
    "x x": NOT_NEGATIVE,
    "x x w": ANY,
    "x x w w": NOT_NEGATIVE,
    "x x x": ANY,
    "x x p": NOT_NEGATIVE,
    "p q": POSITIVE,
    "x**2": NOT_NEGATIVE,
    "x**3": ANY,
    "p**3": POSITIVE,
    "1 / p": POSITIVE,
    "1 / (1 + x**2)": POSITIVE,
    "1 / x": ANY,
    "1 / abs(x)": POSITIVE,
    "sqrt(p)": POSITIVE,
    "x**2 + p": POSITIVE,
    "x**2 + w**2": NOT_NEGATIVE,
    "x + p": ANY,
    "exp(x)": POSITIVE,
    "sigmoid(x)": POSITIVE,
    "tanh(x)": ANY,
    "abs(x)": NOT_NEGATIVE,
    "abs(p)": POSITIVE,
    "relu(x)": NOT_NEGATIVE,
    "max(x, p)": POSITIVE,
    "max(x, x**2)": NOT_NEGATIVE,
    "min(x, p)": ANY,
    "min(x**2, p)": NOT_NEGATIVE,
    "where(x > 0, p, w**2)": NOT_NEGATIVE,
    "where(x > 0, p, x)": ANY,
    "sum[i](v[i]**2)": NOT_NEGATIVE,
    "sum[i](exp(v[i]))": POSITIVE,
    "mean[i](v[i])": ANY,
    "norm[i](v[i])": NOT_NEGATIVE,
    "var[i](v[i])": NOT_NEGATIVE,
    "max[i](softmax[i](v[i]))": POSITIVE,
    "min[i](softmax[i](where(i > 0, v[i], -inf)))": NOT_NEGATIVE,
}


@pytest.mark.parametrize("text", SIGNS)
def test_signs(text):
    program = read_program(f"scalar p positive\nscalar q positive\nindex i : n(3)\ny = {text}")
    assert Facts(program).sign(program.definitions["y"].body) == SIGNS[text]


@pytest.mark.parametrize("text", [text for text, sign in SIGNS.items() if sign > ANY])
def test_no_value_contradicts_its_sign(text):
    program = read_program(f"scalar p positive\nscalar q positive\nindex i : n(3)\ny = {text}")
    rng = np.random.default_rng(0)
    for _ in range(20):
        arrays = {t.name: rng.normal(size=(3,) * len(t.indices)) for t in program.tensors}
        arrays |= {name: abs(arrays[name]) for name in ("p", "q") if name in arrays}
        value = float(run_outputs(program, arrays)["y"])
        assert value > 0 if SIGNS[text] == POSITIVE else value >= 0
