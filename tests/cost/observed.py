"""What a run of emitted NumPy text really holds: the oracle for peak memory, which shares no code with the count."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import FrameType
from typing import Any

import numpy as np

from indexcalc.backends.function import load


def observed_peak(source: str, inputs: Mapping[str, Any], sizes: Mapping[str, int] | None = None) -> int:
    """The most bytes that the function's variables hold at any line, each buffer once, inputs included.

    Numbers, which are arrays without axes, are left out.
    """
    run = load(source, "<observed>")
    most = 0

    def at_line(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal most
        if frame.f_code is not run.__wrapped__.__code__:
            return None
        numbers = [x for n, x in frame.f_locals.items() if n[0] in "atr"]
        most = max(most, _bytes([*inputs.values(), *numbers]))
        return at_line

    before = sys.gettrace()
    sys.settrace(at_line)
    try:
        run(inputs, dict(sizes or {}))
    finally:
        sys.settrace(before)
    return most


def _bytes(values: list[Any]) -> int:
    buffers = {}
    for x in values:
        if isinstance(x, np.ndarray) and x.ndim:
            base = x
            while getattr(base, "base", None) is not None:  # a strided view's base is a stand-in for its array
                base = base.base
            buffers[id(base)] = base.nbytes if base.ndim else 0
    return sum(buffers.values())
