"""Divisions of a kernel's large blocks by rows become divisions of what these blocks are multiplied with.

Σ_i (E_ij / z_i) g_ia is Σ_i E_ij (g_ia / z_i), and (E_ij / z_i) (Σ_a g_ia v_ja − d_i) is
E_ij (Σ_a (g_ia / z_i) v_ja − d_i / z_i): a pass over the rows that are at hand in the place of one over each tile.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ...ir import kernel as k
from ...ir.graph import Value


def divided_less(kernel: k.Kernel, origins: list[Value]) -> k.Kernel:
    """The kernel with each division in a loop moved out of it, if only products and multiplications read it.

    `origins`: by the number of a block, the value for which it is made; those of new blocks are added.
    """
    tried: set[int] = set()
    while True:  # each kernel has its own steps
        waiting = (s for outer in kernel.body for s in _inside(outer) if _is_division(s))
        step = next((s for s in waiting if isinstance(s, k.Map) and s.block.number not in tried), None)
        if step is None:
            return kernel
        tried.add(step.block.number)
        moved = _moved(kernel, step, len(origins))
        if moved is not None:
            kernel, more = moved
            origins += [origins[step.block.number]] * more


def _is_division(step: k.Step) -> bool:
    if not isinstance(step, k.Map) or step.function != "divide":
        return False
    first, second = step.arguments
    if not isinstance(first, k.Block) or not isinstance(second, k.Block):
        return False
    return set(second.axes) < set(first.axes) == set(step.block.axes) and bool(second.axes)


@dataclass
class _Moving:
    """What changes where `whole` is no longer divided by `rows`: steps by the number of the block that they make, and
    divisions that go before the kernel's step `place`."""

    body: Sequence[k.Step]
    place: int
    whole: k.Block
    rows: k.Block
    made: Mapping[int, k.Step]
    readers: Mapping[int, list[k.Step]]
    fresh: int
    changed: dict[int, tuple[k.Step, ...]] = field(default_factory=dict)
    divided: dict[k.Block, k.Block] = field(default_factory=dict)

    def block(self, like: k.Block) -> k.Block:
        self.fresh += 1
        return replace(like, number=self.fresh - 1)

    def over(self, block: k.Block) -> k.Block | None:
        """The block divided by the rows, if it has them and is at hand before."""
        before = {m.number for s in self.body[: self.place] for m in [k.block_made(s)] if m is not None}
        here = self.body[self.place]
        changed = {s.carry.number for s in (here, *_inside(here)) if isinstance(s, (k.Fold, k.Shift))}
        if block.number not in before - changed or self.rows.number not in before - changed:
            return None
        if not set(self.rows.axes) <= set(block.axes) or set(self.whole.axes) <= set(block.axes):
            return None
        if block.kind != "float" and (block.kind, self.rows.kind) != ("real", "real"):
            return None
        if block not in self.divided:
            self.divided[block] = self.block(block)
        return self.divided[block]

    def product(self, step: k.Contract, without: k.Block | None = None) -> bool:
        """Divide the product by dividing an operand, other than `without`."""
        for side, operand in (("left", step.left), ("right", step.right)):
            found = None if operand == without else self.over(operand)
            if found is not None:
                self.changed[step.block.number] = (replace(step, **{side: found}),)
                return True
        return False

    def term(self, block: k.Block) -> k.Block | None:
        """The block divided by the rows: by what it is made of, if nothing else reads that, or by itself."""
        found = self.over(block)
        if found is not None:
            return found
        step = self.made.get(block.number)
        if step is None or len(self.readers[block.number]) != 1:
            return None
        if isinstance(step, k.Contract):
            return block if self.product(step) else None
        if isinstance(step, k.Map) and step.function in ("add", "subtract"):
            parts = [self.term(a) if isinstance(a, k.Block) else None for a in step.arguments]
            if None not in parts:
                self.changed[block.number] = (replace(step, arguments=tuple(p for p in parts if p is not None)),)
                return block
        return None


def _moved(kernel: k.Kernel, division: k.Map, fresh: int) -> tuple[k.Kernel, int] | None:
    """The kernel without the division, and how many blocks it has more, with numbers from `fresh`; None where a reader
    needs the quotient."""
    whole, rows = division.arguments
    assert isinstance(whole, k.Block) and isinstance(rows, k.Block)
    readers: dict[int, list[k.Step]] = {}
    made: dict[int, k.Step] = {}
    for step in kernel.steps():
        for block in k.blocks_read(step):
            readers.setdefault(block.number, []).append(step)
        block_ = k.block_made(step)
        if block_ is not None:
            made[block_.number] = step
    place = next(n for n, s in enumerate(kernel.body) if division in _inside(s))
    moving = _Moving(kernel.body, place, whole, rows, made, readers, fresh)
    for reader in readers.get(division.block.number, []):
        if not _take(moving, reader, division.block, whole):
            return None
    if not moving.divided:
        return None
    changed = {**moving.changed, division.block.number: ()}
    body = _rewritten(kernel.body, changed, division.block, whole)
    before = tuple(k.Map(new, "divide", (old, rows)) for old, new in moving.divided.items())
    cut = len(_rewritten(kernel.body[:place], changed, division.block, whole))
    return replace(kernel, body=(*body[:cut], *before, *body[cut:])), len(before)


def _take(moving: _Moving, reader: k.Step, quotient: k.Block, whole: k.Block) -> bool:
    """Whether the reader can take the block that is not divided."""
    if isinstance(reader, k.Contract) and reader.left != reader.right:
        return moving.product(reader, without=quotient)
    if isinstance(reader, k.Map) and reader.function == "multiply" and reader.arguments.count(quotient) == 1:
        (other,) = (a for a in reader.arguments if a != quotient)
        if isinstance(other, k.Block) and reader.block.axes == whole.axes:
            found = moving.term(other)
            if found is not None:
                arguments = tuple(found if a == other else a for a in reader.arguments)
                moving.changed[reader.block.number] = (replace(reader, arguments=arguments),)
                return True
    return False


def _inside(step: k.Step) -> list[k.Step]:
    if not isinstance(step, k.Loop):
        return []
    return [s for inner in step.body for s in (inner, *_inside(inner))]


def _rewritten(
    steps: Sequence[k.Step], changed: Mapping[int, tuple[k.Step, ...]], quotient: k.Block, whole: k.Block
) -> tuple[k.Step, ...]:
    """The steps as changed, with the undivided block in the quotient's place."""
    found: list[k.Step] = []
    for step in steps:
        if isinstance(step, k.Loop):
            found.append(replace(step, body=_rewritten(step.body, changed, quotient, whole)))
            continue
        made = k.block_made(step)
        for each in (step,) if made is None or made.number not in changed else changed[made.number]:
            found.append(_with(each, quotient, whole))
    return tuple(found)


def _with(step: k.Step, old: k.Block, new: k.Block) -> k.Step:
    if isinstance(step, k.Contract):
        return replace(
            step, left=new if step.left == old else step.left, right=new if step.right == old else step.right
        )
    if isinstance(step, k.Map):
        return replace(step, arguments=tuple(new if a == old else a for a in step.arguments))
    return step
