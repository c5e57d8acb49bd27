"""Whether other processes use the processors, from the system's own counters (Linux; elsewhere nothing is known)."""

from __future__ import annotations

import os
from pathlib import Path
from time import monotonic, sleep

CORES = os.cpu_count() or 1
STEP = 0.05  # seconds between two looks
IDLE = 0.05  # share of the processors' time at which a machine counts as quiet


def busy() -> float | None:
    """Seconds that all processors together have worked since the start."""
    try:
        user, nice, system, _, _, *interrupts = map(int, Path("/proc/stat").read_text().splitlines()[0].split()[1:9])
    except FileNotFoundError:
        return None
    return (user + nice + system + sum(interrupts)) / os.sysconf("SC_CLK_TCK")


class Patience:
    """Waits for the machine to be quiet, in all no longer than `seconds`."""

    def __init__(self, seconds: float) -> None:
        self.left = seconds

    def wait(self) -> None:
        start = monotonic()
        while monotonic() - start < self.left:
            before, began = busy(), monotonic()
            sleep(STEP)
            after = busy()
            if before is None or after is None or after - before <= IDLE * CORES * (monotonic() - began):
                break
        self.left -= monotonic() - start
