"""Gradients of published identities and network layers, against torch's automatic differentiation of hand-written
formulas: two ways that share nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import indexcalc as ic

from .torch_cases import Case
from .torch_cases_layers import LAYERS
from .torch_cases_matrices import MATRICES
from .torch_cases_models import MODELS

torch = pytest.importorskip("torch")

CASES = [*MATRICES, *LAYERS, *MODELS]


def close(ours: Any, theirs: Any, tolerance: float = 1e-10) -> None:
    a, b = np.asarray(ours), np.asarray(theirs.detach() if torch.is_tensor(theirs) else theirs)
    assert a.shape == b.shape, (a.shape, b.shape)
    if a.size:
        scale = max(1.0, float(abs(b).max()))
        assert float(abs(a - b).max()) <= tolerance * scale, (a, b)


def expected(case: Case, arrays: dict[str, Any]) -> tuple[Any, Any, list[Any]]:
    """Value, cotangent and gradients by torch."""
    tensors = {n: torch.tensor(a, requires_grad=n in case.names()) for n, a in arrays.items()}
    value = case.formula(**tensors)
    cotangent = torch.tensor(np.random.default_rng(1).normal(size=tuple(value.shape)))
    if value.ndim == 0:
        cotangent = torch.ones((), dtype=value.dtype)
    wanted = [tensors[n] for n in case.names()]
    grads = torch.autograd.grad(value, wanted, cotangent, allow_unused=True)
    return value, cotangent, [torch.zeros_like(t) if g is None else g for g, t in zip(grads, wanted)]


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
