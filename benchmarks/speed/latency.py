"""How long a fresh process takes from a program's text to the first result.

`python -m benchmarks.speed.latency BACKEND` prints the seconds of each step as JSON, for attention and its gradients.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from statistics import median
from time import perf_counter

from benchmarks.table import Line, within

from .processes import ROOT

NUMPY, FIRST, CACHED = 300.0, 4000.0, 50.0  # milliseconds that are aimed at


def steps(backend: str) -> dict[str, float]:
    """Seconds of `ic.parse`, `ic.grad` and `ic.compile`, and of the first and the second call, in this process."""
    from .attention import ATTENTION

    workload = ATTENTION[0]
    arrays = workload.inputs(workload.sizes, "f4")
    times = [perf_counter()]
    import indexcalc as ic

    program = ic.parse(workload.text)
    times.append(perf_counter())
    program = ic.grad(program, workload.wrt, with_value=True, sizes=workload.sizes)
    times.append(perf_counter())
    run = ic.compile(program, backend, sizes=workload.sizes)
    times.append(perf_counter())
    results = []  # kept, so that both calls write to fresh memory, which takes tens of milliseconds on some machines
    for _ in range(2):
        results.append(run(**arrays))
        times.append(perf_counter())
    return {name: b - a for name, a, b in zip(("parse", "grad", "compile", "first", "second"), times, times[1:])}


def _process(backend: str, cache: str) -> dict[str, float]:
    """The same in a fresh process with this cache folder; raises `RuntimeError` with what it says if it fails."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.speed.latency", backend],
        cwd=ROOT,
        env={**os.environ, "INDEXCALC_CACHE": cache},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        raise RuntimeError(next((line for line in reversed(lines) if "Error: " in line), lines[-1]))
    found: dict[str, float] = json.loads(done.stdout)
    return found


def lines(rounds: int = 7) -> list[Line]:
    """Compile latency of each backend; of cpp with an empty cache and with a filled one."""
    found = []
    with tempfile.TemporaryDirectory() as cache:
        times = [_process("numpy", cache) for _ in range(rounds)]
        found.append(within(Line("compile attention + gradients, numpy", _compile(times), note=_others(times)), NUMPY))
        for what, limit in (("cpp, empty cache", FIRST), ("cpp, from cache", CACHED)):
            what = f"compile attention + gradients, {what}"
            try:
                times = [_process("cpp", cache) for _ in range(1 if limit == FIRST else rounds)]
            except RuntimeError as error:
                found.append(within(Line(what, None, note=str(error)), limit))
            else:
                found.append(within(Line(what, _compile(times), note=_others(times)), limit))
    return found


def _compile(times: list[dict[str, float]]) -> float:
    """Of `ic.compile`, and what it leaves to the first call, as the C++ compiler's work for the arrays' dtype."""
    return 1e3 * median(t["compile"] + max(0.0, t["first"] - t["second"]) for t in times)


def _others(times: list[dict[str, float]]) -> str:
    """The other steps, in words."""
    means: Mapping[str, float] = {name: median(t[name] for t in times) for name in times[0] if name != "compile"}
    return ", ".join(f"{name} {1e3 * seconds:.0f} ms" for name, seconds in means.items())


if __name__ == "__main__":
    print(json.dumps(steps(sys.argv[1])))
