"""What numbers suggest to be zero, before algebra proves it."""

from __future__ import annotations

import pytest

import indexcalc as ic
from indexcalc.calculus import derive


@pytest.fixture
def suggested(monkeypatch):
    """What the trials of the derivations in a test suggested."""
    found: set[str] = set()
    trial = derive.numerically_zero

    def recorded(*arguments):
        names = trial(*arguments)
        found.update(names)
        return names

    monkeypatch.setattr(derive, "numerically_zero", recorded)
    return found


def test_a_gradient_that_fades_over_many_layers_is_no_zero(suggested):
    layers = "\n".join(f"h{k}[i] = tanh(W{k}[i, j] h{k - 1}[j])" for k in range(1, 150))
    ic.grad(f"index i, j : n(N)\nh0[i] = tanh(x[i])\n{layers}\nL = h149[i] h149[i]", "x")
    assert not suggested


def test_what_cancels_is_suggested_at_any_scale(suggested):
    shifted = "m = max[i](x[i]); E[i] = exp(x[i] - m); Z = sum[i](E[i]); L = 10**{0} (log(Z) + m)"
    for exponent in (-40, 0, 40):
        suggested.clear()
        gradient = ic.grad("index i : n(N)\n" + shifted.format(exponent), "x")
        assert suggested == {"grad_m"}
        assert "==" not in str(gradient)  # where the maximum is does not matter
