"""One line of the table that `make bench` prints, and the table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from rich.table import Table


@dataclass(frozen=True, slots=True)
class Line:
    """A comparison in milliseconds or in MiB.

    ours, theirs  the figures; None where there is none, for the reason that `note` gives
    by            which of ours it is, where there are several
    aim           what is aimed at, in words; empty where nothing is
    met           whether it is; None where there is no peer to compare with
    product_rate  how much of the machine's rate of matrix products is reached; None where products do not decide
    """

    what: str
    ours: float | None
    peer: str = ""
    theirs: float | None = None
    aim: str = ""
    met: bool | None = None
    by: str = ""
    unit: str = "ms"
    note: str = ""
    product_rate: float | None = None

    @property
    def ratio(self) -> float | None:
        """Of times how many times as long the peer takes, of memory what share of the peer's ours is."""
        if not self.ours or not self.theirs:
            return None
        return self.ours / self.theirs if self.unit == "MiB" else self.theirs / self.ours

    @property
    def verdict(self) -> str:
        return "" if not self.aim or self.met is None else "met" if self.met else "MISSED"


def faster(line: Line, times: float) -> Line:
    """The line with the aim that the peer takes so many times as long."""
    return _aiming(line, f"≥ {times:.3g} ×", line.ratio is not None and line.ratio >= times)


def within(line: Line, limit: float) -> Line:
    """The line with the aim that ours is at most `limit`, in its unit."""
    return replace(line, aim=f"≤ {limit:.4g} {line.unit}", met=line.ours is not None and line.ours <= limit)


def leaner(line: Line, share: float) -> Line:
    """The line with the aim that ours needs at most this share of the peer's memory."""
    return _aiming(line, f"≤ {share:.3g} ×", line.ratio is not None and line.ratio <= share)


def _aiming(line: Line, aim: str, met: bool) -> Line:
    """Where ours is missing the aim is missed; where the peer is, nothing can be said."""
    return replace(line, aim=aim, met=None if line.ours is not None and line.theirs is None else met)


HEADS = ("what", "ours", "by", "peer", "peer's", "ratio", "aim", "", "of products' rate")


def cells(line: Line) -> tuple[str, ...]:
    """What stands in the table's columns."""
    return (
        line.what,
        _figure(line.ours, line.unit) or line.note,
        line.by,
        line.peer,
        _figure(line.theirs, line.unit) or (line.note if line.ours is not None else ""),
        "" if line.ratio is None else f"{line.ratio:.2f} ×",
        line.aim,
        line.verdict,
        "" if line.product_rate is None else f"{100 * line.product_rate:.0f} %",
    )


def _figure(value: float | None, unit: str) -> str:
    if value is None:
        return ""
    return f"{value:.3f} {unit}" if value < 1 else f"{value:.1f} {unit}" if value < 1000 else f"{value:,.0f} {unit}"


def table(lines: Iterable[Line], title: str) -> Table:
    """All lines, for a terminal."""
    found = Table(title=title)
    for n, head in enumerate(HEADS):
        found.add_column(head, justify="right" if n in (1, 4, 5, 8) else "left", overflow="fold")
    for line in lines:
        style = "red" if line.verdict == "MISSED" else None
        found.add_row(*cells(line), style=style)
    return found
