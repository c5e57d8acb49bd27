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
    """One finding.  `code` is looked up by `indexcalc explain`; `fix` is replacement text for `span`."""

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
        super().__init__("\n\n".join(render(d) for d in self.diagnostics))

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


MAX_SNIPPET = 120


def _snippet(source: str, span: Span, label: str, labels: Sequence[Label]) -> list[str]:
    """The source line with `^` under the span and `~` under labels on the same line; long lines are cut to a window."""
    texts = _LINE_END.split(source.removeprefix(_BOM))
    if span.line > len(texts):
        return []
    text = "".join(c if c.isprintable() else " " for c in texts[span.line - 1])
    marks = [(span.column, _end(span, text), "^", label)]
    marks += [(x.span.column, _end(x.span, text), "~", x.text) for x in labels if x.span.line == span.line]
    left = max(0, span.column - MAX_SNIPPET // 2) if len(text) > MAX_SNIPPET else 0
    shown = text[left : left + MAX_SNIPPET]
    under = [" "] * (len(shown) + 1)
    for start, end, mark, _ in marks:
        for k in range(start - 1 - left, end - 1 - left):
            if 0 <= k < len(under) and under[k] != "^":
                under[k] = mark
    gutter = " " * len(str(span.line))
    out = [f" {gutter} |", f" {span.line} | {shown}", f" {gutter} | {''.join(under).rstrip()}"]
    for start, _, _, what in sorted(marks, key=lambda m: m[0]):
        if what:
            out.append(f" {gutter} | {' ' * max(0, start - 1 - left)}{what}")
    for other in labels:
        if other.span.line != span.line:
            out.append(f" {gutter} = line {other.span.line}: {other.text}")
    return out


def _end(span: Span, text: str) -> int:
    """Column behind the span's last character on its first line; at least one wide."""
    return max(span.end_column if span.end_line == span.line else len(text) + 1, span.column + 1)
