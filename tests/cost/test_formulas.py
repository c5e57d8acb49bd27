"""Formulas in extents against the figures for given sizes."""

from __future__ import annotations

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

import indexcalc as ic
from indexcalc.cost.formulas import Formulas
from indexcalc.cost.peak import memory_of
from indexcalc.cost.polynomial import Polynomial, largest
from indexcalc.cost.rules import Work
from indexcalc.cost.work import Meter
from indexcalc.ir.signature import all_sizes
from indexcalc.lower.program import lower_program
from indexcalc.lower.target import ARRAY_KERNELS

from .test_peak import ATTENTION

KERNELS = ("fuse", "fuse-rows")
NORM = """
index n : tok(T)
index d : dim(D)
c[n,d] = x[n,d] - mean[d](x[n,d])
y[n,d] = c[n,d] / sqrt(mean[d](c[n,d]**2))
"""
ROWS = "index v : vocab(V)\nindex b : batch(B)\nindex d : dim(D)\ninteger t[b] : vocab\ny[b, d] = E[t[b], d]"
MATRIX = "index i, j : n(N)\ntensor A[i, j]\nL = logdet(A) + det(A) + sum[i, j](inv(A)[i, j])"
POOL = "index p : windows(P)\nindex k : kernel(3)\nindex q : padded(Q)\ntensor x[q], w[k]\ny[p] = x[p + k] w[k]"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (ATTENTION, "LD"),
        (str(ic.grad(ATTENTION, "Q,K,V", with_value=True)), "LD"),
        (NORM, "TD"),
        (ROWS, "VBD"),
        (str(ic.grad(ROWS, "E")), "VBD"),
        (MATRIX, "N"),
        (POOL, "PQ"),
    ],
    ids=["attention", "its gradient", "norm", "rows", "their gradient", "matrix", "windows"],
)
@pytest.mark.parametrize("sizes", [(64, 8, 5), (3, 40, 2), (1, 1, 1)])
def test_formulas_give_the_figures(text: str, names: str, sizes: tuple[int, ...]) -> None:
    """Both count the graph that is lowered without sizes, for what is emitted depends on them."""
    at = dict(zip(names, sizes))
    if "P" in at:
        at["Q"] = at["P"] + 2
    program = ic.parse(text)
    found = ic.cost(program, {})
    assert isinstance(found, Formulas)
    graph = lower_program(program, target=ARRAY_KERNELS, without=KERNELS)
    meter = Meter(all_sizes(program, at), 8)
    wanted = sum((meter.work(v) for v in graph), Work())
    for name in ("flops", "multiplications", "functions", "bytes", "matmul"):
        assert getattr(found, name).at(at) == getattr(wanted, name), name
    assert found.peak_bytes.at(at) == memory_of(program, graph, meter).peak
    for s in found.statements:
        own = [meter.work(v).flops for v in graph if graph.makers[v.number] == s.name]
        assert s.flops.at(at) == sum(own)


def test_formulas_are_those_of_what_is_emitted() -> None:
    text = "C[i,j] = A[i,k] B[k,j]\ny[i] = exp(C[i,j] x[j])\noutput y"
    found = ic.cost(text, {})
    for sizes in ({"i": 3, "j": 4, "k": 5}, {"i": 50, "j": 60, "k": 70}):
        wanted = ic.cost(text, sizes, without=[*KERNELS, "contraction-order"])
        assert ic.cost(text, {}, without="contraction-order").flops.at(sizes) == wanted.flops
    assert str(found.functions) == "i"


def test_what_is_known_is_a_number() -> None:
    found = ic.cost(ATTENTION, {"D": 8})
    assert isinstance(found, Formulas)
    assert str(found.statements[2].flops) == "16 L² + 8 L"
    assert isinstance(ic.cost(ATTENTION, {"D": 8, "L": 3}), ic.Cost)


def test_how_they_print() -> None:
    found = ic.cost("index h : heads(H)\nindex i, j : seq(L)\nindex d : dim(D)\nS[h,i,j] = Q[h,i,d] K[h,j,d]", {})
    assert str(found.flops) == "2 D H L²"
    assert str(found.peak_bytes) == "8 H L² + 16 D H L"
    shown = str(found).splitlines()
    assert shown[-1] == "peak  8 H L² + 16 D H L bytes"
    assert shown[0].split() == ["statement", "FLOPs", "bytes", "read", "+", "written"]


def test_a_peak_that_depends_on_which_extent_is_larger() -> None:
    text = "C[i,k] = A[i,j] B[j,k]\nd = sum[i,k](exp(C[i,k]))\nE[i,j] = exp(A[i,j] + d)\noutput E"
    found = ic.cost(text, {})
    assert isinstance(found, Formulas)
    assert str(found.peak_bytes).startswith("max(")
    for sizes in ({"i": 9, "j": 2, "k": 5}, {"i": 9, "j": 9, "k": 1}):
        assert found.peak_bytes.at(sizes) == ic.cost(text, sizes, without=KERNELS).peak_bytes


numbers = st.integers(-5, 5)
variables = st.sampled_from("abc").map(Polynomial.of)
polynomials = st.recursive(
    st.one_of(variables, numbers.map(Polynomial.of)),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda p: p[0] + p[1]),
        st.tuples(inner, inner).map(lambda p: p[0] * p[1]),
        st.tuples(inner, inner).map(lambda p: p[0] - p[1]),
        st.tuples(numbers, inner).map(lambda p: p[0] - p[1] * p[0]),
    ),
    max_leaves=6,
)


@given(polynomials, polynomials, st.fixed_dictionaries({n: st.integers(0, 6) for n in "abc"}))
def test_polynomials_against_sympy(p: Polynomial, q: Polynomial, at: dict[str, int]) -> None:
    read = sympy.sympify(p.code), sympy.sympify(q.code)
    assert sympy.expand(read[0] * read[1] + 3 - read[1] - sympy.sympify((p * q + 3 - q).code)) == 0
    assert p.at(at) == read[0].subs(at)
    top = largest([p, q, 7])
    assert top.at(at) == max(p.at(at), q.at(at), 7)
    if p.is_at_most(q):
        assert p.at(at) <= q.at(at)


def test_refusals() -> None:
    with pytest.raises(ic.IndexCalcError, match="sizes names `Z`"):
        ic.cost(ATTENTION, {"Z": 3})
    with pytest.raises(ic.IndexCalcError, match="no dtype 'float33'"):
        ic.cost(ATTENTION, {}, dtype="float33")
