"""`Expr.einsum`: np.einsum of the string is what the interpreter gives."""

import itertools

import numpy as np
import pytest

import indexcalc as ic
from indexcalc.elaborate.read import read_expression
from indexcalc.interpret.evaluate import value
from indexcalc.ir.expr import Access, Index, IndexSum, Product, Space
from indexcalc.ir.walk import subexpressions

GIVEN = "index i, j, k, a : n(3)\nindex row, i', α : n(3)\n"


@pytest.mark.parametrize(
    ("text", "string"),
    [
        ("A[i,j] B[j,k]", "ij,jk->ik"),
        ("x[i] x[i]", "i,i->"),
        ("A[i,j]", "ij->ij"),
        ("A[j,i]", "ji->ji"),
        ("sum[j](A[i,j])", "ij->i"),
        ("sum[i,j](A[i,j])", "ij->"),
        ("A[i,i]", "ii->"),
        ("x[i] y[j]", "i,j->ij"),
        ("x[i] A[i,j] y[j]", "i,ij,j->"),
        ("lam x[i]", ",i->i"),
        ("lam", "->"),
        ("sum[i](T[i,i,j] x[i])", "iij,i->j"),
        ("A[row,a] x[a]", "ba,a->b"),
        ("A[i,i'] B[i',α]", "ib,ba->ia"),
        ("sum[i](x[i]) sum[i](y[i])", "i,a->"),
        ("x[j] sum[i](A[i,j] y[i])", "j,ij,i->"),
        ("lam sum[k](A[i,k] sum[j](A[k,j] x[j]))", ",ik,kj,j->i"),
    ],
)
def test_the_string_says_what_is_computed(text, string):
    e = read_expression(text, given=GIVEN)
    assert e.einsum == string
    rng = np.random.default_rng(3)
    parts = [p for p in subexpressions(e) if isinstance(p, Access)]
    arrays = {p.tensor: rng.normal(size=(3,) * len(p.slots)) for p in parts}
    found = np.einsum(string, *(arrays[p.tensor] for p in parts))
    spaces = {i.space: 3 for p in parts for i in p.free}
    np.testing.assert_allclose(found, value(e, e.free_indices, arrays, spaces), rtol=1e-13, atol=1e-13)


def test_a_diagonal_that_stays():
    i = Index("i", Space("n", 3))
    e = Access("A", (i, i))
    assert e.einsum == "ii->i"


@pytest.mark.parametrize(
    "text",
    [
        "2 x[i]", "-x[i]", "x[i] + y[i]", "exp(x[i])", "x[0]", "A[i, 0]", "x[i + 1]", "E[tok[b], a]", "x[i]**2", "2",
        "delta[i,j] x[j]", "sum[k](x[i])", "mean[i](x[i])", "i x[i]", "N",
    ],
)  # fmt: skip
def test_anything_else_has_none(text):
    assert read_expression(text, given=GIVEN.replace("n(3)", "n(N)")).einsum is None


def test_more_axes_than_letters():
    def product(count):
        names = [f"k_{c}{d}" for c, d in itertools.islice(itertools.product("abcdefgh", repeat=2), count)]
        return Product(tuple(Access("x", (Index(n, Space("n")),)) for n in names))

    letters = product(52).einsum.replace("->", ",").replace(",", "")
    assert len(set(letters)) == 52 and len(letters) == 104
    assert product(53).einsum is None


def test_a_product_of_equal_sums_has_two_letters():
    i = Index("i", Space("n", 3))
    square = IndexSum(Product((Access("x", (i,)), Access("x", (i,)))), (i,))
    e = Product((square, square))
    assert e.einsum == "i,i,a,a->"
    x = np.array([1.0, 2.0, 3.0])
    assert np.einsum(e.einsum, x, x, x, x) == pytest.approx(196)


def test_it_is_public():
    assert ic.parse("C_ij = A_ik B_kj").statements[0].body.einsum == "ik,kj->ij"
