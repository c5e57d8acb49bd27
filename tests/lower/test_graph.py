"""What the graph of a program is made of: contraction order, sharing, scalars, deltas, dead code."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace

import pytest

from indexcalc.diagnostics import IndexCalcError
from indexcalc.elaborate.read import read_program
from indexcalc.ir.expr import Access, Derivative, Partial
from indexcalc.ir.graph import Contract, Graph, Map, Scatter, Value, View
from indexcalc.ir.index import Index, Space
from indexcalc.ir.program import Define, Metric, Program, Tensor
from indexcalc.lower.program import lower_program
from indexcalc.lower.sizes import representative_sizes
from indexcalc.lower.target import Target

DECLARED = "index i, j, k, l : n(N)\nindex a, c : m(M)\nindex b : batch(Nb)\nindex v : vocab(V)\n"
SIZES = {"N": 100, "M": 7, "Nb": 11, "V": 50}


def lowered(text: str, native: frozenset[str] = frozenset()) -> tuple[Graph, Program]:
    program = read_program(DECLARED + text)
    sizes = {k: v for k, v in SIZES.items() if any(s.extent == k for s in program.spaces)}
    return lower_program(program, sizes=sizes, target=Target(native=native)), program


def kinds(graph: Graph) -> Counter[str]:
    found = Counter(type(v.operation).__name__ for v in graph)
    found.update(v.operation.function for v in graph if isinstance(v.operation, Map))
    return found


def elements(value: Value, program: Program) -> int:
    sizes = representative_sizes(program, SIZES)
    return math.prod(sizes[i.space] for i in value.axes)


def largest(text: str) -> int:
    """Elements of the largest array that is stored, views apart."""
    graph, program = lowered(text)
    return max(elements(v, program) for v in graph if not v.is_view)


def test_a_chain_is_multiplied_from_its_small_end() -> None:
    graph, program = lowered("tensor A[i,j], C[j,k], x[k]\ny[i] = A[i,j] C[j,k] x[k]")
    made = [elements(v, program) for v in graph if isinstance(v.operation, Contract)]
    assert made == [100, 100]


def test_a_scalar_goes_to_the_smallest_operand() -> None:
    graph, program = lowered("tensor Q[i,a], K[j,a]\nS[i,j] = Q[i,a] K[j,a] / sqrt(M)")
    scaled = [v for v in graph if v.operation == Map("multiply")]
    assert [elements(v, program) for v in scaled] == [700]
    graph, program = lowered("tensor A[i,j], x[i], z[j]\ny = 3 x[i] A[i,j] z[j]")
    assert [elements(v, program) for v in graph if v.operation == Map("multiply")] == [1]


def test_an_input_is_preferred_so_that_products_share_it() -> None:
    text = """
tensor Q[i,a], K[j,a], G[i,j]
S[i,j] = Q[i,a] K[j,a] / sqrt(M)
D[j,a] = G[i,j] Q[i,a] / sqrt(M)
"""
    graph, _ = lowered(text)
    assert kinds(graph)["multiply"] == 1


def test_equal_values_up_to_names_are_made_once() -> None:
    graph, _ = lowered("tensor A[i,j], x[i]\nu[i] = exp(A[i,j] x[j])\nw[k] = exp(x[l] A[k,l])\nz[i] = u[i] w[i]")
    assert kinds(graph)["Contract"] == 1 and kinds(graph)["exp"] == 1


def test_softmax_and_logsumexp_share_their_exponentials() -> None:
    text = "tensor Z[b,v]\nP[b,v] = softmax[v](Z[b,v])\nL[b] = logsumexp[v](Z[b,v])"
    assert kinds(lowered(text)[0])["exp"] == 1
    native = kinds(lowered(text, frozenset({"softmax", "logsumexp"}))[0])
    assert native["exp"] == 0 and native["Along"] == 1


def test_masks_are_made_once_and_without_a_negation() -> None:
    text = """
tensor A[b,i,j], C[b,i,j]
X[b,i,j] = where(j <= i, A[b,i,j], -inf)
Y[b,i,j] = where(j <= i, C[b,i,j], -inf)
"""
    found = kinds(lowered(text)[0])
    assert (found["greater"], found["Range"], found["logical_not"], found["less_equal"]) == (1, 1, 0, 0)


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("tensor G[i,j], x[i,a], y[j,a]\nd[i,a] = sum[j](G[i,j] (x[i,a] - y[j,a]))", 100 * 100),
        ("tensor A[i,j], C[j,k], D[i,j], E[j,k]\nY[i,k] = sum[j](A[i,j] C[j,k] + D[i,j] E[j,k])", 100 * 100),
        ("integer t[b,a] : vocab\ntensor X[b,a,i]\nG[v,i] = sum[b,a](X[b,a,i] delta[v, t[b,a]])", 11 * 7 * 100),
        ("integer t[b] : vocab\ntensor P[b,v]\nG[b,v] = P[b,v] - delta[v, t[b]]", 11 * 50),
        ("tensor A[i,j,k], x[k]\ny[i,j] = sum[k](A[i,j,k] x[k])", 100**3),
        ("tensor x[i], y[j], z[k]\ns = x[i] y[j] z[k] x[i] y[j] z[k]", 100),
        ("tensor x[b,i], w[a,c]\nY[b,a,j] = sum[c](w[a,c] x[b,j+c])", 11 * 7 * 100 * 7),
    ],
)
def test_nothing_is_stored_that_is_larger_than_need_be(text: str, bound: int) -> None:
    assert largest(text) <= bound


def test_a_difference_is_not_opened_where_another_factor_is_as_large() -> None:
    graph, _ = lowered("tensor P[i,j,a], x[i,a], y[j,a]\nd[i] = sum[j,a](P[i,j,a] (x[i,a] - y[j,a]))")
    assert kinds(graph)["Contract"] == 1 and kinds(graph)["subtract"] == 1


def test_contractions_with_one_shared_factor_are_one() -> None:
    graph, _ = lowered("tensor A[i,j], D[i,k], x[k], W[k,a]\nY[i,a] = A[i,j] W[j,a] - 3 sum[k](D[i,k] x[k] W[k,a])")
    assert kinds(graph)["Contract"] == 1
    graph, _ = lowered("tensor A[i,j], D[i,b], W[j,a], U[b,a]\nY[i,a] = A[i,j] W[j,a] + D[i,b] U[b,a]")
    assert kinds(graph)["Contract"] == 2


def test_scattered_terms_of_one_factor_stay_scatters() -> None:
    """Adding the deltas up first would write them as matrices of zeros and ones."""
    stencil = "sum[a](x[b,a] delta[k, a + 1]) - 2 sum[a](x[b,a] delta[k, a + 2]) + sum[a](x[b,a] delta[k, a + 3])"
    graph, program = lowered(f"tensor x[b,a]\nG[b,k] = {stencil}")
    assert kinds(graph)["Contract"] == kinds(graph)["equal"] == 0
    assert max(elements(v, program) for v in graph) == 11 * 100


def test_a_window_is_a_view() -> None:
    graph, _ = lowered("tensor x[b,i], w[a]\nY[b,k] = w[a] x[b,k+a]")
    assert kinds(graph)["View"] == 1 and kinds(graph)["Gather"] == 0


def test_deltas_become_gathers_scatters_and_views() -> None:
    integer = "integer t[b] : vocab\n"
    assert kinds(lowered(integer + "tensor E[v,a]\nY[b,a] = sum[v](E[v,a] delta[v, t[b]])")[0])["Gather"] == 1
    scattered, _ = lowered(integer + "tensor X[b,a]\nG[v,a] = sum[b](X[b,a] delta[v, t[b]])")
    assert kinds(scattered)["Scatter"] == 1 and kinds(scattered)["equal"] == 0
    added, _ = lowered(integer + "tensor P[b,v]\nG[b,v] = P[b,v] - delta[v, t[b]]")
    (scatter,) = (v.operation for v in added if isinstance(v.operation, Scatter))
    assert scatter.has_base and kinds(added)["equal"] == 0
    diagonal, _ = lowered("tensor A[i,j]\ny = sum[i,j](A[i,j] delta[i,j])")
    assert [type(v.operation) for v in diagonal if isinstance(v.operation, View)] == [View]


def test_dead_definitions_are_dropped() -> None:
    graph, _ = lowered("tensor x[i]\nu[i] = exp(x[i])\nw[i] = sin(x[i])\noutput w")
    assert kinds(graph)["exp"] == 0 and kinds(graph)["sin"] == 1


def test_values_come_before_their_uses() -> None:
    graph, _ = lowered("tensor A[i,j], x[i]\ny[i] = softmax[i](A[i,j] x[j])\nz = y[i] x[i] + A[i,i]")
    seen: set[int] = set()
    for value in graph:
        assert all(o.value.number in seen for o in value.operands)
        seen.add(value.number)


def test_components_of_two_kinds_are_refused() -> None:
    i = Index("i", Space("spacetime", 4))
    up, down = Access("x", (i,), "^"), Access("x", (i,), "_")
    statements = (Define("y", (i,), up), Define("z", (i,), down))
    metric = Metric("g", i.space)
    program = Program((i,), (Tensor("x", (i,)),), metrics=(metric,), statements=statements, outputs=("y", "z"))
    with pytest.raises(IndexCalcError, match=r"IX902: `x` is read with index positions `\^` and `_`"):
        lower_program(program)
    assert len(lower_program(replace(program, metrics=())).outputs) == 2


@pytest.mark.parametrize("derived", [True, False])
def test_what_has_no_value_is_refused(derived: bool) -> None:
    i = Index("i", Space("n"))
    x = Access("x", (i,))
    body = Derivative(x, Access("x", (i,))) if derived else Partial(x, i)
    program = Program((i,), (Tensor("x", (i,)),), statements=(Define("y", (i,), body),), outputs=("y",))
    what = "a derivative" if derived else "∂ of a field"
    with pytest.raises(IndexCalcError, match=f"IX905: {what} cannot be compiled"):
        lower_program(program)


def test_terms_that_would_meet_in_an_outer_product_are_contracted_apart() -> None:
    text = "tensor A[i,j], C[a,c], X[i,a]\nY[i,a] = A[i,j] C[a,c] X[j,c] + A[j,i] C[c,a] X[j,c]"
    assert largest(text) == 100 * 100
    assert kinds(lowered(text)[0])["Contract"] == 4
    assert kinds(lowered("tensor A[i,j], x[i], z[i]\ny[i] = A[i,j] x[j] + A[i,j] z[j]")[0])["Contract"] == 1


def test_scattered_terms_are_added_without_a_mask() -> None:
    text = "integer r[b], s[b] : vocab\ntensor X[b,a], E[v,a]\n"
    text += "Y[v,a] = X[b,a] delta[v, r[b]] - X[b,a] delta[v, s[b]] + E[v,a]"
    assert kinds(lowered(text)[0])["equal"] == 0


@pytest.mark.parametrize("mask", ["j <= i", "i > j", "j >= i", "i < j"])
def test_a_sum_up_to_an_index_runs_along_it(mask: str) -> None:
    text = f"tensor X[i,a], x[i]\nY[i,a] = sum[j](({mask}) X[j,a] x[j])"
    assert largest(text) == 700
    assert kinds(lowered(text)[0])["Along"] == 1
    assert kinds(lowered(f"tensor A[i,j], x[i]\ny[i] = sum[j](({mask}) A[i,j] x[j])")[0])["Along"] == 0


def test_outer_products_take_the_order_of_the_result() -> None:
    graph, _ = lowered("tensor A[i,r], B[j,r], C[k,r], D[l,r]\nY[i,j,k,l] = sum[r](A[i,r] B[j,r] C[k,r] D[l,r])")
    ((output,), made) = graph.outputs, [v for v in graph if v.operation == Map("multiply")]
    assert [x.name for x in output.operand.labels] == ["i", "j", "k", "l"]
    assert sorted("".join(x.name for x in v.axes) for v in made) == ["ijr", "klr"]
