"""Questions that make no sense are refused where they point, with what to do instead."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import indexcalc as ic

GATHER = "index w : v\ninteger t[b] : v\ntensor E[w]\nL = sum[b](E[t[b]])"
CHAIN = "y[i] = 2 x[i]\nL = y[i] y[i]"
TWO = "a = x[i] x[i]\nb = 2 y[i] y[i]"
METRIC = "index i : n\nmetric g : n\ns = 2 z\nL = s T^i v_i\noutput L"
DIFF = "y[i] = 2 x[i]\nL = diff(x[i] x[i], x[k]) x[k]\noutput L"


@pytest.mark.parametrize(
    ("text", "wrt", "of", "message", "line", "under", "hint"),
    [
        ("Loss = alpha2[i] x[i]", "alpha1", None, "`alpha1` is not an input", 1, "Loss = ", "did you mean `alpha2`"),
        ("L = x[i] y[i]", "zeta", None, "`zeta` is not an input", 1, "L = ", "inputs: x, y"),
        (CHAIN, "y", None, "`y` is defined by the program", 1, "y[i] = 2 x[i]", "inputs: x"),
        (GATHER, "t", None, "`t` holds integers", 2, "t[b]", "differentiate by the tensor that it picks from"),
        (CHAIN, "x,x", None, "`x` is given twice", 1, "x[i]", "name each input once"),
        (CHAIN, "", None, "nothing to differentiate with respect to", 2, "L = y[i] y[i]", "inputs: x"),
        (TWO, "x", None, "the program has 2 outputs", 2, "b = 2 y[i] y[i]", "choose one of a, b"),
        (CHAIN, "x", "M", "`M` is not defined by the program", 2, "L = ", "defined: y, L"),
        (CHAIN, "x", "x", "`x` is an input", 1, "x[i]", "defined: y, L"),
        ("x[i] x[i] == 1", "x", None, "no output to differentiate", 1, "x[i] x[i] == 1", "give the formula a name"),
        (METRIC, "v", None, "cannot be differentiated or normalised", 4, "L = s T^i v_i", "metric's components"),
        (DIFF, "x", None, "diff(…) inside a program", 2, "L = diff", "simplify"),
    ],
)
@pytest.mark.parametrize("derive", [ic.grad, ic.jvp, ic.jacobian, ic.hessian, ic.hvp])
def test_a_refusal_names_what_and_where_and_what_to_do(
    derive: Callable[..., Any], text: str, wrt: str, of: str | None, message: str, line: int, under: str, hint: str
) -> None:
    with pytest.raises(ic.IndexCalcError) as refused:
        derive(text, wrt, of=of)
    (found,) = refused.value.diagnostics
    assert message in found.message and hint in found.hint
    assert found.span is not None and found.span.line == line
    assert text[found.span.start : found.span.end].startswith(under)
    assert "^" in str(refused.value)


@pytest.mark.parametrize("derive", [ic.hessian, ic.hvp])
@pytest.mark.parametrize(
    ("text", "hint"),
    [("y[i] = x[i] x[i]", r"add L = sum\[i\]\(y\[i\]\*\*2\)"), ("s = x[i] x[i]\ny[i] = s x[i]\noutput y", "of=s")],
)
def test_second_derivatives_ask_for_a_scalar(derive: Callable[..., Any], text: str, hint: str) -> None:
    with pytest.raises(ic.IndexCalcError, match=rf"(?s)`y` has the slots \[i\].*\^\^\^.*choose a scalar: {hint}"):
        derive(text, "x")


def test_a_rule_that_is_not_linear_in_the_cotangent_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    from indexcalc.calculus import rules
    from indexcalc.normal import poly as nf

    def squared(s: Any) -> None:
        s.give(s.parts[0], nf.multiply(s.g, s.g), ())

    monkeypatch.setitem(rules.RULES, "softmax", squared)
    with pytest.raises(ic.IndexCalcError, match="IX990: a rule of differentiation is not linear in the cotangent"):
        ic.jvp("p[v] = softmax[v](z[v])", "z")
