"""Text put together from lines of other texts, which knows for each character where it stands there.

A Markdown fence without its indentation, the code cells of a notebook as one module, its Markdown cells as one
document: each is read as a whole, and what is found in it is told at its own place.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..diagnostics import Lines, Span

_LINE_END = re.compile(r"\r\n?|\n")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of one line that an excerpt takes over: `text`, and where it begins in the part it comes from."""

    text: str
    part: int
    offset: int


class Excerpt:
    """Pieces, each a line of the excerpt.

    >>> quoted = "> a\\n> b"
    >>> excerpt = Excerpt([Piece("a", 0, 2), Piece("b", 0, 6)], [quoted])
    >>> excerpt.text
    'a\\nb'
    >>> excerpt.place(Span.of("a\\nb", 2, 3))
    (0, Span(start=6, end=7, line=2, column=3, end_line=2, end_column=4))
    """

    def __init__(
        self, pieces: Iterable[Piece], parts: Sequence[str], lines: dict[int, Lines] | None = None
    ) -> None:  # fmt: skip
        """`parts` are the texts that the pieces come from, by their numbers; `lines` are theirs, where several excerpts
        share them.
        """
        self._pieces = tuple(pieces)
        self._parts = parts
        self._lines = {} if lines is None else lines
        self.text = "\n".join(p.text for p in self._pieces)
        self._starts: list[int] = []
        at = 0
        for piece in self._pieces:
            self._starts.append(at)
            at += len(piece.text) + 1

    def place(self, span: Span) -> tuple[int, Span] | None:
        """The part that a span of the excerpt begins in, and its place there; it ends where that part does."""
        if not self._pieces:
            return None
        first = self._index(span.start)
        piece = self._pieces[first]
        start = self._offset(first, span.start)
        last = self._index(max(span.end - 1, span.start))
        while self._pieces[last].part != piece.part:
            last -= 1
        end = self._offset(last, span.end)
        return piece.part, self._lines_of(piece.part).span(start, max(start, end))

    def find(self, part: int, offset: int) -> int | None:
        """Where a place of a part is in the excerpt; None where it is not in it.

        >>> Excerpt([Piece("a", 0, 2), Piece("b", 0, 6)], ["> a\\n> b"]).find(0, 7)
        3
        """
        for start, piece in zip(self._starts, self._pieces):
            if piece.part == part and piece.offset <= offset <= piece.offset + len(piece.text):
                return start + offset - piece.offset
        return None

    def source(self, part: int) -> str:
        """The text of a part."""
        return self._parts[part]

    def _index(self, offset: int) -> int:
        return max(bisect_right(self._starts, offset) - 1, 0)

    def _offset(self, index: int, offset: int) -> int:
        piece = self._pieces[index]
        return piece.offset + min(offset - self._starts[index], len(piece.text))

    def _lines_of(self, part: int) -> Lines:
        if part not in self._lines:
            self._lines[part] = Lines(self._parts[part])
        return self._lines[part]


def line_ranges(text: str) -> list[tuple[int, int]]:
    """Start and end of each line of a text, without the line's end; lines are those of `diagnostics.Lines`.

    >>> line_ranges("a\\r\\nbc\\n")
    [(0, 1), (3, 5), (6, 6)]
    """
    found, start = [], 0
    for match in _LINE_END.finditer(text):
        found.append((start, match.start()))
        start = match.end()
    return [*found, (start, len(text))]


def pieces_of(text: str, part: int) -> list[Piece]:
    """The lines of a whole text."""
    return [Piece(text[start:end], part, start) for start, end in line_ranges(text)]
