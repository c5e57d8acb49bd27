"""The generated names of one emitted text: arrays `a_0`, extents `n_0`, temporaries `t0`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property

from ..ir.graph import Fused, Graph, Input, Number, Operand, Size, Value
from ..ir.index import Index, Space
from ..ir.program import Program
from ..ir.signature import SizeTable, Unknown, unknown_of
from .spelling import Spelling

_GENERATED = re.compile(r"t[0-9]+|[anr]_[0-9]+")  # a definition of such a name keeps out of the comments


class Names:
    """Names by value and by space; extents get one when they are first asked for."""

    def __init__(self, program: Program, graph: Graph, spelling: Spelling) -> None:
        self.program = program
        self.graph = graph
        self.spelling = spelling
        self.arrays: dict[str, str] = {}
        self._values: dict[int, str] = {}
        self._sizes: dict[Unknown, tuple[str, Space]] = {}
        count = 0
        for value in graph:
            if isinstance(value.operation, Input):
                self._values[value.number] = self.arrays[value.operation.tensor] = f"a_{len(self.arrays)}"
            elif not value.is_inline and not isinstance(value.operation, Fused):
                self._values[value.number] = f"t{count}"
                count += 1

    def text(self, value: Value) -> str:
        """The value's name, or the number that it is."""
        if isinstance(value.operation, Number):
            return self.number(value.operation.value)
        if isinstance(value.operation, Size):
            return self.size(value.operation.space)
        return self._values.get(value.number, "")  # a fused value has none: its parts have

    def told(self, value: Value) -> str:
        """The name for comments: the user's where there is one."""
        if isinstance(value.operation, Input):
            return value.operation.tensor
        if isinstance(value.operation, Number):
            return repr(value.operation.value)
        if isinstance(value.operation, Size) and isinstance(value.operation.space.extent, str):
            return value.operation.space.extent
        name = self.graph.names.get(value.number, "")
        return self.text(value) if not name or _GENERATED.fullmatch(name) else name

    def number(self, value: float) -> str:
        return number_text(value, self.spelling.module)

    def size(self, space: Space) -> str:
        """An extent: a literal, or a name that the header binds."""
        if isinstance(space.extent, int):
            return str(space.extent)
        return self._sizes.setdefault(unknown_of(space), (f"n_{len(self._sizes)}", space))[0]

    def product(self, labels: Iterable[Index]) -> str:
        """The number of elements along the labels."""
        return " * ".join(self.size(i.space) for i in labels) or "1"

    def shape(self, labels: Iterable[Index]) -> str:
        return tuple_text(self.size(i.space) for i in labels)

    def ordered(self, operand: Operand, wanted: Iterable[Index], text: str = "") -> str:
        """The operand with its axes in the wanted order; labels that it lacks are left out."""
        text = text or self.text(operand.value)
        order = [operand.labels.index(x) for x in wanted if x in operand.labels]
        if order == list(range(len(order))):
            return text
        if order == [1, 0]:
            return f"{text}.T"
        return self.spelling.operations["transpose"].format(text, ", ".join(map(str, order)))

    def aligned(self, operand: Operand, axes: tuple[Index, ...], text: str = "") -> str:
        """The operand shaped so that it broadcasts against the axes."""
        text = self.ordered(operand, axes, text)
        places = [n for n, x in enumerate(axes) if x in operand.labels]
        if not places:
            return text
        inner = ["None" if axes[n] not in operand.labels else ":" for n in range(places[0], len(axes))]
        return text if "None" not in inner else f"{text}[{', '.join(inner)}]"

    @cached_property
    def _table(self) -> SizeTable:
        return SizeTable(self.program)

    def size_lines(self) -> list[tuple[str, str]]:
        """(assignment, comment) for every extent in use."""
        return [(f"{name} = {self._origin(space)}", self.key(space)) for name, space in self._sizes.values()]

    def _origin(self, space: Space) -> str:
        unknown = unknown_of(space)
        for tensor in self.program.tensors:
            for slot, index in enumerate(tensor.indices):
                if unknown_of(index.space) == unknown:
                    array = self.arrays.get(tensor.name, f"inputs[{tensor.name!a}]")
                    return f"{array}.shape[{slot}]"
        return f"sizes[{self.key(space)!a}]"

    def key(self, space: Space) -> str:
        """The key of `sizes` for the space: its extent's name, else an index of it, else its own name."""
        return self._table.key(space)

    def keys(self) -> dict[str, Space]:
        """What the emitted text reads from `sizes`."""
        spaces = [s for _, s in self._sizes.values() if self._origin(s).startswith("sizes[")]
        return {self.key(s): s for s in spaces}


def number_text(value: float, module: str = "np") -> str:
    """A plain number; what is not finite by the library's name.

    >>> number_text(0.5), number_text(float("-inf"))
    ('0.5', '-np.inf')
    """
    if value != value or value in (float("inf"), float("-inf")):
        return f"{'-' if value < 0 else ''}{module}.{'nan' if value != value else 'inf'}"
    return repr(value)


def tuple_text(parts: Iterable[str]) -> str:
    found = list(parts)
    return f"({found[0]},)" if len(found) == 1 else f"({', '.join(found)})"
