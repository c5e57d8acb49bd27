"""What a stream can show: characters, colour, width.  Everything that is printed asks this, nothing else."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from ..syntax.greek import WORDS

_SPELLED = {
    "∂": "d",
    "Σ": "sum ",
    "·": "-",
    "×": "x",
    "→": "->",
    "≤": "<=",
    "≥": ">=",
    "−": "-",
    "…": "...",
    "≠": "!=",
    "√": "sqrt",
    "²": "**2",
    "∞": "inf",
    "“": '"',
    "”": '"',
    "’": "'",
    "′": "'",
    "–": "-",
    "‾": "~",
    "—": "-",
    **WORDS,
}
_CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "blue": "34", "cyan": "36"}


class Stream(Protocol):
    """As much of a text stream as is asked here."""

    @property
    def encoding(self) -> str | None: ...

    def isatty(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Look:
    """`unicode`: any character may be written; `colour`: ANSI styles are understood; `width`: columns of a line.

    >>> Look(unicode=True, colour=False, width=80).paint("error", "bold", "red")
    'error'
    """

    unicode: bool = False
    colour: bool = False
    width: int = 80

    def paint(self, text: str, *styles: str) -> str:
        """The text in these styles, where there is colour."""
        if not self.colour or not text:
            return text
        return f"\x1b[{';'.join(_CODES[s] for s in styles)}m{text}\x1b[0m"

    def spell(self, text: str) -> str:
        """The text with signs and Greek letters spelled out where the stream has no Unicode.

        >>> Look().spell("∂L/∂α: write sum[k](…)"), Look(unicode=True).spell("∂L/∂α")
        ('dL/dalpha: write sum[k](...)', '∂L/∂α')
        """
        if self.unicode or text.isascii():
            return text
        return "".join(_SPELLED.get(c, c) for c in text)

    def emphasis(self, on: bool) -> str:
        """What switches emphasis on or off in the middle of a line."""
        return ("\x1b[1m" if on else "\x1b[22m") if self.colour else ""

    @property
    def stroke(self) -> str:
        """A stroke under a character of the line above."""
        return "‾" if self.unicode else "~"

    @property
    def dash(self) -> str:
        return "·" if self.unicode else "-"


PLAIN = Look()


def look_of(stream: Stream, environment: Mapping[str, str] = os.environ) -> Look:
    """What the stream can show.  Colour only on a terminal, and never with NO_COLOR (no-color.org) or TERM=dumb."""
    terminal = stream.isatty()
    colour = terminal and not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"
    encoding = (stream.encoding or "ascii").lower().replace("-", "").replace("_", "")
    return Look(encoding.startswith("utf"), colour, _width(stream, environment))


def _width(stream: Stream, environment: Mapping[str, str]) -> int:
    """COLUMNS if it is set, else the terminal's own width, else 100; within reason."""
    columns = environment.get("COLUMNS", "")
    if columns.isdecimal() and int(columns) > 0:
        return max(40, min(int(columns), 200))
    if not stream.isatty():
        return 100
    import shutil

    return max(40, min(shutil.get_terminal_size().columns, 140))
