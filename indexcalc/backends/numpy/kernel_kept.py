"""What a loop keeps for a later one: its tiles one after the other in a flat buffer, so that each is contiguous."""

from __future__ import annotations

from ...ir.kernel import Block, Keep, Recall, kept_axis
from .kernel_names import KernelNames, aligned


def panel(names: KernelNames, block: Block, carry: Block) -> str:
    """The part of the carry's buffer that holds this tile, in the shape of the block."""
    axis = kept_axis(block, carry)
    others = [names.count(x) for x in block.axes if x != axis]
    cut = _cut(names.block(carry), names.first(axis), names.end(axis), others)
    return f"{cut}.reshape({', '.join(names.count(x) for x in block.axes)})" if others else cut


def _cut(buffer: str, first: str, end: str, others: list[str]) -> str:
    each = "".join(f" * {n}" for n in others)
    return f"{buffer}[{first}{each} : {end}{each}]"


def carry_line(names: KernelNames, carry: Block, buffer: str) -> str:
    """The line that names the buffer of a carry; without one, a new array."""
    elements = names.elements(carry.axes)
    return f"{names.block(carry)} = " + (
        f"{buffer}[: {elements}]" if buffer else f"np.empty({elements}, {names.dtype(carry.kind)})"
    )


def recall_line(names: KernelNames, step: Recall) -> str:
    """The line that names the part of the buffer."""
    return f"{names.block(step.block)} = {panel(names, step.block, step.carry)}"


def rescaled_lines(names: KernelNames, keep: Keep, start: str, factor: str, over: Block) -> list[str]:
    """The lines that multiply the tiles from `start` to the present one, all of them full, by rows of `over`."""
    axis = kept_axis(keep.source, keep.carry)
    size = str(names.walked[axis].size)
    axes = keep.source.axes
    shape = ", ".join(size if x == axis else names.count(x) for x in axes)
    cut = _cut(names.block(keep.carry), "at", f"(at + {size})", [names.count(x) for x in axes if x != axis])
    return [
        f"for at in range({start}, {names.first(axis)}, {size}):",
        f"    part = {cut}.reshape({shape})",
        f"    np.multiply(part, {aligned(factor, over.axes, axes)}, out=part)",
    ]
