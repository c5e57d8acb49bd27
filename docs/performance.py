"""docs/performance.md: the results that are kept in benchmarks/results, and how they came about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from benchmarks import kept
from benchmarks.speed.probes import PROBES
from benchmarks.table import HEADS, Line, cells

SOURCE = Path(__file__).resolve().parent / "source" / "performance.md"
NOTICE = "\n<!-- Written from benchmarks/results/cpu.json by `make bench`, which is to be edited by measuring. -->\n"


def page() -> str:
    """The page's text."""
    data = kept.read()
    rows = data["rows"]
    lines = [Line(**line) for row in rows.values() for line in row["lines"]]
    title, how = SOURCE.read_text(encoding="utf-8").split("\n", 1)
    parts = [title, NOTICE + how, "## Against what is aimed at", "", *_markdown(HEADS, map(cells, lines)), ""]
    parts += ["## The machine", "", _machine(data["machine"]), ""]
    parts += ["## All contenders", ""]
    for row in rows.values():
        if "contenders" in row:
            parts += [f"### {row['title']}", "", *_contenders(row["contenders"]), ""]
    return "\n".join(parts)


def _machine(machine: dict[str, Any]) -> str:
    if not machine:
        return "Nothing was measured yet."
    versions = ", ".join(f"{name} {version}" for name, version in machine["libraries"].items())
    rates = ", ".join(f"{what} {rate:.3g} {PROBES[what].unit}" for what, rate in machine["rates"].items())
    return (
        f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gib']} GiB, {machine['system']}; "
        f"Python {machine['python']}, {versions}.\n\nMeasured in the same run, float32: {rates}."
    )


def _contenders(found: dict[str, dict[str, Any]]) -> list[str]:
    """A table with the fastest first, and behind it who could not be measured."""
    measured = {who: m for who, m in found.items() if "missing" not in m}
    rows = [
        (
            who,
            f"{1e3 * m['median']:.1f} ms",
            f"{1e3 * m['minimum']:.1f} ms",
            "" if m["cpu"] is None else f"{1e3 * m['cpu']:.1f} ms",
            "" if m["peak"] is None else f"{m['peak'] / 2**20:.0f} MiB",
            f"{m['compile'] + m['first']:.2f} s",
            f"{m['error']:.0e}",
        )
        for who, m in sorted(measured.items(), key=lambda item: item[1]["median"])
    ]
    heads = ("contender", "median", "least", "all threads", "memory", "start", "error")
    missing = "; ".join(f"{who}: {m['missing']}" for who, m in found.items() if "missing" in m)
    return [*_markdown(heads, rows), *(["", f"Not measured: {missing}."] if missing else [])]


def _markdown(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [_row(heads), "|" + "---|" * len(heads), *map(_row, rows)]


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
