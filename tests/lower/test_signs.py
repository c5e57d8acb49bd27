"""Lower bounds that the form of a value shows, against what the interpreter computes."""

from __future__ import annotations

import numpy as np
import pytest

import indexcalc as ic
from indexcalc.interpret.run import run_outputs
from indexcalc.lower.program import lower_program
from indexcalc.lower.signs import lower_bound

GIVEN = "index i, j : n(N)\n"


@pytest.mark.parametrize(
    ("formula", "bound"),
    [
        ("exp(x[i])", 0.0),
        ("exp(x[i]) + 2", 2.0),
        ("(exp(x[i]) + 2) (x[i]**2 + 3)", 6.0),
        ("sqrt(x[i]**2 + 4)", 2.0),
        ("1 / (1 + x[i]**2)", 0.0),
        ("max(x[i], 0.5)", 0.5),
        ("sum[j](A[i,j]**2)", 0.0),
        ("sum[j](exp(A[i,j]) relu(x[j]))", 0.0),
        ("where(j <= i, exp(A[i,j]), 1)", 0.0),
        ("N + sigmoid(x[i])", 1.0),
        ("x[i]", -np.inf),
        ("exp(x[i]) - 1", -1.0),
        ("x[i] x[j]", -np.inf),
        ("min(x[i], 1)", -np.inf),
        ("log(exp(x[i]) + 1)", -np.inf),
    ],
)
def test_bounds(formula: str, bound: float) -> None:
    free = "i,j" if "j" in formula and "sum" not in formula else "i"
    program = ic.parse(f"{GIVEN}y[{free}] = {formula}")
    (output,) = lower_program(program, without=("stable",)).outputs
    assert lower_bound(output.operand) == bound
    rng = np.random.default_rng(0)
    given = {n: rng.standard_normal((4,) * len(t.indices)) for n, t in program.inputs.items()}
    assert run_outputs(program, given)["y"].min() >= bound


def test_shared_sums_are_looked_at_once() -> None:
    lines = ["y0[i] = exp(x[i])", *(f"y{n + 1}[i] = y{n}[i] + y{n}[i] y{n}[i]" for n in range(30))]
    program = ic.parse(GIVEN + "\n".join(lines) + "\noutput y30")
    (output,) = lower_program(program).outputs
    assert lower_bound(output.operand) in (0.0, -np.inf)
