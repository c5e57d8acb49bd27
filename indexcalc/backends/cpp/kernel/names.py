"""How the text of a kernel's function names extents, axes, arrays and blocks, and how it writes places in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ....ir.graph import Kind
from ....ir.index import Index, Space
from ....ir.kernel import Affine, Kernel
from ....ir.kernel_spaces import kernel_spaces
from ....ir.slots import unknown_of
from ..layout import factor
from ..layout import times as product
from .order import Order

TYPES: Mapping[Kind, str] = {"int": "int64_t", "bool": "uint8_t"}


@dataclass(frozen=True)
class Storage:
    """Where a block lies: a pointer, and for each axis the text of its stride in elements.

    `full`: it has all axes of the block; else it holds one row of a nest, whose axes it lacks.
    """

    name: str
    strides: Mapping[Index, str]
    kind: Kind


class Names:
    """Names by number: n0 an extent, p0 the position of an axis that is walked one at a time.

    Of other axes s0 is the start of the tile, c0 its count of positions, at most m0, and i0 a place in it; f0 and l0
    are the thread's first place, and the one behind its last.
    """

    def __init__(self, kernel: Kernel, order: Order, real: str) -> None:
        self.kernel = kernel
        self.order = order
        self.real = real
        self.sizes = {unknown_of(space): f"n{k}" for k, space in enumerate(kernel_spaces(kernel))}
        self.walked = kernel.tiles

    def type(self, kind: Kind) -> str:
        return TYPES.get(kind, self.real)

    def extent(self, space: Space) -> str:
        return str(space.extent) if isinstance(space.extent, int) else self.sizes[unknown_of(space)]

    def tiled(self, axis: Index) -> bool:
        return axis in self.walked and self.walked[axis].size > 0

    def number(self, axis: Index) -> int:
        return self.order.ranks[axis]

    def start(self, axis: Index) -> str:
        return f"s{self.number(axis)}" if self.tiled(axis) else "0"

    def count(self, axis: Index) -> str:
        return f"c{self.number(axis)}" if self.tiled(axis) else self.extent(axis.space)

    def most(self, axis: Index) -> str:
        """The largest count."""
        return f"m{self.number(axis)}" if self.tiled(axis) else self.extent(axis.space)

    def loop(self, axis: Index, split: Index | None = None) -> str:
        """The head of a loop over the places of an axis; those of the thread at hand where it is divided."""
        at, (first, last) = self.at(axis), self.span(axis, split)
        return f"for (int64_t {at} = {first}; {at} < {last}; ++{at})"

    def span(self, axis: Index, split: Index | None = None) -> tuple[str, str]:
        """The first place of a tile, and the one behind its last."""
        number = self.number(axis)
        return (f"f{number}", f"l{number}") if axis == split else ("0", self.count(axis))

    def parts(self, axis: Index) -> tuple[str, ...]:
        """Lines that say which places are the thread's."""
        if not self.order.team or axis in self.order.single:
            return ()
        number, count = self.number(axis), self.count(axis)
        return f"const int64_t f{number} = team.first({count});", f"const int64_t l{number} = team.last({count});"

    def at(self, axis: Index) -> str:
        """The place within the tile; of an axis that is walked one position at a time its position."""
        return f"p{self.number(axis)}" if axis in self.order.single else f"i{self.number(axis)}"

    def position(self, axis: Index) -> str:
        return total((self.start(axis), self.at(axis)))

    def form(self, form: Affine) -> str:
        """The value of an affine form."""
        terms = [times(self.position(x), str(f)) for f, x in form.terms]
        return total((*terms, str(form.offset)))


def times(text: str, by: str) -> str:
    """The product of two texts, either of which may be a sum: the stride of a diagonal is one.

    >>> times("s0 + i0", "in0_0 + in0_1"), times("s0 + i0", "1"), times("i0", "-1")
    ('(s0 + i0) * (in0_0 + in0_1)', 's0 + i0', '-i0')
    """
    if "1" in (text, by):
        return text if by == "1" else by
    return f"-{factor(text)}" if by == "-1" and text != "0" else product(text, by)


def total(terms: Iterable[str]) -> str:
    """The sum of terms, without zeros.

    >>> total(("s0", "0", "-3", "i0 * 2"))
    's0 - 3 + i0 * 2'
    """
    text = ""
    for term in terms:
        if term == "0":
            continue
        if not text:
            text = term
        else:
            text += f" - {term[1:]}" if term.startswith("-") else f" + {term}"
    return text or "0"


class Lines:
    """Text that grows by indented lines."""

    def __init__(self, depth: int = 0) -> None:
        self.lines: list[str] = []
        self.depth = depth

    def add(self, *texts: str) -> None:
        self.lines += ["  " * self.depth + t if t and not t.startswith("#") else t for t in texts]

    def open(self, text: str) -> None:
        self.add(f"{text} {{" if text else "{")
        self.depth += 1

    def close(self, count: int = 1) -> None:
        for _ in range(count):
            self.depth -= 1
            self.add("}")
