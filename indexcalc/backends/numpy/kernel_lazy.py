"""Tiles that are tried with the maximum that there is, and done again with their own where that was too small."""

from __future__ import annotations

from collections.abc import Sequence

from ...lower.lazy import LARGEST, Lazy
from .kernel_steps import Steps, top


def lazy_lines(steps: Steps, lazy: Lazy) -> list[str]:
    """The lines from the product to the exponential, and its sum, which the Fold then takes.

    `held_n` says whether the maxima so far are finite numbers that may stay.
    """
    number = lazy.shift.carry.number
    held, total = f"held_{number}", f"sum_{number}"
    steps.operands.before_loop([f"{held} = False"])
    steps.sums[id(lazy.total)] = total
    exponential = steps.lines(lazy.exponential)
    summed = steps.summed(lazy.exponential.block, lazy.shift.carry.axes)
    assert summed is not None
    summing = f"{total} = {summed.format('')}"
    quick = [*steps.together(lazy.quick), *exponential, summing, f"{held} = bool({total}.max() < {LARGEST}.0)"]
    exact = [line for step in lazy.whole[:-1] for line in steps.lines(step)]
    finite = f'{held} = floating.kind == "f" and bool(np.isfinite({top(lazy.shift.carry)}).all())'
    return [f"if {held}:", *indented(quick), f"if not {held}:", *indented([*exact, *exponential, summing, finite])]


def indented(lines: Sequence[str]) -> list[str]:
    return [f"    {line}" if line else "" for line in lines]
