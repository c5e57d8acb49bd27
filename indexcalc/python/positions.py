"""From the positions of `ast` (lines from 1, columns in bytes of UTF-8) to offsets in the text."""

from __future__ import annotations

import ast

from ..diagnostics import Lines, Span


class Positions:
    """Offsets and spans of nodes of one text.

    >>> text = "é = f('α')"
    >>> call = ast.parse(text).body[0].value
    >>> Positions(text, Lines(text)).span(call)
    Span(start=4, end=10, line=1, column=5, end_line=1, end_column=11)
    """

    def __init__(self, text: str, lines: Lines) -> None:
        self.text = text
        self.lines = lines
        self._plain = text.isascii()
        self.strings: dict[int, tuple[str, tuple[int, ...], bool] | None] = {}  # of constants, by the node's identity

    def start(self, node: ast.expr | ast.stmt) -> int:
        """Where the node begins."""
        return self.offset(node.lineno, node.col_offset)

    def end(self, node: ast.expr | ast.stmt) -> int:
        """Where the node ends."""
        return self.offset(node.end_lineno or node.lineno, node.end_col_offset or node.col_offset)

    def span(self, node: ast.expr | ast.stmt) -> Span:
        """The node's stretch of the text."""
        return self.lines.span(self.start(node), self.end(node))

    def source(self, node: ast.expr | ast.stmt) -> str:
        """The node's source text."""
        return self.text[self.start(node) : self.end(node)]

    def offset(self, line: int, column: int) -> int:
        """The offset of a column, counted in bytes from 0, of a line."""
        start = self.lines.start(line)
        if self._plain:
            return start + column
        before = self.text[start : start + column].encode("utf-8", "surrogatepass")[:column]
        return start + len(before.decode("utf-8", "ignore"))
