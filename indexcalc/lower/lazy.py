"""Running maxima that need not be followed: exponentials of differences to an old one are as good while they are small.

A kernel that streams over scores x takes exp(x − m), m the largest so far, sums these, and rescales its sums whenever m
rises.  Any m does that is not far below the largest x.  So a tile is first tried with the m that there is: then the
difference is part of the product that makes x (`joined.py`), and passes that find the maximum and subtract it go.  The
sums, which are wanted anyway, tell whether an exponential is large; only then the tile is done again, exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..ir.kernel import Block, Contract, Fold, Kernel, Loop, Map, Shift, Step
from .growth import highest_power
from .joined import Joined, Readers, chain, fits, joined, readers_of

LARGEST = 1 << 14
"""What the sum of a tile's exponentials may come to, which leaves the sums of products with it their range."""
HIGHEST = 2
"""The power of the exponentials to which a kernel's values may grow: more of them leave float32 too little range."""


@dataclass(frozen=True, slots=True)
class Lazy:
    """A product, what follows it, the running maximum of that, and the exponentials of the differences.

    whole     all steps from the product to the exponential, as they stand in the body
    quick     the product, and what is added to it, up to the difference
    total     where the exponentials are summed
    """

    whole: tuple[Step, ...]
    quick: Joined
    shift: Shift
    exponential: Map
    total: Fold

    @property
    def once(self) -> tuple[int, int]:
        """Numbers of the maximum and of the difference to it: steps that as a rule only a loop's first tile takes."""
        return self.shift.carry.number, self.quick.block.number


@dataclass(frozen=True, slots=True)
class Arranged:
    """A kernel whose steps stand in the order in which calls run them.

    joined    products with what is added to them, by the number of each block on the way
    lazy      maxima that are not followed, by the number of the product's block
    """

    kernel: Kernel
    joined: dict[int, Joined]
    lazy: dict[int, Lazy]


def arranged(kernel: Kernel) -> Arranged:
    """The kernel as it is run where each step is a call."""
    kernel, together = joined(kernel)
    found: dict[int, Lazy] = {}
    body = _body(kernel.body, readers_of(kernel), kernel, found)
    return Arranged(replace(kernel, body=body), together, found)


def _body(body: Sequence[Step], readers: Readers, kernel: Kernel, found: dict[int, Lazy]) -> tuple[Step, ...]:
    return tuple(_loop(s, readers, kernel, found) if isinstance(s, Loop) else s for s in body)


def _loop(loop: Loop, readers: Readers, kernel: Kernel, found: dict[int, Lazy]) -> Loop:
    steps = list(_body(loop.body, readers, kernel, found))
    lazy = _lazy(steps, readers, kernel)
    if lazy is None:
        return replace(loop, body=tuple(steps))
    found[lazy.quick.product.block.number] = lazy
    first, last = steps.index(lazy.whole[0]), steps.index(lazy.whole[-1])
    others = [s for s in steps[first:last] if s not in lazy.whole]
    return replace(loop, body=(*steps[:first], *others, *lazy.whole, *steps[last + 1 :]))


def _lazy(steps: Sequence[Step], readers: Readers, kernel: Kernel) -> Lazy | None:
    """What the loop does so, if it has one running maximum and that fits."""
    shifts = [s for s in steps if isinstance(s, (Shift, Loop))]
    if len(shifts) != 1 or not isinstance(shifts[0], Shift):
        return None
    shift = shifts[0]
    used = [s for s in readers[shift.carry.number] if s is not shift and any(s is t for t in steps)]
    if len(used) != 1 or not _is_difference(used[0], shift):
        return None
    difference = used[0]
    without = {**readers, shift.source.number: [s for s in readers[shift.source.number] if s is not shift]}
    for product in steps:
        if isinstance(product, Contract) and fits(product, kernel):
            quick = chain(product, steps, without)
            if quick is not None and quick.links[-1] is difference:
                return _fitting(steps, quick, shift, readers, kernel)
    return None


def _is_difference(step: Step, shift: Shift) -> bool:
    return isinstance(step, Map) and step.function == "subtract" and step.arguments == (shift.source, shift.carry)


def _fitting(steps: Sequence[Step], quick: Joined, shift: Shift, readers: Readers, kernel: Kernel) -> Lazy | None:
    """The whole, if an exponential alone reads the difference and is summed, and nothing between minds the order."""
    reading = readers[quick.block.number]
    if len(reading) != 1 or not isinstance(reading[0], Map) or reading[0].function != "exp":
        return None
    exponential = reading[0]
    sums = [s for s in steps if isinstance(s, Fold) and _is_sum(s, exponential.block, shift.carry)]
    own = (quick.product, *quick.links, shift, exponential)
    whole = tuple(s for s in steps if any(s is t for t in own))
    if not sums or len(whole) != len(own) or whole[-1] is not exponential:
        return None
    others = [s for s in steps[steps.index(whole[0]) : steps.index(exponential)] if not any(s is t for t in own)]
    if any(isinstance(s, Fold) for s in others) or highest_power(kernel, exponential) > HIGHEST:
        return None
    return Lazy(whole, quick, shift, exponential, sums[0])


def _is_sum(step: Fold, source: Block, rows: Block) -> bool:
    """Whether it sums the source over its last or its first axis, to one number for each of the maxima."""
    ends = (source.axes[:-1], source.axes[1:])
    return step.operation == "sum" and step.source == source and step.carry.axes == rows.axes and rows.axes in ends
