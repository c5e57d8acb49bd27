"""The gradient with respect to a structured variable is the projection of the free one onto the structure."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import numpy as np

from indexcalc.ir.program import Tensor


def project(tensor: Tensor, grad: Any) -> Any:
    """`grad` as the declaration of `tensor` has it: its symmetric part, its diagonal, …"""
    found = np.asarray(grad)
    for attribute in tensor.attributes:
        axes = [s - 1 for s in attribute.slots] or list(range(found.ndim))
        if attribute.name in ("symmetric", "antisymmetric"):
            found = _averaged(found, axes, attribute.name == "antisymmetric")
        elif attribute.name == "diagonal":
            found = found * np.eye(len(found))
        else:
            assert attribute.name in ("positive", "constant", "coordinate"), f"no projection for {attribute.name}"
    return found


def _averaged(grad: Any, axes: list[int], signed: bool) -> Any:
    parts = []
    for order in permutations(range(len(axes))):
        moved = list(range(grad.ndim))
        for axis, k in zip(axes, order):
            moved[axis] = axes[k]
        sign = np.linalg.det(np.eye(len(order))[list(order)]) if signed else 1.0
        parts.append(sign * grad.transpose(moved))
    return sum(parts) / len(parts)
