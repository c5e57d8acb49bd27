"""Timing contenders in turns, so that whatever else the machine does hits all of them alike."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from statistics import median
from time import perf_counter

BLOCK = 0.02  # seconds that a timed block lasts at least: one call of a short one is mostly cold caches


def interleaved(contenders: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median milliseconds of one call of each contender over the rounds, after calls that are not counted."""
    times: dict[str, list[float]] = {name: [] for name in contenders}
    repeats: dict[str, int] = {}
    for name, call in contenders.items():
        call()
        repeats[name] = 1 + int(BLOCK / _seconds(call, 1))
    for turn in range(rounds):
        order = list(contenders.items())
        for name, call in order if turn % 2 == 0 else reversed(order):
            gc.collect()
            times[name].append(1e3 * _seconds(call, repeats[name]) / repeats[name])
    return {name: median(found) for name, found in times.items()}


def _seconds(call: Callable[[], object], repeats: int) -> float:
    start = perf_counter()
    for _ in range(repeats):
        call()
    return perf_counter() - start
