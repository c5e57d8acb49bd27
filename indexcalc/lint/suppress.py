"""Marks in comments that take findings back.

`# ix: ignore[IX506]`      findings with these codes on this line or statement; `%` in LaTeX, `<!-- … -->` in Markdown
`# ix: ignore-file[IX404]` in the whole file
`# noqa: IX404`, `# noqa`  Python's own habit; other tools' codes are left to them

A mark of ours that takes nothing back is a finding (IX013).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import TYPE_CHECKING

from ..diagnostics import Diagnostic, Lines, Span
from .settings import DEFAULT, OFF, Settings

if TYPE_CHECKING:
    from ..paper.notebook import Cell

MARK = re.compile(r"\bix:[ \t]*ignore(?P<file>-file)?\b(?!-)(?:[ \t]*\[(?P<codes>[^\]\n]*)\])?")
NOQA = re.compile(r"#[ \t]*noqa\b(?::[ \t]*(?P<codes>[A-Z]+[0-9]+(?:[ \t]*,?[ \t]*[A-Z]+[0-9]+)*))?", re.IGNORECASE)
_CODE = re.compile(r"IX\d{3}")
NEVER = ("IX001", "IX002", "IX009")  # a statement that could not be read is never silently dropped
_BARE = re.compile(r"[ \t:=(]*IX\d{3}(?:[ \t,]+IX\d{3})*")
_HINTS = {"latex": "% ix: ignore[{}]", "markdown": "<!-- ix: ignore[{}] -->"}


@dataclass(slots=True)
class _Mark:
    """One mark: its codes (None: all), the lines that it holds for (from 1), and what it has taken back."""

    codes: tuple[str, ...] | None
    lines: range
    span: Span
    kind: str
    whole_file: bool = False
    tells_idle: bool = True
    used: set[str] = field(default_factory=set)

    def takes(self, code: str) -> bool:
        """Whether findings of this code are taken back."""
        return code not in NEVER and (self.codes is None or code in self.codes)


def suppress(
    text: str, findings: Iterable[Diagnostic], file: str, kind: str = "idx", settings: Settings = DEFAULT
) -> list[Diagnostic]:
    """The findings without those that a comment asks to ignore, and a finding (IX013) for each mark that does nothing.

    >>> text = "a[i] = b[i]  # ix: ignore[IX506]"
    >>> suppress(text, [Diagnostic("IX506", "…", Span.of(text, 0, 4))], "f")
    []
    """
    marks = _marks(text, kind)
    if not marks:
        return list(findings)
    whole = [m for m in marks if m.whole_file]
    by_line: dict[int, list[_Mark]] = {}
    for mark in marks:
        if not mark.whole_file:
            for line in mark.lines:
                by_line.setdefault(line, []).append(mark)
    kept = []
    for finding in findings:
        here = range(finding.span.line, finding.span.end_line + 1) if finding.span else ()
        taking = [m for m in chain(whole, *(by_line.get(n, ()) for n in here)) if m.takes(finding.code)]
        for mark in taking:
            mark.used.add(finding.code)
        if not taking:
            kept.append(finding)
    failed = {line for d in kept if d.span and d.code in NEVER for line in range(d.span.line, d.span.end_line + 1)}
    for mark in marks:
        if mark.tells_idle and failed.isdisjoint(mark.lines):
            kept += _idle(mark, text, file, settings)
    return sorted(kept, key=lambda d: d.span.start if d.span else -1)


def suppress_cells(
    cells: Iterable[Cell], findings: Iterable[Diagnostic], file: str, settings: Settings
) -> list[Diagnostic]:
    """The same for the findings of a notebook, each by the marks of its own cell."""
    by_cell: dict[int | None, list[Diagnostic]] = {}
    for finding in findings:
        by_cell.setdefault(finding.cell, []).append(finding)
    kept = by_cell.get(None, [])
    for cell in cells:
        kind = "python" if cell.kind == "code" else "markdown"
        found = suppress(cell.text, by_cell.get(cell.number, ()), file, kind, settings)
        kept += (replace(d, cell=cell.number) for d in found)
    return kept


def _marks(text: str, kind: str) -> list[_Mark]:
    if "ix:" not in text and not (kind in ("python", "markdown") and "noqa" in text.lower()):
        return []
    from .comments import Commented  # which few sources need

    commented, lines = Commented(text, kind), Lines(text)
    found = []
    for comment in commented.comments():
        words = text[comment.start : comment.end]
        for match in MARK.finditer(words):
            span = lines.span(comment.start + match.start(), comment.start + match.end())
            codes = tuple(c for c in _CODE.findall(match["codes"] or "") if c not in NEVER)
            first, last = commented.lines(comment)
            here = range(first + 1, last + 2)
            found.append(_Mark(codes, here, span, comment.kind, whole_file=match["file"] is not None))
        if comment.kind == "python" and (noqa := NOQA.search(words)) is not None:
            span = lines.span(comment.start + noqa.start(), comment.start + noqa.end())
            first, last = commented.around(comment)  # never of the line below
            ours = tuple(_CODE.findall(noqa["codes"].upper())) if noqa["codes"] else None
            if ours is None or ours:
                here = range(first + 1, last + 2)
                found.append(_Mark(ours, here, span, "python", tells_idle=ours is not None))
    return found


def _idle(mark: _Mark, text: str, file: str, settings: Settings) -> Iterable[Diagnostic]:
    """What a mark that does nothing is told: unless its codes are not looked for in this run."""
    if not settings.wants("IX013"):
        return
    idle = [c for c in mark.codes or () if c not in mark.used]
    idle = [c for c in idle if settings.wants(c) and settings.severity(c) != OFF]
    where = "file" if mark.whole_file else "statement" if len(mark.lines) > 1 else "line"
    if idle:
        message = f"nothing to ignore here: this {where} has no finding {', '.join(idle)}"
        hint = f"remove the code; a mark holds for its own {where}"
    elif not mark.codes:
        message = "`ix: ignore` without a code that it can ignore does nothing"
        bare = _BARE.match(text, mark.span.end)  # codes without their brackets
        codes = ", ".join(_CODE.findall(bare[0])) if bare else "IX101"
        example = _HINTS.get(mark.kind, "# ix: ignore[{}]").format(codes)
        hint = f"{'brackets are missing' if bare else 'name the codes'}: {example} (never {', '.join(NEVER)})"
    else:
        return
    yield Diagnostic("IX013", message, mark.span, hint, "warning", file=file, source=text)
