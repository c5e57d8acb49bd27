"""Lines and characters as an editor counts them, and offsets in Python's text."""

from __future__ import annotations

import re
from bisect import bisect_right

_LINE_END = re.compile(r"\r\n?|\n")  # those of the protocol, and no others
_WIDTHS = {"utf-8": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}
_UNIT = {"utf-8": 1, "utf-16": 2, "utf-32": 4}


class Positions:
    """Places in one text.  A character is counted in units of the encoding that client and server agreed on.

    >>> here = Positions("α🙂x\\r\\ny", "utf-16")
    >>> here.position(2), here.position(5), here.offset(0, 3)
    ((0, 3), (1, 0), 2)
    """

    def __init__(self, text: str, encoding: str = "utf-16") -> None:
        self.text, self.encoding = text, encoding
        ends = list(_LINE_END.finditer(text))
        self._starts = [0, *(m.end() for m in ends)]
        self._stops = [*(m.start() for m in ends), len(text)]

    def position(self, offset: int) -> tuple[int, int]:
        """The line, from 0, and the character in it; a place inside of a line's end is before it."""
        line = bisect_right(self._starts, max(offset, 0)) - 1
        start = self._starts[line]
        return line, self._units(self.text[start : min(offset, self._stops[line])])

    def offset(self, line: int, character: int) -> int:
        """The offset of a place; one behind a line's or the text's end is at that end."""
        if line >= len(self._starts):
            return len(self.text)
        start, stop = self._starts[line], self._stops[line]
        here = self.text[start:stop]
        if here.isascii() or self.encoding == "utf-32":
            return start + min(character, len(here))
        low, high = 0, len(here)
        while low < high:  # the most characters that end at or before the place
            middle = (low + high + 1) // 2
            if self._units(here[:middle]) <= character:
                low = middle
            else:
                high = middle - 1
        return start + low

    def _units(self, text: str) -> int:
        if text.isascii():
            return len(text)
        return len(text.encode(_WIDTHS[self.encoding], "surrogatepass")) // _UNIT[self.encoding]
