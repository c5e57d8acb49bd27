"""Kernels that are compiled for the CPU and launched."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ....diagnostics import did_you_mean, fail, listed
from ...cache import SHARED, cached
from ...cpp.toolchain import Compiler, attempt, find_compiler, key_of, log_head
from .arguments import Arguments, Parameter
from .report import Outcome, error_of
from .schedule import COPIES, ORDERS, Schedule
from .text import kernel_text

FLAGS = ("-O2", "-fvisibility=hidden", "-pthread", "-w")
MACHINE = (("-march=native",), ())
MOST_THREADS = 1024  # of a block
MOST_DIMENSIONS = ((1 << 31) - 1, 65535, 65535)  # of a grid
MOST_BLOCK = (1024, 1024, 64)
MOST_SHARED = 227 << 10  # bytes that a launch may ask for: the most that any GPU has had
MOST_WORKERS = 64
MOST_PARAMETERS = 256


class Settings(ctypes.Structure):
    """`struct Settings` of support/runner.hpp."""

    _fields_ = [
        ("grid", ctypes.c_uint32 * 3),
        ("block", ctypes.c_uint32 * 3),
        ("shared", ctypes.c_uint64),
        ("seed", ctypes.c_uint64),
        ("order", ctypes.c_int32),
        ("lazy", ctypes.c_int32),
        ("workers", ctypes.c_int32),
        ("seconds", ctypes.c_double),
    ]


class Kernels:
    """The kernels of a CUDA text, compiled for this machine's CPU.

    `source` holds functions `extern "C" __global__ void NAME(…)`; `defines` are put before it as `#define NAME value`.
    What was compiled before is taken from the cache.  Raises IX970 where the text has no kernel or does not compile,
    with lines of the text, and IX903 where there is no compiler.  `names` are the kernels, in their order.
    """

    def __init__(self, source: str, defines: Mapping[str, str | int | float] | None = None) -> None:
        text = kernel_text(source, defines)
        self.names = text.kernels
        self._library = _compiled(text.source)

    def launch(
        self,
        name: str,
        grid: int | Sequence[int],
        block: int | Sequence[int],
        arguments: Sequence[Any],
        *,
        shared: int = 0,
        schedule: Schedule | None = None,
        workers: int = 1,
        seconds: float = 60.0,
    ) -> None:
        """Runs a kernel to its end.

        `grid` and `block` are one to three extents; `shared` is the size of dynamic shared memory in bytes.  An
        argument is a NumPy array without gaps for a pointer, None for a null pointer, a number for a number, and bytes
        or an element of an array for a structure.  Arrays are read and written where they lie.  `workers` blocks run
        side by side.  Raises IX971 for what cannot be launched so, IX972 for a deadlock and where `seconds` are over,
        IX973 where threads diverge, IX974 for what is written outside of shared memory and for failed assertions.
        """
        if name not in self.names:
            hint = did_you_mean(name, self.names) or f"there is {listed(self.names)}"
            raise fail("IX971", f"there is no kernel `{name}`", hint=hint)
        chosen = schedule or Schedule()
        settings = Settings(
            grid=_extents("grid", grid, MOST_DIMENSIONS),
            block=_extents("block", block, MOST_BLOCK),
            shared=_within("shared", shared, 0, MOST_SHARED),
            seed=chosen.seed,
            order=ORDERS.index(chosen.order),
            lazy=chosen.copies == COPIES[0],
            workers=_within("workers", workers, 1, MOST_WORKERS),
            seconds=seconds,
        )
        threads = settings.block[0] * settings.block[1] * settings.block[2]
        if threads > MOST_THREADS:
            raise fail("IX971", f"a block of {threads} threads: it has {MOST_THREADS} at most")
        if not 0 < seconds < 1e6:
            raise fail("IX971", f"a limit of {seconds} seconds is none")
        values = Arguments(name, self._parameters(name), arguments)
        outcome = Outcome()
        run = getattr(self._library, f"runner_launch_{name}")
        run(values.pointers, ctypes.byref(settings), ctypes.byref(outcome))
        if outcome.report:
            raise error_of(name, outcome, seconds)

    def _parameters(self, name: str) -> list[Parameter]:
        found = (Parameter * MOST_PARAMETERS)()
        count = getattr(self._library, f"runner_describe_{name}")(found, MOST_PARAMETERS)
        if count > MOST_PARAMETERS:
            raise fail("IX971", f"`{name}` has more than {MOST_PARAMETERS} parameters")
        return list(found[:count])


def _within(what: str, value: int, least: int, most: int) -> int:
    if not least <= value <= most:
        raise fail("IX971", f"`{what}` is {value}: it lies between {least} and {most}")
    return int(value)


def _extents(what: str, given: int | Sequence[int], most: tuple[int, int, int]) -> tuple[int, ...]:
    """Three extents, those that are not given 1."""
    extents = (given,) if isinstance(given, int) else tuple(given)
    if not 1 <= len(extents) <= 3:
        raise fail("IX971", f"`{what}` has {len(extents)} extents: there are one to three")
    return tuple(_within(what, n, 1, limit) for n, limit in zip((*extents, 1, 1), most))


def _compiled(source: str) -> ctypes.CDLL:
    compiler = find_compiler()
    key = key_of(source, compiler, FLAGS)
    return ctypes.CDLL(str(cached(key, SHARED, lambda target: _compile(source, target, compiler))))


def _compile(source: str, target: Path, compiler: Compiler) -> None:
    log = attempt(source, target, compiler, FLAGS, MACHINE)
    if log is not None:
        hint = "inline PTX, types of 16 bits and headers of CUDA are not there; see docs/runner.md"
        raise fail("IX970", f"the text does not compile:\n{log_head(log)}", hint=hint)
