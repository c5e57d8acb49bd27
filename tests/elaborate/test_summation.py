"""The summation rules, positive side: what is written short means what is written with every sum explicit."""

from __future__ import annotations

import pytest

from indexcalc.elaborate.read import read_expression, read_program
from indexcalc.ir.expr import Access, IndexMap, IndexSum, Literal, Product

SAME = [
    # compact and canonical
    ("C_ij = A_ik B_kj", "C[i,j] = sum[k](A[i,k] B[k,j])"),
    ("C_{ij} = A_{ik} B_{kj}", "C[i,j] = sum[k](A[i,k] B[k,j])"),
    ("T^i_j = A^i_k B^k_j", "T[i,j] = sum[k](A[i,k] B[k,j])"),
    ("c_i = ε_ijk a_j b_k", "c[i] = sum[j,k](eps[i,j,k] a[j] b[k])"),
    # rule 1: free indices are never summed
    ("y[b,i] = g[i] x[b,i]", "y[b,i] = (g[i]) (x[b,i])"),
    ("y[i] = x[i] x[i] x[i]", "y[i] = (x[i] x[i]) (x[i])"),
    # rule 2: over the smallest part that holds both
    ("s = (x[i] y[i])**2", "s = (sum[i](x[i] y[i]))**2"),
    ("s = exp(x[i]) y[i]", "s = sum[i](exp(x[i]) y[i])"),
    ("s = exp(x[i] y[i])", "s = exp(sum[i](x[i] y[i]))"),
    ("s = (a[i] + b[i]) (a[i] + b[i])", "s = sum[i]((a[i] + b[i]) (a[i] + b[i]))"),
    ("s = a[i] b[i] + c[i] d[i]", "s = sum[i](a[i] b[i]) + sum[i](c[i] d[i])"),
    ("s = (a[i] b[i] + c[j]) d[j]", "s = sum[j]((sum[i](a[i] b[i]) + c[j]) d[j])"),
    ("s = A[i,i]", "s = sum[i](A[i,i])"),
    ("s = x[i] / y[i]", "s = sum[i](x[i] / y[i])"),
    ("s = -x[i] y[i]", "s = -sum[i](x[i] y[i])"),
    ("s = where(x[i] y[i] > 0, a[i] b[i], 0)", "s = where(sum[i](x[i] y[i]) > 0, sum[i](a[i] b[i]), 0)"),
    ("s = 0 < x[i] y[i] < 1", "s = 0 < sum[i](x[i] y[i]) and sum[i](x[i] y[i]) < 1"),
    ("s = x[k] A[k,l] y[l]", "s = sum[k,l](x[k] A[k,l] y[l])"),
    ("y[p] = x[p + k] w[k]", "y[p] = sum[k](x[p + k] w[k])"),
    ("y[i] = x[2 (i + 1) - i]", "y[i] = x[i + 2]"),
    ("y[i] = x[-(i - 3)]", "y[i] = x[3 - i]"),
    ("y[i] = x[2i - (3 - i) * 2]", "y[i] = x[4*i - 6]"),
    ("s[d] = E[t[b],d] w[b]", "s[d] = sum[b](E[t[b],d] w[b])"),
    # rule 2: ** counts once for its base, compares and arguments the maximum
    ("y[i] = A[i,j] x[j]**2", "y[i] = sum[j](A[i,j] x[j]**2)"),
    ("s = max(a[i], b[i]) c[i]", "s = sum[i](max(a[i], b[i]) c[i])"),
    ("s = (x[i] < y[i]) z[i]", "s = sum[i]((x[i] < y[i]) z[i])"),
    # rule 5: binders
    ("index k, k' : n; s = x[k] y[k] sum[k](z[k])", "index k, k' : n; s = sum[k](x[k] y[k] sum[k'](z[k']))"),
    ("index k, k' : n; s = sum[k](x[k] sum[k](y[k] z[k]))", "index k, k' : n; s = sum[k](x[k] sum[k'](y[k'] z[k']))"),
    ("y[i] = x[i] + sum[i](x[i])", "y[i] = x[i] + sum[i'](x[i'])"),
    ("o[i] = softmax[j](S[i,j]) v[j]", "o[i] = sum[j](softmax[j](S[i,j]) v[j])"),
    ("P[i,j] = softmax[j](Q[i,d] K[j,d])", "P[i,j] = softmax[j](sum[d](Q[i,d] K[j,d]))"),
    ("s = partial[i](v[i])", "s = sum[i](partial[i](v[i]))"),
    ("g[k] = diff(x[i] A[i,j] x[j], x[k])", "g[k] = diff(sum[i,j](x[i] A[i,j] x[j]), x[k])"),
    ("n = diff(x[i], x[i])", "n = sum[i](diff(x[i], x[i]))"),
    # rule 6: broadcasting and ones
    ("y[b,i] = W[i,j] x[b,j] + c[i]", "y[b,i] = sum[j](W[i,j] x[b,j]) + c[i]"),
    ("s = x[i] ones[i]", "s = sum[i](x[i])"),
    # matrix functions and symbols
    ("s = tr(A)", "s = sum[i](A[i,i])"),
    ("y[i,j] = A'[i,j]", "y[i,j] = A[j,i]"),
    ("y[i,j] = A''[i,j]", "y[i,j] = A[i,j]"),
    ("y[i,j] = inv(A)'[i,j]", "y[i,j] = inv(A)[j,i]"),
    ("S[i,j] = A[(i,j)]", "S[i,j] = 1/2 (A[i,j] + A[j,i])"),
    ("S[i,j] = A[[i,j]]", "S[i,j] = 1/2 (A[i,j] - A[j,i])"),
    ("T_ij = A_{k[ij]} v_k", "T[i,j] = sum[k]((1/2) (A[k,i,j] - A[k,j,i]) v[k])"),
    ("v[i] = ∂_i f", "v[i] = partial[i](f)"),
    ("g[k] = ∂f/∂x_k", "g[k] = diff(f, x[k])"),
    ("y[i] = sqrt(x[i])", "y[i] = x[i]**0.5"),
]  # fmt: skip


@pytest.mark.parametrize(("short", "explicit"), SAME)
def test_short_and_explicit_forms_are_one_program(short: str, explicit: str) -> None:
    assert read_program(short).statements == read_program(explicit).statements


@pytest.mark.parametrize("text", [t for pair in SAME for t in pair])
def test_text_reads_back_to_the_same_program(text: str) -> None:
    program = read_program(text)
    assert read_program(str(program)) == program


def test_several_indices_of_one_part_are_one_sum_in_order_of_appearance() -> None:
    body = read_program("s = x[k] A[k,l] y[l]").definitions["s"].body
    assert isinstance(body, IndexSum)
    assert [i.name for i in body.indices] == ["k", "l"]
    assert isinstance(body.body, Product)


def test_softmax_keeps_its_index_free_and_protects_it_inside() -> None:
    body = read_program("P[i,j] = softmax[j](x[j] A[i,j])").definitions["P"].body
    assert isinstance(body, IndexMap)
    assert {i.name for i in body.free} == {"i", "j"}
    assert isinstance(body.body, Product)  # j is not summed inside


def test_numbers_are_exact() -> None:
    from fractions import Fraction

    assert read_expression("0.1 + 2.50") == read_expression("1/10 + 5/2")
    assert read_expression("1e-3") == Literal(Fraction(1, 1000))
    assert read_expression("-inf") == Literal(float("-inf"))


def test_a_bare_expression_frees_single_occurrences_and_sums_pairs() -> None:
    e = read_expression("A[i,j] x[j]")
    assert [i.name for i in e.free_indices] == ["i"]
    assert [i.name for i in e.bound_indices] == ["j"]


def test_a_metric_s_tensor_reads_back_in_its_place() -> None:
    program = read_program("metric g : st; index m, n : st(4); v[^m] = g[^m, ^n] w[_n]; tensor X[m]")
    assert list(program.inputs) == ["X", "g", "w"]
    assert read_program(str(program)) == program
    body = program.definitions["v"].body
    assert isinstance(body, IndexSum)
    assert isinstance(body.body, Product)
    assert [f.variance for f in body.body.factors if isinstance(f, Access)] == ["^^", "_"]


def test_a_bare_expression_reads_in_the_scope_of_its_declarations() -> None:
    given = "index i, j : seq(L); tensor Q_id[i, j]; function sq(x) = x**2; scalar lam"
    e = read_expression("sq(Q_id[i,j]) lam / L", given=given)
    assert {i.space.name for i in e.free} == {"seq"}
    assert read_expression("Q_id[i,j]", given=given) == Access("Q_id", e.free_indices)


def test_claims_take_their_free_indices_from_a_single_reference() -> None:
    (claim,) = read_program("y[b,i] == g[i] x[b,i]").statements
    assert claim == read_program("y[b,i] == (g[i]) (x[b,i])").statements[0]
    (trace,) = read_program("tr(A) == A[k,k]").statements
    assert trace.left.free == trace.right.free == frozenset()  # type: ignore[union-attr]


def test_zero_has_any_free_indices() -> None:
    read_program("A[i,j] x[j] == 0")
    read_program("0 == A[i,j] + A[j,i]")
    assert read_program("y[i] = 0").definitions["y"].body == Literal(0)


def test_an_equation_about_a_declared_tensor_is_a_claim() -> None:
    program = read_program("tensor A[i,j]; A[i,j] = A[j,i]; s = A[i,i]; 2 s = s + s")
    assert [type(s).__name__ for s in program.statements] == ["Claim", "Define", "Claim"]


def test_outputs_are_what_no_later_definition_reads_unless_declared() -> None:
    assert read_program("a = x; b = a; c = a; b == c").outputs == ("b", "c")
    assert read_program("a = x; b = a; output a, b").outputs == ("a", "b")
