"""Functions and modules of PyTorch, with example inputs: shapes as text, `t:3,4` of reals, `t:3<5` of integers below 5,
`t:3+` of numbers between 0.2 and 1.2."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch


@dataclass(frozen=True)
class Case:
    name: str
    call: Callable[..., Any]
    inputs: str
    tolerance: float = 1e-12

    def __str__(self) -> str:
        return self.name


def arrays(text: str, seed: int = 0) -> tuple[torch.Tensor, ...]:
    """The tensors of a text of inputs."""
    draw = torch.Generator().manual_seed(seed)
    found = []
    for word in text.split():
        shape, below, most = word.partition(":")[2].partition("<")
        positive = shape.endswith("+")
        sizes = [int(n) for n in shape.rstrip("+").split(",") if n]
        if below:
            found.append(torch.randint(int(most), sizes, generator=draw))
        elif positive:
            found.append(torch.rand(sizes, generator=draw, dtype=torch.float64) + 0.2)
        else:
            found.append(torch.randn(sizes, generator=draw, dtype=torch.float64))
    return tuple(found)
