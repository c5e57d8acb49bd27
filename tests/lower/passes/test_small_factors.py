"""Products across statements are multiplied up from their small factors."""

from __future__ import annotations

import math

import pytest

import indexcalc as ic
from indexcalc.ir.graph import Graph, Map
from indexcalc.lower.passes.small_factors import PASS
from indexcalc.lower.sizes import representative_sizes

from .rewriting import assert_like_interpreter, drawn, kinds, passed

GIVEN = "index i, j : seq(L)\nindex d : feat(D)\nscalar c, e\n"
LARGE = {"L": 4096, "D": 64}
SIZES = [{"L": 5, "D": 3}, {"L": 1, "D": 1}, {"L": 0, "D": 2}, {"L": 3, "D": 0}]
SCORES = "S[i,j] = Q[i,d] K[j,d]\n"
PROGRAMS = {
    "scalars": "Y[i,j] = X[i,j] c\nZ[i,j] = Y[i,j] e\noutput Z",
    "rows": "Y[i,j] = X[i,j] c\nZ[i,j] = Y[i,j] e v[i]\nW[i,j] = -Z[i,j]\noutput W",
    "signs": "Y[i,j] = -X[i,j]\nZ[i,j] = -Y[i,j]\nW[i,j] = exp(Z[i,j])\noutput W",
    "scores": SCORES + "T[i,j] = S[i,j] / 8\nW[i,j] = tanh(T[i,j])\noutput W",
    "rows of scores": SCORES + "T[i,j] = S[i,j] v[i]\nU[i,j] = T[i,j] w[j] c\nW[i,j] = tanh(-U[i,j])\noutput W",
    "transposed scores": SCORES + "T[i,j] = S[j,i] v[i]\nU[i,j] = T[i,j] w[j] c\nW[i,j] = tanh(U[i,j])\noutput W",
    "weights of scores": SCORES + "T[i,j] = S[i,j] X[i,j]\nU[i,j] = T[i,j] c\nW[i,j] = tanh(U[i,j])\noutput W",
    "masks": "Y[i,j] = X[i,j] c\nZ[i,j] = -(j <= i) Y[i,j]\noutput Z",
}


def large_products(program: ic.Program, graph: Graph) -> int:
    at = representative_sizes(program, LARGE)
    linear = [v for v in graph if v.operation in (Map("multiply"), Map("negative"))]
    return sum(math.prod(at[x.space] for x in v.axes) == 4096**2 for v in linear)


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("scalars", 2, 1),
        ("rows", 3, 1),
        ("signs", 2, 0),
        ("scores", 1, 0),
        ("rows of scores", 3, 0),
        ("transposed scores", 2, 0),
        ("weights of scores", 2, 1),
        ("masks", 3, 2),
    ],
)
def test_large_products_are_fewer(name: str, before: int, after: int) -> None:
    program = ic.parse(GIVEN + PROGRAMS[name])
    assert large_products(program, passed(program, [], LARGE)[0]) == before
    graph, decisions = passed(program, [PASS.name], LARGE)
    assert large_products(program, graph) == after and len(decisions) == 1
    for sizes in SIZES:
        assert_like_interpreter(program, graph, drawn(program, sizes), sizes)


def test_an_example_is_changed() -> None:
    assert passed(ic.parse(PASS.example), [PASS.name], LARGE)[1]


@pytest.mark.parametrize(
    "text",
    [
        "Y[i,j] = X[i,j] c\nZ[i,j] = Y[i,j] e\noutput Y, Z",  # Y is needed, too
        SCORES + "T[i,j] = S[i,j] / 8\nW[i,j] = T[i,j] + S[i,j]\noutput W",
        SCORES.replace("Q[i,d] K[j,d]", "sum[d](A[i,j,d] K[j,d])") + "T[i,j] = S[i,j] X[i,j]\noutput T",
    ],
)
def test_what_others_read_stays(text: str) -> None:
    assert passed(ic.parse(GIVEN + text), [PASS.name], LARGE)[1] == []


def test_a_result_smaller_than_its_operands_is_scaled_itself() -> None:
    program = ic.parse(GIVEN + "s[i] = A[i,j] x[j]\nt[i] = s[i] v[i]\noutput t")
    graph, decisions = passed(program, [PASS.name], LARGE)
    assert decisions == [] and kinds(graph)["multiply"] == 1
