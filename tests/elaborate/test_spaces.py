"""Spaces by unification over the whole program."""

from __future__ import annotations

import pytest

from indexcalc.diagnostics import IndexCalcError
from indexcalc.elaborate.read import check_text, read_program
from indexcalc.ir.index import Space


def spaces(text: str) -> dict[str, str]:
    return {i.name: i.space.name for i in read_program(text).indices}


def test_a_contraction_makes_two_slots_one_space() -> None:
    assert spaces("C[i,j] = A[i,k] B[k,j]") == {"i": "space_i", "j": "space_j", "k": "space_k"}
    assert spaces("C[i,j] = A[i,k] A[k,j]") == {"i": "space_i", "j": "space_i", "k": "space_i"}


def test_unification_crosses_statements() -> None:
    found = spaces("y[i] = A[i,j] x[j]\nz = y[p] w[p]\nu = w[q] x[q]")
    assert found == {"i": "space_i", "j": "space_i", "p": "space_i", "q": "space_i"}


def test_a_declared_space_reaches_undeclared_indices() -> None:
    program = read_program("index i : seq(L); y[i] = x[i]; s = x[k] x[k]")
    assert program.indices[1].space == Space("seq", "L")
    assert program.inputs["x"].spaces == (Space("seq", "L"),)


def test_affine_slots_have_a_space_of_their_own() -> None:
    program = read_program("index p : out(P); index k : kernel(3); y[p] = x[2*p + k] w[k]")
    (slot,) = program.inputs["x"].spaces
    assert slot not in (Space("out", "P"), Space("kernel", 3))


def test_a_gather_is_in_the_space_of_its_values() -> None:
    program = read_program("index v : vocab(V); integer tok[b] : vocab; tensor E[v,d]; y[b,d] = E[tok[b],d]")
    assert program.inputs["tok"].values == Space("vocab", "V")
    clash = "index v : vocab(V); index m : model(M); integer tok[b] : vocab; tensor E[m,d]; y[b,d] = E[tok[b],d]"
    assert [d.code for d in check_text(clash)] == ["IX201"]


def test_undeclared_integer_tensors_are_inferred() -> None:
    program = read_program("tensor E[v,d]; y[b,d] = E[tok[b],d]")
    assert program.inputs["tok"].values == program.inputs["E"].spaces[0]


def test_argmax_indexes_the_space_it_runs_over() -> None:
    assert check_text("index k : cls(C); a[b] = argmax[k](x[b,k]); z[b,d] = E[a[b],d]; w[k,d] = E[k,d]") == []
    bad = "index k : cls(C); index v : vocab(V); tensor E[v,d]; a[b] = argmax[k](x[b,k]); z[b,d] = E[a[b],d]"
    assert [d.code for d in check_text(bad)] == ["IX201"]


def test_delta_epsilon_and_symmetry_join_their_slots() -> None:
    assert len(set(spaces("D[i,j] = delta[i,j] x[i]").values())) == 1
    assert len(set(spaces("c[i] = eps[i,j,k] a[j] b[k]").values())) == 1
    assert len(set(spaces("tensor A[i,j] symmetric").values())) == 1
    assert len(set(spaces("tensor A[i,j,k] antisymmetric(1,3)").values())) == 2


def test_a_matrix_function_takes_a_square_matrix() -> None:
    assert len(set(spaces("B[i,j] = inv(A)[i,j]").values())) == 1
    assert check_text("index i : a(3); index j : b(3); tensor A[i,j]; B[j,i] = inv(A)[j,i]") == []


def test_bound_names_of_einsum_are_its_own() -> None:
    text = 'index j : head(H)\ntensor A[a,b], B[b,c], y[j]\nC[a,c] = einsum("ij,jk->ik", A, B)\ns = y[j] y[j]'
    program = read_program(text)
    assert [i.name for i in program.definitions["C"].body.bound_indices] == ["j'"]
    assert read_program(str(program)) == program


def test_anonymous_spaces_do_not_take_declared_names() -> None:
    assert spaces("index a : space_i(3); y[i] = x[i] z[a] z[a]") == {"a": "space_i", "i": "space_i_2"}


def test_repeated_example_indices_are_named_apart() -> None:
    (tensor,) = read_program("tensor A[i,i]; s = A[k,k]").tensors
    assert len(set(tensor.indices)) == 2
    assert len(set(tensor.spaces)) == 1


def test_a_window_lets_an_index_range_over_a_part_of_the_slot() -> None:
    program = read_program("index p : between\ntensor u[s]\nd[p] = u[p + 1] - u[p + 0]")
    assert [i.space.name for i in program.definitions["d"].indices] == ["between"]
    assert "u[p + 0]" in str(program) and read_program(str(program)) == program
    assert [d.code for d in check_text("index p : between\ntensor u[s]\nindex s : site\nd[p] = u[p + 1] - u[p]")] == [
        "IX201"
    ]


@pytest.mark.parametrize(
    ("text", "extent"),
    [
        ("integer a[i], c[i] : space(3)\ny[i] = E[a[i]] + F[c[i]]", 3),
        ("index v : space(V)\ninteger a[i] : space(V)\ny[i] = E[a[i]]", "V"),
        ("integer a[i] : space(3)\ny[i] = where(a[i] == 1, x[i], 0)", 3),  # no index ranges over it
        ("index v : space(4)\ninteger a[i] : space\ny[i] = E[a[i]]", 4),
    ],
)
def test_the_values_of_an_integer_tensor_may_give_their_extent(text: str, extent: object) -> None:
    program = read_program(text)
    values = program.inputs["a"].values
    assert values is not None and values.extent == extent
    assert read_program(str(program)) == program


def test_an_extent_of_values_that_disagrees_is_refused() -> None:
    with pytest.raises(IndexCalcError, match=r"IX202.*has extent 4 and extent 3"):
        read_program("index v : space(4)\ninteger a[i] : space(3)\ny[i] = E[a[i]]")
