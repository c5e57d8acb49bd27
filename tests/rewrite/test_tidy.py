"""Tidying moves factors under a sum only where the sum then goes without saying."""

from __future__ import annotations

import pytest

from indexcalc.elaborate.read import read_expression, read_program
from indexcalc.rewrite.engine import simplify_expression
from indexcalc.rewrite.tidy import tidy

from .numeric import agree

GIVEN = "index i, j : n(N)\nscalar u\ntensor x[i], y[i], A[i, j], B[i, j]"


@pytest.mark.parametrize(
    ("text", "tidied"),
    [
        ("A[i, j] x[j] / u", "A[i, j] x[j] / u"),
        ("2 (A[i, j] x[j]) - 3 (B[i, j] x[j]) u", "(2 A[i, j] - 3 u B[i, j]) x[j]"),
        ("-(A[i, j] x[j])", "-A[i, j] x[j]"),
        ("2 sum[j](x[j]**2)", "2 sum[j](x[j]**2)"),
        ("y[j] (x[i] x[i])", "y[j] sum[i](x[i]**2)"),
        ("sum[i](x[i]) sum[j](y[j])", "sum[i](x[i]) sum[j](y[j])"),
    ],
)
def test_tidy(text: str, tidied: str) -> None:
    e = read_expression(text, given=GIVEN)
    simple = simplify_expression(e)[0]
    assert str(tidy(simple)) == tidied
    assert agree(e, tidy(simple), read_program(GIVEN))
    assert str(tidy(simplify_expression(tidy(simple))[0])) == tidied


def test_a_free_index_of_the_same_name_keeps_the_sum_apart() -> None:
    e = read_expression("2 sum[j](x[j] y[j])", given=GIVEN)
    assert str(tidy(e)) == "2 x[j] y[j]"
