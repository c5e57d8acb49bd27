"""Second derivatives: closed forms that people know, symmetry, and gradients of gradients against torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import indexcalc as ic
from indexcalc.ir.walk import tensors_in
from indexcalc.ir.wellformed import check_program

from .programs import PROGRAMS
from .random_programs import random_program
from .test_against_torch import CASES, Case, close
from .test_directions import NOT_TWICE, draws

torch = pytest.importorskip("torch")


# ---- closed forms -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("derive", "text", "wrt", "lines"),
    [
        (ic.jacobian, "index v, w : n\np[v] = softmax[v](z[v])", "z", ["jac_z[v, w] = p[v] (delta[v, w] - p[w])"]),
        (ic.jacobian, "y[i] = log(softmax[i](x[i]))", "x", ["jac_x[i, i'] = delta[i, i'] - softmax[i'](x[i'])"]),
        (ic.jacobian, "y[i] = cumsum[i](x[i])", "x", ["jac_x[i, i'] = i' <= i"]),
        (ic.jacobian, "Y[i,j] = inv(A)[i,j]", "A", ["jac_A[i, j, i', i''] = -Y[i, i'] Y[i'', j]"]),
        (ic.hessian, "L = x[i] A[i,j] x[j]", "x", ["hess_x[i, j] = A[i, j] + A[j, i]"]),
        (ic.hessian, "tensor A[i,j] symmetric\nL = x[i] A[i,j] x[j]", "x", ["hess_x[i, j] = 2 A[i, j]"]),
        (
            ic.hessian,
            "r[b] = X[b,i] w[i] - y[b]\nL = r[b] r[b]",
            "w",
            ["hess_w[i, i'] = 2 X[b, i] X[b, i']"],
        ),
        (
            ic.hessian,
            "index c : cls\ninteger t[b] : cls\ntensor z[b,c]\nL = sum[b](logsumexp[c](z[b,c]) - z[b,t[b]])",
            "z",
            [
                "t0[b, c] = softmax[c](z[b, c])",
                "hess_z[b, c, b', c'] = delta[b, b'] t0[b, c] (delta[c, c'] - t0[b, c'])",
            ],
        ),
        (
            ic.hessian,
            "index c, d : cls\np[c] = softmax[c](z[c])\nL = -sum[c](y[c] log(p[c]))",
            "z",
            ["s = sum[c](y[c])", "hess_z[c, d] = p[c] s (delta[c, d] - p[d])"],
        ),
        (
            ic.hessian,
            "L = sum[b](softplus(X[b,i] w[i]) - y[b] X[b,i] w[i])",
            "w",
            ["t1[b] = sigmoid(t0[b])", "hess_w[i, i'] = sum[b](X[b, i] X[b, i'] t1[b] (1 - t1[b]))"],
        ),
        (ic.hessian, "L = norm[i](x[i])", "x", ["hess_x[i, i'] = (delta[i, i'] - grad_x[i] grad_x[i']) / L"]),
        (ic.hessian, "L = logdet(A)", "A", ["hess_A[i, j, i', i''] = -t1[i'', i] t1[j, i']"]),
        (
            ic.hessian,
            "L = prod[i](x[i])",
            "x",
            [
                "t4[i, i'] = prod[i''](where(delta[i, i''], 1, where(delta[i', i''], 1, x[i''])))",
                "hess_x[i, i'] = t4[i', i] (1 - delta[i, i'])",
            ],
        ),
        (ic.hvp, "L = x[i] A[i,j] x[j]", "x", ["hvp_x[i] = tangent_x[j] (A[i, j] + A[j, i])"]),
        (ic.jvp, "y[i] = A[i,j] x[j]", "x", ["tangent_y[i] = A[i, j] tangent_x[j]"]),
    ],
)
def test_closed_forms_and_no_statement_that_nobody_reads(
    derive: Callable[..., ic.Program], text: str, wrt: str, lines: list[str]
) -> None:
    found = derive(text, wrt)
    shown = [str(s) for s in found.statements]
    assert shown[len(shown) - len(lines) :] == lines
    read = frozenset[str]().union(*(tensors_in(d.body) for d in found.definitions.values()))
    assert set(found.definitions) <= read | set(found.outputs)


def test_mixed_blocks_stand_once() -> None:
    found = ic.hessian("L = x[i] A[i,j] y[j]", "x,y,A")
    assert found.outputs == ("hess_x", "hess_x_y", "hess_x_A", "hess_y", "hess_y_A", "hess_A")
    assert str(found.definitions["hess_x_y"]) == "hess_x_y[i, j] = A[i, j]"


# ---- properties -------------------------------------------------------------------------------------
@pytest.mark.parametrize("seed", range(4000, 4008))
def test_hessians_are_symmetric_and_products_are_theirs(seed: int) -> None:
    text = random_program(seed)
    program = ic.parse(text)
    (output,) = program.outputs
    slots = ", ".join(i.name for i in program.definitions[output].indices)
    if slots:
        lines = [line for line in text.splitlines() if not line.startswith("output")]
        program = ic.parse("\n".join([*lines, f"total = sum[{slots}](sin({output}[{slots}]))", "output total"]))
    wrt = [n for n, t in program.inputs.items() if not t.is_integer][:2]
    arrays, tangents, _ = draws(program, wrt, seed)
    blocks = ic.compile(ic.hessian(program, wrt))(**arrays)
    products = ic.compile(ic.hvp(program, wrt))(**arrays, **tangents)
    for x in wrt:
        want = np.zeros(np.shape(arrays[x]))
        for y in wrt:
            n, m = np.ndim(arrays[x]), np.ndim(arrays[y])
            block = blocks.get(f"hess_{x}" if x == y else f"hess_{x}_{y}")
            if block is None:  # the other block, transposed
                block = np.moveaxis(blocks[f"hess_{y}_{x}"], range(m), range(n, n + m))
            elif x == y:
                np.testing.assert_allclose(np.moveaxis(block, range(n), range(n, n + n)), block, rtol=1e-9, atol=1e-9)
            want = want + np.tensordot(block, tangents[f"tangent_{y}"], m)
        np.testing.assert_allclose(products[f"hvp_{x}"], want, rtol=1e-9, atol=1e-9)


# ---- gradients of gradients -------------------------------------------------------------------------
MUST = {
    "attention, no mask", "ALiBi", "causal linear attention with elu", "layer norm in compact letters", "rms norm",
    "layer norm, var from second moment", "cross-entropy of a sequence", "logdet(I + XX')", "inv of a shifted matrix",
    "det(AXB)", "max pooling 2d", "causal conv with padding by where", "state-space scan by cumsum", "conv 2d",
    "embedding and position", "mixture of the top two", "Gaussian mixture", "LSTM cell",
}  # fmt: skip
CHOSEN = [c for c in CASES if c.name in MUST] + [c for c in CASES[2::12] if c.name not in MUST | NOT_TWICE]


def test_every_layer_that_must_work_is_there() -> None:
    assert {c.name for c in CHOSEN} >= MUST


def twice(case: Case) -> None:
    """∂⟨u, ∂⟨c, y⟩/∂x⟩ by everything, for random u and c."""
    arrays, names = case.arrays(), case.names()
    program = ic.parse(case.text)
    (output,) = program.outputs
    tensors = {n: torch.tensor(a, requires_grad=n in names) for n, a in arrays.items()}
    value = case.formula(**tensors)
    rng = np.random.default_rng(8)
    given: dict[str, Any] = dict(arrays)
    c = torch.ones((), dtype=value.dtype)
    if value.ndim:
        given[f"grad_{output}"] = rng.normal(size=tuple(value.shape))
        c = torch.tensor(given[f"grad_{output}"])
    x = names[0]
    (first,) = torch.autograd.grad(value, tensors[x], c, create_graph=True, allow_unused=True)
    u = rng.normal(size=arrays[x].shape)
    wanted: Any = [None] * len(names)
    if first.requires_grad:  # else the first derivative is constant
        wanted = torch.autograd.grad(first, [tensors[n] for n in names], torch.tensor(u), allow_unused=True)
    second = ic.grad(ic.grad(program, x), names)
    check_program(second)
    assert ic.parse(str(second)) == second
    cotangent = {n: u for n in second.inputs if n not in given}
    assert list(cotangent) in ([f"grad_grad_{x}"], [])
    found = ic.compile(second)(**given, **cotangent)
    for name, result, grad in zip(names, second.outputs, wanted):
        scale = 1.0 if cotangent else float(u)
        zero = np.zeros(arrays[name].shape)  # torch's own zeros may be no arrays
        close(found[result] * scale, zero if grad is None else zero + grad.detach().clone().numpy(force=True))


@pytest.mark.parametrize("case", CHOSEN, ids=lambda c: c.name)
def test_gradients_of_gradients_agree_with_torch(case: Case) -> None:
    twice(case)


def test_a_product_of_zeros_has_second_derivatives() -> None:
    for x in ([2.0, 3.0, 5.0], [0.0, 3.0, 5.0], [0.0, 3.0, 0.0], [0.0, 0.0, 0.0]):
        wanted = torch.autograd.functional.hessian(lambda t: t[0] * t[1] * t[2], torch.tensor(x, dtype=torch.float64))
        close(ic.compile(ic.hessian("L = prod[i](x[i])", "x"))(x=np.array(x))["hess_x"], wanted)


@pytest.mark.parametrize("name", ["attention", "layer norm", "cross entropy log", "max shifted softmax", "cumsum"])
def test_second_derivatives_share_what_the_gradient_computed(name: str) -> None:
    """The gradient of a gradient stays within a small multiple of the statements of the gradient."""
    text, wrt = PROGRAMS[name]
    first = ic.grad(text, wrt)
    second = ic.grad(first, wrt, of=first.outputs[0])
    assert len(second.statements) <= 4 * len(first.statements)
