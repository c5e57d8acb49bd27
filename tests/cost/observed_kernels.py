"""What a kernel does when it is run tile by tile: the oracle for its count, read off the arrays of each step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from indexcalc.interpret import kernel as plain
from indexcalc.ir.index import Space
from indexcalc.ir.kernel import Block, Contract, Fold, Kernel, Load, Loop, Map, Reduce, Shift, Step, Store, blocks_read

MULTIPLYING = {"multiply", "divide", "reciprocal", "square"}
EVALUATED = {
    "exp", "log", "sqrt", "sin", "cos", "tan", "tanh", "sinh", "cosh", "sigmoid", "softplus", "erf", "power",
}  # fmt: skip
FREE = {
    "as_real", "inside", "masked", "where", "logical_and", "logical_or", "logical_not", "less", "less_equal", "greater",
    "greater_equal", "equal", "not_equal",
}  # fmt: skip


def observed_work(kernel: Kernel, inputs: Sequence[Any], extents: Mapping[Space, int]) -> tuple[int, int, int, int]:
    """FLOPs, multiplications, functions and bytes."""
    run = _Observed(kernel, inputs, extents, np.dtype(np.float64))
    with np.errstate(all="ignore"):
        for tiles in plain.product(*(run.tiles(t) for t in kernel.grid)):
            run.body(kernel.body, dict(zip((t.axis for t in kernel.grid), tiles)), {})
    return run.flops, run.multiplications, run.functions, run.bytes


class _Observed(plain._Run):
    """Runs, and counts.  A loop starts at the first position at which its conditions can hold, as emitted loops do."""

    def __init__(self, kernel: Kernel, *rest: Any) -> None:
        super().__init__(kernel, *rest)
        self.flops = self.multiplications = self.functions = self.bytes = 0
        self.made = {s.block.number: s for s in kernel.steps() if isinstance(s, Contract)}
        self.reads = [b.number for s in kernel.steps() for b in blocks_read(s)]

    def body(self, steps: Sequence[Step], at: plain.At, blocks: plain.Blocks) -> None:
        for step in steps:
            if isinstance(step, Loop):
                axis, size = step.tile.axis, step.tile.size
                every = range(self.extents[axis.space])
                good = [p for p in every if self.may_hold(step, {**at, axis: np.array(p)})]
                start, stop = (good[0], good[-1] + 1) if good else (0, 0)
                for first in range(start, stop, max(1, size)):
                    tile = np.arange(first, min(first + size, stop)) if size else np.array(first)
                    self.body(step.body, {**at, axis: tile}, dict(blocks))
            else:
                super().body((step,), at, blocks)
                self.count(step, at, blocks)

    def may_hold(self, loop: Loop, at: plain.At) -> bool:
        return all((self.form(c.form, at)[0] >= 0).any() for c in loop.skip)

    def count(self, step: Step, at: plain.At, blocks: plain.Blocks) -> None:
        def size(block: Block) -> int:
            return int(blocks[block.number].size)

        if isinstance(step, Load):
            self.bytes += blocks[step.block.number].nbytes
        elif isinstance(step, Contract):
            extent = {x: n for b in (step.left, step.right) for x, n in zip(b.axes, blocks[b.number].shape)}
            terms = int(np.prod(list(extent.values()), dtype=int))
            self.flops += 2 * terms
            self.multiplications += terms
        elif isinstance(step, Map) and step.block.kind not in ("int", "bool") and step.function not in FREE:
            self.flops += size(step.block)
            self.multiplications += size(step.block) * (step.function in MULTIPLYING)
            self.functions += size(step.block) * (step.function in EVALUATED)
        elif isinstance(step, Reduce) or (isinstance(step, Fold) and not self.is_added(step.source, step.carry)):
            self.flops += size(step.source)
            self.multiplications += size(step.source) * (step.operation == "prod")
        elif isinstance(step, Shift):
            self.flops += size(step.source)
            if step.rescaled:
                factors = size(step.carry) * len({degree for _, degree in step.rescaled})
                self.flops += size(step.carry) + factors
                self.functions += factors
            for block, _ in step.rescaled:
                self.flops += size(block)
                self.multiplications += size(block)
        elif isinstance(step, Store):
            places, axes = self.places(step.slots, self.outputs[step.array], at, blocks)
            shape = np.broadcast_shapes(*(p.shape for p in places)) if places else ()
            itemsize = blocks[step.source.number].itemsize
            self.bytes += int(np.prod(shape, dtype=int)) * itemsize * (2 if step.mode == "+=" else 1)
            is_summed = not set(step.source.axes) <= set(axes)
            if is_summed if step.mode == "=" else not self.is_product(step.source):
                self.flops += size(step.source)

    def is_product(self, block: Block) -> bool:
        return block.number in self.made and self.reads.count(block.number) == 1

    def is_added(self, source: Block, carry: Block) -> bool:
        return self.is_product(source) and set(source.axes) == set(carry.axes)
