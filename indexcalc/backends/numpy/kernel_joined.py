"""A product together with what is added to it, as one call on operands that have further columns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ...ir.index import Index
from ...ir.kernel import Block, Mask
from ...lower.joined import Joined
from ..names import number_text
from .kernel_names import KernelNames, aligned


@dataclass
class Operands:
    """Buffers for operands with further columns, and where their lines stand.

    `buffers`: rows and columns of each; `loops`: of each loop around, what changes inside, and lines that go before it.
    """

    names: KernelNames
    buffers: list[tuple[str, str]] = field(default_factory=list)
    loops: list[tuple[frozenset[int], list[str]]] = field(default_factory=list)

    def lines(self, found: Joined, place: str, masked: Callable[[Mask, Block, str], list[str]]) -> list[str]:
        """The product into its place; `masked` writes what a mask does, from the mask, the block and the fill."""
        rows, columns = found.block.axes
        (summed,) = set(found.product.left.axes) & set(found.product.right.axes)
        left, right = found.product.left, found.product.right
        if rows not in left.axes:
            left, right = right, left
        added: dict[Index, list[tuple[bool, Block]]] = {rows: [], columns: []}
        fills: list[tuple[Mask, str]] = []
        negative = False
        for n, link in enumerate(found.links):
            if isinstance(link, Mask):
                fills.append((link, number_text(link.fill)))
                continue
            term, taken = found.term(n), found.is_taken_away(n)
            minus = link.function == "subtract" and not taken
            if taken:  # all signs until now turn
                added = {x: [(not sign, b) for sign, b in terms] for x, terms in added.items()}
                negative = not negative
            added[term.axes[0]].append((minus, term))
            shown = aligned(self.names.block(term), term.axes, found.block.axes)
            fills = [(m, f"{shown} - {f}" if taken else f"({f}) {'-' if minus else '+'} {shown}") for m, f in fills]
        terms = self.names.extent(summed.space)
        kinds = [bool(added[rows]), bool(added[columns])]
        width = f"{terms} + {sum(kinds)}"
        first, lines = self._copied(left, rows, summed, width, negative, added[rows], terms)
        other = f"{terms} + 1" if kinds[0] else terms
        second, more = self._copied(right, columns, summed, width, False, added[columns], other)
        block = self.names.block(found.block)
        into = f", out={place}" if place else ""
        text = [*lines, *more, f"{block} = np.matmul({first}, {second}.T{into})"]
        for mask, fill in fills:
            text += masked(mask, found.block, fill)
        return text

    def _copied(
        self,
        block: Block,
        axis: Index,
        summed: Index,
        width: str,
        negative: bool,
        added: list[tuple[bool, Block]],
        at: str,
    ) -> tuple[str, list[str]]:
        """The operand with its further columns; those lines that make it which cannot stand before a loop."""
        names, number = self.names, len(self.buffers)
        self.buffers.append((names.most(axis), width))
        whole = f"u_{number}[:{names.count(axis)}]" if names.tiled(axis) else f"u_{number}"
        part = f"u_{number}[:{names.count(axis)}, " if names.tiled(axis) else f"u_{number}[:, "
        source = aligned(names.block(block), block.axes, (axis, summed))
        copy = f"{part}:{names.extent(summed.space)}] = {'-' if negative else ''}{source}"
        lines = self.placed([copy], {block.number})
        text = ""
        for minus, term in added:
            sign = ("-" if minus else "") if not text else (" - " if minus else " + ")
            text += sign + names.block(term)
        if text:
            lines += self.placed([f"{part}{at}] = {text}"], {term.number for _, term in added})
        return whole, lines

    def placed(self, lines: list[str], read: set[int]) -> list[str]:
        """The lines, unless they can stand before the loop around, since nothing that they read changes there."""
        if self.loops and not read & self.loops[-1][0]:
            self.before_loop(lines)
            return []
        return lines

    def before_loop(self, lines: list[str]) -> None:
        """Put lines before the loop around."""
        self.loops[-1][1].extend(lines)
