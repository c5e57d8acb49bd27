"""Derivations: every line of every section has the value that the finished statement has."""

from __future__ import annotations

import numpy as np
import pytest

import indexcalc as ic
from indexcalc.calculus.explain import derivation
from indexcalc.interpret.evaluate import value
from indexcalc.interpret.run import run
from indexcalc.ir.expr import Derivative
from indexcalc.ir.trace import Derivation
from indexcalc.ir.walk import subexpressions
from indexcalc.verify.inputs import draw
from indexcalc.verify.sizes import choose_sizes

from .programs import PROGRAMS

POSITIVE = {"variable power", "cosine"}


def explained(name: str) -> Derivation:
    text, wrt = PROGRAMS[name]
    return derivation(ic.parse(text), wrt.split(","))


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_line_has_the_value_of_the_statement(name: str) -> None:
    done = explained(name)
    sizes = choose_sizes(done.result)
    kind = "positive" if name in POSITIVE else "normal"
    arrays = draw(done.result, sizes, np.random.default_rng(3), kind)
    named = {s.name: n for s, n in sizes.items()}
    with np.errstate(all="ignore"):
        everything = {**arrays, **run(done.forward, {n: arrays[n] for n in done.forward.inputs}, named)}
        everything.update(run(done.result, arrays, named))
        for section in done.sections:
            target, functions = section.target, {f.name: f for f in done.result.functions}
            want = value(target.body, target.indices, everything, sizes, functions)
            everything.setdefault(target.name, want)
            for step in section.steps:
                if not any(isinstance(p, Derivative) for p in subexpressions(step.after)):
                    got = value(step.after, step.indices, everything, sizes, functions)
                    np.testing.assert_allclose(got, want, rtol=1e-10, atol=1e-10, err_msg=f"{step.rule}: {step.after}")


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_derivative_is_carried_out(name: str) -> None:
    for section in explained(name).sections:
        if section.steps:
            assert section.find and section.steps[0].rule == "chain rule"
            last = section.steps[-1].after
            assert not any(isinstance(p, Derivative) for p in subexpressions(last)), str(last)


def test_attention_is_told_as_a_paper_tells_it() -> None:
    sections = {s.target.name: s for s in explained("attention").sections}
    rules = [s.rule for s in sections["grad_S"].steps]
    assert rules[:3] == ["chain rule", "d-softmax", "known value"]
    assert rules[-1] == "folding"
    assert "because O[i, a] = P[i, j] V[j, a]" in sections["grad_S"].note
    assert [s.rule for s in sections["grad_V"].steps] == [
        "chain rule",
        "d-index-sum",
        "d-product",
        "d-component",
        "delta-contract",
    ]


def test_quadratic_form_ends_with_the_symmetric_sum() -> None:
    (section,) = derivation(ic.parse("L = x[i] A[i,j] x[j]"), ["x"]).sections
    assert "(A[i, j] + A[j, i]) x[j]" in [str(s.after) for s in section.steps]


def test_declared_functions_are_written_out() -> None:
    section = explained("user function").sections[0]
    assert not any("swish" in str(s.after) for s in section.steps)


def test_a_derivation_that_does_not_end_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("indexcalc.calculus.explain.MAX_ROUNDS", 1)
    sections = derivation(ic.parse("P[i] = softmax[i](z[i] w[i])\nL = P[i] v[i]"), ["z"]).sections
    assert any("`grad_z` did not end within 1 rounds" in s.note for s in sections)
