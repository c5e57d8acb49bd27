"""Every finding of reading: exact code, place and message, one faulty program each."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from indexcalc import elaborate
from indexcalc.diagnostics import IndexCalcError
from indexcalc.elaborate.read import check_text, read_expression, read_program

MANY = ",".join(f"i{k}" for k in range(33))
FAULTS = [
    # rule 3
    ("s = x[i] y[i] z[i]", "IX103 1:5 index `i` stands 3 times in one term: in `x[i]`, `y[i]`, `z[i]`"),
    ("s = (x[i] y[i]) z[i]", "IX103 1:6 index `i` stands 3 times in one term: in `x[i]`, `y[i]`, `z[i]`"),
    ("s = (a[i] b[i] + c[i]) d[i]",
     "IX103 1:6 index `i` stands 3 times in one term: in `a[i]`, `b[i]`, `c[i]`, `d[i]`"),
    ("s = A[i,i,i]", "IX103 1:5 index `i` stands 3 times in one term: in `A[i,i,i]`"),
    # limits
    ("y = 2 x (1e399)**64", "IX009 1:9 a number to the power 64 has too many digits"),
    # rule 4
    ("y[i] = A[i,k]", "IX102 1:8 index `k` stands once, in `A[i,k]`, and not on the left"),
    ("s = a[i] b[i] + c[i]", "IX102 1:17 index `i` stands once, in `c[i]`, and not on the left"),
    ("s = exp(x[i])", "IX102 1:9 index `i` stands once, in `x[i]`, and not on the left"),
    ("s = softmax[j](x[j])", "IX102 1:5 index `j` stands once, in `softmax[j](x[j])`, and not on the left"),
    ("s = where(d > 2, x[d] y[d], 0)", "IX102 1:11 the value of `d` is used where `d` is neither free nor bound"),
    # rule 6
    ("S[i,j] = Q[i,d] K[k,d]", "IX101 1:1 free indices differ: the left side has `j`, the right `k`"),
    ("y[i,j] = x[i]", "IX105 1:1 `j` stands on the left, but nowhere on the right"),
    ("y[i] = 3", "IX105 1:1 `i` stands on the left, but nowhere on the right"),
    ("y[i,i] = x[i]", "IX104 1:1 `i` stands twice on the left"),
    ("y[0] = 1", "IX104 1:3 `0` stands in a slot on the left, where only an index can"),
    ("A[i,j] x[j] == 2 b", "IX101 1:1 free indices differ: only one side of this claim has `i`"),
    ("2 x[i] == 3 y[j]", "IX101 1:3 free indices differ: one side has `i`, the other `j`"),
    # rule 7
    ("x[i] y[i]", "IX506 1:1 this expression stands alone and does nothing"),
    # rule 8
    ("s = sum[k](1)", "IX205 1:5 `sum` runs over `k`, which is not inside and has no known extent"),
    # convention einstein and metrics
    ("convention einstein; y[i] = a[i] b[i]", "IX106 1:29 free index `i` stands 2 times in one term"),
    ("convention einstein; y[i] = a[i] + 1", "IX106 1:36 a term of this sum has `i`, another has not"),
    ("convention einstein; metric g : st; index m : st(4); s = v[_m] w[_m]",
     "IX301 1:61 index `m` is summed over two lower positions"),
    ("metric g : st; index m : st(4); v[^m] = w[_m]",
     "IX301 1:44 index `m` is upper on the left, but lower on the right"),
    # reading
    ("y[i] = a[i] / b c", "IX107 1:8 `a[i] / b c` is read as `(a[i] / b) c`"),
    ("y[i] = A_ij x_i", "IX507 1:8 `A_ij` is read as one scalar"),
    ("y_{i'} = A_i'j x_j", "IX501 1:10 `A_i'j` would be read as `A_i'` times `j`"),
    ("y = x^n", "IX102 1:5 index `n` stands once, in `x^n`, and not on the left"),
    ("y = x^{2}", "IX205 1:6 `^{2}` is read as an upper index, and is a number"),
    ("y = x_i^{-1} z_i", "IX205 1:8 `^{-1}` is read as an upper index, and is a number"),
    ("index i : s(n); y = x^n", "IX205 1:22 `^n` is read as an upper index, but `n` is a number"),
    ("scalar n; y = x^n", "IX205 1:16 `^n` is read as an upper index, but `n` is a number"),
    ("function f(x) = f(x)", "IX503 1:17 function `f` is used in its own formula"),
    # spaces, extents, ranks
    ("index i : a(3); index j : b(3); s = x[i] x[j]",
     "IX201 1:44 index `j` is in space `b`, but slot 1 of `x` in space `a`"),
    ("index i; index j; A[i,j] == A[j,i]",
     "IX201 1:31 index `j` is in the space declared in line 1, but slot 1 of `A` in the space declared in line 1"),
    ("index i : a(3); index j : a(4)", "IX202 1:29 space `a` has extent 3 and extent 4"),
    ("index i : a(3); index j : b(4); tensor A[i,j]; s = det(A)",
     "IX202 1:52 `A` is not square: its slots are in space `a` and space `b`"),
    ("y[i] = A[i,j] A[i]", "IX203 1:15 `A` has 2 slots, but 1 slot here"),
    ("tensor A[i]; s = A", "IX203 1:18 `A` has 1 slot, but none here"),
    ("s = inv(A)", "IX203 1:5 inv(…) has two slots, but none here"),
    (
        "tensor A[i,j] symmetric antisymmetric",
        "IX206 1:25 `A` is declared symmetric and antisymmetric: only zero is both",
    ),
    (
        "tensor A[i,j] antisymmetric diagonal",
        "IX206 1:29 `A` is declared antisymmetric and diagonal: the diagonal of an antisymmetric tensor is zero",
    ),
    (
        "tensor A[i,j] positive antisymmetric",
        "IX206 1:24 `A` is declared positive and antisymmetric: exchanging two slots turns the sign",
    ),
    (
        "tensor R[i,j,k,l] riemann antisymmetric(1,3)",
        "IX206 1:27 `R` is declared riemann and antisymmetric: "
        "a Riemann tensor has its own symmetries, and with these only zero is left",
    ),
    ("tensor A[i] symmetric", "IX203 1:13 `symmetric` needs 2 slots or more, but `A` gives 1"),
    ("s = delta[i,j,k]", "IX204 1:5 δ has two slots, but 3 here"),
    ("index i : n(4); s = eps[i,j,k] A[i,j,k]", "IX204 1:21 ε has 3 slots, but its space has extent 4"),
    ("s = delta[^i ^j, _k]", "IX204 1:5 the generalised δ has 2 upper and 1 lower positions"),
    ("s = x[i*i]", "IX205 1:7 `i*i` cannot stand in a slot"),
    ("tensor t[i]; y[i] = E[t[i]]", "IX205 1:23 `t` stands in a slot, but is no integer tensor"),
    # names
    ("y = x; x = 2", "IX501 1:5 `x` is read before it is defined"),
    ("x[i] = x[i] + 1", "IX501 1:8 `x` is read in its own definition"),
    ("output z; y = 1", "IX501 1:8 output `z` is not defined"),
    ("output x; y = x", "IX501 1:8 output `x` is an input, not a definition"),
    ("tensor A[i,j] symetric", "IX501 1:15 unknown attribute `symetric`"),
    ("function f(x) = x + y", "IX501 1:21 `y` is no parameter of this function"),
    ("convention wild", "IX501 1:12 unknown convention `wild`"),
    ("y = 1; y = 2", "IX502 1:8 `y` is defined twice"),
    ("tensor A[i]; tensor A[j]", "IX502 1:21 tensor `A` is declared twice"),
    ("index i : a; index i : b", "IX502 1:20 index `i` is declared twice"),
    ("function exp(x) = x", "IX502 1:10 function `exp` is built in, and cannot be declared"),
    ("s = expp(x)", "IX503 1:5 unknown function `expp`"),
    ("s = sofmax[j](x[j])", "IX503 1:5 unknown reduction `sofmax`"),
    ("index x : n; tensor x[i]", "IX504 1:21 `x` is an index, and cannot be a tensor as well"),
    ("index i : n(L); L = 3", "IX504 1:17 `L` is an extent, and cannot be a tensor as well"),
    ("tensor delta[i,j]", "IX504 1:8 `delta` is built in, and cannot be a tensor"),
    ("s = exp(a, b)", "IX505 1:5 `exp` takes 1 argument, but 2 given"),
    ("s = where(a, b)", "IX505 1:5 `where` takes three arguments, but 2 given"),
    ("s = sum(x)", "IX505 1:5 `sum` needs the indices that it runs over"),
    ("s = exp", "IX505 1:5 function `exp` stands without its arguments"),
    ("s = tr(A B)", "IX505 1:8 tr takes a tensor by its bare name"),
    ("C[i,j] = einsum(\"ij,jk->iz\", A, B)", "IX505 1:26 the output's `z` is in no operand"),
    ("C[i,j] = einsum(\"ij,jk->ik\", A)", "IX505 1:21 the spec describes 2 operands, but 1 are given"),
    (f"y = x[{MANY}]", "IX009 1:5 a tensor has at most 32 slots, but 33 here"),
    (f"y = sum[{MANY}](x)", "IX009 1:9 at most 32 indices stand here, not 33"),
    (f"y = einsum(\"{MANY.replace(',', ' ')} ->\", x)", "IX009 1:140 a tensor has at most 32 slots, but 33 here"),
    ("s = A[(a,b,c,d,e,f,g)]", "IX009 1:7 7 slots are symmetrised; at most 6 can be"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), FAULTS)
def test_the_finding(text: str, expected: str) -> None:
    found = [f"{d.code} {d.span.line}:{d.span.column} {d.message}" for d in check_text(text) if d.span]
    assert expected in found
    assert len({f.split()[0] for f in found}) == 1, found  # nothing else comes along


@pytest.mark.parametrize(("text", "expected"), FAULTS)
def test_findings_know_file_source_and_a_way_out(text: str, expected: str) -> None:
    for found in check_text(text, filename="f.idx"):
        assert found.file == "f.idx"
        assert found.source == text
        assert found.hint or found.code == "IX505"


def test_every_code_that_elaboration_gives_is_tried() -> None:
    sources = Path(elaborate.__file__).parent.glob("*.py")
    given = {code for source in sources for code in re.findall(r'"(IX\d{3})"', source.read_text(encoding="utf-8"))}
    assert {expected.split()[0] for _, expected in FAULTS} == given


def test_one_mistake_hides_no_other_and_makes_no_noise() -> None:
    text = "a[i] = A[i,k]\nb[i] = a[i] a[j]\nc[i] = b[i] + d[i]\ne = c[i] d[i] f[i]"
    assert [(d.code, d.span.line) for d in check_text(text) if d.span] == [("IX102", 1), ("IX102", 2), ("IX103", 4)]


def test_good_statements_are_checked_beside_syntax_errors() -> None:
    found = check_text("a[i] = (A[i,k]\nb = x[i] y[i] z[i]\noutput a")
    assert [(d.code, d.span.line) for d in found if d.span] == [("IX001", 1), ("IX103", 2)]


def test_labels_point_at_the_other_places() -> None:
    (found,) = check_text("S[i,j] = Q[i,d] K[k,d]")
    assert found.label == "has j"
    assert [(x.text, x.span.column) for x in found.labels] == [("has k", 17)]
    assert found.hint == "rename k to j in K[k,d], or j to k on the left"


def test_a_space_clash_names_both_declarations() -> None:
    (found,) = check_text("index i : a(3)\nindex j : b(3)\ns = x[i] x[j]")
    assert [(x.text, x.span.line) for x in found.labels] == [
        ("space `a` is declared here", 1),
        ("space `b` is declared here", 2),
    ]


@pytest.mark.parametrize("text", ["y = 1/2 x", "y = a / b * c", "y = a b / c", "y = (a / b) c"])
def test_no_warning_where_a_quotient_is_plain(text: str) -> None:
    assert check_text(text) == []


def test_an_ambiguous_quotient_offers_both_readings() -> None:
    (found,) = check_text("y = a / b c")
    assert found.severity == "warning"
    assert found.fix == "(a / b) c"
    assert found.hint == "write `(a / b) c` or `a / (b c)`"


def test_strict_mode_asks_for_declarations() -> None:
    found = check_text("y[i] = A[i,j] x[j]", strict=True)
    assert sorted(d.message for d in found) == [
        "index `i` is not declared",
        "index `j` is not declared",
        "tensor `A` is not declared",
        "tensor `x` is not declared",
    ]
    assert check_text("index i, j : n; tensor A[i,j], x[j]; y[i] = A[i,j] x[j]", strict=True) == []


def test_reading_raises_every_error() -> None:
    with pytest.raises(IndexCalcError, match=r"(?s)stands once.*is defined twice") as caught:
        read_program("y = x[i]; y = 2")
    assert [d.code for d in caught.value.diagnostics] == ["IX102", "IX502"]


def test_an_index_is_not_summed_and_free_in_one_bare_expression() -> None:
    with pytest.raises(IndexCalcError, match="index `i` is summed in one term and free in another"):
        read_expression("a[i] b[i] + c[i]")


def test_an_expression_must_fit_its_declarations() -> None:
    with pytest.raises(IndexCalcError, match="`A` has 2 slots, but 1 slot here"):
        read_expression("A[i]", given="tensor A[i,j]")
    with pytest.raises(IndexCalcError, match="index `b` is in space `batch`, but slot 1 of `x` in space `seq`"):
        read_expression("x[b]", given="index i : seq(L); index b : batch(B); tensor x[i]")
