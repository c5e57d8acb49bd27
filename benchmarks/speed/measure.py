"""Rounds in which all contenders of a workload take turns, each in its own process."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

from .catalogue import contenders
from .probes import PROBES
from .processes import Process, WorkerFailedError
from .quiet import Patience
from .workload import Sizes, Workload

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Effort:
    """How long one measures.

    rounds     most calls of each contender
    budget     seconds that all calls of one contender may take
    patience   seconds that an answer may take
    quiet      seconds to wait in all until nobody else uses the processors
    with_slow  also those who take long to start
    """

    rounds: int = 9
    budget: float = 15.0
    patience: float = 180.0
    quiet: float = 60.0
    with_slow: bool = True


FULL = Effort()
QUICK = Effort(rounds=3, budget=4.0, quiet=10.0, with_slow=False)
DISTURBED = 0.08  # share of the processors' time for others above which a call does not count
CALLS = 3  # that count at least: those who were disturbed least


@dataclass
class Measured:
    """One contender: seconds and disturbance of each call, peak bytes, seconds of all threads; or `missing`, why there
    is nothing of it."""

    calls: list[tuple[float, float]] = field(default_factory=list)
    peaks: list[int] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    compile: float = 0.0
    first: float = 0.0
    error: float = 0.0
    missing: str = ""

    @property
    def seconds(self) -> list[float]:
        """Of the calls that count."""
        ordered = sorted(self.calls, key=lambda call: call[1])
        return [s for n, (s, others) in enumerate(ordered) if others <= DISTURBED or n < CALLS]

    @property
    def median(self) -> float:
        return median(self.seconds)

    @property
    def minimum(self) -> float:
        return min(self.seconds)

    @property
    def peak(self) -> int | None:
        return int(median(self.peaks)) if self.peaks else None

    def data(self) -> dict[str, Any]:
        if self.missing:
            return {"missing": self.missing}
        return {
            "median": self.median,
            "minimum": self.minimum,
            "cpu": min(self.cpu, default=None),
            "peak": self.peak,
            "calls": len(self.seconds),
            "disturbed": max(others for _, others in self.calls) > DISTURBED and len(self.seconds) <= CALLS,
            "compile": self.compile,
            "first": self.first,
            "error": self.error,
        }


def measured(workload: Workload, effort: Effort, say: Say) -> dict[str, Measured]:
    """Every contender of the workload, checked against the reference before it is timed."""
    found: dict[str, Measured] = {}
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        say("reference")
        with _process(workload.name, workload.sizes, "reference", folder, effort) as process:
            process.ask("reference", 1000)
        ready: dict[str, Process] = {}
        for who, contender in contenders(workload).items():
            found[who] = Measured(missing=_absent(contender.library) or _left_out(contender.slow, effort))
            if found[who].missing:
                continue
            say(f"starting {who}")
            try:
                process = stack.enter_context(_process(workload.name, workload.sizes, who, folder, effort))
                _prepare(process, found[who], workload, effort)
            except WorkerFailedError as error:
                found[who].missing = str(error)
            else:
                ready[who] = process
        _rounds(ready, found, effort, say)
    return found


def machine(effort: Effort, say: Say) -> dict[str, float]:
    """The rate that each probe reaches, in its unit; those whose library is missing are left out."""
    found: dict[str, Measured] = {}
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        ready = {}
        for who, probe in PROBES.items():
            if find_spec(probe.library):
                found[who] = Measured()
                ready[who] = stack.enter_context(_process("machine", {}, who, Path(name), effort))
                ready[who].ask("prepare", effort.patience)
        _rounds(ready, found, effort, say)
    return {who: PROBES[who].amount / m.median for who, m in found.items()}


@contextmanager
def _process(workload: str, sizes: Sizes, who: str, folder: Path, effort: Effort) -> Iterator[Process]:
    process = Process(workload, sizes, who, folder, effort.patience)
    try:
        yield process
    finally:
        process.close()


def _absent(library: str) -> str:
    """Why a contender cannot be asked at all; empty where it can."""
    return "" if find_spec(library) else "not installed"


def _left_out(slow: bool, effort: Effort) -> str:
    return "left out of a quick run" if slow and not effort.with_slow else ""


def _prepare(process: Process, into: Measured, workload: Workload, effort: Effort) -> None:
    """Compile, call, and compare; a contender that is wrong is not timed."""
    told = process.ask("prepare", effort.patience)
    into.compile, into.first = told["compile"], told["first"]
    worst = max(told["errors"], key=told["errors"].__getitem__)
    into.error = told["errors"][worst]
    if not into.error <= workload.tolerance:
        raise WorkerFailedError(f"wrong: {worst} is off by {into.error:.1e} of its size")


def _rounds(ready: Mapping[str, Process], found: Mapping[str, Measured], effort: Effort, say: Say) -> None:
    """Every other round goes the other way round.  A contender stops when its budget is spent, after two rounds at
    least."""
    active, patience = dict(ready), Patience(effort.quiet)
    for turn in range(effort.rounds):
        say(f"round {turn + 1} of {effort.rounds}")
        for who, process in list(active.items())[:: 1 if turn % 2 == 0 else -1]:
            patience.wait()
            try:
                told = process.ask("run", effort.patience)
            except WorkerFailedError as error:
                found[who].missing = str(error)
                del active[who]
                continue
            found[who].calls.append((told["seconds"], told["others"] or 0.0))
            found[who].cpu.append(told["cpu"])
            if told["peak"] is not None:
                found[who].peaks.append(told["peak"])
            spent = sum(seconds for seconds, _ in found[who].calls)
            if spent > effort.budget and len(found[who].calls) >= 2:
                del active[who]
