"""Whether a call fits into memory, asked before it runs, once for each signature of a call.

The estimate is `ic.cost`'s: arrays from the operation that makes them to their last use, and the blocks of kernels.  A
call is refused where that needs more than there is free, or more than the environment's INDEXCALC_MEMORY.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ..diagnostics import fail
from ..ir.index import Space
from ..ir.program import Program
from .bound import Bound

if TYPE_CHECKING:
    from ..ir.graph import Graph, Value
    from ..lower.target import Machine

VARIABLE = "INDEXCALC_MEMORY"
SMALL = 1 << 24  # bytes that nobody asks for in vain
_WIDTH = {"float16": 2, "bfloat16": 2, "float32": 4, "float64": 8, "complex64": 8, "complex128": 16}


def check_memory(
    program: Program,
    graph: Callable[[], Graph],
    sizes: Mapping[Space, int],
    dtypes: Collection[str],
    free: Callable[[], int | None],
    *,
    given: Collection[str] = (),
    inlines: bool = False,
    threads: int = 1,
    bound: Bound | None = None,
) -> None:
    """Refuses a call that needs more memory beside its inputs than there is: IX959.

    `dtypes`: of the inputs; `free`: bytes that are free, None where nobody can tell; `given`: outputs for which the
    caller has arrays; `inlines`: whether elementwise values may be computed where they are read.  Where the `bound`
    fits, nobody asks the graph.
    """
    item = max((_WIDTH[d] for d in dtypes if d in _WIDTH), default=8)
    limit = allowed()
    if bound is not None and _fits(bound.at(sizes, item), limit, free):
        return
    from ..cost.peak import memory_of
    from ..cost.work import Meter

    made = graph()
    meter = Meter(sizes, item)
    memory = memory_of(program, made, meter, threads, held=held_in(made, inlines))
    own = sum(meter.item * meter.elements(o.axes) for o in made.outputs if o.name in given)
    need = memory.peak - memory.inputs - own
    if _fits(need, limit, free):
        return
    from ..cost.report import bytes_text

    available = free() if limit is None else limit
    assert available is not None
    most = max(memory.during, key=lambda n: memory.during[n])
    where = "INDEXCALC_MEMORY allows" if limit is not None else "there is room for"
    raise fail(
        "IX959",
        f"this call needs {bytes_text(need)} beside its inputs, most of it for `{made.makers[most]}`, and "
        f"{where} {bytes_text(available)}",
        hint="smaller sizes; for a gradient, ic.grad(…, memory=…) computes values again; sizes= given to "
        f"ic.compile let kernels form that need less; {VARIABLE}=64GiB in the environment raises the limit",
    )


def _fits(need: int, limit: int | None, free: Callable[[], int | None]) -> bool:
    """Whether this many bytes are allowed, or there."""
    if limit is not None:
        return need <= limit
    if need <= SMALL:
        return True
    available = free()
    return available is None or need <= available


def held_in(graph: Graph, inlines: bool) -> Callable[[Value], bool]:
    """What lies in memory: all, but for elementwise values that are no results where what reads them computes them."""
    if not inlines:
        return lambda value: True
    from ..ir.graph import Map

    results = {o.operand.value.number for o in graph.outputs}
    return lambda value: not isinstance(value.operation, Map) or value.number in results


def threads_of(machine: Machine | None) -> int:
    """How many threads run kernels, each with blocks of its own."""
    return 1 if machine is None else machine.threads


def allowed() -> int | None:
    """The bytes that the environment allows to a call; None where it says nothing."""
    text = os.environ.get(VARIABLE, "").strip()
    if not text:
        return None
    from ..cost.report import bytes_of

    found = bytes_of(text)
    if found is None:
        raise fail("IX901", f"{VARIABLE} is {text!r}, which is no amount of memory", hint=f"{VARIABLE}=64GiB")
    return found


def free_host_memory() -> int | None:
    """Bytes that a process can take without swapping: the system's, or its control group's where that has less."""
    system = _field(Path("/proc/meminfo"), "MemAvailable:")
    if system is None:
        return _physical()
    group = Path("/sys/fs/cgroup")
    most, now = _number(group / "memory.max"), _number(group / "memory.current")
    if most is None or now is None:
        return system
    cached = _field(group / "memory.stat", "inactive_file") or 0
    return min(system, max(0, most - now + cached))


def _field(path: Path, name: str) -> int | None:
    """A line's number; /proc/meminfo has units of 1024 bytes."""
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    parts = next((line.split() for line in lines if line.startswith(name)), None)
    return None if parts is None else int(parts[1]) * (1024 if parts[-1] == "kB" else 1)


def _number(path: Path) -> int | None:
    try:
        text = path.read_text(encoding="ascii").strip()
    except OSError:
        return None
    return int(text) if text.isdigit() else None


def _physical() -> int | None:
    """All memory of the machine, on systems that do not tell what is free."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None
