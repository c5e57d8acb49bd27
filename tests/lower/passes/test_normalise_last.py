"""What lacks the summed labels moves behind the sum, where that saves work and cannot turn numbers into NaN."""

from __future__ import annotations

import numpy as np
import pytest

import indexcalc as ic
from indexcalc.ir.graph import Contract, Graph, Input, Map, Output, Reduce
from indexcalc.ir.index import Index, Space
from indexcalc.lower.builder import Builder
from indexcalc.lower.contraction import contract
from indexcalc.lower.passes import Context
from indexcalc.lower.passes.normalise_last import PASS
from indexcalc.lower.rebuild import needed
from indexcalc.lower.target import ARRAYS, Target

from .rewriting import FUSING, assert_like_interpreter, drawn, kinds, passed

GIVEN = "index i, j : seq(L)\nindex a : feat(D)\n"
LARGE = {"L": 4096, "D": 64}
SOFTMAX = GIVEN + "P[i,j] = softmax[j](S[i,j])\nO[i,a] = P[i,j] V[j,a]\noutput O"
WRITTEN = (
    GIVEN + "E[i,j] = exp(S[i,j])\nZ[i] = sum[j](E[i,j])\nP[i,j] = E[i,j] / Z[i]\nO[i,a] = P[i,j] V[j,a]\noutput O"
)
GUARDED = WRITTEN.replace("sum[j](E[i,j])", "sum[j](E[i,j]) + 1/1000")
ATTENTION = GIVEN + "P[i,j] = softmax[j](Q[i,a] K[j,a])\nO[i,a] = P[i,j] V[j,a]"
DROPPED = GIVEN + "P[i,j] = softmax[j](S[i,j])\nR[i,j] = P[i,j] M[i,j]\nO[i,a] = R[i,j] V[j,a]\noutput O"


def moved(text: str, target: Target = ARRAYS, sizes: dict[str, int] = LARGE) -> tuple[Graph, list[str]]:
    return passed(ic.parse(text), ["normalise-last"], sizes, target)


def _quotients(graph: Graph) -> list[int]:
    """Of the values that divide, or multiply by a reciprocal, how many axes of length L they have."""
    found = []
    for v in graph:
        inverse = any(o.value.operation == Map("reciprocal") for o in v.operands)
        if v.operation == Map("divide") or (v.operation == Map("multiply") and inverse):
            found.append(sum(x.space.name == "seq" for x in v.axes))
    return found


@pytest.mark.parametrize("text", [SOFTMAX, WRITTEN, GUARDED, DROPPED])
@pytest.mark.parametrize("sizes", [{"L": 5, "D": 3}, {"L": 1, "D": 1}, {"L": 0, "D": 2}, {"L": 3, "D": 0}])
def test_a_normaliser_divides_the_result(text: str, sizes: dict[str, int]) -> None:
    graph, decisions = moved(text)
    before, _ = passed(ic.parse(text), [], LARGE)
    assert _quotients(before) == [2] and _quotients(graph) == [1]
    assert decisions == ["O: a normaliser moves behind the sum, to 262144 elements in the place of 16777216"]
    program = ic.parse(text)
    assert_like_interpreter(program, graph, drawn(program, sizes), sizes)


@pytest.mark.parametrize("value", [-np.inf, np.inf, np.nan, 1e4, -1e4, 800.0])
@pytest.mark.parametrize("text", [SOFTMAX, WRITTEN, GUARDED])
@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_extreme_rows_are_those_of_the_interpreter(text: str, value: float, whole: bool) -> None:
    program, sizes = ic.parse(text), {"L": 4, "D": 3}
    given = drawn(program, sizes)
    given["S"][1, 0] = value
    if whole:
        given["S"][1] = value
    for v in (given["V"], np.abs(given["V"]), 0 * given["V"]):
        assert_like_interpreter(program, moved(text)[0], {**given, "V": v}, sizes)


def test_an_example_is_changed() -> None:
    program = ic.parse(PASS.example)
    before, _ = passed(program, [], LARGE)
    after, decisions = passed(program, [PASS.name], LARGE)
    assert decisions and [v.axes for v in before] != [v.axes for v in after]


def test_it_stays_where_others_need_the_quotient() -> None:
    """Its other uses keep the division, which a kernel does not store and an array library would do anyway."""
    program = ic.grad(ic.parse(ATTENTION), "Q,K,V", with_value=True)
    graph, decisions = passed(program, ["normalise-last"], LARGE, FUSING)
    assert len(decisions) == 1 and kinds(graph)["divide"] == 2
    sizes = {"L": 5, "D": 3}
    assert_like_interpreter(program, graph, drawn(program, sizes), sizes)


def test_quotients_that_are_only_summed_are_not_made() -> None:
    """Both gradients share E (G − s); its normaliser divides Σ_j behind the sum, and Σ_i in the other operand."""
    program = ic.grad(ic.parse(ATTENTION), "Q,K,V", with_value=True)
    before, _ = passed(program, [], LARGE)
    graph, decisions = passed(program, ["normalise-last"], LARGE)
    assert _quotients(before) == [2] and _quotients(graph) == [1, 1, 1, 1] and len(decisions) == 4
    for sizes in ({"L": 5, "D": 3}, {"L": 1, "D": 1}, {"L": 0, "D": 2}):
        assert_like_interpreter(program, graph, drawn(program, sizes), sizes)


def test_a_normaliser_of_columns_moves_to_the_smaller_operand() -> None:
    text = GIVEN + "Z[j] = sum[i](exp(A[i,j]))\nP[i,j] = exp(A[i,j]) / Z[j]\nO[i,a] = P[i,j] V[j,a]\noutput O"
    graph, decisions = moved(text)
    assert decisions == [
        "O: a normaliser moves to the other side of the product, to 262144 elements in the place of 16777216"
    ]
    assert moved(text, sizes={"L": 64, "D": 4096})[1] == []
    program, sizes = ic.parse(text), {"L": 4, "D": 3}
    given = drawn(program, sizes)
    assert_like_interpreter(program, graph, given, sizes)
    for value in (np.inf, np.nan, 1e4):
        given["A"][0, 1] = value
        assert_like_interpreter(program, graph, given, sizes)
    given["A"][:, 1] = -np.inf
    assert_like_interpreter(program, graph, given, sizes)


def test_a_sum_that_needs_the_normaliser_beforehand_keeps_it() -> None:
    """Σ_j P_ij (G_ij − s_i) with s from P's sums cannot run beside Z, so that nothing is won by moving Z."""
    program = ic.grad(ic.parse(ATTENTION), "Q,K", with_value=True)
    _, decisions = passed(program, ["normalise-last"], LARGE, FUSING)
    assert len(decisions) == 1 and decisions[0].startswith("O:")


@pytest.mark.parametrize(
    "text",
    [
        "P[i,j] = A[i,j] / r[i]\nO[i,a] = P[i,j] V[j,a]\noutput O",  # r may be 0 where A is not
        "r[i] = sum[j](A[i,j])\nP[i,j] = A[i,j] / r[i]\nO[i,a] = P[i,j] V[j,a]\noutput O",  # so may a sum with signs
        "r[i] = sum[j](exp(A[j,i]))\nP[i,j] = exp(A[i,j]) / r[i]\nO[i,a] = P[i,j] V[j,a]\noutput O",  # another's sum
        "r[i] = sum[j](exp(A[i,j])) - 1\nP[i,j] = exp(A[i,j]) / r[i]\nO[i,a] = P[i,j] V[j,a]\noutput O",
    ],
)
def test_no_other_divisor_moves(text: str) -> None:
    assert moved(GIVEN + text)[1] == []


def test_no_plain_quotient_moves_either() -> None:
    """Lowering writes most divisors as reciprocals; a graph may hold others."""
    build = Builder({})
    rows, columns, width = (Index(n, Space(n)) for n in "ija")
    build.sizes = {rows.space: 4096, columns.space: 4096, width.space: 64}
    a = build.make(Input("A"), (), (rows, columns), "float")
    r = build.make(Input("r"), (), (rows,), "float")
    v = build.make(Input("V"), (), (columns, width), "float")
    for divisor, moves in ((r, False), (build.make(Reduce("sum"), (build.map("exp", a),), (rows,), "float"), True)):
        numerator = build.map("exp", a) if moves else a
        result = contract(build, [build.map("divide", numerator, divisor), v], (rows, width), ())
        outputs = (Output("O", result, (rows, width)),)
        graph = Graph(needed(build.values, outputs), outputs, {}, dict.fromkeys(range(len(build.values)), "O"))
        context = Context(build.sizes)
        PASS.run(graph, context)
        assert len(context.decisions) == moves


def test_a_factor_moves_to_the_smaller_side() -> None:
    text = GIVEN + "W[i,j] = A[i,j] g[i]\nO[i,a] = W[i,j] V[j,a]\nr[i] = sum[j](W[i,j] h[i])\noutput O, r"
    graph, decisions = moved(text)
    assert len(decisions) == 2
    assert max(len(v.axes) for v in graph if v.operation == Map("multiply")) == 2
    assert all(
        {x.space.name for x in v.axes} != {"seq"} or len(v.axes) == 1 for v in graph if v.operation == Map("multiply")
    )
    program, sizes = ic.parse(text), {"L": 4, "D": 3}
    assert_like_interpreter(program, graph, drawn(program, sizes), sizes)
    assert moved(text, sizes={"L": 64, "D": 4096})[1] == []  # the result is the larger side


def test_an_outer_product_loses_its_factor() -> None:
    text = GIVEN + "W[i,j] = h[j] g[i]\nO[i,a] = W[i,j] V[j,a]\noutput O"
    graph, _ = moved(text)
    assert [len(v.axes) for v in graph if isinstance(v.operation, Contract)] == [1]
    program, sizes = ic.parse(text), {"L": 4, "D": 3}
    assert_like_interpreter(program, graph, drawn(program, sizes), sizes)
