"""One table of timings and ratios: `make bench`.

Contenders take turns in one process (a cold start is a process of its own), so that a ratio means something even on a
busy machine.  The last column is what the project aims at.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec

from rich.console import Console
from rich.table import Table

from . import attention_numpy, cold_start
from .derive_cases import CASES, Case
from .gpt import derive_gpt
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


def derivation_row(case: Case) -> Row:
    """Ours against tensorgrad; SymPy's figure is part of the name, since its answers are mostly unsimplified."""
    contenders = {"ours": case.ours()}
    if case.tensorgrad is not None and find_spec("tensorgrad"):
        contenders["tensorgrad"] = case.tensorgrad()
    if case.sympy is not None:
        contenders["sympy"] = case.sympy()
    times = interleaved(contenders, 7)
    ours, theirs = times["ours"], times.get("tensorgrad")
    also = f" (SymPy {times['sympy']:.1f} ms)" if "sympy" in times else ""
    met = theirs is None or ours <= theirs / 10
    return Row(f"derive {case.name}{also}", ours, "tensorgrad", theirs, "< 0.10 x", met)


def gpt_row() -> Row:
    """Linear in layers: twice the layers in at most about twice the time."""
    times = interleaved({"12": derive_gpt(12), "6": derive_gpt(6)}, 3)
    return Row("derive a 12-layer GPT", times["12"], "6 layers", times["6"], "< 2000 ms", times["12"] < 2000)


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
    rows = [derivation_row(case) for case in CASES]
    for row in (*rows, gpt_row(), cold_start_row(), attention_row()):
        theirs = "not installed" if row.theirs is None else f"{row.theirs:.1f}"
        ratio = "" if row.theirs is None else f"{row.ours / row.theirs:.2f}"
        table.add_row(
            row.what, f"{row.ours:.1f}", row.peer, theirs, ratio, f"{row.aim} {'met' if row.met else 'MISSED'}"
        )
    Console(width=118).print(table)


if __name__ == "__main__":
    main()
