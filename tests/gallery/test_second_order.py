"""Gradients of gradients of layers: forward over reverse and reverse over reverse, against torch's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import indexcalc as ic
from indexcalc.calculus.closed import closed
from tests.autograd import close, gradients, leaves

from .formulas import FORMULAS, ORACLES, extents, program_of, setting_of

torch = pytest.importorskip("torch")

LAYERS = [
    "attention/causal",
    "attention/cosine",
    "attention/rope",
    "attention/soft_cap",
    "convolution/gated",
    "feed_forward/mixture_of_experts",
    "feed_forward/swiglu",
    "graphs_and_sets/message_passing",
    "normalisation/batch_norm",
    "normalisation/layer_norm",
    "normalisation/rms_norm",
    "normalisation/weight_norm",
    "recurrent/gru_cell",
]


@pytest.mark.parametrize("name", LAYERS)
def test_second_derivatives_agree_with_torch(name: str) -> None:
    """With c = cotangent and u = a direction: ∂/∂x of Σ_y u_y ∂(c·O)/∂y for every input x, in both modes."""
    program, wrt = program_of(name), FORMULAS[name].wrt()
    arrays, directions, wanted = second_order(name)
    first = ic.grad(program, wrt)
    tangents = {f"tangent_{n}": d for n, d in directions.items()}
    backward = dict.fromkeys(wrt, 0.0)
    for n in wrt:
        forward = run(ic.jvp(first, wrt, of=f"grad_{n}"), {**arrays, **tangents}, name)
        close(forward[f"tangent_grad_{n}"], wanted[n])
        reverse = ic.grad(first, wrt, of=f"grad_{n}")
        # the cotangent of a scalar's gradient is 1
        weight = 1.0 if f"grad_grad_{n}" in reverse.inputs else directions[n]
        found = run(reverse, {**arrays, f"grad_grad_{n}": directions[n]}, name)
        for x, o in zip(wrt, reverse.outputs):
            backward[x] = backward[x] + weight * found[o]
    for n in wrt:
        close(backward[n], wanted[n])
    assert any(bool(t.any()) for t in wanted.values())


def second_order(name: str) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Inputs with a cotangent, a direction for each input, and torch's second derivatives."""
    inputs, wrt = setting_of(name).inputs, FORMULAS[name].wrt()
    (output,) = program_of(name).outputs
    random = np.random.default_rng(5)
    tensors = leaves(inputs, wrt)
    value = ORACLES[name](**tensors)
    cotangent = torch.tensor(random.normal(size=tuple(value.shape)))
    directions = {n: np.asarray(random.normal(size=np.shape(inputs[n]))) for n in wrt}
    variables = [tensors[n] for n in wrt]
    slopes = gradients(value, variables, cotangent, create_graph=True)
    along = sum((g * torch.tensor(directions[n])).sum() for g, n in zip(slopes, wrt))
    wanted = dict(zip(wrt, gradients(along, variables, torch.ones_like(along))))
    return {**inputs, f"grad_{output}": cotangent.numpy()}, directions, wanted


def run(program: ic.Program, arrays: dict[str, Any], name: str) -> dict[str, Any]:
    given = {n: a for n, a in arrays.items() if n in program.inputs}
    return ic.compile(program)(**given, sizes=extents(name))


@pytest.mark.parametrize(
    ("name", "wrt"),
    [
        ("vectors/entropy", "z"),
        ("matrices/generalised_rayleigh_quotient", "x"),
        ("matrices/squared_singular_values", "X"),
        ("filtering/kalman_log_likelihood", "H"),
        ("tensors/symmetric_cp", "A"),
        ("tensors/tucker", "C"),
    ],
)
def test_a_hessian_in_closed_form_reads_back(name: str, wrt: str) -> None:
    """Equations that hold sums under sums, and fresh indices of several spaces."""
    program = program_of(name)
    second = ic.hessian(program, wrt)
    equations = closed(second, program)
    assert ic.parse(str(second)) == second
    assert ic.parse(str(equations)) == equations
    assert "inf" not in str(equations)
