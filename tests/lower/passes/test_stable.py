"""Stable forms of logarithms: the formula's values where those are finite, and better ones where they are not."""

from __future__ import annotations

import numpy as np
import pytest

import indexcalc as ic
from indexcalc.backends.emitter import emit
from indexcalc.backends.function import load
from indexcalc.backends.numpy.emit import NUMPY
from indexcalc.lower.passes.stable import PASS

from .rewriting import assert_like_interpreter, drawn, kinds, passed

GIVEN = "index i, j : n(N)\n"
FORMS = {
    "softmax": "P[i,j] = softmax[j](A[i,j])\nY[i,j] = log(P[i,j])\noutput Y",
    "logsumexp": "Y[i] = log(sum[j](exp(A[i,j])))",
    "logsumexp of a product": "Y[i] = log(sum[j](exp(x[i] w[j])))",
    "transposed": "s[j] = sum[i](exp(A[i,j] x[i]))\nY[j] = log(s[j])\noutput Y",
    "softplus": "Y[i] = log(1 + exp(x[i]))",
    "log sigmoid": "Y[i] = log(sigmoid(x[i]))",
    "log of a written sigmoid": "Y[i] = log(1 / (1 + exp(-x[i])))",
    "complement": "Y[i] = 1 - sigmoid(x[i])",
    "log exp": "E[i] = exp(x[i])\nY[i] = log(E[i])\noutput Y",
}


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("size", [4, 1, 0])
def test_like_the_interpreter(name: str, size: int) -> None:
    program, sizes = ic.parse(GIVEN + FORMS[name]), {"N": size}
    graph, decisions = passed(program, [PASS.name], {"N": 100})
    assert len(decisions) == 1
    assert_like_interpreter(program, graph, drawn(program, sizes), sizes)


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
@pytest.mark.parametrize("name", FORMS)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_infinities_and_nan_are_those_of_the_formula(name: str, value: float) -> None:
    program, sizes = ic.parse(GIVEN + FORMS[name]), {"N": 3}
    given = drawn(program, sizes)
    for array in given.values():
        array.reshape(-1)[1] = value
    assert_like_interpreter(program, passed(program, [PASS.name], {"N": 100})[0], given, sizes)


def at(name: str, value: float) -> float:
    """The form's first element where the first input is `value` and the others are 0."""
    program = ic.parse(GIVEN + FORMS[name])
    given = {n: 0 * a for n, a in drawn(program, {"N": 2}).items()}
    first = given["A" if "A" in given else "x"]
    first.reshape(-1)[0] = value
    if "w" in given:
        given["w"] += 1
    graph, _ = passed(program, [PASS.name], {"N": 100})
    return float(load(emit(program, graph, NUMPY).source, "<test>")(given, {"N": 2})["Y"].reshape(-1)[0])


@pytest.mark.parametrize(
    ("name", "above", "below"),
    [
        ("softmax", 0.0, -1e4),
        ("logsumexp", 1e4, 0.0),
        ("logsumexp of a product", 1e4 + np.log(2), -1e4 + np.log(2)),
        ("softplus", 1e4, 0.0),
        ("log sigmoid", 0.0, -1e4),
        ("log of a written sigmoid", 0.0, -1e4),
        ("complement", 0.0, 1.0),
        ("log exp", 1e4, -1e4),
    ],
)
def test_extreme_arguments_stay_finite(name: str, above: float, below: float) -> None:
    assert at(name, 1e4) == pytest.approx(above, rel=1e-14)
    assert at(name, -1e4) == pytest.approx(below, rel=1e-14)


def test_complements_keep_their_digits() -> None:
    assert at("complement", 50.0) == pytest.approx(np.exp(-50), rel=1e-14)


def test_an_example_is_changed() -> None:
    program = ic.parse(PASS.example)
    graph, decisions = passed(program, [PASS.name], {})
    assert decisions == ["Y: the logarithm of a softmax is a difference"]
    assert kinds(graph)["divide"] == 0 and kinds(graph)["exp"] == 1


@pytest.mark.parametrize(
    "text",
    [
        "E[i,j] = exp(A[i,j])\ns[i] = sum[j](E[i,j])\nY[i] = log(s[i])\noutput Y, E",  # E is there anyway
        "s[i] = sigmoid(x[i])\nY[i] = 1 - s[i]\noutput Y, s",
        "Y[i] = log(2 + exp(x[i]))",
        "Y[i] = logsumexp[j](A[i,j])",
    ],
)
def test_what_is_shared_or_different_stays(text: str) -> None:
    assert passed(ic.parse(GIVEN + text), [PASS.name], {"N": 100})[1] == []
