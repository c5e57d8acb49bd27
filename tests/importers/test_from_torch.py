"""Programs imported from PyTorch compute what PyTorch computes, and so do their gradients."""

from __future__ import annotations

import inspect
import warnings
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import indexcalc as ic

from .cases import Case, arrays
from .cases_functions import FUNCTIONS
from .cases_layers import LAYERS
from .cases_modules import modules

CASES = [*FUNCTIONS, *LAYERS, *modules()]


def imported(case: Case) -> tuple[ic.Program, dict[str, Any]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ic.from_torch(case.call, arrays(case.inputs), with_arrays=True)


def torch_gradients(case: Case, cotangent: np.ndarray | None) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """The value, and gradients of every real input by its name in the text or in the module."""
    inputs = [x.requires_grad_() if x.is_floating_point() else x for x in arrays(case.inputs)]
    target = case.call.forward if isinstance(case.call, nn.Module) else case.call
    leaves = dict(zip(inspect.signature(target).parameters, inputs))
    value = case.call(*inputs)
    if isinstance(case.call, nn.Module):
        named = [(name.replace(".", "_"), p) for name, p in case.call.named_parameters()]
        leaves |= {f"layer_{name}" if name[0].isdigit() else name: p for name, p in named}
    leaves = {n: x for n, x in leaves.items() if isinstance(x, torch.Tensor) and x.requires_grad}
    given = None if cotangent is None else torch.from_numpy(cotangent)
    found = torch.autograd.grad(value, list(leaves.values()), given, allow_unused=True)
    return value.detach(), {n: g for n, g in zip(leaves, found) if g is not None}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_value_gradients_and_text(case: Case) -> None:
    program, given = imported(case)
    (output,) = program.outputs
    found = ic.compile(program)(**given)[output]
    cotangent = np.random.default_rng(1).standard_normal(found.shape) if found.ndim else None
    value, slopes = torch_gradients(case, cotangent)
    assert found.shape == tuple(value.shape)
    np.testing.assert_allclose(found, value.numpy(), rtol=case.tolerance, atol=case.tolerance)

    real = [n for n, t in program.inputs.items() if not t.is_integer and n in {*slopes}]
    assert len(real) == len(slopes), "a name went lost"
    derived = ic.grad(program, real)
    extra = {} if cotangent is None else {f"grad_{output}": cotangent}
    gradients = ic.compile(derived)(**given, **extra)
    for name in real:
        np.testing.assert_allclose(
            gradients[f"grad_{name}"], slopes[name].numpy(), rtol=1e-10, atol=1e-10, err_msg=name
        )

    text = str(program)
    assert [str(d) for d in ic.lint(text, kind="idx") if d.severity == "error"] == []  # it may repeat itself
    assert ic.parse(text) == program
