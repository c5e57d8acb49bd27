"""Markdown: its formulas as a LaTeX text of the same length, and its fenced code.

markdown-it finds the blocks (quotes, lists, fences, indented code); a rule of ours keeps display formulas whole whose
lines look like lists or headings, and `inline.py` finds the formulas in each block.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from .excerpt import Piece, line_ranges
from .inline import OPENERS, formulas

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock
    from markdown_it.token import Token

_OPENING = re.compile(OPENERS)
_VISIBLE = re.compile(r"[^\r\n]")
_RAW_HTML = re.compile(r"[ \t]*<(?:script|style|pre|code|textarea|svg)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Fence:
    """Fenced code: the language that its first line names, in lower case, and its lines."""

    language: str
    pieces: tuple[Piece, ...]

    @property
    def text(self) -> str:
        """The code without the fence's own indentation."""
        return "\n".join(p.text for p in self.pieces)


@dataclass(frozen=True, slots=True)
class Markdown:
    """What a Markdown text holds for a linter.

    `latex` has the text's length and lines: formulas with their delimiters as LaTeX writes them, spaces elsewhere.
    """

    text: str
    latex: str
    fences: tuple[Fence, ...]


def read_markdown(text: str) -> Markdown:
    """The formulas and fences of a Markdown text.  Any text is Markdown.

    >>> read_markdown("Then `$a$` and $x_i$:\\n> $$\\n> y_i\\n> $$").latex
    '               $x_i$ \\n  $$\\n  y_i\\n  $$'
    """
    text = text.replace("\0", "\ufffd")  # as markdown-it does
    ranges = line_ranges(text)
    kept: list[tuple[int, str]] = []
    fences: list[Fence] = []
    for token in _parser().parse(text):
        if token.map is None:
            continue
        if token.type == "fence":
            _fence(token, text, ranges, kept, fences)
        elif token.type == "inline" or (token.type == "html_block" and not _RAW_HTML.match(token.content)):
            kept += _kept(_pieces(token.content, token.map[0], text, ranges))
    return Markdown(text, _blanked(text, kept), tuple(fences))


def _fence(
    token: Token, text: str, ranges: Sequence[tuple[int, int]], kept: list[tuple[int, str]], fences: list[Fence]
) -> None:
    assert token.map is not None
    language = (token.info.split() or [""])[0].strip("{}.").lower()
    pieces = _pieces(token.content.removesuffix("\n"), token.map[0] + 1, text, ranges)
    closed = token.map[0] + 1 + len(pieces) < token.map[1]
    if language != "math":
        fences.append(Fence(language, tuple(pieces)))
    elif closed and token.content.strip():
        first, last = ranges[token.map[0]], ranges[token.map[1] - 1]
        kept.append((text.index(token.markup, *first), r"\["))
        kept += ((p.offset, p.text) for p in pieces)
        kept.append((text.rindex(token.markup, *last), r"\]"))


def _pieces(content: str, line: int, text: str, ranges: Sequence[tuple[int, int]]) -> list[Piece]:
    """The lines of a block's content at their places: each is the end of its line, spaces behind it aside."""
    found = []
    wanted_lines = content.split("\n")
    for (start, end), wanted in zip(ranges[line : line + len(wanted_lines)], wanted_lines):
        if text.endswith(wanted, start, end):
            found.append(Piece(wanted, 0, end - len(wanted)))
        else:
            bare = wanted.strip()
            at = text.rfind(bare, start, end)
            found.append(Piece(bare, 0, at) if at >= 0 else Piece("", 0, end))
    return found


def _kept(pieces: Sequence[Piece]) -> Iterator[tuple[int, str]]:
    """What the LaTeX text keeps of a block: its formulas, line by line, as offsets and texts."""
    joined = "\n".join(p.text for p in pieces)
    k = at = 0
    for formula in formulas(joined):
        inside = joined[formula.start + len(formula.opening) : formula.end - len(formula.closing)]
        start = formula.start
        for line in (formula.opening + inside + formula.closing).split("\n"):
            while at + len(pieces[k].text) < start:
                at += len(pieces[k].text) + 1
                k += 1
            yield pieces[k].offset + start - at, line
            start += len(line) + 1


def _blanked(text: str, kept: Iterable[tuple[int, str]]) -> str:
    """The text with everything but what is kept replaced by spaces."""
    blank = _VISIBLE.sub(" ", text)
    out: list[str] = []
    at = 0
    for offset, what in sorted(kept):
        out += (blank[at:offset], what)
        at = offset + len(what)
    return "".join((*out, blank[at:]))


@cache
def _parser() -> MarkdownIt:
    """CommonMark's blocks and display formulas; nothing is read inside of paragraphs."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark")
    parser.core.ruler.disable("inline")
    parser.block.ruler.before("fence", "display", _display, {"alt": ["paragraph", "reference", "blockquote", "list"]})
    return parser


def _display(state: StateBlock, line: int, last: int, silent: bool) -> bool:
    """A block rule: a display formula that begins a line and ends on a later one, before the next empty line."""
    start = state.bMarks[line] + state.tShift[line]
    opening = _OPENING.match(state.src, start, state.eMarks[line])
    if opening is None or state.sCount[line] - state.blkIndent >= 4:
        return False
    closing = _closing(opening[0])
    if state.src.find(closing, opening.end(), state.eMarks[line]) >= 0:
        return False  # all on one line: a paragraph holds it
    end = _end_line(state, line, last, closing)
    if end is None or silent:
        return end is not None
    token = state.push("inline", "", 0)
    token.content = state.getLines(line, end + 1, state.blkIndent, False).strip()
    token.map = [line, end + 1]
    token.children = []
    state.line = end + 1
    return True


def _end_line(state: StateBlock, line: int, last: int, closing: str) -> int | None:
    """The line that holds the closing mark.  A vain search is remembered, so that no line is searched twice for it."""
    vain: dict[str, int] = state.env.setdefault("vain", {})
    if line < vain.get(closing, -1):
        return None
    for k in range(line + 1, last):
        start, end = state.bMarks[k] + state.tShift[k], state.eMarks[k]
        if start >= end or state.sCount[k] < state.blkIndent:
            break
        if state.src.find(closing, start, end) >= 0:
            return k
    else:
        k = last
    vain[closing] = k
    return None


def _closing(opening: str) -> str:
    if opening == "$$":
        return opening
    return opening.replace("begin", "end", 1) if "begin" in opening else opening.replace("[", "]")
