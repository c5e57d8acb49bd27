"""There and back: the same expression, and the same numbers as the interpreter's on the way."""

import itertools

import numpy as np
import pytest
import sympy

import indexcalc as ic
from indexcalc.elaborate.read import read_expression
from indexcalc.interpret.evaluate import evaluate
from indexcalc.ir.expr import Extent, Space
from indexcalc.ir.walk import indices_in, subexpressions
from indexcalc.scalar.from_sympy import from_sympy
from indexcalc.scalar.symbols import extent_symbol
from indexcalc.scalar.to_sympy import to_sympy

from .meaning import meaning

GIVEN = """
index i, j, k : n(N)
index d, e : m(3)
index v : vocab
index b : batch(B)
tensor A[i,j], M[i,d], x[i], y[i], E[v,d], u[d], w[d]
tensor p[i] positive
integer tok[b] : vocab
scalar lam
"""
SIZES = {"n": 3, "m": 3, "vocab": 4, "batch": 2}
SAME = [  # come back as they are
    "lam",
    "x[i]",
    "A[i,j] x[j]",
    "A[i,i]",
    "2.5 x[i]",
    "-x[i]",
    "pi**2 x[i]",
    "x[i]**2",
    "sqrt(p[i])",
    "lam / p[i]",
    "sum[i](x[i]**2)",
    "sum[i](x[i]) sum[i](y[i])",
    "sum[j](x[i])",
    "prod[i](x[i])",
    "E[tok[b], d] u[d]",
    "u[0]",
    "x[2]",
    "delta[i, j] x[j]",
    "eps[i, j, k] x[j] y[k]",
    "exp(i - j) A[i, j]",
    "where(i < j, x[i], y[j])",
    "where(i > 1 or i < j, x[i], -inf)",
    "i < j and x[i] != 2",
    "max(x[i], y[i])",
    "abs(x[i]) + sign(y[i])",
    "erf(x[i])",
    "sin(x[i]) + tan(y[i])",
    "sinh(y[i]) + cosh(x[i])",
    "N x[i]",
    "N",
    "i",
]
BY_FORMULA = [  # come back as their formulas
    "sigmoid(x[i])",
    "relu(x[i])",
    "relu(relu(x[i]) - relu(y[i]))",
    "gelu(x[i]) + silu(y[i])",
    "softplus(x[i])",
    "mean[i](x[i])",
    "mean[i,d](M[i,d])",
    "var[j](A[i,j])",
    "norm[i](x[i])",
    "logsumexp[j](A[i,j])",
    "softmax[j](A[i,j])",
    "softmax[i](softmax[j](A[i,j]) x[i])",
    "softmax[j](where(j <= i, A[i,j], -inf))",
    "var[i](var[j](A[i,j]))",
    "x[i] sum[j](A[i,j] sum[k](A[j,k] x[k]))",
    "where(x[i], 2, 3)",
    "not (x[i] > 0)",
    "x[i] x[i]",
    "(x[i] + y[i]) / (1 + x[i]**2)",
    "delta[^i ^0, _j _k]",
    "min(x[i], y[i], 0)",
    "mean[v](E[v, d])",
    "x[0] + x[1]",
    "delta[2*d, d + 1]",
]


def spaces_of(e):
    return {i.name: i.space for i in indices_in(e)}


def arrays_for(given, rng):
    program = ic.parse(given)
    arrays = {}
    for t in program.tensors:
        shape = tuple(SIZES[s.name] for s in t.spaces)
        arrays[t.name] = rng.uniform(0.2, 2.0, shape) * (1 if t.name == "p" else rng.choice([-1, 1], shape))
        if t.values is not None:
            arrays[t.name] = rng.integers(0, SIZES[t.values.name], shape)
    return arrays


def compare(e, found, arrays):
    """Every component, evaluated apart."""
    every = {i.space for i in indices_in(e)} | {p.space for p in subexpressions(e) if isinstance(p, Extent)}
    sizes = {s: SIZES[s.name] for s in every | {Space("n", "N"), Space("vocab"), Space("m", 3), Space("batch", "B")}}
    expected, axes = evaluate(e, arrays, sizes)
    extents = {str(extent_symbol(s)): n for s, n in sizes.items()}
    for position in itertools.product(*(range(n) for n in expected.shape)):
        names = {**extents, **{a.name: p for a, p in zip(axes, position)}}
        assert meaning(found, arrays, names) == pytest.approx(expected[position], rel=1e-11, abs=1e-11)


@pytest.mark.parametrize("text", SAME)
def test_the_same_expression_comes_back(text):
    e = read_expression(text, given=GIVEN)
    spaces = {**spaces_of(e), "i": Space("n", "N")}
    assert from_sympy(e.to_sympy(), spaces=spaces) == e


@pytest.mark.parametrize("text", [*SAME, *BY_FORMULA])
def test_components_are_the_interpreters(text):
    e = read_expression(text, given=GIVEN)
    arrays = arrays_for(GIVEN, np.random.default_rng(5))
    found = to_sympy(e)
    compare(e, found, arrays)
    spaces = {**spaces_of(e), "i": Space("n", "N")}
    back = from_sympy(found, spaces=spaces)
    assert back.free == e.free
    compare(back, found, arrays)
    assert to_sympy(back) == found


@pytest.mark.parametrize(
    "text",
    ["x[i] y[i]", "A[i,j] x[j]", "A[i,k] B[k,j]", "mean[j](A[i,j])", "delta[i,j] x[j]", "E[tok[b], d]", "sum[i](x[i])"],
)
def test_what_nobody_declares_keeps_its_spaces(text):
    e = read_expression(text)
    back = from_sympy(e.to_sympy())
    assert {i.name: i.space for i in back.free_indices} == {i.name: i.space for i in e.free_indices}
    assert back.to_sympy() == e.to_sympy()
    assert (back == e) == (not text.startswith("mean"))


def test_both_ways_are_public_and_lazy():
    e = ic.simplify("A[i,j] x[j]")
    assert isinstance(e.to_sympy(), sympy.Sum)
    assert ic.from_sympy(e.to_sympy()) == e


def test_dummies_of_formulas_capture_nothing():
    given = GIVEN.replace("i, j, k", "i, j, k, j'")
    e = read_expression("sum[j'](A[j', i] softmax[j](A[j, j']) * sum[k](A[k, j] var[j'](A[k, j'])))", given=given)
    compare(e, to_sympy(e), arrays_for(GIVEN, np.random.default_rng(6)))
