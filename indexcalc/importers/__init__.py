"""Other notations to programs: modules and functions of PyTorch, einsum strings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..diagnostics import fail


def load_from_torch() -> Callable[..., Any]:
    """`from_torch.from_torch`, or an error that says how to install torch."""
    try:
        from .from_torch import from_torch
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] != "torch":
            raise
        hint = "pip install 'indexcalc[torch]'"
        raise fail("IX903", "from_torch needs the library `torch`, which is not installed", hint=hint) from None
    return from_torch
