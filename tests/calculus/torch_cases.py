"""What a case of `test_against_torch` is: a program, its inputs in a word each, and the same in torch by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Formula = Callable[..., Any]


@dataclass(frozen=True)
class Case:
    """`inputs`: `A:3,4` is normal noise of that shape, `A+:3` positive, `S!:4,4` positive definite, `t%5:6` integers
    below 5, `s:` a scalar.  `formula` takes torch tensors by name and returns the output."""

    name: str
    text: str
    inputs: str
    formula: Formula
    wrt: str = ""  # all that do not hold integers

    def arrays(self, seed: int = 0) -> dict[str, np.ndarray[Any, Any]]:
        rng = np.random.default_rng(seed)
        return dict(_array(rng, word) for word in self.inputs.split())

    def names(self) -> list[str]:
        return self.wrt.split(",") if self.wrt else [n for n, a in self.arrays().items() if a.dtype.kind == "f"]


def _array(rng: np.random.Generator, word: str) -> tuple[str, np.ndarray[Any, Any]]:
    head, shape_text = word.split(":")
    shape = tuple(int(n) for n in shape_text.split(",") if n)
    if "%" in head:
        name, below = head.split("%")
        return name, np.asarray(rng.integers(0, int(below), shape))
    noise = np.asarray(rng.normal(size=shape))
    if head.endswith("+"):
        return head[:-1], abs(noise) + 0.5
    if head.endswith("!"):
        return head[:-1], noise @ noise.T + shape[0] * np.eye(shape[0])
    return head, noise
