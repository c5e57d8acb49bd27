"""What the steps of a kernel read, change and cost, seen by what prints them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from ....ir.elementwise import SLOW
from ....ir.index import Index
from ....ir.kernel import (
    Affine,
    Block,
    Carry,
    Contract,
    Fold,
    Kernel,
    Load,
    Loop,
    Map,
    Mask,
    Position,
    Reduce,
    Shift,
    Slot,
    Step,
    Store,
    block_made,
    blocks_read,
)

Axes = tuple[Index, ...]

_FREE = frozenset({"as_real", "negative"})


def plain(kernel: Kernel) -> Kernel:
    """The same with fewer kinds of steps: no Contract or Reduce that sums nothing, no "=" Store that sums."""
    fresh = 1 + max((b.number for step in kernel.steps() if (b := block_made(step))), default=0)
    return replace(kernel, body=_plain(kernel.body, fresh)[0])


def _plain(steps: Sequence[Step], fresh: int) -> tuple[tuple[Step, ...], int]:
    found: list[Step] = []
    for step in steps:
        if isinstance(step, Loop):
            body, fresh = _plain(step.body, fresh)
            found.append(replace(step, body=body))
        elif isinstance(step, Contract) and not summed(step):
            found.append(Map(step.block, "multiply", (step.left, step.right)))
        elif isinstance(step, Reduce) and not summed(step):
            found.append(Map(step.block, "shown" if step.operation == "shift" else "same", (step.source,)))
        elif isinstance(step, Store) and step.mode == "=" and summed(step):
            kept = tuple(x for x in step.source.axes if x not in summed(step))
            total = Block(fresh, kept, step.source.kind)
            found += [Reduce(total, "sum", step.source), replace(step, source=total)]
            fresh += 1
        else:
            found.append(step)
    return tuple(found), fresh


def slot_axes(slots: Iterable[Slot]) -> Axes:
    """The axes that slots speak of, also those that are walked one position at a time."""
    found: dict[Index, None] = {}
    for slot in slots:
        if isinstance(slot, Affine):
            found.update(dict.fromkeys(x for _, x in slot.terms))
        elif isinstance(slot, Block):
            found.update(dict.fromkeys(slot.axes))
        else:
            found[slot] = None
    return tuple(found)


def summed(step: Step) -> Axes:
    """The axes over which a step sums or reduces what it reads."""
    if isinstance(step, Contract):
        return tuple(x for x in union(step.left.axes, step.right.axes) if x not in step.block.axes)
    if isinstance(step, Reduce):
        return tuple(x for x in step.source.axes if x not in step.block.axes)
    if isinstance(step, (Fold, Shift)):
        return tuple(x for x in step.source.axes if x not in step.carry.axes)
    if isinstance(step, Store):
        return tuple(x for x in step.source.axes if x not in slot_axes(step.slots))
    return ()


def union(*axes: Axes) -> Axes:
    """All of them, each once, the longest first."""
    return tuple(dict.fromkeys(x for some in sorted(axes, key=len, reverse=True) for x in some))


def points(step: Step, single: frozenset[Index]) -> Axes:
    """The axes over which a step computes, a scalar operation for each position; `single` are walked by the loops."""
    if isinstance(step, Contract):
        return union(step.left.axes, step.right.axes)
    if isinstance(step, (Fold, Shift)):
        return union(step.source.axes, step.carry.axes)
    if isinstance(step, Reduce):
        return step.source.axes
    if isinstance(step, Store):
        return union(step.source.axes, tuple(x for x in slot_axes(step.slots) if x not in single))
    made = block_made(step)
    return made.axes if made else ()


def divisible(step: Step, single: frozenset[Index]) -> frozenset[Index]:
    """The axes of which threads may take parts: what changes at one position of such an axis no other one touches."""
    if isinstance(step, Store):
        alone = (_alone(slot, single) for slot in step.slots)
        return frozenset(x for x in alone if x is not None)
    if isinstance(step, Shift):
        return frozenset(step.carry.axes).intersection(*(block.axes for block, _ in step.rescaled))
    if isinstance(step, Fold):
        return frozenset(step.carry.axes)
    made = block_made(step)
    return frozenset(made.axes if made else ())


def _alone(slot: Slot, single: frozenset[Index]) -> Index | None:
    """The axis whose positions a slot tells apart, whatever those of other axes are."""
    if isinstance(slot, Block):
        return None
    terms = slot.terms if isinstance(slot, Affine) else ((1, slot),)
    factors = {x: sum(f for f, y in terms if y == x) for _, x in terms if x not in single}
    return next(iter(factors)) if len(factors) == 1 and all(factors.values()) else None


def is_gather(step: Step) -> bool:
    return isinstance(step, Load) and any(isinstance(slot, Block) for slot in step.slots)


def is_view(step: Step) -> bool:
    """A load that only needs a pointer and strides."""
    return isinstance(step, Load) and not is_gather(step)


def is_pointwise(step: Step) -> bool:
    """Computed where it is used, unless it is kept."""
    return isinstance(step, (Map, Mask, Position)) or is_gather(step)


def is_product(step: Step) -> bool:
    """A matrix product with rows, columns and an inner extent, for a library; else it is a sum among loops."""
    if not isinstance(step, Contract) or step.block.kind not in ("float", "real"):
        return False
    left, right, made = (frozenset(b.axes) for b in (step.left, step.right, step.block))
    parts = ((left & made) - right, (right & made) - left, (left & right) - made)
    alone = (left | right) - made - (left & right)
    same = all(b.kind in ("float", "real") for b in (step.left, step.right))
    return same and all(parts) and not alone


def reads(step: Step) -> frozenset[int]:
    """The numbers of the blocks whose values matter to the step or to those within."""
    if isinstance(step, Loop):
        return frozenset().union(*(reads(s) for s in step.body)) if step.body else frozenset()
    return frozenset(b.number for b in blocks_read(step))


def writes(step: Step) -> frozenset[int]:
    """The numbers of the blocks that the step makes or changes."""
    if isinstance(step, Loop):
        return frozenset().union(*(writes(s) for s in step.body)) if step.body else frozenset()
    if isinstance(step, Fold):
        return frozenset((step.carry.number,))
    if isinstance(step, Shift):
        return frozenset((step.carry.number, *(b.number for b, _ in step.rescaled)))
    made = block_made(step)
    return frozenset((made.number,)) if made else frozenset()


def own_cost(step: Step) -> int:
    """About how many plain operations one point takes."""
    if isinstance(step, Map):
        return 0 if step.function in _FREE else 8 if step.function in SLOW else 1
    if isinstance(step, Mask):
        return 1
    return 2 if is_gather(step) else 0


def bodies(steps: Sequence[Step]) -> Iterator[Sequence[Step]]:
    """This body and all within."""
    yield steps
    for step in steps:
        if isinstance(step, Loop):
            yield from bodies(step.body)


def starts_as_maximum(step: Step) -> bool:
    """Whether what is stored is a maximum, of which readers see the finite part."""
    return isinstance(step, (Carry, Reduce)) and step.operation == "shift"
