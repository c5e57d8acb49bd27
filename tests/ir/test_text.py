"""Canonical text: exact spellings."""

from __future__ import annotations

from fractions import Fraction

import pytest

from indexcalc.ir.build import add, multiply, number, power
from indexcalc.ir.expr import (
    Access,
    Apply,
    Delta,
    Expr,
    Extent,
    Index,
    IndexMap,
    IndexReduce,
    IndexSum,
    Literal,
    Product,
    Space,
    Sum,
)
from indexcalc.ir.program import Claim, Define
from indexcalc.ir.text import expression_text, statement_text
from indexcalc.limits import MAX_DEPTH

N, H = Space("seq", "L"), Space("head", "D")
I, J, K, D = Index("i", N), Index("j", N), Index("k", N), Index("d", H)  # noqa: E741


def at(name: str, *slots: Index | int) -> Access:
    return Access(name, slots)


X, Y, LAM = at("x", I), at("y", J), at("lam")


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (X - 2 * Y, "x[i] - 2 y[j]"),
        (-(X + Y), "-(x[i] + y[j])"),
        (X / Y * LAM, "(x[i] / y[j]) lam"),
        (X / Y / LAM, "x[i] / y[j] / lam"),
        (power(X, number(-2)), "1 / x[i]**2"),
        (power(X, number(Fraction(-1, 2))) * Y, "(1 / sqrt(x[i])) y[j]"),
        (Fraction(1, 3) * X, "(1/3) x[i]"),
        (Fraction(-5, 2) * X + Fraction(1, 100000), "-2.5 x[i] + 1e-5"),
        (at("max") * (X + Y), "max * (x[i] + y[j])"),
        (LAM * power(number(2), at("n")), "lam * 2**n"),
        (power(power(X, at("n")), number(2)), "(x[i]**n)**2"),
        (Literal(float("-inf")), "-inf"),
        (Apply("exp", (X * Y,)), "exp(x[i] y[j])"),
    ],
)
def test_spelling(expression: Expr, text: str) -> None:
    assert expression_text(expression) == text


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (IndexSum(at("Q", I, D) * at("K", J, D), (D,)), "Q[i, d] K[j, d]"),
        (IndexSum(2 * at("Q", I, D) * at("K", J, D), (D,)), "2 Q[i, d] K[j, d]"),
        (-IndexSum(at("Q", I, D) * at("K", J, D), (D,)), "-Q[i, d] K[j, d]"),
        (IndexSum(-at("Q", I, D) * at("K", J, D), (D,)), "sum[d](-Q[i, d] K[j, d])"),
        (IndexSum(at("Q", I, D), (D,)), "sum[d](Q[i, d])"),
        (IndexSum(power(at("Q", I, D), number(2)), (D,)), "sum[d](Q[i, d]**2)"),
        (IndexSum(at("Q", I, D) * at("K", J, D) * at("y", D), (D,)), "sum[d](Q[i, d] K[j, d] y[d])"),
        (IndexSum(at("B", D, D), (D,)) + at("S", I, J), "B[d, d] + S[i, j]"),
        (IndexSum(at("B", D, D) * X, (D,)), "sum[d](B[d, d] x[i])"),
        (IndexSum(at("y", D) / at("z", D) * LAM, (D,)), "y[d] (1 / z[d]) lam"),
        (IndexSum(at("Q", I, D) * at("A", D, K) * at("V", K), (K, D)), "sum[k, d](Q[i, d] A[d, k] V[k])"),
        (Extent(H) * IndexSum(at("y", D) * at("z", D), (D,)), "D (y[d] z[d])"),
        (IndexSum(at("y", D) * at("z", D), (D,)) ** 2, "(y[d] z[d])**2"),
        (IndexMap("softmax", IndexSum(at("Q", I, D) * at("K", J, D), (D,)), (J,)), "softmax[j](Q[i, d] K[j, d])"),
        (IndexReduce("mean", at("Q", I, D), (D,)), "mean[d](Q[i, d])"),
    ],
)
def test_sums_are_left_out_exactly_where_they_are_read_back(body: Expr, text: str) -> None:
    assert (
        statement_text(Define("O", (I, J), body))
        .removeprefix("O[i, j] = ")
        .replace(" ones[i]", "")
        .replace(" ones[j]", "")
        == text
    )


def test_an_index_of_the_left_side_is_never_summed_silently() -> None:
    product = at("Q", I, D) * at("K", J, D)
    assert statement_text(Define("O", (I, J, D), product)) == "O[i, j, d] = Q[i, d] K[j, d]"


def test_equal_dummies_in_one_term_are_both_written() -> None:
    dot = IndexSum(at("y", D) * at("z", D), (D,))
    assert expression_text(Apply("exp", (dot,)) * dot) == "exp(sum[d](y[d] z[d])) sum[d](y[d] z[d])"
    assert expression_text(dot + dot) == "y[d] z[d] + y[d] z[d]"


def test_missing_indices_are_filled_with_ones() -> None:
    assert statement_text(Define("O", (I, J), X + LAM)) == "O[i, j] = x[i] ones[j] + lam"
    assert statement_text(Define("O", (I,), number(1))) == "O[i] = ones[i]"
    assert statement_text(Define("O", (I,), number(0))) == "O[i] = 0"


def test_a_claim_never_begins_with_a_sign() -> None:
    assert statement_text(Claim(-X, X)) == "(-x[i]) == x[i]"


def test_long_sums_and_products_do_not_recurse() -> None:
    terms = tuple(at(f"t{n}", I) for n in range(100_000))
    assert expression_text(Sum(terms)).count(" + ") == 99_999
    assert expression_text(Product(terms)).count(" ") == 99_999
    assert expression_text(add(*terms)) == expression_text(Sum(terms))
    assert expression_text(multiply(*terms)) == expression_text(Product(terms))


def test_deep_expressions_print() -> None:
    deep: Expr = X
    for _ in range(MAX_DEPTH // 2):
        deep = Apply("exp", (deep + 1,))
    assert expression_text(deep).count("exp") == MAX_DEPTH // 2


def test_delta_spelling() -> None:
    assert expression_text(Delta(I, 0)) == "delta[i, 0]"
