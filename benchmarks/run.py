"""One table of timings and ratios: `make bench`, or `make bench ROWS=attention`.

Contenders take turns, so that a ratio means something even on a busy machine.  Every figure is beside what is aimed at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import click
from rich.console import Console

from . import contractions, kept
from .derivation import cold_start_lines, derivation_lines, gpt_lines
from .speed import compiling, judge, latency, measure
from .speed.catalogue import WORKLOADS
from .speed.probes import PROBES
from .speed.workload import Workload
from .table import Line, table

WIDTH = 160


@dataclass
class Session:
    """One run: how much effort is made, and what the machine can do, which is measured when it is first asked for."""

    effort: measure.Effort
    say: measure.Say

    @cached_property
    def rates(self) -> dict[str, float]:
        self.say("machine")
        return measure.machine(self.effort, self.say)

    @property
    def product_rate(self) -> float:
        """FLOP/s of matrix products, by the faster library."""
        return 1e9 * max(rate for name, rate in self.rates.items() if name.startswith("product"))


@dataclass(frozen=True, slots=True)
class Row:
    """What was found for one name: lines, and for a workload its title and each contender's figures."""

    lines: list[Line]
    title: str = ""
    contenders: Mapping[str, dict[str, Any]] | None = None
    product_rate: float | None = None


def _workload(workload: Workload, session: Session) -> Row:
    rate = session.product_rate if workload.matmul else None
    found = measure.measured(workload, session.effort, lambda what: session.say(f"{workload.name}: {what}"))
    return Row(judge.lines(workload, found, rate), workload.title, {who: m.data() for who, m in found.items()}, rate)


def _plain(lines: Callable[[], list[Line]], session: Session) -> Row:
    return Row(lines())


ROWS: Mapping[str, Callable[[Session], Row]] = {
    "derive": partial(_plain, derivation_lines),
    "derive-gpt": partial(_plain, gpt_lines),
    "cold-start": partial(_plain, cold_start_lines),
    **{name: partial(_workload, workload) for name, workload in WORKLOADS.items()},
    "contractions": partial(_plain, contractions.lines),
    "compile-latency": partial(_plain, latency.lines),
    "compile-statements": partial(_plain, compiling.statements_lines),
    "path-search": partial(_plain, compiling.search_lines),
    "calls": partial(_plain, compiling.call_lines),
}


def chosen(parts: tuple[str, ...]) -> list[str]:
    """The rows whose name contains one of the parts; all without any."""
    found = [name for name in ROWS if not parts or any(part in name for part in parts)]
    if not found:
        raise click.UsageError(f"no row is called so; rows: {', '.join(ROWS)}")
    return found


@click.command()
@click.argument("rows", nargs=-1)
@click.option("--quick", is_flag=True, help="Fewer rounds, and without contenders that take long to start.")
@click.option("--write", is_flag=True, help="Keep the results in benchmarks/results, and write docs/performance.md.")
def main(rows: tuple[str, ...], quick: bool, write: bool) -> None:
    """Measure ROWS (parts of their names; all without any) and print one table."""
    if quick and write:
        raise click.UsageError("what a quick run finds is not kept")
    console = Console(width=WIDTH)
    found: dict[str, Row] = {}
    with console.status("") as status:
        session = Session(measure.QUICK if quick else measure.FULL, status.update)
        for name in chosen(rows):
            session.say(name)
            found[name] = ROWS[name](session)
        rates = session.rates
    console.print(table((line for row in found.values() for line in row.lines), "indexcalc benchmarks"))
    console.print("This machine: " + ", ".join(f"{n} {rate:.3g} {PROBES[n].unit}" for n, rate in rates.items()))
    if write:
        kept.write(found, rates, list(ROWS))
        console.print(f"kept in {kept.RESULTS.name}; docs/performance.md written")


if __name__ == "__main__":
    main()
