"""A one-hot term beside a large value is summed apart from it."""

from __future__ import annotations

import numpy as np
import pytest

import indexcalc as ic
from indexcalc.backends.emitter import emit
from indexcalc.backends.function import load
from indexcalc.backends.torch.emit import TORCH
from indexcalc.interpret.run import run_outputs
from indexcalc.ir.graph import Gather, Graph, Map, Scatter, positions_differ
from indexcalc.lower.passes.one_hot_apart import PASS
from indexcalc.lower.target import ARRAYS, Target

from .rewriting import FUSING, assert_like_interpreter, drawn, passed

GIVEN = "index n : tokens(T)\nindex h : heads(H)\nindex v : vocab(V)\nindex d : feat(D)\ninteger t[n] : vocab\n"
LARGE = {"T": 2048, "V": 32000, "D": 64, "H": 4}
SIZES = [{"T": 7, "V": 4, "D": 3, "H": 2}, {"T": 1, "V": 1, "D": 1, "H": 1}, {"T": 0, "V": 3, "D": 2, "H": 1}]
LOSS = GIVEN + "z[n,v] = X[n,d] W[v,d]\nL = sum[n](logsumexp[v](z[n,v]) - z[n,t[n]]) / T"
HEADS = GIVEN + "G[h,n,v] = exp(Y[h,n,d] W[v,d]) - c[n] delta[v, t[n]]\n"
PROGRAMS = {
    "loss": ic.grad(ic.parse(LOSS), "X,W", with_value=True),
    "weighted": ic.grad(ic.parse(LOSS.replace("sum[n](", "sum[n](c[n] (").replace("]) / T", "])) / T")), "X,W"),
    "label smoothed": ic.grad(
        ic.parse(LOSS.replace("- z[n,t[n]]", "- 0.9 z[n,t[n]] - 0.1 sum[v](b[v] z[n,v])")), "X,W"
    ),
    "heads": ic.parse(HEADS + "A[h,n,d] = G[h,n,v] W[v,d]\nB[v,d] = G[h,n,v] Y[h,n,d]\noutput A, B"),
    "sums": ic.parse(
        GIVEN
        + "G[n,v] = exp(Y[n,d] W[v,d]) - c[n] delta[v, t[n]]\na[n] = sum[v](G[n,v])\nb[v] = sum[n](G[n,v])\noutput a, b"
    ),
    "both labels": ic.parse(HEADS + "A[v,d] = sum[h,n](G[h,n,v] U[n,v] Y[h,n,d])\noutput A"),
}


def run(program: ic.Program, target: Target = FUSING) -> tuple[Graph, list[str]]:
    return passed(program, [PASS.name], LARGE, target)


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("sizes", SIZES)
def test_like_the_interpreter(name: str, sizes: dict[str, int]) -> None:
    program = PROGRAMS[name]
    graph, decisions = run(program)
    assert decisions
    assert_like_interpreter(program, graph, drawn(program, sizes), sizes)


@pytest.mark.parametrize("name", ["heads", "both labels"])
def test_torch_adds_equal_positions_up(name: str) -> None:
    torch = pytest.importorskip("torch")
    program, sizes = PROGRAMS[name], SIZES[0]
    given = drawn(program, sizes)
    found = load(emit(program, run(program)[0], TORCH).source, "<test>")(
        {n: torch.as_tensor(a) for n, a in given.items()}, sizes
    )
    for output, value in run_outputs(program, given).items():
        np.testing.assert_allclose(np.asarray(found[output]), value, rtol=1e-12, atol=1e-12)


def test_products_become_a_gather_and_additions_to_the_result() -> None:
    graph, decisions = run(PROGRAMS["loss"])
    assert [d.split(":")[0] for d in decisions] == ["grad_X", "grad_W"]
    (scatter,) = (v for v in graph if isinstance(v.operation, Scatter))
    assert [x.space.name for x in scatter.axes] == ["vocab", "feat"] and not positions_differ(scatter)
    assert [len(v.axes) for v in graph if isinstance(v.operation, Gather)] == [1, 2]


def test_an_example_is_changed() -> None:
    program = ic.parse(PASS.example)
    assert len(run(program)[1]) == 2


def test_what_is_stored_is_overwritten() -> None:
    """An array library has P in memory, and nothing else needs it: one element of each row is changed in place."""
    graph, decisions = run(PROGRAMS["loss"], ARRAYS)
    assert decisions == []
    (scatter,) = (v for v in graph if isinstance(v.operation, Scatter))
    assert positions_differ(scatter)


def test_a_copy_is_avoided() -> None:
    """P is needed, too, so that P − δ would be a second array of its size."""
    text = GIVEN + "P[n,v] = exp(Y[n,v])\nG[n,v] = P[n,v] - delta[v, t[n]]\nA[n,d] = G[n,v] W[v,d]\noutput A, P"
    program, sizes = ic.parse(text), SIZES[0]
    graph, decisions = run(program, ARRAYS)
    assert len(decisions) == 1 and not any(isinstance(v.operation, Scatter) for v in graph)
    assert_like_interpreter(program, graph, drawn(program, sizes), sizes)


@pytest.mark.parametrize(
    "use", ["A[n,v] = exp(G[n,v])", "A[n,d] = G[n,v] W[v,d]\nB[n] = sum[v](tanh(G[n,v]))", "A = sum[n,v](G[n,v]**2)"]
)
def test_it_stays_whole_where_it_is_needed_whole(use: str) -> None:
    outputs = "A, B" if "B[" in use else "A"
    text = GIVEN + f"G[n,v] = exp(Y[n,d] W[v,d]) - delta[v, t[n]]\n{use}\noutput {outputs}"
    assert run(ic.parse(text))[1] == []


def test_a_difference_of_maps_is_no_scatter() -> None:
    graph, _ = run(ic.parse(GIVEN + "A[n,d] = sum[v]((P[n,v] - R[n,v]) W[v,d])\noutput A"))
    assert any(v.operation == Map("subtract") for v in graph)
