"""Matrix calculus."""

from __future__ import annotations

from typing import Any

import torch

from .registry import oracle


@oracle("matrices/trace_of_product")
def trace_of_product(A: Any, X: Any, B: Any) -> Any:
    return torch.trace(A @ X @ B)
