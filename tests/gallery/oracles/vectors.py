"""Scalars and vectors."""

from __future__ import annotations

from typing import Any

import torch.nn.functional as F

from .registry import oracle


@oracle("vectors/cosine_similarity")
def cosine_similarity(x: Any, y: Any) -> Any:
    return F.cosine_similarity(x, y, dim=0)
