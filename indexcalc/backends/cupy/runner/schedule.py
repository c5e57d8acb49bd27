"""In which order threads run, and when asynchronous copies arrive."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ....diagnostics import fail

ORDERS = ("forward", "backward", "random")
COPIES = ("lazy", "eager")


@dataclass(frozen=True, slots=True)
class Schedule:
    """One of the ways in which a GPU may run a kernel.

    `order`: blocks, warps and lanes by their numbers, backward, or at random; then barriers, collectives and atomic
    operations may let other threads go first, too.  `copies`: asynchronous copies arrive at the wait that needs them
    (lazy) or at once (eager).  `seed` decides what is random.  Raises IX971 for other words.

    >>> Schedule()
    Schedule(order='forward', copies='lazy', seed=0)
    """

    order: Literal["forward", "backward", "random"] = "forward"
    copies: Literal["lazy", "eager"] = "lazy"
    seed: int = 0

    def __post_init__(self) -> None:
        for name, given, known in (("order", self.order, ORDERS), ("copies", self.copies, COPIES)):
            if given not in known:
                raise fail("IX971", f"a schedule has no {name} {given!r}", hint=f"one of: {', '.join(known)}")
        if not 0 <= self.seed < 1 << 64:
            raise fail("IX971", f"the seed {self.seed} of a schedule is negative or has more than 64 bits")


def schedules(seed: int = 0) -> tuple[Schedule, ...]:
    """What a test runs a kernel under: every order with lazy and with eager copies.

    A result that differs between two of them is a race.

    >>> [(s.order, s.copies) for s in schedules()][:3]
    [('forward', 'lazy'), ('forward', 'eager'), ('backward', 'lazy')]
    """
    return tuple(Schedule(order, copies, seed) for order in ORDERS for copies in COPIES)  # type: ignore[arg-type]
