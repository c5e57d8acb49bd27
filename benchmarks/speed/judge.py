"""From measurements to lines: who of ours, against whom, and whether what is aimed at is reached."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from benchmarks.table import Line, faster, leaner, within

from .measure import Measured
from .workload import BACKENDS, Aim, Workload

MIB = 2**20


def lines(workload: Workload, found: Mapping[str, Measured], product_rate: float | None) -> list[Line]:
    """A line for each aim, in order.  `product_rate`: FLOP/s of the machine's matrix products, where it is known."""
    return [_line(workload, aim, found, product_rate) for aim in workload.aims]


def _line(workload: Workload, aim: Aim, found: Mapping[str, Measured], product_rate: float | None) -> Line:
    ours = _fastest(BACKENDS, found) if aim.ours == "fastest" else aim.ours
    peer = _fastest(_peers(workload), found) if aim.peer == "fastest" else aim.peer
    mine, theirs = found.get(ours), found.get(peer)
    what = f"{workload.title}: memory" if aim.of == "memory" else workload.title
    unit = "MiB" if aim.of == "memory" else "ms"
    figures = [None if m is None or m.missing else _figure(m, aim.of) for m in (mine, theirs)]
    note = next((m.missing for m in (mine, theirs) if m is not None and m.missing), "")
    share = None
    if aim.of == "time" and workload.matmul and product_rate and figures[0]:
        share = workload.matmul / product_rate / (1e-3 * figures[0])
    line = Line(what, figures[0], peer, figures[1], by=ours, unit=unit, note=note, product_rate=share)
    if aim.of == "time":
        return faster(line, aim.factor)
    return within(line, aim.bytes / MIB) if aim.bytes else leaner(line, aim.factor)


def _fastest(names: Iterable[str], found: Mapping[str, Measured]) -> str:
    """The one with the least median among those that were measured; the first where none was."""
    names = list(names)
    measured = [n for n in names if n in found and not found[n].missing]
    return min(measured, key=lambda n: found[n].median, default=names[0])


def _peers(workload: Workload) -> list[str]:
    return [name for name, contender in workload.peers.items() if contender.is_peer]


def _figure(m: Measured, of: str) -> float | None:
    if of == "time":
        return 1e3 * m.median
    return None if m.peak is None else max(m.peak, 0) / MIB
