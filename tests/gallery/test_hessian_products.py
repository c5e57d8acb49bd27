"""Hessian-vector products of the gallery's scalar formulas, against torch's double backward."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from torch.nn.attention import SDPBackend, sdpa_kernel

import indexcalc as ic
from tests.autograd import close, gradients, leaves, torch

from .formulas import FORMULAS, NAMES, extents, program_of, setting_of, torch_outputs
from .structure import project

SCALAR = [n for n in NAMES if all(not program_of(n).definitions[o].indices for o in program_of(n).outputs)]


@pytest.mark.parametrize("name", SCALAR)
def test_hessian_vector_products_agree_with_torch(name: str) -> None:
    formula, program, setting = FORMULAS[name], program_of(name), setting_of(name)
    wrt, rng = formula.wrt(), np.random.default_rng(2)
    tensors = leaves(setting.inputs, wrt)
    with sdpa_kernel(SDPBackend.MATH):  # the fused kernels have no second derivative
        values = torch_outputs(formula, tensors)
    directions = {n: project(program.inputs[n], rng.normal(size=setting.inputs[n].shape)) for n in wrt}
    given: dict[str, Any] = {**setting.inputs, **{f"tangent_{n}": d for n, d in directions.items()}}
    for output in program.outputs:
        wanted = [tensors[n] for n in wrt]
        first = gradients(values[output], wanted, None, create_graph=True)
        along = sum((g * torch.tensor(d)).sum() for g, d in zip(first, directions.values()))
        theirs = gradients(along, wanted, None, retain_graph=True)
        derived = ic.hvp(program, wrt, of=output)
        assert ic.parse(str(derived)) == derived
        found = ic.compile(derived)(**given, sizes=extents(name))
        for n, product in zip(wrt, theirs):
            close(found[f"hvp_{n}"], project(program.inputs[n], product.numpy()))
