"""Gradients of published identities and network layers, against torch's automatic differentiation of hand-written
formulas: two ways that share nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import indexcalc as ic
from tests.autograd import close, cotangent_of, gradients, leaves

from .torch_cases import Case
from .torch_cases_layers import LAYERS
from .torch_cases_matrices import MATRICES
from .torch_cases_models import MODELS
from .torch_cases_windows import WINDOWS

torch = pytest.importorskip("torch")

CASES = [*MATRICES, *LAYERS, *MODELS, *WINDOWS]


def expected(case: Case, arrays: dict[str, Any]) -> tuple[Any, Any, list[Any]]:
    """Value, cotangent and gradients by torch."""
    tensors = leaves(arrays, case.names())
    value = case.formula(**tensors)
    cotangent = cotangent_of(value)
    return value, cotangent, gradients(value, [tensors[n] for n in case.names()], cotangent)


def check(case: Case, backend: str) -> None:
    arrays = case.arrays()
    value, cotangent, grads = expected(case, arrays)
    program = ic.parse(case.text)
    (output,) = program.outputs
    derived = ic.grad(program, case.names(), with_value=True)
    given: dict[str, Any] = {n: torch.tensor(a) if backend == "torch" else a for n, a in arrays.items()}
    close(ic.compile(program, backend)(**given)[output], value)
    if value.ndim:
        given[f"grad_{output}"] = cotangent if backend == "torch" else cotangent.numpy()
    found = ic.compile(derived, backend)(**given)
    close(found[output], value)
    for name, grad in zip(case.names(), grads):
        close(found[f"grad_{name}"], grad)


def test_case_names_are_unique() -> None:
    names = [c.name for c in CASES]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_numpy_agrees_with_torch(case: Case) -> None:
    check(case, "numpy")


@pytest.mark.parametrize("case", CASES[::3], ids=lambda c: c.name)
def test_emitted_torch_agrees_with_torch(case: Case) -> None:
    check(case, "torch")


@pytest.mark.parametrize("case", CASES[::2], ids=lambda c: c.name)
def test_derived_text_reads_back(case: Case) -> None:
    derived = ic.grad(case.text, case.names())
    assert ic.parse(str(derived)) == derived


# ---- options, extents, dtypes --------------------------------------------------------------------------
def grads(text: str, wrt: str, **arrays: Any) -> dict[str, Any]:
    return ic.compile(ic.grad(text, wrt))(**arrays)


def test_one_output_of_several() -> None:
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=3), rng.normal(size=3)
    text = "a = x[i] y[i]\nb[i] = exp(x[i]) y[i]"
    derived = ic.grad(text, "x,y", of="b", with_value=True)
    assert derived.outputs == ("a", "b", "grad_x", "grad_y")
    found = ic.compile(derived)(x=x, y=y, grad_b=np.array([1.0, 2.0, 3.0]))
    close(found["a"], x @ y)
    close(found["grad_x"], np.array([1.0, 2.0, 3.0]) * np.exp(x) * y)
    close(found["grad_y"], np.array([1.0, 2.0, 3.0]) * np.exp(x))


@pytest.mark.parametrize("sizes", [(1, 1), (0, 3), (3, 0), (1, 4)])
def test_small_extents(sizes: tuple[int, int]) -> None:
    text = "p[i,j] = softmax[j](x[i] A[i,j] + b[j])\nq[i] = logsumexp[j](A[i,j])\nL = p[i,j] A[i,j] + q[i] x[i]"
    rng = np.random.default_rng(3)
    arrays = {"x": rng.normal(size=sizes[0]), "A": rng.normal(size=sizes), "b": rng.normal(size=sizes[1])}
    if not sizes[1]:
        arrays["x"][:] = 0  # Σ over nothing is 0, its logarithm −∞: 0·∞ is nobody's gradient
    x, A, b = (torch.tensor(a, requires_grad=True) for a in arrays.values())
    p = torch.softmax(x[:, None] * A + b, 1)
    wanted = torch.autograd.grad((p * A).sum() + (torch.logsumexp(A, 1) * x).sum(), [A, b])
    found = grads(text, "A,b", **arrays)
    for name, grad in zip("Ab", wanted):
        close(found[f"grad_{name}"], grad)


def test_float32_stays_float32() -> None:
    text = (
        "index i : n(N)\nh[b,i] = gelu(W[i,j] x[b,j] / sqrt(2)) + 0.5 i + 1 / N + pi\n"
        "p[b,i] = softmax[i](where(i < 2, h[b,i], -inf))\nL = mean[b](sum[i](p[b,i] h[b,i]**1.5)) + norm[b,j](x[b,j])"
    )
    rng = np.random.default_rng(4)
    arrays = {"W": rng.normal(size=(3, 2)).astype("float32"), "x": rng.normal(size=(4, 2)).astype("float32")}
    derived = ic.grad(text, "W,x", with_value=True)
    assert {str(a.dtype) for a in ic.compile(derived)(**arrays).values()} == {"float32"}
    tensors = {n: torch.tensor(a) for n, a in arrays.items()}
    assert {a.dtype for a in ic.compile(derived, "torch")(**tensors).values()} == {torch.float32}


def test_inputs_that_are_views_are_read_right_and_left_alone() -> None:
    rng = np.random.default_rng(5)
    W, x = rng.normal(size=(6, 4))[::2, ::-1], np.broadcast_to(rng.normal(size=4), (5, 4))
    before, cotangent = W.copy(), rng.normal(size=(3, 5)).T
    tw, tx = (torch.tensor(a.copy(), requires_grad=True) for a in (W, x))
    wanted = torch.autograd.grad(torch.tanh(tx @ tw.T), [tw, tx], torch.tensor(cotangent.copy()))
    found = grads("y[b,o] = tanh(W[o,i] x[b,i])", "W,x", W=W, x=x, grad_y=cotangent)
    close(found["grad_W"], wanted[0])
    close(found["grad_x"], wanted[1])
    assert (before == W).all()


def test_an_extent_given_by_sizes() -> None:
    derived = ic.grad("index k : kk(K)\nL = sum[k](k x[i] x[i])", "x")
    x = np.array([1.0, 2.0])
    close(ic.compile(derived)(x=x, sizes={"K": 5})["grad_x"], 2 * x * 10)
    with pytest.raises(ic.IndexCalcError, match="IX945"):
        ic.compile(derived)(x=x)


def test_inputs_without_influence_and_constants() -> None:
    found = grads("scalar c\ntensor z[i]\nL = x[i] x[i] + 3", "z,c,x", x=np.ones(2), z=np.ones(2), c=1.0)
    assert found["grad_z"].tolist() == [0, 0] and float(found["grad_c"]) == 0 and found["grad_x"].tolist() == [2, 2]
    assert grads("tensor x[i]\ny[i] = 2 ones[i]", "x", x=np.ones(3), grad_y=np.ones(3))["grad_x"].tolist() == [0] * 3


def test_second_derivatives_as_gradients_of_gradients() -> None:
    text = "h[b] = tanh(W[o,i] x[b,i]) v[o]\nL = sum[b](h[b]**2 / (1 + x[b,j] x[b,j]))"
    rng = np.random.default_rng(6)
    arrays = {"W": rng.normal(size=(3, 2)), "x": rng.normal(size=(4, 2)), "v": rng.normal(size=3)}
    direction = rng.normal(size=(3, 2))
    W, x, v = (torch.tensor(a, requires_grad=True) for a in arrays.values())
    h = torch.tanh(x @ W.T) @ v
    (first,) = torch.autograd.grad((h**2 / (1 + (x**2).sum(1))).sum(), W, create_graph=True)
    wanted = torch.autograd.grad(first, [x, W, v], torch.tensor(direction))
    second = ic.grad(ic.grad(text, "W"), "x,W,v")
    found = ic.compile(second)(**arrays, grad_grad_W=direction)
    for name, grad in zip(second.outputs, wanted):
        close(found[name], grad)


@pytest.mark.parametrize("name", ["alpha", "α", r"\alpha"])
@pytest.mark.parametrize("spelt", ["alpha", "α"])
def test_a_greek_input_under_any_of_its_spellings(name: str, spelt: str) -> None:
    assert ic.grad(f"L = {spelt} x[i] x[i]", name).outputs == (f"grad_{spelt}",)


@pytest.mark.parametrize(
    "text",
    [
        "y[i] = x[i]\nL = y[i] y[i]",
        "y[i,j] = B[j,i]\nw[i] = x[i]\nL = y[i,j] w[i] w[j]",
        "y[i] = exp(x[i])\nz[j] = exp(x[j])\nL = sum[i](y[i]) sum[i](z[i]**2)",
        "l[b] = logsumexp[v](B[b,v])\nL = mean[b](l[b]**2)",
        "l[b] = logsumexp[v](B[b,v])\nm[c] = logsumexp[v](B[c,v])\nL = l[b] m[b]",
        "y[i] = x[0] + 0 x[i]\nL = y[i] y[i]",
    ],
)
def test_the_forward_comes_along_whatever_the_normal_form_saw_through(text: str) -> None:
    """A second name for a value is not needed by the gradients, but by the statements that read it."""
    program = ic.parse(text)
    arrays = {"x": np.array([0.3, 0.7, -0.4]), "B": np.random.default_rng(7).normal(size=(3, 3))}
    arrays = {n: arrays[n] for n in program.inputs}
    derived = ic.grad(program, list(program.inputs), with_value=True)
    close(ic.compile(derived)(**arrays)["L"], ic.compile(program)(**arrays)["L"])
    assert ic.verify(program)


# ---- length --------------------------------------------------------------------------------------------
def test_work_is_linear_in_a_chain_of_elementwise_statements(calls: Callable[[Callable[[], object]], int]) -> None:
    def work(count: int) -> int:
        steps = [f"h{k + 1}[i] = exp(h{k}[i]) a[i]" for k in range(count)]
        program = ic.parse("\n".join(["tensor x[i], a[i]", "h0[i] = x[i]", *steps, f"L = h{count}[i] a[i]"]))
        return calls(lambda: ic.grad(program, ["x"]))

    assert work(160) < 2.4 * work(80)


def test_work_is_linear_in_layers(calls: Callable[[Callable[[], object]], int]) -> None:
    def work(layers: int) -> int:
        lines = "\n".join(f"a{k + 1}[b,o] = tanh(a{k}[b,i] W{k}[i,o])" for k in range(layers))
        program = ic.parse(f"index b : batch\nindex i, o : model\n{lines}\nL = sum[b,o](a{layers}[b,o]**2)")
        return calls(lambda: ic.grad(program, [f"W{k}" for k in range(layers)]))

    work(2)  # modules are loaded once
    assert work(24) < 4.4 * work(6)


def test_a_sum_of_two_thousand_terms() -> None:
    text = "L = " + " + ".join(f"{k} x[i]**{k % 7 + 1} y[i]" for k in range(2000))
    x, y = np.array([0.5, -0.25]), np.array([1.0, 2.0])
    found = grads(text, "x,y", x=x, y=y)
    close(found["grad_y"], sum(k * x ** (k % 7 + 1) for k in range(2000)))
    close(found["grad_x"], sum(k * (k % 7 + 1) * x ** (k % 7) * y for k in range(2000)))


def test_a_sum_of_many_functions() -> None:
    found = grads("y[i] = " + " + ".join(f"sin({k} x[i])" for k in range(1, 400)), "x", x=np.ones(1), grad_y=np.ones(1))
    close(found["grad_x"], [sum(k * np.cos(k) for k in range(1, 400))])
