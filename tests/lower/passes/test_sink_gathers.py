"""What is read at few positions is computed there, where nothing else needs all of it."""

from __future__ import annotations

import math

import pytest

import indexcalc as ic
from indexcalc.ir.graph import Contract, Gather, Graph
from indexcalc.lower.passes.sink_gathers import PASS
from indexcalc.lower.sizes import representative_sizes
from indexcalc.lower.target import ARRAYS, Target

from .rewriting import FUSING, assert_like_interpreter, drawn, passed

GIVEN = "index n : tokens(T)\nindex m : more(M)\nindex v : vocab(V)\nindex d : feat(D)\ninteger t[n] : vocab\n"
LARGE = {"T": 2048, "V": 32000, "D": 64, "M": 4}
SIZES = [{"T": 5, "V": 4, "D": 3, "M": 2}, {"T": 1, "V": 1, "D": 1, "M": 1}, {"T": 0, "V": 3, "D": 2, "M": 2}]
LOGITS = GIVEN + "z[n,v] = X[n,d] W[v,d]\n"
LOSS = LOGITS + "L = sum[n](logsumexp[v](z[n,v]) - z[n,t[n]])\noutput L"
PROGRAMS = {
    "logits": LOGITS + "y[n] = z[n,t[n]]\noutput y",
    "map": LOGITS + "u[n,v] = exp(z[n,v]) b[v] - c[n]\ny[n] = u[n,t[n]]\noutput y",
    "reduction": GIVEN + "s[n,v] = sum[d](tanh(X[n,d] + W[v,d]))\ny[n] = s[n,t[n]]\noutput y",
    "selection": LOGITS + "u[n,v] = where(b[v] > 0, z[n,v], c[n])\ny[n] = u[n,t[n]]\noutput y",
    "batch": GIVEN + "tensor U[m,n,v]\nu[m,n,v] = U[m,n,v] b[v]\ny[m,n] = u[m,n,t[n]]\noutput y",
    "two positions": GIVEN
    + "integer r[n,m] : vocab\nz[v,d] = exp(A[v,d]) W[v,d]\ny[n,m,d] = z[r[n,m],d] X[n,d]\noutput y",
    "positions along a summed index": GIVEN + "integer q[d] : vocab\nz[v] = W[v,d] b[d]\ny[d] = z[q[d]]\noutput y",
    "shared position": GIVEN + "tensor A[v,v]\nu[n,v] = b[v] c[n]\ny[n] = u[n,t[n]]\noutput y",
}


def run(program: ic.Program, target: Target = ARRAYS) -> tuple[Graph, list[str]]:
    return passed(program, [PASS.name], LARGE, target)


def largest(program: ic.Program, graph: Graph) -> int:
    at = representative_sizes(program, LARGE)
    return max(math.prod(at[x.space] for x in v.axes) for v in graph)


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("sizes", SIZES)
def test_like_the_interpreter(name: str, sizes: dict[str, int]) -> None:
    program = ic.parse(PROGRAMS[name])
    graph, decisions = run(program)
    assert decisions
    assert_like_interpreter(program, graph, drawn(program, sizes), sizes)


@pytest.mark.parametrize("name", ["logits", "map", "selection"])
def test_nothing_of_the_vocabulary_is_made_but_the_inputs(name: str) -> None:
    program = ic.parse(PROGRAMS[name])
    assert largest(program, passed(program, [], LARGE)[0]) == 2048 * 32000
    assert largest(program, run(program)[0]) == 64 * 32000


def test_an_example_is_changed() -> None:
    program = ic.parse(PASS.example)
    graph, decisions = run(program)
    assert decisions == ["y: what is read of 65536000 elements is computed where it is read"]
    (contract,) = (v for v in graph if isinstance(v.operation, Contract))
    assert len(contract.axes) == 1


def test_what_others_need_is_read_where_it_is() -> None:
    """Logits that are stored for the log-sum-exp are read; those that a kernel does not store are computed anew."""
    program = ic.parse(LOSS)
    assert run(program)[1] == []
    graph, decisions = run(program, FUSING)
    assert len(decisions) == 1
    (gather,) = (v for v in graph if isinstance(v.operation, Gather))
    assert [x.space.name for x in gather.axes] == ["tokens", "feat"]
    sizes = SIZES[0]
    assert_like_interpreter(program, graph, drawn(program, sizes), sizes)


def test_more_positions_than_elements_leave_it() -> None:
    program = ic.parse(GIVEN + "integer r[n,m] : vocab\ny[v] = exp(b[v])\nu[n,m] = y[r[n,m]]\noutput u")
    assert passed(program, [PASS.name], {**LARGE, "V": 100})[1] == []
    assert passed(program, [PASS.name], {**LARGE, "T": 10, "M": 10})[1]
