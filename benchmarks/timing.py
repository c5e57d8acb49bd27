"""Timing contenders in turns, so that whatever else the machine does hits all of them alike."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from statistics import median
from time import perf_counter


def interleaved(contenders: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median milliseconds of each contender over the rounds, after one call of each that is not counted."""
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for call in contenders.values():
        call()
    for turn in range(rounds):
        order = list(contenders.items())
        for name, call in order if turn % 2 == 0 else reversed(order):
            gc.collect()
            start = perf_counter()
            call()
            times[name].append(1e3 * (perf_counter() - start))
    return {name: median(found) for name, found in times.items()}
