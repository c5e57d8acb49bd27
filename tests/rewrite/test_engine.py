"""The engine: values are kept, results are final and well-formed, derivations read as they should, nothing hangs."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from indexcalc.diagnostics import IndexCalcError
from indexcalc.elaborate.read import read_expression, read_program
from indexcalc.ir.build import add, number
from indexcalc.ir.expr import Access, Delta, Derivative, Expr, IndexSum, Product, Sum
from indexcalc.ir.walk import subexpressions
from indexcalc.ir.wellformed import check_expression
from indexcalc.rewrite.differentiate import differentiate
from indexcalc.rewrite.engine import lines, simplify_expression, steps
from indexcalc.rewrite.rule import rule
from indexcalc.rewrite.rules import DIFFERENTIATE, SIMPLIFY
from indexcalc.rewrite.rules.sums import sum_split
from tests.ir.strategies import FIXED, FUNCTION, HEAD, SEQ, TENSORS, VOCAB, D, I, Scope, expressions

from .numeric import agree

GIVEN = "index i, j, k, l : n(N)\nindex a, b : m(M)"
TYPES = (
    GIVEN
    + """
tensor x[i], y[i], A[i, j], W[i, a], z[a], B[j, a]
integer tok[i] : n
scalar u, v"""
)
SIZES = {SEQ: 12, HEAD: 4, VOCAB: 5, FIXED: 4}
RANDOM = np.random.default_rng(1)
ARRAYS = {
    t.name: RANDOM.integers(0, 5, [SIZES[s] for s in t.spaces])
    if t.is_integer
    else RANDOM.uniform(0.5, 1.5, [SIZES[s] for s in t.spaces])
    for t in TENSORS
}
SCOPE = Scope((I, D), {t.name: t.spaces for t in TENSORS if not t.is_integer})


def value(e: Expr) -> np.ndarray:
    from indexcalc.interpret.evaluate import evaluate

    with np.errstate(all="ignore"):
        array, axes = evaluate(e, ARRAYS, SIZES, {"f": FUNCTION})
    shape = [SIZES[i.space] if i in axes else 1 for i in sorted((I, D), key=lambda i: i.name)]
    return np.broadcast_to(np.real(array).reshape(shape), (SIZES[HEAD], SIZES[SEQ]))


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(expressions(SCOPE, 2))
def test_simplification_keeps_the_value_and_is_final(e: Expr) -> None:
    done, how = simplify_expression(e)
    check_expression(done, left=(I, D))
    assert simplify_expression(done) == (done, ())
    assert all(a.after == b.before for a, b in pairwise(how))
    before, after = value(e), value(done)
    fine = np.isfinite(before)
    assert np.allclose(after[fine], before[fine], rtol=1e-9, atol=1e-9), f"{e}  ->  {done}"


def test_a_quadratic_form_is_derived_like_in_a_book() -> None:
    body = read_expression("x[i] A[i,j] x[j]", given=GIVEN)
    answer, how = differentiate(body, Access("x", (read_expression("x[k]", given=GIVEN).free_indices[0],)))
    assert str(answer) == "(A[k, j] + A[j, k]) x[j]"
    names = [s.rule for s in how]
    assert names == ["d-index-sum", "d-product", "d-component", "sum-split", "delta-contract", "collect-factors"]
    assert [s.note for s in how if s.rule == "delta-contract"] == ["twice"]


def body_of(equation: str) -> Expr:
    """The right side of `r[…] = …`."""
    return read_program(f"{TYPES}\n{equation}").definitions["r"].body


@pytest.mark.parametrize(
    ("equation", "answer"),
    [
        ("r[i, k] = sum[j](delta[i, j] A[j, k])", "A[i, k]"),
        ("r = delta[i, i]", "N"),
        ("r[i, k] = delta[i, j] delta[j, k]", "delta[i, k]"),
        ("r[i] = sum[j](2 A[i, j] x[j]) - sum[k](A[i, k] x[k])", "sum[j](A[i, j] x[j])"),
        ("r[i] = sum[j](A[i, j] x[j]) - sum[k](x[k] A[i, k])", "0"),
        ("r = sum[j, k](x[j] y[k])", "sum[j](x[j]) sum[k](y[k])"),
        ("r = sum[j](3)", "3 N"),
        ("r[i] = sum[j](x[j] (A[i, j] + delta[i, j]))", "sum[j](x[j] A[i, j]) + x[i]"),
        ("r[i, k] = sum[j](softmax[j](A[i, j]) delta[j, k])", "softmax[k](A[i, k])"),
        ("r[i] = sum[j](softmax[j](A[i, j]) delta[i, j])", "sum[j](softmax[j](A[i, j]) delta[i, j])"),
        ("r[i] = exp(0) x[i] + log(1)", "x[i]"),
        ("r[i] = where(2 < 3, x[i], y[i])", "x[i]"),
        ("r = u v - v u", "0"),
        ("r = u / u", "1"),
        ("r = sqrt(u) sqrt(u)", "u"),
        ("r = 0 / u", "0 / u"),
        ("r[i] = x[i] - x[i] / y[i] + x[i] / y[i]", "x[i] - x[i] / y[i] + x[i] / y[i]"),
    ],
)
def test_results(equation: str, answer: str) -> None:
    done, _ = simplify_expression(body_of(equation))
    assert done == body_of(equation.partition("=")[0] + "= " + answer)


def test_a_delta_over_unequal_spaces_stays() -> None:
    i, j = body_of("r[i, a] = x[i] z[a]").free_indices
    apart = IndexSum(Product((Delta(i, j), Access("x", (i,)))), (i,))
    assert simplify_expression(apart) == (apart, ())


@pytest.mark.parametrize(
    ("equation", "name"),
    [
        ("r = sum[i]((sum[a](W[i, a] z[a]) - y[i])**2)", "z[b]"),
        ("r[l] = logsumexp[i](A[i, l] x[l])", "x[k]"),
        ("r[i, j] = softmax[i](x[i] y[i]) y[j]", "x[k]"),
        ("r[i, a] = sum[j](softmax[j](A[i, j] x[j]) B[j, a])", "x[k]"),
        ("r = max[i](x[i] y[i])", "x[k]"),
        ("r = prod[i](x[i] + y[i])", "x[k]"),
        ("r = norm[i](x[i] - y[i])", "x[i]"),
        ("r = var[i](x[i] y[i]) mean[i](x[i])", "x[k]"),
        ("r[i] = cumsum[i](x[i]**2)", "x[i]"),
        ("r = sum[i](where(y[i] < x[i], exp(x[i]), sin(x[i] y[i])))", "x[k]"),
        ("r = (sum[i](x[i] y[i]))**1.5 / sqrt(sum[i](x[i] x[i]))", "x[k]"),
        ("r[i] = x[i]**x[i] tanh(x[i])", "x[k]"),
        ("r = sum[i](gelu(x[i]) silu(x[i]) sigmoid(y[i]))", "x[k]"),
        ("r[i] = max(x[i], y[i]) + min(x[i], 1)", "x[k]"),
        ("r = mean[i, j](A[i, j] x[j] abs(x[i]))", "x[k]"),
        ("r[i, j] = inv(A)[i, j] + logdet(A)", "A[k, l]"),
        ("r[i, a] = B[tok[i], a] B[0, a]", "B[k, b]"),
    ],
)
def test_derivatives_agree_with_the_complex_step(equation: str, name: str) -> None:
    declared = read_program(TYPES)
    body = body_of(equation)
    wrt = read_expression(name, given=TYPES)
    assert isinstance(wrt, Access)
    answer, how = differentiate(body, wrt)
    assert not any(isinstance(p, Derivative) for p in subexpressions(answer))
    assert agree(Derivative(body, wrt), answer, declared, 1e-10)
    for step in how:
        assert step.before is not None
        assert agree(step.before, step.after, declared, 1e-10), step.rule
    assert not agree(Derivative(body, wrt), add(answer, number(1)), declared, 1e-10)


def test_a_derivative_at_an_index_that_is_summed_is_renamed_apart() -> None:
    body = read_expression("x[k] x[k]", given=GIVEN)
    wrt = read_expression("x[k]", given=GIVEN)
    assert isinstance(wrt, Access)
    answer, _ = differentiate(body, wrt)
    assert str(answer) == "2 x[k]"


def test_what_has_no_rule_is_an_error() -> None:
    field = read_expression("partial[i](x[j])", given=GIVEN)
    with pytest.raises(IndexCalcError, match="no rule differentiates `partial"):
        differentiate(field, Access("x", (field.free_indices[0],)))


def test_single_steps_end_where_lines_end() -> None:
    e = Derivative(read_expression("x[i] A[i,j] x[j] x[l] x[l]", given=GIVEN), read_expression("x[k]", given=GIVEN))  # type: ignore[arg-type]
    rules = DIFFERENTIATE + SIMPLIFY
    single = list(steps(e, rules))
    grouped = list(lines(e, rules))
    assert len(single) >= len(grouped)
    assert agree(single[-1][2], grouped[-1][2], read_program(GIVEN), 1e-11)
    for _, before, after in single:
        assert agree(before, after, read_program(GIVEN), 1e-11)


def test_rules_that_never_end_are_stopped() -> None:
    @rule("grow", title="", on=Access, law="", decreases="nodes", example=("", ""))
    def grow(node: Access, context: object) -> Expr:
        return Access(node.tensor + "x", ())

    with pytest.raises(IndexCalcError, match="did not end within 50 steps") as caught:
        simplify_expression(Access("x", ()), (grow,), limit=50)
    assert caught.value.diagnostics[0].code == "IX009"


def test_long_sums_simplify_without_recursion() -> None:
    x = [Access(f"t{n % 500}", ()) for n in range(20_000)]
    done, how = simplify_expression(Sum(tuple(x)))
    assert [s.rule for s in how] == ["collect-terms"]
    assert isinstance(done, Sum) and len(done.terms) == 500


def test_a_sum_rule_that_forgets_a_term_is_noticed() -> None:
    e = read_expression("sum[j](x[j] + y[j])", given=GIVEN)
    assert isinstance(e, IndexSum)
    right = sum_split(e)
    assert right is not None and agree(e, right, read_program(GIVEN))
    assert not agree(e, Product((number(2), e)), read_program(GIVEN))
