"""Machines by name, by figures, or from a file; and the least time that work can take on one (a roofline)."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path

from ..diagnostics import did_you_mean, fail
from ..lower.target import LAPTOP, Machine
from .rules import Work

MACHINES: Mapping[str, Machine] = {"laptop": LAPTOP}
MAX_FILE = 1 << 16  # bytes
_FIELDS = tuple(f.name for f in fields(Machine))
_WHOLE = ("threads", "cache")
_EXAMPLE = "laptop, matmul=1.6e11,bandwidth=2e10, or a .json file that holds such figures"


@dataclass(frozen=True, slots=True)
class Time:
    """Seconds of operations that run one after another: those that arithmetic bounds, and those that memory does."""

    compute: float = 0.0
    memory: float = 0.0

    def __add__(self, other: Time) -> Time:
        return Time(self.compute + other.compute, self.memory + other.memory)

    @property
    def seconds(self) -> float:
        return self.compute + self.memory

    @property
    def bound(self) -> str:
        """What most of the time goes to: "compute", "memory", or "" where there is none."""
        return "" if not self.seconds else "compute" if self.compute >= self.memory else "memory"


def roofline(work: Work, machine: Machine) -> Time:
    """The least time of one operation: its arithmetic at the machine's rate, or its traffic, whichever takes longer.

    >>> roofline(Work(flops=1600, bytes=10), Machine(1, 1e3, 1e2, 1e2, 0, 0.0))
    Time(compute=1.6, memory=0.0)
    """
    compute = _compute(work, machine)
    memory = work.bytes / machine.bandwidth
    return Time(compute=compute) if compute >= memory else Time(memory=memory)


def roofline_of_parts(parts: Mapping[str, Work], machine: Machine) -> dict[str, Time]:
    """The same by parts of the operation, which add up to the whole: each one's arithmetic, or each one's traffic.

    >>> of = Machine(1, 1e3, 1e2, 1e2, 0, 0.0)
    >>> roofline_of_parts({"S": Work(flops=1000, bytes=90), "P": Work(flops=600, bytes=30)}, of)
    {'S': Time(compute=1.0, memory=0.0), 'P': Time(compute=0.6, memory=0.0)}
    """
    whole = roofline(sum(parts.values(), Work()), machine)
    if whole.compute:
        return {name: Time(compute=_compute(work, machine)) for name, work in parts.items()}
    return {name: Time(memory=work.bytes / machine.bandwidth) for name, work in parts.items()}


def _compute(work: Work, machine: Machine) -> float:
    return (work.flops - work.functions) / machine.matmul + work.functions / machine.exponentials


def machine_of(given: str | Machine) -> Machine:
    """A machine that is given by its name, by figures such as `matmul=1e12,bandwidth=5e10`, or by a .json file of them.

    What is not given is the laptop's.  Raises IX901.

    >>> machine_of("matmul=1e12, threads=8").matmul
    1000000000000.0
    """
    if isinstance(given, Machine):
        return given
    if not isinstance(given, str):
        raise fail("IX901", f"a machine is given as text, not as {type(given).__name__}", hint=_EXAMPLE)
    if given in MACHINES:
        return MACHINES[given]
    if given.endswith(".json"):
        return _from(_read(given))
    if "=" not in given:
        raise fail("IX901", f"no machine `{given}` is known", hint=did_you_mean(given, MACHINES) or _EXAMPLE)
    parts = [part.partition("=") for part in given.split(",")]
    return _from({name.strip(): value.strip() for name, _, value in parts})


def _read(path: str) -> Mapping[str, object]:
    try:
        text = Path(path).read_bytes()[: MAX_FILE + 1]
        found = json.loads(text) if len(text) <= MAX_FILE else None
    except (OSError, ValueError) as error:
        raise fail("IX901", f"the machine in {path} cannot be read: {error}", hint=_EXAMPLE) from None
    if not isinstance(found, dict):
        raise fail("IX901", f"{path} holds no object with the figures of a machine", hint='{"matmul": 1.6e11}')
    return found


def _from(figures: Mapping[str, object]) -> Machine:
    found: dict[str, float] = {}
    for name, value in figures.items():
        if name not in _FIELDS:
            hint = did_you_mean(name, _FIELDS) or f"figures: {', '.join(_FIELDS)}"
            raise fail("IX901", f"a machine has no figure `{name}`", hint=hint)
        try:
            number = float(str(value))
        except ValueError:
            number = math.nan
        if not (0 < number < math.inf) or isinstance(value, bool):
            raise fail("IX901", f"a machine's {name} is a number above 0, not {value!r}", hint=_EXAMPLE)
        found[name] = int(number) if name in _WHOLE else number
    return replace(LAPTOP, **found)  # type: ignore[arg-type]
