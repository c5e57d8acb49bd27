"""What a compiled kernel takes of a multiprocessor: registers, spills and memory, as ptxas tells it in its log."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_ENTRY = re.compile(r"Compiling entry function '([^']+)' for '([^']+)'")
_FRAME = re.compile(r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads")
_USED = re.compile(r"Used (\d+) registers(.*)")
_STACK = re.compile(r"(\d+) bytes cumulative stack size")
_SHARED = re.compile(r"(\d+) bytes smem")
_CONSTANT = re.compile(r"(\d+) bytes cmem\[\d+\]")
_BARRIERS = re.compile(r"used (\d+) barriers")


@dataclass(frozen=True, slots=True)
class Resources:
    """One kernel's figures: registers and bytes of one thread, and bytes of one block.

    `stack` is that of the kernel and what it calls, with what is spilled.  Spills of functions that were not inlined
    count with the kernel that they were compiled after.  `shared` is what the kernel declares; dynamic shared memory
    comes with a launch.  `constant` counts all banks, and so the parameters; None where the assembler does not tell, as
    for GPUs after sm_89.
    """

    registers: int
    barriers: int
    stack: int
    spill_stores: int
    spill_loads: int
    shared: int
    constant: int | None

    @property
    def spills(self) -> bool:
        """Whether values move between registers and memory only because there are too few registers."""
        return self.spill_stores > 0 or self.spill_loads > 0


def resources_of(log: str) -> dict[str, Resources]:
    """Each kernel's figures by its name, from a log of ptxas with `-v`.

    >>> log = '''ptxas info    : Compiling entry function 'twice' for 'sm_80'
    ... ptxas info    : Function properties for twice
    ... ptxas         .     8 bytes stack frame, 4 bytes spill stores, 4 bytes spill loads
    ... ptxas info    : Used 10 registers, used 1 barriers, 1024 bytes smem, 360 bytes cmem[0], 8 bytes cmem[2]'''
    >>> resources_of(log)
    {'twice': Resources(registers=10, barriers=1, stack=8, spill_stores=4, spill_loads=4, shared=1024, constant=368)}
    """
    return {name: _figures(text) for name, text in _parts(log)}


def _parts(log: str) -> Iterator[tuple[str, str]]:
    """(kernel, what the log says of it): it reaches as far as the next kernel's."""
    entries = list(_ENTRY.finditer(log))
    ends = [entry.start() for entry in entries[1:]] + [len(log)]
    for entry, end in zip(entries, ends):
        yield entry[1], log[entry.end() : end]


def _figures(text: str) -> Resources:
    frames = [[int(number) for number in frame.groups()] for frame in _FRAME.finditer(text)]
    used = _USED.search(text)
    if used is None or not frames:
        raise ValueError(f"no figures of ptxas in {text!r}")
    return Resources(
        registers=int(used[1]),
        barriers=_total(_BARRIERS, used[2]) or 0,
        stack=_total(_STACK, used[2]) or frames[0][0],
        spill_stores=sum(stores for _, stores, _ in frames),
        spill_loads=sum(loads for _, _, loads in frames),
        shared=_total(_SHARED, used[2]) or 0,
        constant=_total(_CONSTANT, used[2]),
    )


def _total(figure: re.Pattern[str], text: str) -> int | None:
    """The sum of what the text names, None where it names nothing."""
    found = figure.findall(text)
    return sum(map(int, found)) if found else None
