"""Graphs that are made anew value by value stay what they are."""

from __future__ import annotations

import pytest

import indexcalc as ic
from indexcalc.ir.graph import Contract, Graph, Map, Operand, Value
from indexcalc.ir.graph_check import check_graph
from indexcalc.ir.graph_text import graph_text
from indexcalc.ir.index import Index
from indexcalc.lower.passes import Context
from indexcalc.lower.program import plain_graph
from indexcalc.lower.rebuild import Rebuild
from indexcalc.lower.sizes import representative_sizes
from tests.backends.cases import CASES

from .passes.rewriting import assert_like_interpreter, drawn

RECOMPUTED = """S[i, j] = Q[i, d] K[j, d]
P[i, j] = exp(S[i, j])
O[i, d] = P[i, j] V[j, d]
S2[i, j] = Q[i, d] K[j, d]
P2[i, j] = exp(S2[i, j])
G[j, d] = P2[i, j] W[i, d] + exp(S2[i, j]) O[i, d]
recompute S2, P2
output O, G
"""


def graph_of(program: ic.Program) -> tuple[Graph, Context]:
    context = Context(representative_sizes(program))
    return plain_graph(program, context), context


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_a_copy_reads_the_same_but_for_numbers(case: ic.Program) -> None:
    graph, context = graph_of(case.program)
    copy = Rebuild(graph, context.sizes).run(lambda made, old: None)
    check_graph(copy, "copy")
    again = Rebuild(copy, context.sizes).run(lambda made, old: None)
    assert graph_text(again) == graph_text(copy)
    assert [type(v.operation) for v in copy] == [type(v.operation) for v in graph]


def test_what_is_computed_again_is_not_merged_with_what_was_before() -> None:
    graph, context = graph_of(ic.parse(RECOMPUTED))
    copy = Rebuild(graph, context.sizes).run(lambda made, old: None)
    assert sum(v.operation == Map("exp") for v in copy) == 2
    assert graph_text(copy) == graph_text(graph)
    assert len(copy.anew) == 1


def turned(graph: Graph, context: Context) -> Graph:
    """Every contraction with its rows and columns exchanged, so that its axes lie in another order."""

    def rewrite(made: Rebuild, old: Value) -> Operand | None:
        if not isinstance(old.operation, Contract):
            return None
        left, right = (made.new(o) for o in old.operands)
        batch = [x for x in old.axes if x in left.label_set and x in right.label_set]
        rows, columns = ([x for x in old.axes if x in o.label_set and x not in batch] for o in (left, right))
        axes: tuple[Index, ...] = (*batch, *columns, *rows)
        return made.build.make(Contract(), (right, left), axes, old.kind)

    return Rebuild(graph, context.sizes).run(rewrite)


AFTERWARDS = {
    "reduced": "y[i] = max[k](A[i,j] B[j,k])",
    "along": "y[i,k] = cumsum[k](A[i,j] B[j,k]) + softmax[i](A[i,j] B[j,k])",
    "largest": "y[i,k] = topk[k, 2](A[i,j] B[j,k])",
    "contracted": "Y[i,l] = exp(A[i,j] B[j,k]) C[k,l]",
    "gathered": "integer t[l] : n\nY[l,k] = sum[m](exp(A[m,j] B[j,k]) delta[m, t[l]])",
    "scattered": "integer t[i] : n\nY[i,k] = exp(A[i,j] B[j,k]) - delta[k, t[i]]",
    "inverted": "M[i,k] = A[i,j] B[j,k]\nY[i,k] = inv(M)[i,k]",
    "selected": "Y[i,k] = where(k <= i, A[i,j] B[j,k], 0)",
}


@pytest.mark.parametrize("name", AFTERWARDS)
def test_what_follows_takes_axes_in_another_order(name: str) -> None:
    program = ic.parse(f"index i, j, k, l, m : n(4)\ntensor A[i,j], B[j,k], C[k,l]\n{AFTERWARDS[name]}")
    graph, context = graph_of(program)
    result = turned(graph, context)
    check_graph(result, "turned")
    assert_like_interpreter(program, result, drawn(program, {}), {}, 1e-11)
