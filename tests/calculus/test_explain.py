"""Derivations: every line of every section has the value that the finished statement has."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import indexcalc as ic
from indexcalc.calculus.explain import derivation
from indexcalc.calculus.orders import answer
from indexcalc.calculus.question import Kind, Question
from indexcalc.interpret.evaluate import value
from indexcalc.ir.build import ZERO
from indexcalc.ir.default_sizes import choose_sizes
from indexcalc.ir.expr import Derivative
from indexcalc.ir.index import Space
from indexcalc.ir.trace import Derivation
from indexcalc.ir.walk import subexpressions
from indexcalc.verify.inputs import draw

from .programs import PROGRAMS, STRUCTURED

POSITIVE = {"variable power", "cosine"}


SCALAR = [n for n, (text, _) in PROGRAMS.items() if not next(reversed(ic.parse(text).definitions.values())).indices]
KINDS: dict[Kind, list[str]] = {
    "gradient": list(PROGRAMS),
    "jacobian": list(PROGRAMS)[::2],
    "jvp": list(PROGRAMS)[1::2],
    "hessian": SCALAR[::3],
    "hvp": SCALAR[1::3],
}
BOTH = PROGRAMS | STRUCTURED
SCALARS = [n for n, (text, _) in STRUCTURED.items() if "L = " in text]
DECLARED: dict[Kind, list[str]] = {
    "gradient": list(STRUCTURED),
    "jacobian": list(STRUCTURED)[::3],
    "jvp": list(STRUCTURED)[1::3],
    "hessian": SCALARS[::4],
    "hvp": SCALARS[1::4],
}
QUESTIONS = [(kind, name) for kind, names in KINDS.items() for name in names]


def explained(name: str, kind: Kind = "gradient") -> Derivation:
    text, wrt = BOTH[name]
    return derivation(ic.parse(text), wrt.split(","), kind=kind)


def everything(kind: Kind, name: str) -> tuple[dict[str, Any], dict[Space, int]]:
    """Inputs and every definition of the forward program and of the programs derived on the way, by name."""
    text, wrt = BOTH[name]
    stages = answer(Question(ic.parse(text), tuple(wrt.split(",")), None, kind))
    result = stages[-1].derived.result
    sizes = choose_sizes(result)
    found = draw(result, sizes, np.random.default_rng(3), "positive" if name in POSITIVE else "normal")
    functions = {f.name: f for f in result.functions}
    for program in (*(s.program for s in stages), *(s.derived.result for s in stages)):
        for d in program.definitions.values():
            found[d.name] = value(d.body, d.indices, found, sizes, functions)
    return found, sizes


@pytest.mark.parametrize(("kind", "name"), [*QUESTIONS, *((k, n) for k, names in DECLARED.items() for n in names)])
def test_every_line_has_the_value_of_the_statement(kind: Kind, name: str) -> None:
    done = explained(name, kind)
    functions = {f.name: f for f in done.result.functions}
    with np.errstate(all="ignore"):
        known, sizes = everything(kind, name)
        for section in done.sections:
            target = section.target
            want = value(target.body, target.indices, known, sizes, functions)
            known.setdefault(target.name, want)
            for step in section.steps:
                if not any(isinstance(p, Derivative) for p in subexpressions(step.after)):
                    got = value(step.after, step.indices, known, sizes, functions)
                    np.testing.assert_allclose(got, want, rtol=1e-10, atol=1e-10, err_msg=f"{step.rule}: {step.after}")


@pytest.mark.parametrize(("kind", "name"), QUESTIONS)
def test_every_derivative_is_carried_out(kind: Kind, name: str) -> None:
    for section in explained(name, kind).sections:
        if section.steps:
            assert section.find and (section.given or section.steps[0].after == ZERO)
            assert all(a.after == b.before for a, b in zip(section.steps, section.steps[1:]))
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
        "d-product",
        "d-component",
        "delta-contract",
    ]


def test_quadratic_form_ends_with_the_symmetric_sum() -> None:
    (section,) = derivation(ic.parse("L = x[i] A[i,j] x[j]"), ["x"]).sections
    assert [(s.rule, str(s.after)) for s in section.steps] == [
        ("d-product", "diff(x[i], x[k]) A[i, j] x[j] + x[i] A[i, j] diff(x[j], x[k])"),
        ("d-component", "delta[i, k] A[i, j] x[j] + x[i] A[i, j] delta[j, k]"),
        ("delta-contract", "A[k, j] x[j] + x[i] A[i, k]"),
        ("collect-factors", "(A[k, j] + A[j, k]) x[j]"),
    ]
    assert section.steps[0].note == "A does not depend on x"
    assert section.steps[1].law == r"\frac{\partial x_{i}}{\partial x_{k}} = \delta_{ik}"


def test_declared_functions_are_written_out() -> None:
    section = explained("user function").sections[0]
    assert not any("swish" in str(s.after) for s in section.steps)


def test_a_derivation_that_does_not_end_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("indexcalc.calculus.tell.MAX_ROUNDS", 1)
    sections = derivation(ic.parse("P[i] = softmax[i](z[i] w[i])\nL = P[i] v[i]"), ["z"]).sections
    assert any("`grad_z` did not end within 1 rounds" in s.note for s in sections)
