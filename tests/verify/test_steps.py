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


def test_a_table_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "MAX_COMPONENTS", 100)
    assert check_steps(explained("quadratic form"), sizes={"i": 2})
    with pytest.raises(ic.IndexCalcError, match="has more than 100 components"):
        check_steps(explained("quadratic form"), sizes={"i": 4})
