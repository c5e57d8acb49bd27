"""One table of timings and ratios: `make bench`.

Contenders take turns in one process (a cold start is a process of its own), so that a ratio means something even on a
busy machine.  The last column is what the project aims at.
"""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from . import attention_numpy, cold_start, derive_attention
from .timing import interleaved


@dataclass(frozen=True, slots=True)
class Row:
    """One comparison: medians in milliseconds."""

    what: str
    ours: float
    peer: str
    theirs: float | None
    aim: str
    met: bool


def derivation_row() -> Row:
    contenders = {"ours": derive_attention.ours()}
    peer = derive_attention.tensorgrad()
    if peer is not None:
        contenders["tensorgrad"] = peer
    times = interleaved(contenders, 15)
    ours = times["ours"]
    return Row("derive attention's three gradients", ours, "tensorgrad", times.get("tensorgrad"), "< 50 ms", ours < 50)


def cold_start_row() -> Row:
    times = interleaved({"lint": cold_start.lint, "python": cold_start.nothing}, 9)
    return Row("lint a file, cold process", times["lint"], "python -c pass", times["python"], "< 200 ms",
               times["lint"] < 200)  # fmt: skip


def attention_row() -> Row:
    times = attention_numpy.measure()
    ours, theirs = times["ours"], times["hand-written"]
    return Row(
        "attention forward + backward, emitted", ours, "hand-written NumPy", theirs, "< 1.3 x", ours < 1.3 * theirs
    )


def main() -> None:
    table = Table("what", "ours, ms", "peer", "peer, ms", "ours / peer", "aim", title="indexcalc benchmarks")
    for row in (derivation_row(), cold_start_row(), attention_row()):
        theirs = "not installed" if row.theirs is None else f"{row.theirs:.1f}"
        ratio = "" if row.theirs is None else f"{row.ours / row.theirs:.2f}"
        table.add_row(
            row.what, f"{row.ours:.1f}", row.peer, theirs, ratio, f"{row.aim} {'met' if row.met else 'MISSED'}"
        )
    Console(width=118).print(table)


if __name__ == "__main__":
    main()
