"""Compact references, and which kind of thing a name is."""

from __future__ import annotations

import pytest

import indexcalc as ic
from indexcalc.elaborate.names import Survey
from indexcalc.elaborate.read import check_text, read_expression, read_program
from indexcalc.ir.expr import Access, Apply, Constant, Expr, Extent, IndexValue
from indexcalc.ir.walk import subexpressions


def accesses(text: str, name: str) -> str:
    """The right side of a definition, as (tensor, slot names)."""
    parts: list[str] = []
    for e in subexpressions(read_program(text).definitions[name].body):
        if isinstance(e, Access):
            parts.append(f"{e.tensor}[{','.join(map(str, e.slots))}]" if e.slots else e.tensor)
    return " ".join(parts)


READINGS = [
    ("y_i = A_ij x_j", "y", "A[i,j] x[j]"),
    ("y_{i} = A_{i j} x_{j}", "y", "A[i,j] x[j]"),
    ("y_{seq} = Q_{seq head} k_{head}", "y", "Q[seq,head] k[head]"),
    ("index seq_q, head : n(4); y_seq_q = Q_{seq_q head} k_head", "y", "Q[seq_q,head] k[head]"),
    ("index q, d, h; tensor W_q[d,h]; y_d = W_q_dh x_h", "y", "W_q[d,h] x[h]"),  # the longest known prefix
    ("index q, d, h; tensor W[q,d,h], W_q[d,h]; y_d = W_q_dh x_h", "y", "W_q[d,h] x[h]"),
    ("index q, d, h; tensor W[q,d,h]; y_d = W_q_dh x_qh", "y", "W[q,d,h] x[q,h]"),
    ("s = sqrt(d_model) x_i x_i", "s", "d_model x[i] x[i]"),  # letters that are no indices: a scalar
    ("index i, j : n; scalar A_ij; s = A_ij x_i x_i", "s", "A_ij x[i] x[i]"),  # known as a whole
    ("index d : n; tensor W_d[d]; s = W_d[d] x[d]", "s", "W_d[d] x[d]"),  # followed by a bracket
    ("index k; grad_mean = x[k] x[k]; hvp_mean = 2 grad_mean", "hvp_mean", "grad_mean"),  # no evidence for letters
    ("s = x_0 y_0", "s", "x_0 y_0"),  # a digit suffix is part of the name
    ("y_{i'} = M_{i' j'} x_j'", "y", "M[i',j'] x[j']"),
    ("y^i = A^{i}_{j} x^j", "y", "A[i,j] x[j]"),
    ("y_{i'} = x_i'z_i'", "y", "x[i'] z[i']"),
    ("y_k = A_{ij k} B_{ij}", "y", "A[i,j,k] B[i,j]"),
    ("y_β = A_{βα} x_α", "y", "A[β,α] x[α]"),
    ("y_i = T_i^j v_j", "y", "T[i,j] v[j]"),
    ("index b, t : n; integer tok[b,t] : vocab; y_btd = E_{tok[b t] d}", "y", None),
    ("integer tok[b,t] : vocab; y[b,t,d] = E[tok_bt,d]", "y", None),
    ("integer tok[b,t] : vocab; y[b,t,d] = E_{tok_bt d}", "y", None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "name", "expected"), READINGS)
def test_a_compact_name_is_read_as(text: str, name: str, expected: str | None) -> None:
    if expected is None:
        expected = "E[Access('tok'"
        assert "tok" in read_program(text).inputs
        assert read_program(text).inputs["tok"].is_integer
    else:
        shown = accesses(text, name)
        assert shown == expected


def test_letters_are_indices_where_the_left_side_or_another_reference_has_them() -> None:
    survey = Survey()
    survey.indices |= {"i", "j"}
    assert survey.split("A_ij") == ("A", ("i", "j"))
    assert survey.split("A_ik") is None
    survey.tensors.add("A_ij")
    assert survey.split("A_ij") is None
    assert survey.split("A_ij_i") == ("A_ij", ("i",))


def body(text: str) -> Expr:
    return next(iter(read_program(text).definitions.values())).body


def test_bare_names() -> None:
    assert isinstance(body("index i : n(N); s = N"), Extent)
    assert isinstance(body("y[i] = i"), IndexValue)
    assert body("s = pi") == body("s = π") == Constant("pi")
    assert body("s = eps") == Access("eps", ())  # δ and ε without slots are the user's scalars
    assert body("s = delta + 1").free == frozenset()


def test_two_spaces_may_share_an_extent_name() -> None:
    assert check_text("index i : a(N); index j : b(N); y[i,j] = x[i] z[j] N") == []


def test_index_values_never_count() -> None:
    assert check_text("y[i] = sum[j](where(j <= i and j < 3, x[j], 0))") == []
    assert check_text("S[i,j] = abs(i - j) x[i]") == []


def test_functions_are_scalar_formulas() -> None:
    program = read_program("function swish(x) = x / (1 + exp(-x)); y[i] = swish(z[i])")
    (swish,) = program.functions
    assert swish.parameters == ("x",)
    assert isinstance(program.definitions["y"].body, Apply)
    assert list(program.inputs) == ["z"]  # a parameter is no input


def test_inputs_are_declared_ones_then_first_use() -> None:
    program = read_program("y[i] = b[i] A[i,j] x[j]; tensor x[j]; metric g : st; z = g[m,n] b[m] b[n] + y[k] y[k]")
    assert list(program.inputs) == ["x", "b", "A", "g"]
    assert [i.name for i in program.inputs["A"].indices] == ["i", "j"]


def test_an_expression_reads_greek_as_its_program_spells_it() -> None:
    assert read_expression("α x", given="scalar alpha") == read_expression("alpha x", given="scalar alpha")


@pytest.mark.parametrize("right", ["x[i] x[i]", "x[0]", "2 tangent_S", "3"])
def test_where_indices_are_declared_a_letter_on_the_left_alone_is_part_of_the_name(right: str) -> None:
    program = ic.parse(f"index i : n\ntensor x[i]\ntangent_S = x[i] x[i]\ntangent_L = {right}")
    assert "tangent_L" in program.definitions and not program.definitions["tangent_L"].indices
    assert ic.parse(str(program)) == program


@pytest.mark.parametrize("text", ["y_i = 3", "index j : n\ny_ij = x_i", "index j : n\ny_k = x_i z_i"])
def test_a_letter_on_the_left_alone_is_missed_on_the_right(text: str) -> None:
    with pytest.raises(ic.IndexCalcError, match="stands on the left, but nowhere on the right"):
        ic.parse(text)
