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
        line, end_line = self.line(start), self.line(end)
        return Span(start, end, line, self._column(start, line), end_line, self._column(end, end_line))

    def start(self, line: int) -> int:
        """The offset at which a line begins."""
        return self._starts[line - 1]

    def line(self, offset: int) -> int:
        """The number of the line that holds the offset."""
        return bisect_right(self._starts, offset) or 1

    def _column(self, offset: int, line: int) -> int:
        return max(offset - self._starts[line - 1], 0) + 1


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
    """Plain text of one finding: heading, source line, carets under the span, why and help."""
    where = f"{d.file}:{d.span.line}:{d.span.column}: " if d.span else (f"{d.file}: " if d.file != "<input>" else "")
    lines = [f"{where}{d.severity} {d.code}: {d.message}"]
    if d.span is not None and d.source is not None:
        lines += _snippet(d.source, d.span, d.label, d.labels)
    if d.why:
        lines.append(f"  why: {d.why}")
    if d.hint:
        lines.append(f"  help: {d.hint}")
    return "\n".join(lines)


MAX_SNIPPET = 74  # columns of source, so that a line with its gutter fits a terminal of 80


def _snippet(source: str, span: Span, label: str, labels: Sequence[Label]) -> list[str]:
    """The source line with `^` under the span and `~` under labels on the same line; long lines are cut to a window."""
    if span.start > len(source):
        return []
    at = span.column - 1
    shown, left, width = _window(source, max(span.start - at, 0), at)
    marks = [(span.column, _end(span, width), "^", label)]
    marks += [(x.span.column, _end(x.span, width), "~", x.text) for x in labels if x.span.line == span.line]
    under = [" "] * (len(shown) + 1)
    for first, last, mark, _ in marks:
        for k in range(max(first - 1 - left, 0), min(last - 1 - left, len(under))):
            if under[k] != "^":
                under[k] = mark
    gutter = " " * len(str(span.line))
    out = [f" {gutter} |", f" {span.line} | {shown}", f" {gutter} | {''.join(under).rstrip()}"]
    places = [(max(0, first - 1 - left), what) for first, _, _, what in marks if what]
    out += [f" {gutter} | {row}" for row in _rows(places)]
    out += [f" {gutter} = line {x.span.line}: {x.text}" for x in labels if x.span.line != span.line]
    return out


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


def _end(span: Span, width: int) -> int:
    """Column behind the span's last character on its first line; at least one wide."""
    return max(span.end_column if span.end_line == span.line else width + 1, span.column + 1)
