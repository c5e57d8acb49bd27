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


@dataclass(frozen=True, slots=True)
class _Mark:
    """One mark: its codes (None: all), and the lines that it holds for (from 1; None: the whole file)."""

    codes: tuple[str, ...] | None
    lines: range | None
    span: Span
    kind: str
    tells_idle: bool = True


@dataclass(slots=True)
class _Reach:
    """The marks that hold for the same lines, and the codes that they have taken back."""

    lines: range | None
    marks: list[_Mark] = field(default_factory=list)
    codes: set[str] = field(default_factory=set)
    every: bool = False
    used: set[str] = field(default_factory=set)

    def add(self, mark: _Mark) -> None:
        self.marks.append(mark)
        self.codes.update(mark.codes or ())
        self.every = self.every or mark.codes is None

    def takes(self, code: str) -> bool:
        """Whether findings of this code are taken back."""
        return code not in NEVER and (self.every or code in self.codes)


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
    reaches: dict[range | None, _Reach] = {}
    for mark in marks:
        reaches.setdefault(mark.lines, _Reach(mark.lines)).add(mark)
    whole = [r for r in reaches.values() if r.lines is None]
    by_line: dict[int, list[_Reach]] = {}
    for reach in reaches.values():
        for line in reach.lines or ():
            by_line.setdefault(line, []).append(reach)
    kept = []
    for finding in findings:
        here = range(finding.span.line, finding.span.end_line + 1) if finding.span else ()
        taking = [r for r in chain(whole, *(by_line.get(n, ()) for n in here)) if r.takes(finding.code)]
        for reach in taking:
            reach.used.add(finding.code)
        if not taking:
            kept.append(finding)
    failed = {line for d in kept if d.span and d.code in NEVER for line in range(d.span.line, d.span.end_line + 1)}
    for reach in reaches.values():
        if failed.isdisjoint(reach.lines or failed):
            for mark in reach.marks:
                kept += _idle(mark, reach.used, text, file, settings)
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
            here = range(first + 1, last + 2) if match["file"] is None else None
            found.append(_Mark(codes, here, span, comment.kind))
        if comment.kind == "python" and (noqa := NOQA.search(words)) is not None:
            span = lines.span(comment.start + noqa.start(), comment.start + noqa.end())
            first, last = commented.around(comment)  # never of the line below
            ours = tuple(_CODE.findall(noqa["codes"].upper())) if noqa["codes"] else None
            if ours is None or ours:
                here = range(first + 1, last + 2)
                found.append(_Mark(ours, here, span, "python", tells_idle=ours is not None))
    return found


def _idle(mark: _Mark, used: set[str], text: str, file: str, settings: Settings) -> Iterable[Diagnostic]:
    """What a mark that does nothing is told: unless its codes are not looked for in this run."""
    if not (mark.tells_idle and settings.wants("IX013")):
        return
    idle = [c for c in mark.codes or () if c not in used]
    idle = [c for c in idle if settings.wants(c) and settings.severity(c) != OFF]
    where = "file" if mark.lines is None else "statement" if len(mark.lines) > 1 else "line"
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
