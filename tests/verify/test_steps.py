"""Checking a derivation line by line: right ones pass at rounding, any wrong line is found."""

from __future__ import annotations

from dataclasses import replace

import pytest

import indexcalc as ic
from indexcalc.calculus.explain import derivation
from indexcalc.calculus.question import Kind
from indexcalc.ir.build import add, multiply, number
from indexcalc.ir.expr import Derivative
from indexcalc.ir.trace import Derivation
from indexcalc.ir.walk import subexpressions
from indexcalc.verify import steps
from indexcalc.verify.steps import check_steps
from tests.calculus.programs import PROGRAMS

# Of every family one; between them they use most rules.
NAMES = [
    "ridge", "lora",
    "quadratic form", "trace of a cube", "least squares", "norm", "variance", "product", "hyperedge", "broadcast bias",
    "gelu", "max of two", "power", "variable power", "user function", "where", "logsumexp", "log softmax", "cumsum",
    "cross entropy log", "convolution", "fixed slots", "inverse", "gaussian", "delta", "attention", "tied",
]  # fmt: skip


def explained(name: str, kind: Kind = "gradient") -> Derivation:
    text, wrt = PROGRAMS[name]
    return derivation(ic.parse(text), wrt.split(","), kind=kind)


@pytest.mark.parametrize("name", NAMES)
def test_a_right_derivation_passes(name: str) -> None:
    done = explained(name)
    found = check_steps(done)
    assert [c for c in found if not c.error < 1e-11] == []
    told = {(s.target.name, n) for s in done.sections for n, step in enumerate(s.steps, 1) if step.before is not None}
    assert told <= {(c.target, c.number) for c in found}
    assert {c.points for c in found} == {3}


@pytest.mark.parametrize("kind", ["jacobian", "jvp", "hessian", "hvp"])
def test_other_derivatives_pass(kind: Kind) -> None:
    assert all(c.passed for c in check_steps(explained("quadratic form", kind)))
    assert all(c.passed for c in check_steps(explained("tied", kind)))


@pytest.mark.parametrize("name", ["quadratic form", "least squares", "softmax", "layer norm"])
def test_every_wrong_line_is_found_where_it_stands(name: str) -> None:
    done = explained(name)
    for at, section in enumerate(done.sections):
        for k, step in enumerate(section.steps):
            for wrong in (multiply(number(2), step.after), add(step.after, number(1))):
                lines = (*section.steps[:k], replace(step, after=wrong), *section.steps[k + 1 :])
                broken = replace(section, steps=lines)
                sections = (*done.sections[:at], broken, *done.sections[at + 1 :])
                failed = [c for c in check_steps(replace(done, sections=sections), points=1) if not c.passed]
                numbers = {c.number for c in failed if c.target == section.target.name}
                following = k + 2 if k + 1 < len(section.steps) else 0
                assert following in numbers
                assert step.before is None or k + 1 in numbers


def test_a_line_with_a_derivative_is_compared_too() -> None:
    done = explained("quadratic form")
    first = done.sections[0].steps[0]
    assert any(isinstance(p, Derivative) for p in subexpressions(first.after))
    assert ("grad_x", 1) in {(c.target, c.number) for c in check_steps(done)}


def test_points_lie_in_the_domain_or_the_reason_is_told() -> None:
    assert all(c.passed for c in check_steps(derivation(ic.parse("L = sum[i](log(x[i]))"), ["x"])))
    with pytest.raises(ic.IndexCalcError, match="no random inputs give finite values"):
        check_steps(derivation(ic.parse("L = sum[i](log(-x[i]**2))"), ["x"]))


@pytest.mark.parametrize(
    ("text", "wrt"),
    [
        # R is zero for all a wherever relu cuts every h off: there max has no derivative by R
        (
            "index n : rows(2)\nindex i : hidden(2)\nR[n,a] = relu(x[n,h] W[h,i]) V[i,a]\nL = sum[n](max[a](R[n,a]))",
            "x,V",
        ),
        ("z[n] = relu(x[n])\nL = sum[n](abs(z[n] - 1)) + sum[n](where(z[n] > 0, z[n] y[n], y[n]))", "x,y"),
    ],
)
def test_points_lie_away_from_kinks(text: str, wrt: str) -> None:
    done = derivation(ic.parse(text), wrt.split(","))
    for seed in range(4):
        assert [c for c in check_steps(done, seed=seed) if not c.passed] == []


def test_where_a_kink_cannot_be_left_the_point_with_the_fewest_is_taken() -> None:
    found = check_steps(
        derivation(ic.parse("z[i] = x[i] - x[i] + y[i]\nL = sum[i](where(0 x[i] == 0, z[i]**2, 0))"), ["x"])
    )
    assert all(c.passed for c in found)


PADDED = [
    "y[t] = sum[k](where(k <= t, w[k] x[t - k], 0))",
    "y[t] = sum[k](where(t + k >= 1 and t + k - 1 < N, w[k] x[t + k - 1]**2, 0))",
    "y[t] = max[k](where(t + k >= 1 and t + k - 1 < N, w[k] x[t + k - 1], -inf))",
    "y[t] = (k <= t) w[k] exp(x[t - k])",
]


@pytest.mark.parametrize("line", PADDED)
def test_a_derivative_is_taken_where_a_padded_slot_is_read(line: str) -> None:
    done = derivation(ic.parse("index t : time(N)\nindex k : kernel(3)\ntensor x[t], w[k]\n" + line), ["x", "w"])
    assert [c for c in check_steps(done) if not c.passed] == []


SYMMETRIC = """tensor A[i, r], B[i, r], C[k, r], M[i, r]
V[r,s] = (B[i,r] B[i,s]) (C[k,r] C[k,s])
E[i,s] = A[i,r] V[r,s] - M[i,s]
L = sum[i,s](E[i,s]**2) / 2"""


def test_the_derivative_by_a_symmetric_value_is_known_up_to_an_exchange_of_its_slots() -> None:
    done = derivation(ic.parse(SYMMETRIC), ["A", "B"])
    assert [c for c in check_steps(done) if not c.passed] == []
    (section,) = [s for s in done.sections if s.target.name == "grad_V"]
    assert "slots may change places, as V[r, s] = V[s, r]" in section.steps[-1].note
    wrong = replace(section.steps[-1], after=multiply(number(2), section.steps[-1].after))
    broken = replace(section, steps=(*section.steps[:-1], wrong))
    sections = [broken if s is section else s for s in done.sections]
    failed = [c for c in check_steps(replace(done, sections=tuple(sections))) if not c.passed]
    assert len(section.steps) in [c.number for c in failed if c.target == "grad_V"]


def test_a_table_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "MAX_COMPONENTS", 100)
    assert check_steps(explained("quadratic form"), sizes={"i": 2})
    with pytest.raises(ic.IndexCalcError, match="has more than 100 components"):
        check_steps(explained("quadratic form"), sizes={"i": 4})
