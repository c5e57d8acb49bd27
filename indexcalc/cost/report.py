"""What a cost is, and how it prints."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

from ..lower.target import Machine
from .alternatives import Alternative
from .machine import Time

TEXT_WIDTH = 60  # of a statement's text in the table
_BYTES = re.compile(r"([0-9]{1,15})(?:\.([0-9]{1,6}))? *(?:([KMGT])(i)?)?B?", re.IGNORECASE)
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


@dataclass(frozen=True, slots=True)
class StatementCost:
    """The figures of one statement: those of the operations that it is the first to need.

    `peak_bytes`: the most memory in use while it runs, the arrays of other statements included.
    """

    name: str
    text: str
    flops: int
    multiplications: int
    functions: int
    bytes: int
    peak_bytes: int
    matmul: int = 0
    time: Time | None = None

    @property
    def intensity(self) -> float:
        """FLOPs for each byte that is read or written."""
        return self.flops / self.bytes if self.bytes else 0.0


@dataclass(frozen=True, slots=True)
class Cost:
    """What a program takes at given sizes, counted exactly on the operations and kernels that are emitted.

    flops            multiplications, additions and functions, one each
    multiplications  those among them that multiply or divide
    functions        those among them that evaluate exp, log, sqrt and the like
    bytes            read and written by all operations
    peak_bytes       the most memory that arrays take at one time, inputs included
    statements       the same for each statement, in order
    matmul           those of the FLOPs that contractions take
    machine, time    the machine that was given, and the least time that the operations take on it, one after another
    alternatives     what is emitted beside what it is instead of, where that was asked for
    """

    flops: int
    multiplications: int
    functions: int
    bytes: int
    peak_bytes: int
    statements: tuple[StatementCost, ...]
    sizes: Mapping[str, int] = field(hash=False)
    dtype: str = "float64"
    matmul: int = 0
    machine: Machine | None = None
    time: Time | None = None
    alternatives: tuple[Alternative, ...] = ()

    @property
    def intensity(self) -> float:
        """FLOPs for each byte that is read or written."""
        return self.flops / self.bytes if self.bytes else 0.0

    def __str__(self) -> str:
        heads = ("statement", "FLOPs", "mult.", "functions", "read + written", "peak")
        timed = ("FLOP/B", "at least", "bound by") if self.machine else ()
        rows = [(cut(s.text), *_figures(s)) for s in self.statements]
        total = ("total", *_figures(self))
        lines = _table([(*heads, *timed), *rows, total])
        return "\n".join([*lines, *(_compared(self.alternatives) if self.alternatives else ())])


def cost_data(found: Cost) -> dict[str, object]:
    """The cost as JSON values."""
    own = {"sizes": dict(found.sizes), **asdict(found), **_derived(found)}
    return {**own, "statements": [{**asdict(s), **_derived(s)} for s in found.statements]}


def _derived(of: Cost | StatementCost) -> dict[str, object]:
    return {"intensity": of.intensity, "time": of.time and {"seconds": of.time.seconds, "bound": of.time.bound}}


def added_text(derived: Cost, forward: Cost) -> str:
    """How many multiplications a derived program adds to those of the forward one.

    >>> a, b = (Cost(0, n, 0, 0, 0, (), {}) for n in (30, 10))
    >>> added_text(a, b)
    'The forward program takes 10 multiplications, this one 20 more: 2.00 times as many.'
    """
    own, more = forward.multiplications, derived.multiplications - forward.multiplications
    ratio = f": {more / own:.2f} times as many" if own and more > 0 else ""
    counted = f"{more:,} more" if more >= 0 else f"{-more:,} fewer"
    return f"The forward program takes {own:,} multiplications, this one {counted}{ratio}."


def _figures(of: Cost | StatementCost) -> tuple[str, ...]:
    counts = (of.flops, of.multiplications, of.functions)
    found = (*(f"{n:,}" for n in counts), bytes_text(of.bytes), bytes_text(of.peak_bytes))
    return found if of.time is None else (*found, f"{of.intensity:.1f}", _seconds(of.time.seconds), of.time.bound)


def _seconds(time: float) -> str:
    """
    >>> _seconds(0.0000123), _seconds(2.5)
    ('12.3 µs', '2.5 s')
    """
    if not time:
        return ""
    power, unit = next(((p, u) for p, u in ((0, "s"), (3, "ms")) if time * 10**p >= 1), (6, "µs"))
    return f"{time * 10**power:.3g} {unit}"


def _compared(alternatives: Sequence[Alternative]) -> list[str]:
    """Two rows for each alternative: what is emitted, and what it is instead of."""
    rows = [("beside", "", "FLOPs", "read + written", "peak")]
    for each in alternatives:
        for about, choice in ((f"{each.kind} {cut(each.about)}", each.chosen), ("", each.other)):
            peak = "" if choice.peak_bytes is None else bytes_text(choice.peak_bytes)
            rows.append((about, choice.name, f"{choice.flops:,}", bytes_text(choice.bytes), peak))
    return ["", *columns(rows, 2)]


def bytes_text(count: int) -> str:
    """A number of bytes, in the largest unit of which there is one.

    >>> bytes_text(512), bytes_text(1536), bytes_text(3 * 2**30)
    ('512 B', '1.5 KiB', '3.0 GiB')
    """
    for power, unit in reversed(tuple(enumerate(_UNITS))):
        if power and count >= 1024**power:
            return f"{count / 1024**power:.1f} {unit}"
    return f"{count} B"


def bytes_of(text: str) -> int | None:
    """The number of bytes that a text such as 512MiB or 1.5 GB says; None where it says none.

    >>> bytes_of("2KiB"), bytes_of("1.5 kB"), bytes_of("much")
    (2048, 1500, None)
    """
    found = _BYTES.fullmatch(text.strip())
    if found is None:
        return None
    whole, part = found[1], found[2] or ""
    base = 1024 if found[4] else 1000
    factor: int = base ** ("KMGT".index(found[3].upper()) + 1) if found[3] else 1
    return int(whole + part) * factor // int(10 ** len(part))


def cut(text: str) -> str:
    """A statement's text, so short that it fits into a table."""
    return text if len(text) <= TEXT_WIDTH else text[: TEXT_WIDTH - 1] + "…"


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    """The first column to the left, figures to the right, a rule above the last row."""
    lines = columns(rows, 1)
    return [*lines[:-1], "-" * len(lines[0]), lines[-1]]


def columns(rows: Sequence[Sequence[str]], left: int) -> list[str]:
    """The first columns to the left, the others to the right."""
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    return [
        "  ".join(x.ljust(w) if n < left else x.rjust(w) for n, (x, w) in enumerate(zip(row, widths))) for row in rows
    ]
