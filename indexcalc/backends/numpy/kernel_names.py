"""What the text of a kernel calls things: arrays x_k, y_k, blocks b_k, tiles from i_k to e_k with m_k positions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ...ir.graph import Kind
from ...ir.index import Index, Space
from ...ir.kernel import Affine, Block, Kernel
from ...ir.kernel_spaces import kernel_spaces
from ...ir.slots import unknown_of
from ..names import tuple_text

Axes = tuple[Index, ...]


class KernelNames:
    """Texts for the axes, extents and blocks of one kernel."""

    def __init__(self, kernel: Kernel) -> None:
        self.walked = kernel.tiles
        self.spaces = kernel_spaces(kernel)
        self._extents = {unknown_of(space): f"n_{k}" for k, space in enumerate(self.spaces)}
        self._axes = {axis: k for k, axis in enumerate(self.walked)}

    def block(self, block: Block) -> str:
        return f"b_{block.number}"

    def extent(self, space: Space) -> str:
        return str(space.extent) if isinstance(space.extent, int) else self._extents[unknown_of(space)]

    def tiled(self, axis: Index) -> bool:
        """Whether the axis is walked in tiles of several positions."""
        return axis in self.walked and self.walked[axis].size > 0

    def shown(self, axis: Index) -> bool:
        """Whether blocks may have the axis."""
        return axis not in self.walked or self.walked[axis].size > 0

    def first(self, axis: Index) -> str:
        """The first position of an axis in this place."""
        return f"i_{self._axes[axis]}" if axis in self.walked else "0"

    def end(self, axis: Index) -> str:
        """One behind its last position."""
        return f"e_{self._axes[axis]}" if self.tiled(axis) else self.extent(axis.space)

    def count(self, axis: Index) -> str:
        """The number of its positions."""
        return f"m_{self._axes[axis]}" if self.tiled(axis) else self.extent(axis.space)

    def most(self, axis: Index) -> str:
        """The largest number of positions that it has in any place."""
        extent = self.extent(axis.space)
        if not self.tiled(axis):
            return extent
        size = self.walked[axis].size
        return str(min(size, int(extent))) if extent.isdigit() else f"min({size}, {extent})"

    def stop(self, axis: Index) -> str:
        """Where the walk along an axis ends."""
        return f"z_{self._axes[axis]}"

    def cut(self, axis: Index) -> str:
        """The axis as part of an index: a number, a slice."""
        if axis not in self.walked:
            return ":"
        return f"{self.first(axis)}:{self.end(axis)}" if self.tiled(axis) else self.first(axis)

    def shape(self, axes: Iterable[Index]) -> str:
        return tuple_text(self.count(x) for x in axes)

    def elements(self, axes: Iterable[Index]) -> str:
        return " * ".join(self.count(x) for x in axes)

    def start(self, form: Affine) -> str:
        """The form's value at the first position of each axis."""
        return linear([(c, self.first(x)) for c, x in form.terms if x in self.walked], form.offset)

    def extreme(self, terms: Iterable[tuple[int, Index]], offset: int, *, largest: bool) -> str:
        """The largest or least value of Σ coefficient · position + offset in this place."""
        parts = []
        for factor, axis in terms:
            if (factor > 0) == largest and self.shown(axis):
                parts.append((factor, self.end(axis)))
                offset -= factor
            elif axis in self.walked:
                parts.append((factor, self.first(axis)))
        return linear(parts, offset)

    def dtype(self, kind: Kind) -> str:
        return {"float": "floating", "number": "floating", "real": "real", "int": "np.int64", "bool": "np.bool_"}[kind]


def linear(parts: Iterable[tuple[int, str]], offset: int) -> str:
    """Σ factor · text + offset.

    >>> linear([(1, "i"), (-2, "j")], -1)
    'i - 2 * j - 1'
    """
    text = ""
    for factor, name in parts:
        size = name if abs(factor) == 1 else f"{abs(factor)} * {name}"
        sign = "-" if factor < 0 else "+"
        text = f"{text} {sign} {size}" if text else (size if factor > 0 else f"-{size}")
    if not text:
        return str(offset)
    return text if offset == 0 else f"{text} {'-' if offset < 0 else '+'} {abs(offset)}"


def aligned(text: str, have: Axes, axes: Sequence[Index]) -> str:
    """The block so that it broadcasts over `axes`, which have all of its own."""
    order = [have.index(x) for x in axes if x in have]
    if order == [1, 0]:
        text = f"{text}.T"
    elif order != sorted(order):
        text = f"{text}.transpose({', '.join(map(str, order))})"
    parts = [":" if x in have else "None" for x in axes]
    while parts and parts[0] == "None":
        del parts[0]
    return f"{text}[{', '.join(parts)}]" if "None" in parts else text
