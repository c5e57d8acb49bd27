"""Quotients of exponentials by their sum, as exponentials of a difference, where a kernel makes them again."""

from __future__ import annotations

import numpy as np
import pytest

import indexcalc as ic
from indexcalc.lower.passes.log_sum import PASS
from indexcalc.lower.target import ARRAYS

from .rewriting import FUSING, assert_like_interpreter, drawn, kinds, passed

GIVEN = "index i, j : seq(L)\nindex a : feat(D)\n"
LARGE = {"L": 4096, "D": 64}
SQUARED = GIVEN + "P[i,j] = softmax[j](Q[i,a] K[j,a])\nO[i,a] = sum[j](P[i,j]**2 V[j,a])\noutput O"
MASKED = SQUARED.replace("(Q[i,a] K[j,a])", "(where(j < i, Q[i,a] K[j,a], -inf))")


@pytest.mark.parametrize("text", [SQUARED, MASKED])
@pytest.mark.parametrize("sizes", [{"L": 5, "D": 3}, {"L": 1, "D": 1}, {"L": 0, "D": 2}, {"L": 3, "D": 0}])
def test_like_the_interpreter(text: str, sizes: dict[str, int]) -> None:
    """Also where a row is masked as a whole, which is NaN."""
    program = ic.parse(text)
    graph, decisions = passed(program, [PASS.name], LARGE, FUSING)
    assert kinds(graph)["divide"] == 0 and kinds(graph)["exp"] == 2 and len(decisions) == 1
    assert_like_interpreter(program, graph, drawn(program, sizes), sizes)


@pytest.mark.parametrize("value", [-np.inf, np.inf, np.nan, 1e4, -1e4])
@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_extreme_rows_are_those_of_the_interpreter(value: float, whole: bool) -> None:
    text = GIVEN + "tensor S[i,j]\nP[i,j] = softmax[j](2 S[i,j])\nO[i,a] = sum[j](P[i,j]**2 U[i,a] V[j,a])\noutput O"
    program, sizes = ic.parse(text), {"L": 4, "D": 3}
    graph, decisions = passed(program, [PASS.name], LARGE, FUSING)
    assert decisions == []  # S is an input of that size
    program = ic.parse(text.replace("tensor S[i,j]", "S[i,j] = A[i,a] B[j,a]"))
    graph, decisions = passed(program, [PASS.name], LARGE, FUSING)
    given = drawn(program, sizes)
    given["A"][1] = [value, *([value, value] if whole else [0, 0])]
    assert len(decisions) == 1
    assert_like_interpreter(program, graph, given, sizes, 1e-10)


def test_an_example_is_changed() -> None:
    assert passed(ic.parse(PASS.example), [PASS.name], {}, FUSING)[1]


def test_what_is_stored_is_divided() -> None:
    program = ic.parse(SQUARED)
    assert passed(program, [PASS.name], LARGE, ARRAYS)[1] == []
    assert passed(program, [PASS.name], {"L": 64, "D": 64}, FUSING)[1] == []


def test_other_quotients_stay() -> None:
    written = "E[i,j] = exp(Q[i,a] K[j,a] - m[i])\nZ[i] = sum[j](E[i,j])\nP[i,j] = E[i,j] / Z[i]\n"
    program = ic.parse(GIVEN + written + "O[i,a] = sum[j](P[i,j]**2 V[j,a])\noutput O")
    assert passed(program, [PASS.name], LARGE, FUSING)[1] == []
