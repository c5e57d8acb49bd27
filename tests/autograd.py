"""Values and gradients by torch's automatic differentiation, to compare with ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")


def leaves(arrays: Mapping[str, Any], wrt: Sequence[str]) -> dict[str, Any]:
    """The arrays as tensors; those of `wrt` want a gradient."""
    return {n: torch.tensor(a, requires_grad=n in wrt) for n, a in arrays.items()}


def cotangent_of(value: Any, seed: int = 1) -> Any:
    """Noise of the value's shape; for a scalar 1."""
    if value.ndim == 0:
        return torch.ones((), dtype=value.dtype)
    return torch.tensor(np.random.default_rng(seed).normal(size=tuple(value.shape)))


def gradients(value: Any, wanted: Sequence[Any], cotangent: Any, **options: Any) -> list[Any]:
    """One for each wanted tensor; zeros where the value does not depend on it."""
    if not value.requires_grad:
        return [torch.zeros_like(t) for t in wanted]
    found = torch.autograd.grad(value, list(wanted), cotangent, allow_unused=True, **options)
    return [torch.zeros_like(t) if g is None else g for g, t in zip(found, wanted)]


def close(ours: Any, theirs: Any, tolerance: float = 1e-10) -> None:
    """Same shape, and no component differs by more than the tolerance times the largest (or times 1)."""
    a, b = np.asarray(ours), np.asarray(theirs.detach() if torch.is_tensor(theirs) else theirs)
    assert a.shape == b.shape, (a.shape, b.shape)
    if a.size:
        scale = max(1.0, float(abs(b).max()))
        assert float(abs(a - b).max()) <= tolerance * scale, (a, b)
