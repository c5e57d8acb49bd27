"""A kernel as the loop nest that it is, for readers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from .index import Index, Space
from .kernel import (
    Affine,
    Argument,
    Array,
    Block,
    Carry,
    Condition,
    Constant,
    Contract,
    Fold,
    Keep,
    Kernel,
    Load,
    Loop,
    Map,
    Mask,
    Position,
    Recall,
    Reduce,
    Shift,
    Slot,
    Step,
    Store,
    Tile,
)

INDENT = "    "


def kernel_text(kernel: Kernel) -> str:
    """The loops over tiles with a line for each step; a block is `b` with its number and axes.

    >>> from .index import Space
    >>> i = Index("i", Space("rows", "M"))
    >>> x, y = Block(0, (i,), "float"), Block(1, (i,), "float")
    >>> body = (Load(x, 0, (i,)), Map(y, "exp", (x,)), Store(0, (i,), y, "="))
    >>> print(kernel_text(Kernel((Array((i,), "float"),), (Array((i,), "float"),), (Tile(i, 256),), body)))
    inputs   in0[rows]
    outputs  out0[rows]
    for i by 256, in parallel:
        b0[i] = in0[i]
        b1[i] = exp(b0[i])
        out0[i] = b1[i]
    """
    return "\n".join(_Printer(kernel).lines())


def sum_text(terms: Iterable[tuple[int, str]], offset: int) -> str:
    """Σ coefficient · name + offset.

    >>> sum_text([(1, "i"), (-2, "j")], -1)
    'i - 2 j - 1'
    """
    parts = [(c < 0, name if abs(c) == 1 else f"{abs(c)} {name}") for c, name in terms if c]
    if offset or not parts:
        parts.append((offset < 0, str(abs(offset))))
    first = f"{'-' if parts[0][0] else ''}{parts[0][1]}"
    return first + "".join(f" {'-' if minus else '+'} {text}" for minus, text in parts[1:])


def extent_text(space: Space) -> str:
    """The extent by its name, its number, or its space."""
    return f"size({space.name})" if space.extent is None else str(space.extent)


class _Printer:
    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.names: dict[Index, str] = {}

    def lines(self) -> Iterator[str]:
        yield f"inputs   {self._arrays('in', self.kernel.inputs)}"
        yield f"outputs  {self._arrays('out', self.kernel.outputs)}"
        depth = 0
        for tile in self.kernel.grid:
            yield f"{INDENT * depth}{self._head(tile)}{', in parallel' if tile.parallel else ''}:"
            depth += 1
        yield from self._body(self.kernel.body, depth)

    def _arrays(self, prefix: str, arrays: Sequence[Array]) -> str:
        return ", ".join(f"{prefix}{n}{self._array(a)}" for n, a in enumerate(arrays)) or "none"

    def _array(self, array: Array) -> str:
        spaces = f"[{', '.join(a.space.name for a in array.axes)}]" if array.axes else ""
        kind = "" if array.kind == "float" else f": {array.kind}"
        return f"{spaces}{kind}{' accumulated' if array.accumulated else ''}"

    def _head(self, tile: Tile) -> str:
        return f"for {self.name(tile.axis)}" + (f" by {tile.size}" if tile.size else "")

    def _body(self, steps: Sequence[Step], depth: int) -> Iterator[str]:
        for step in steps:
            if isinstance(step, Loop):
                skip = f", only where {self.conditions(step.skip)}" if step.skip else ""
                yield f"{INDENT * depth}{self._head(step.tile)}{skip}:"
                yield from self._body(step.body, depth + 1)
            else:
                yield INDENT * depth + _STEPS[type(step)](self, step)

    # ---- parts of a line -----------------------------------------------------------------------------
    def name(self, axis: Index) -> str:
        """The axis by its own name, with a prime where another one has it."""
        if axis not in self.names:
            name = axis.name
            while name in self.names.values():
                name += "'"
            self.names[axis] = name
        return self.names[axis]

    def axes(self, axes: Iterable[Index]) -> str:
        found = ", ".join(self.name(x) for x in axes)
        return f"[{found}]" if found else ""

    def block(self, block: Block) -> str:
        return f"b{block.number}{self.axes(block.axes)}"

    def made(self, block: Block) -> str:
        return self.block(block) + ("" if block.kind == "float" else f": {block.kind}")

    def form(self, form: Affine) -> str:
        return sum_text(((c, self.name(x)) for c, x in form.terms), form.offset)

    def conditions(self, conditions: Sequence[Condition]) -> str:
        return " and ".join(f"{self.form(c.form)} >= 0" for c in conditions)

    def slots(self, slots: Sequence[Slot]) -> str:
        found = ", ".join(self._slot(s) for s in slots)
        return f"[{found}]" if found else ""

    def _slot(self, slot: Slot) -> str:
        if isinstance(slot, Index):
            return self.name(slot)
        return self.form(slot) if isinstance(slot, Affine) else self.block(slot)

    def argument(self, argument: Argument) -> str:
        if isinstance(argument, Block):
            return self.block(argument)
        return repr(argument.value) if isinstance(argument, Constant) else extent_text(argument.space)

    def gone(self, *sources: Block, kept: Sequence[Index]) -> str:
        return self.axes(dict.fromkeys(x for s in sources for x in s.axes if x not in kept))


def _fold(p: _Printer, step: Fold) -> str:
    source, reduced = p.block(step.source), p.gone(step.source, kept=step.carry.axes)
    if step.operation == "sum":
        return f"{p.block(step.carry)} += {f'sum{reduced}({source})' if reduced else source}"
    return f"{p.block(step.carry)} {step.operation}= {f'{step.operation}{reduced}({source})' if reduced else source}"


def _shift(p: _Printer, step: Shift) -> str:
    reduced = p.gone(step.source, kept=step.carry.axes)
    scaled = ", ".join(p.block(b) + (f" of degree {n}" if n != 1 else "") for b, n in step.rescaled)
    by = f"max{reduced}({p.block(step.source)})" if reduced else p.block(step.source)
    return f"{p.block(step.carry)} shifts to {by}" + (f", rescaling {scaled}" if scaled else "")


_STEPS: Mapping[type, Callable[[_Printer, Any], str]] = {
    Load: lambda p, s: f"{p.made(s.block)} = in{s.array}{p.slots(s.slots)}",
    Position: lambda p, s: f"{p.made(s.block)} = position of {p.name(s.axis)}",
    Map: lambda p, s: f"{p.made(s.block)} = {s.function}({', '.join(p.argument(a) for a in s.arguments)})",
    Mask: lambda p, s: f"{p.made(s.block)} = {p.block(s.source)} where {p.conditions(s.conditions)} else {s.fill!r}",
    Contract: lambda p, s: (
        f"{p.made(s.block)} = sum{p.gone(s.left, s.right, kept=s.block.axes)}({p.block(s.left)} * {p.block(s.right)})"
    ),
    Reduce: lambda p, s: f"{p.made(s.block)} = {s.operation}{p.gone(s.source, kept=s.block.axes)}({p.block(s.source)})",
    Carry: lambda p, s: f"{p.made(s.block)} = start of {s.operation}",
    Fold: _fold,
    Keep: lambda p, s: f"{p.block(s.carry)} keeps {p.block(s.source)}",
    Recall: lambda p, s: f"{p.made(s.block)} = kept in {p.block(s.carry)}",
    Shift: _shift,
    Store: lambda p, s: f"out{s.array}{p.slots(s.slots)} {s.mode} {p.block(s.source)}",
}
