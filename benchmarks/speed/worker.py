"""One contender of one workload in a process of its own: JSON lines in, JSON lines out.

`python -m benchmarks.speed.worker WORKLOAD SIZES CONTENDER FOLDER`: sizes as JSON; the folder is where the reference's
arrays are.  First a line comes that says that inputs are made.  Then there is one for each line {"do": …}:

reference  computes the outputs in float64 and saves them in the folder
prepare    compiles, and calls once: seconds of "compile" and "first"; "errors", ‖found - right‖ / ‖right‖ by output
run        "seconds" of one call; "cpu", those of all threads together; "peak", the most bytes in use above those after
           the inputs were made; "others", the share of the processors' time that other processes took meanwhile; null
           where the system does not tell

What goes wrong is {"error": text}; the process lives on until its input ends.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np

from .catalogue import WORKLOADS, contenders
from .probes import PROBES
from .quiet import CORES, busy
from .workload import Arrays, Call, Sizes

BLOCK = 0.02  # seconds that a timed block lasts at least


class Worker:
    """The state between requests."""

    def __init__(self, workload: str, sizes: Sizes, contender: str, folder: Path) -> None:
        self.folder = folder
        self.workload = replace(WORKLOADS[workload], sizes=sizes) if workload in WORKLOADS else None
        self.probe = PROBES.get(contender) if self.workload is None else None
        is_timed = self.workload is not None and contender != "reference"
        self.contender = contenders(self.workload)[contender] if self.workload and is_timed else None
        dtype = "f4" if is_timed else "f8"
        self.arrays: Arrays = {} if self.workload is None else self.workload.inputs(self.workload.sizes, dtype)
        if self.contender is not None and self.contender.warm is not None:
            self.contender.warm()
        self.base = _memory("VmRSS")
        self.call: Call
        self.repeats = 1

    def reference(self) -> dict[str, Any]:
        assert self.workload is not None
        for name, value in self.workload.reference(self.workload, self.arrays).items():
            np.save(self.folder / f"{name}.npy", value)
        return {}

    def prepare(self) -> dict[str, Any]:
        start = perf_counter()
        if self.probe is not None:
            self.call = self.probe.make()
        else:
            assert self.workload is not None and self.contender is not None
            self.call = self.contender.make(self.workload, self.arrays)
        compiled = perf_counter()
        found = self.call()
        first = perf_counter()
        errors = {} if self.probe is not None else self._errors(found)
        del found
        start_again = perf_counter()
        self.call()
        self.repeats = 1 + int(BLOCK / (perf_counter() - start_again))
        return {"compile": compiled - start, "first": first - compiled, "errors": errors}

    def _errors(self, found: Mapping[str, Any]) -> dict[str, float]:
        """How far each output is from the reference."""
        errors = {}
        for path in sorted(self.folder.glob("*.npy")):
            right, mine = np.load(path), np.asarray(found[path.stem], "f8")
            if mine.shape != right.shape:
                raise ValueError(f"{path.stem} has shape {mine.shape} instead of {right.shape}")
            errors[path.stem] = float(np.linalg.norm(mine - right) / np.linalg.norm(right))
        return errors

    def run(self) -> dict[str, Any]:
        gc.collect()
        _forget_peak()
        before, own, start = busy(), process_time(), perf_counter()
        for _ in range(self.repeats):
            self.call()
        seconds = perf_counter() - start
        after, own = busy(), process_time() - own
        peak = _memory("VmHWM")
        others = None if before is None or after is None else max(0.0, after - before - own) / seconds / CORES
        return {
            "seconds": seconds / self.repeats,
            "cpu": own / self.repeats,
            "peak": None if peak is None or self.base is None else peak - self.base,
            "others": others,
        }


def _memory(what: str) -> int | None:
    """A figure of this process in bytes; None where the system does not tell."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except FileNotFoundError:
        return None
    return next((1024 * int(line.split()[1]) for line in lines if line.startswith(what)), None)


def _forget_peak() -> None:
    """Let the peak begin at what is in use now."""
    if os.path.exists("/proc/self/clear_refs"):
        Path("/proc/self/clear_refs").write_text("5")


def main() -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print goes elsewhere

    def answer(data: dict[str, Any]) -> None:
        answers.write(json.dumps(data) + "\n")
        answers.flush()

    try:
        worker = Worker(sys.argv[1], json.loads(sys.argv[2]), sys.argv[3], Path(sys.argv[4]))
    except Exception as error:
        answer({"error": f"{type(error).__name__}: {error}"})
        return
    answer({})
    for line in sys.stdin:
        try:
            answer(getattr(worker, json.loads(line)["do"])())
        except Exception as error:
            answer({"error": f"{type(error).__name__}: {error}"})


if __name__ == "__main__":
    main()
