"""Where a value lies in memory: a pointer, and for each axis how many elements it moves, as C++ text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ...ir.graph import Form


def factor(text: str) -> str:
    """The text as a factor of a product.

    >>> factor("i0 + 1"), factor("n_0 * n_1")
    ('(i0 + 1)', 'n_0 * n_1')
    """
    return f"({text})" if " + " in text or " - " in text or text.startswith("-") else text


def times(*parts: str) -> str:
    """The product; factors 0 and 1 vanish.

    >>> times("n_0", "1", "i0 + 2"), times("n_0", "0")
    ('n_0 * (i0 + 2)', '0')
    """
    if "0" in parts:
        return "0"
    return " * ".join(factor(p) for p in parts if p != "1") or "1"


def plus(parts: Iterable[str]) -> str:
    """The sum; zeros vanish.

    >>> plus(["i0 * n_1", "0", "i1"])
    'i0 * n_1 + i1'
    """
    return " + ".join(p for p in parts if p != "0") or "0"


def affine(form: Form, places: Sequence[str]) -> str:
    """The form at these places.

    >>> affine(Form((2, 1, 0), -3), ["i0", "i1", "i2"])
    '2 * i0 + i1 + (-3)'
    """
    terms = [times(str(c), p) for c, p in zip(form.coefficients, places)]
    return plus([*terms, factor(str(form.offset)) if form.offset else "0"])


def dense(extents: Sequence[str], order: Sequence[int] | None = None) -> tuple[str, ...]:
    """Strides of an array without gaps whose axes lie in memory in this order, the last one fastest.

    >>> dense(["n_0", "n_1", "n_2"]), dense(["n_0", "n_1"], (1, 0))
    (('n_1 * n_2', 'n_2', '1'), ('1', 'n_0'))
    """
    found = ["1"] * len(extents)
    step = "1"
    for axis in reversed(range(len(extents)) if order is None else order):
        found[axis] = step
        step = times(extents[axis], step)
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Layout:
    """`type` is that of an element; `order` are the axes from the slowest to the fastest, as far as that is known."""

    base: str
    type: str
    strides: tuple[str, ...]
    offset: str = "0"

    @property
    def order(self) -> tuple[int, ...]:
        """The axes, those that move farther first; by place where the text does not tell."""
        far = [s.count("*") + (s not in ("0", "1")) for s in self.strides]
        return tuple(sorted(range(len(far)), key=lambda n: -far[n]))

    def element(self, places: Sequence[str]) -> str:
        """The element at these places."""
        steps = [times(p, s) for p, s in zip(places, self.strides)]
        return f"{self.base}[{plus([self.offset, *steps])}]"

    @property
    def pointer(self) -> str:
        return self.base if self.offset == "0" else f"{self.base} + {self.offset}"

    def viewed(self, forms: Sequence[Form], rank: int) -> Layout:
        """The layout of a view of `rank` axes, one form for each of ours."""
        strides = [
            plus(times(str(f.coefficients[axis]), s) for f, s in zip(forms, self.strides)) for axis in range(rank)
        ]
        moved = [times(str(f.offset), s) for f, s in zip(forms, self.strides)]
        return Layout(self.base, self.type, tuple(strides), plus([self.offset, *moved]))
