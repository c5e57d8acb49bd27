"""Where and what is wrong: spans, diagnostics, the one exception, and caret rendering.  Imports nothing of ours."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

SEVERITIES = ("error", "warning", "note")
_LINE_END = re.compile(r"\r\n?|\n")  # not str.splitlines, which also splits at form feeds and the like
_BOM = "\ufeff"


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of source text: 0-based offsets (`end` exclusive) and 1-based line and column (`end_column` exclusive).

    >>> Span.of("a\\nbcd", 3, 5)
    Span(start=3, end=5, line=2, column=2, end_line=2, end_column=4)
    """

    start: int
    end: int
    line: int
    column: int
    end_line: int
    end_column: int

    @staticmethod
    def of(text: str, start: int, end: int) -> Span:
        """The span of text[start:end].  For many spans of one text, make its `Lines` once."""
        return Lines(text).span(start, end)

    def to(self, other: Span) -> Span:
        """The span from this one's start to the other's end."""
        return Span(self.start, other.end, self.line, self.column, other.end_line, other.end_column)


class Lines:
    """Lines and columns of one text.  A line ends with \\n, \\r\\n or \\r; a leading byte order mark has no column.

    >>> Lines("a\\r\\nbc").span(4, 5)
    Span(start=4, end=5, line=2, column=2, end_line=2, end_column=3)
    """

    def __init__(self, text: str) -> None:
        self._starts = [1 if text.startswith(_BOM) else 0, *(m.end() for m in _LINE_END.finditer(text))]

    def span(self, start: int, end: int) -> Span:
        """The span of text[start:end]."""
        starts = self._starts
        line = end_line = bisect_right(starts, start) or 1
        first = end_first = starts[line - 1]
        if line < len(starts) and end >= starts[line]:
            end_line = bisect_right(starts, end, line)
            end_first = starts[end_line - 1]
        # a byte order mark stands before the first column
        column, end_column = (start - first, end - end_first) if start >= first else (0, max(end - first, 0))
        return Span(start, end, line, column + 1, end_line, end_column + 1)

    def start(self, line: int) -> int:
        """The offset at which a line begins."""
        return self._starts[line - 1]

    def line(self, offset: int) -> int:
        """The number of the line that holds the offset."""
        return bisect_right(self._starts, offset) or 1


@dataclass(frozen=True, slots=True)
class Label:
    """A second place that a finding talks about, underlined with `~`, and what stands there."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding.  `code` is looked up by `indexcalc explain`.

    `fix` is replacement text for `fix_span`, or for `span` where that is None; `safe` says that the fix cannot change
    what the source means to do.  `cell` is the notebook's cell, counted from 1: lines are then those of the cell.
    """

    code: str
    message: str
    span: Span | None = None
    hint: str = ""
    severity: str = "error"
    why: str = ""
    fix: str | None = None
    file: str = "<input>"
    label: str = ""
    labels: tuple[Label, ...] = ()
    fix_span: Span | None = None
    safe: bool = False
    cell: int | None = None
    source: str | None = field(default=None, repr=False, compare=False)

    def in_file(self, file: str, source: str | None) -> Diagnostic:
        """The same finding, told where it is."""
        return replace(self, file=file, source=source)

    def __str__(self) -> str:
        return render(self)


class IndexCalcError(Exception):
    """Every refusal of indexcalc.  `.diagnostics` is the list of what is wrong, at least one long."""

    def __init__(self, diagnostics: Diagnostic | Iterable[Diagnostic]) -> None:
        self.diagnostics = [diagnostics] if isinstance(diagnostics, Diagnostic) else list(diagnostics)
        super().__init__()

    def located(self, span: Span | None, file: str, source: str | None) -> IndexCalcError:
        """The same refusal, at this place of this text where it has none yet."""
        placed = (d if d.span else replace(d, span=span, file=file, source=source) for d in self.diagnostics)
        return IndexCalcError(placed)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"

    def __str__(self) -> str:  # when it is asked for: thousands of findings make a long text
        return "\n\n".join(render(d) for d in self.diagnostics)

    def __reduce__(self) -> tuple[type[IndexCalcError], tuple[list[Diagnostic]]]:
        return type(self), (self.diagnostics,)


def fail(code: str, message: str, *, hint: str = "", span: Span | None = None, why: str = "") -> IndexCalcError:
    """The error of one finding, to be raised.

    >>> fail("IX901", "no such input: `Z`", hint="inputs: Q, K")
    IndexCalcError('error IX901: no such input: `Z`\\n  help: inputs: Q, K')
    """
    return IndexCalcError(Diagnostic(code, message, span, hint, why=why))


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A hint that offers the known name that `name` may be a slip of, or "".

    >>> did_you_mean("sofmax", ["softmax", "sum"])
    'did you mean `softmax`?'
    """
    from difflib import get_close_matches  # 2 ms, and most runs find no mistake

    close = get_close_matches(name, list(known), 1)
    return f"did you mean `{close[0]}`?" if close else ""


def listed(words: Sequence[str]) -> str:
    """The words in a row, as a sentence has them.

    >>> listed(["Q"]), listed(["Q", "K"]), listed(["Q", "K", "V"])
    ('Q', 'Q and K', 'Q, K and V')
    """
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def render(d: Diagnostic) -> str:
    """Plain text of one finding: heading, the source lines with carets under every place involved, why and help."""
    lines = [f"{where(d)}{d.severity} {d.code}: {d.message}"]
    if d.span is not None and d.source is not None:
        lines += _snippet(d.source, d.span, d.label, d.labels)
    if d.why:
        lines.append(f"  why: {d.why}")
    lines += _help(d)
    return "\n".join(lines)


def where(d: Diagnostic) -> str:
    """The place as editors and terminals follow it: `model.py:3:7: `, `book.ipynb:cell 2:3:7: `; "" where it has none.

    >>> where(Diagnostic("IX101", "…", Span.of("a b", 2, 3), file="n.ipynb", cell=4))
    'n.ipynb:cell 4:1:3: '
    """
    if d.span is None:
        return f"{d.file}: " if d.file != "<input>" else ""
    cell = f"cell {d.cell}:" if d.cell is not None else ""
    return f"{d.file}:{cell}{d.span.line}:{d.span.column}: "


MAX_SHOWN_FIX = 80


def _help(d: Diagnostic) -> list[str]:
    """The hint, and what `--fix` would write, which is not said twice."""
    if d.fix is None:
        return [f"  help: {d.hint}"] if d.hint else []
    tag = f"   [{'safe' if d.safe else 'unsafe'} fix]"
    if d.fix and d.fix in d.hint:
        return [f"  help: {d.hint}{tag}"]
    shown = len(d.fix) <= MAX_SHOWN_FIX and d.fix.isprintable()
    what = f"write `{d.fix}`" if d.fix and shown else "it can be rewritten" if d.fix else "remove it"
    return [*([f"  help: {d.hint}"] if d.hint else []), f"  fix: {what}{tag}"]


MAX_SNIPPET = 74  # columns of source, so that a line with its gutter fits a terminal of 80
MAX_LINES = 12  # of source in one snippet; places on further lines are told by their line numbers


@dataclass(frozen=True, slots=True)
class _Mark:
    """One stretch of one line to underline: columns from 1, `last` exclusive, and the offset of the line's start."""

    line: int
    start: int
    first: int
    last: int | None  # None: up to the line's end
    sign: str
    text: str


def _marks(span: Span, sign: str, text: str) -> list[_Mark]:
    """A span on one line is one mark; of a longer one the first and the last line are underlined."""
    start = max(span.start - span.column + 1, 0)
    if span.end_line == span.line:
        return [_Mark(span.line, start, span.column, max(span.end_column, span.column + 1), sign, text)]
    first = _Mark(span.line, start, span.column, None, sign, text)
    if span.end_column == 1:  # it ends with a line's end
        return [first]
    return [first, _Mark(span.end_line, max(span.end - span.end_column + 1, 0), 1, span.end_column, sign, "")]


def _snippet(source: str, span: Span, label: str, labels: Sequence[Label]) -> list[str]:
    """Source lines with `^` under the span and `~` under labels; long lines are cut to a window, lines between places
    are left out.
    """
    if span.start > len(source):
        return []
    marks = _marks(span, "^", label)
    for x in labels:
        if x.span.start <= len(source):
            marks += _marks(x.span, "~", x.text)
    wanted = sorted({m.line for m in marks}, key=lambda n: (abs(n - span.line), n))[:MAX_LINES]
    gutter = " " * len(str(max(wanted)))
    out, before = [f" {gutter} |"], None
    for line in sorted(wanted):
        if before is not None and line > before + 1:
            out.append(f" {gutter} :")
        here = [m for m in marks if m.line == line]
        shown, *under = _underlined(source, here)
        out.append(f" {line:>{len(gutter)}} | {shown}")
        out += [f" {gutter} | {row}" for row in under]
        before = line
    return out + [f" {gutter} = line {m.line}: {m.text}" for m in marks if m.line not in wanted and m.text]


def _underlined(source: str, marks: Sequence[_Mark]) -> list[str]:
    """One source line, the row of marks under it, and rows of their texts."""
    anchor = next((m for m in marks if m.sign == "^"), marks[0])
    shown, left, width = _window(source, anchor.start, anchor.first - 1)
    under = [" "] * (len(shown) + 1)
    places = []
    for m in marks:
        first = m.first
        if m.first == 1 and m.last is not None and not m.text:  # the end of a longer span: not under its indentation
            first = 1 + len(shown) - len(shown.lstrip()) if not left else 1
        last = m.last if m.last is not None else max(width + 1, m.first + 1)
        for k in range(max(first - 1 - left, 0), min(last - 1 - left, len(under))):
            if under[k] != "^":
                under[k] = m.sign
        if m.text:
            places.append((_columns(shown[: max(0, first - 1 - left)]), m.text))
    row = "".join(mark * _columns(c) for mark, c in zip(under, f"{shown} ")).rstrip()
    return [shown, *([row] if row else []), *_rows(places)]


def _columns(text: str) -> int:
    """How many columns of a terminal the text takes.

    >>> _columns("αβ"), _columns("中文"), _columns("e\u0301")
    (2, 4, 1)
    """
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)


def _window(source: str, start: int, at: int) -> tuple[str, int, int]:
    """The part of the line at `start` around its column `at`, where that part begins, and where the line ends at the
    earliest.  `...` stands where something is cut off.  Nothing far away is looked at: lines may be a megabyte long.
    """
    skip = max(0, at - MAX_SNIPPET)
    text = source[start + skip : start + at + MAX_SNIPPET + 1].removeprefix(_BOM)
    end = _LINE_END.search(text, at - skip)
    text = "".join(c if c.isprintable() else " " for c in (text[: end.start()] if end else text))
    if skip == 0 and len(text) <= MAX_SNIPPET:
        return text, 0, len(text)
    left = min(max(0, at - skip - MAX_SNIPPET // 2), len(text) - MAX_SNIPPET)
    shown = text[left : left + MAX_SNIPPET]
    shown = "..." + shown[3:] if left + skip else shown
    shown = shown[:-3] + "..." if left + MAX_SNIPPET < len(text) else shown
    return shown, left + skip, skip + len(text)


def _rows(places: Iterable[tuple[int, str]]) -> list[str]:
    """Texts at their columns, side by side where they do not run into each other.

    >>> _rows([(0, "has j"), (12, "has k"), (14, "too")])
    ['has j       has k', '              too']
    """
    rows: list[str] = []
    for column, text in sorted(places):
        row = next((k for k, r in enumerate(rows) if len(r) + 1 < column), len(rows))
        rows[row : row + 1] = [(rows[row] if row < len(rows) else "").ljust(column) + text]
    return rows
