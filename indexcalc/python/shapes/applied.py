"""One use of an array operation: its array, its other arguments, and what they say."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..module import Dim, Shape

if TYPE_CHECKING:
    from .infer import Inference


@dataclass(frozen=True, slots=True)
class Applied:
    """One use of an operation: `array` is what it is applied to, `args` and `keywords` the rest."""

    inference: Inference
    node: ast.Call
    array: Shape
    args: Sequence[ast.expr]
    keywords: Mapping[str, ast.expr]
    library: str  # "torch", "numpy", … or "" where it cannot be told

    def argument(self, place: int, *names: str) -> ast.expr | None:
        """An argument by place or by one of its names."""
        if place < len(self.args) and not any(isinstance(a, ast.Starred) for a in self.args[: place + 1]):
            return self.args[place]
        return next((self.keywords[n] for n in names if n in self.keywords), None)

    def number(self, place: int, *names: str) -> int | None:
        """A whole number among the arguments."""
        node = self.argument(place, *names)
        return None if node is None else self.inference.number(node)

    def is_true(self, *names: str) -> bool | None:
        """Whether a keyword is true: None where that is not literal."""
        node = next((self.keywords[n] for n in names if n in self.keywords), None)
        if node is None:
            return False
        return node.value if isinstance(node, ast.Constant) and isinstance(node.value, bool) else None

    def sizes(self, start: int = 0) -> list[Dim] | None:
        """The rest of the arguments as sizes: `view(b, n, -1)`, `view((b, n))`, `view(*x.shape[:2], -1)`."""
        return self.inference.size_list(self.args[start:])
