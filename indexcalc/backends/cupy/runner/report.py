"""What went wrong in a launch, as errors."""

from __future__ import annotations

import ctypes

from ....diagnostics import IndexCalcError, fail

DEADLOCK, TIME, DIVERGENCE, OUTSIDE, STOPPED, MEMORY = range(1, 7)


class Outcome(ctypes.Structure):
    """`struct Outcome` of support/runner.hpp."""

    _fields_ = [
        ("report", ctypes.c_int32),
        ("line", ctypes.c_int32),
        ("block", ctypes.c_int32 * 3),
        ("thread", ctypes.c_int32 * 3),
        ("text", ctypes.c_char * 1024),
    ]


def error_of(kernel: str, outcome: Outcome, seconds: float) -> IndexCalcError:
    """The error that an outcome tells: IX972 to IX974, or IX959 where memory ran out."""
    text = outcome.text.decode("utf-8", "replace")
    place = f"in block {tuple(outcome.block)}"
    if outcome.thread[0] >= 0:
        place += f", thread {tuple(outcome.thread)}"
    if outcome.line:
        place += f", line {outcome.line}"
    if outcome.report == DEADLOCK:
        return fail("IX972", f"`{kernel}` cannot go on: deadlock {place}: {text}")
    if outcome.report == TIME:
        waiting = f" at {text}" if text else ""
        hint = "give `seconds=` if it needs more; blocks that wait for each other never end here"
        return fail("IX972", f"`{kernel}` takes longer than {seconds:g} seconds: stopped{waiting} {place}", hint=hint)
    if outcome.report == DIVERGENCE:
        return fail("IX973", f"threads of `{kernel}` diverge {place}: {text}")
    if outcome.report == OUTSIDE:
        return fail("IX974", f"`{kernel}` writes outside of shared memory {place}: {text}")
    if outcome.report == STOPPED:
        return fail("IX974", f"`{kernel}` stopped {place}: {text}")
    return fail("IX959", f"there is not enough memory to run `{kernel}`: {text or 'stacks and shared memory'}")
