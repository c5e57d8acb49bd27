"""Where the comments of a source are, and which lines belong together, for each kind of source.

One pass of a regular expression that knows strings, comments and brackets: a mark inside a string is none, and a source
that cannot be parsed still has comments.
"""

from __future__ import annotations

import re
import sys
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

_STRINGS = (  # one that nothing closes goes to the end of its line, or of the text: no character is looked at twice
    r'"""(?:[^\\]|\\[\s\S])*?(?:"""|\\?\Z)'
    + r"|'''(?:[^\\]|\\[\s\S])*?(?:'''|\\?\Z)|"
    + r'"(?:[^"\\\n]|\\[\s\S])*+"?'
    + (r"|'(?:[^'\\\n]|\\[\s\S])*+'?")
)
_TOKENS = {
    "python": re.compile(rf"(?P<string>{_STRINGS})|(?P<comment>#[^\n]*)|(?P<open>[(\[{{])|(?P<close>[)\]}}])|\\\r?\n"),
    "idx": re.compile(r'(?P<string>"[^"\n]*")|(?P<comment>#[^\n]*)|(?P<open>[(\[{])|(?P<close>[)\]}])'),
    "latex": re.compile(r"\\(?:\\|%)|(?P<comment>%[^\n]*)"),
    "markdown": re.compile(
        r"(?P<comment><!--)|^ {0,3}(?P<fence>`{3,}|~{3,}) *(?P<info>[^\n`]*)|(?P<ticks>`{1,2})[^`\n]+(?P=ticks)",
        re.MULTILINE,
    ),
}
_FENCED = {"idx": "idx", "indexcalc": "idx", "python": "python", "py": "python", "python3": "python"}


MAX_BLOCK = 500  # lines that one comment can hold for
MAX_AROUND = 200  # characters beside a comment that are looked at


@dataclass(frozen=True, slots=True)
class Comment:
    """text[start:end] is a comment of this kind of source.  `joins` are the statements of several lines around it."""

    start: int
    end: int
    kind: str
    joins: tuple[tuple[int, int], ...] = field(default=(), repr=False)


class Commented:
    """The comments of one text.

    A comment holds for the whole statement that it stands in or behind, however many lines that has.  On a line of its
    own it holds for the statement below; in LaTeX and Markdown for the lines below up to an empty one.

    >>> here = Commented("y = f(\\n  x)  # why", "python")
    >>> [(c.start, c.end, here.lines(c)) for c in here.comments()]
    [(13, 18, (0, 1))]
    """

    def __init__(self, text: str, kind: str) -> None:
        self.text, self.kind = text, kind
        self._starts = [0, *(m.end() for m in re.finditer(r"\r\n?|\n", text))]

    def line(self, offset: int) -> int:
        """The line that holds the offset, from 0."""
        return bisect_right(self._starts, offset) - 1

    def line_text(self, line: int) -> str:
        """The line without its end."""
        end = self._starts[line + 1] if line + 1 < len(self._starts) else len(self.text)
        return self.text[self._starts[line] : end].rstrip("\r\n")

    def line_start(self, line: int) -> int:
        """The offset of the line's first character."""
        return self._starts[line]

    def line_end(self, line: int) -> int:
        """The offset behind the line's last character, before its line end."""
        return self._starts[line] + len(self.line_text(line))

    def comments(self) -> Iterator[Comment]:
        """All comments, in order."""
        if self.kind == "markdown":
            yield from self._of_markdown()
        elif self.kind == "latex":
            yield from (Comment(*m.span(), "latex") for m in _TOKENS["latex"].finditer(self.text) if m["comment"])
        else:
            yield from self._of_code(0, len(self.text), self.kind)

    def lines(self, comment: Comment) -> tuple[int, int]:
        """The first and the last line, from 0, that the comment holds for."""
        first, last = self.line(comment.start), self.line(comment.end)
        if comment.kind in ("latex", "markdown"):
            return self._block(comment, first, last)
        lines = _statement(comment.joins, first)
        if lines == (first, first) and self._before(comment.start) == "":
            return first, _statement(comment.joins, self._below(first))[1]
        return lines

    def around(self, comment: Comment) -> tuple[int, int]:
        """The lines of the statement of code that the comment stands in or behind."""
        return _statement(comment.joins, self.line(comment.start))

    def statement(self, line: int) -> tuple[int, int]:
        """The first and the last line of the statement that the line, from 0, belongs to."""
        return _statement(self._joined, line)

    @cached_property
    def _joined(self) -> tuple[tuple[int, int], ...]:
        return self._scan(0, len(self.text), self.kind)[1] if self.kind in ("python", "idx") else ()

    def _scan(self, start: int, end: int, kind: str) -> tuple[list[tuple[int, int]], tuple[tuple[int, int], ...]]:
        """Comments as offsets, and runs of lines that make one statement, because brackets or a string are open."""
        comments, depth, opened = [], 0, 0
        joins: list[tuple[int, int]] = []
        for m in _TOKENS[kind].finditer(self.text, start, end):
            sort = m.lastgroup
            if sort == "comment":
                comments.append((m.start(), m.end() - (self.text[m.end() - 1] == "\r")))
            elif sort == "open":
                opened = opened if depth else m.start()
                depth += 1
            elif sort == "close":
                depth = max(depth - 1, 0)
                if not depth:
                    joins.append((self.line(opened), self.line(m.start())))
            else:
                joins.append((self.line(m.start()), self.line(m.end())))
        merged: list[tuple[int, int]] = []
        for first, last in sorted(j for j in joins if j[0] < j[1]):
            if merged and first <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
            else:
                merged.append((first, last))
        return comments, tuple(merged)

    def _of_code(self, start: int, end: int, kind: str) -> Iterator[Comment]:
        comments, joins = self._scan(start, end, kind)
        yield from (Comment(first, last, kind, joins) for first, last in comments)

    def _of_markdown(self) -> Iterator[Comment]:
        for start, end, kind in self._parts:
            if kind == "markdown":
                yield Comment(start, end, kind)
            elif kind:
                yield from self._of_code(start, end, kind)

    @cached_property
    def _parts(self) -> tuple[tuple[int, int, str], ...]:
        """HTML comments of a Markdown text ("markdown"), and what its fences hold ("python", "idx", or "")."""
        found, at = [], 0
        while (m := _TOKENS["markdown"].search(self.text, at)) is not None:
            if m["fence"] is None:
                at = m.end()
                end = self.text.find("-->", at) + 3 if m["comment"] else 0
                if m["comment"] and end < 3:
                    break  # the rest is one open comment
                if m["comment"]:
                    found.append((m.start(), end, "markdown"))
                    at = end
                continue
            closing = re.compile(rf"^ {{0,3}}{re.escape(m['fence'])}[`~]*[ \t]*$", re.MULTILINE)
            close = closing.search(self.text, m.end())
            language = _FENCED.get((m["info"].split() or [""])[0].lower(), "")
            found.append((m.end(), close.start() if close else len(self.text), language))
            at = close.end() if close else len(self.text)
        return tuple(found)

    def language(self, line: int) -> str:
        """The kind of source that a line is of: in Markdown, that of its fence."""
        if self.kind != "markdown":
            return self.kind
        at = self._starts[line]
        return next((kind for start, end, kind in self._parts if start < at < end and kind), "markdown")

    def block(self, line: int) -> int:
        """The first line of the block of a document that the line is in."""
        return self._run(line, -1)

    def _before(self, offset: int) -> str:
        """What stands on the line before the offset."""
        return self.text[max(self._starts[self.line(offset)], offset - MAX_AROUND) : offset].strip()

    def _below(self, line: int) -> int:
        """The next line that is no comment, if no empty line comes before it."""
        for below in range(line + 1, min(line + MAX_BLOCK, len(self._starts))):
            text = self.line_text(below).strip()
            if not text.startswith("#"):
                return below if text else line
        return line

    def _block(self, comment: Comment, first: int, last: int) -> tuple[int, int]:
        """The lines of a document that a comment holds for."""
        behind = re.compile(r"[^\r\n]*").match(self.text, comment.end, comment.end + MAX_AROUND)
        around = self._before(comment.start) + (behind[0].strip() if behind else "")
        if not around or r"\begin{" in around:
            below = last
            if comment.kind == "markdown" and below + 2 < len(self._starts) and not self.line_text(below + 1).strip():
                below += 1  # in Markdown an empty line may follow a comment
            return first, self._run(below, 1)
        return (self._run(first, -1), last) if r"\end{" in around else (first, last)

    def _run(self, line: int, step: int) -> int:
        """The last line of the block that goes on from here in one direction: to an empty line, or its fence's end."""
        fence = ""
        for _ in range(MAX_BLOCK):
            if not 0 <= line + step < len(self._starts):
                break
            text = self.line_text(line + step).strip()
            if not text and not fence:
                break
            line += step
            opens = text[:3] if text[:3] in ("```", "~~~") else "$$" if text.startswith("$$") else ""
            if opens and step == 1 and not (opens == "$$" and len(text) > 4 and text.endswith("$$")):
                fence = "" if fence == opens else fence or opens
        return line


def _statement(joins: tuple[tuple[int, int], ...], line: int) -> tuple[int, int]:
    at = bisect_right(joins, (line, sys.maxsize)) - 1
    return joins[at] if at >= 0 and line <= joins[at][1] else (line, line)
