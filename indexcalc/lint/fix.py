"""Applying fixes: as many as leave each other alone at a time, until nothing is left to fix.

A fix stays only if the finding that it is for is gone after it, no error has come, and Python still parses; otherwise
the text stays as it was there.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ..diagnostics import Diagnostic
from .edits import Edit, apply, without_overlaps
from .run import lint_source
from .settings import Settings
from .source import Source

MAX_ROUNDS = 20  # one fix may make room for the next


@dataclass(frozen=True, slots=True)
class Fixed:
    """The text after the fixes, what is still found in it, and how many findings were fixed."""

    text: str
    findings: list[Diagnostic]
    count: int


def fix_source(source: Source, settings: Settings, *, unsafe: bool) -> Fixed:
    """Apply the safe fixes of a source, with `unsafe` all of them.  The text is the same object where none applies."""
    state = _State(source, settings, lint_source(source, settings))
    for _ in range(MAX_ROUNDS):
        wanted = [d for d in state.findings if d.fix is not None and (d.safe or unsafe) and not state.refused(d)]
        edits = {edit: d for d in reversed(wanted) if (edit := edit_of(d)) is not None}
        chosen = without_overlaps(edits)
        if not chosen:
            break
        state.attempt([(edit, edits[edit]) for edit in chosen])
    return Fixed(state.source.text, state.findings, state.count)


def edit_of(d: Diagnostic) -> Edit | None:
    """The edit that a finding's fix is; None where it has no place."""
    at = d.fix_span or d.span
    return Edit(at.start, at.end, d.fix, d.cell) if d.fix is not None and at is not None else None


class _State:
    """The text so far, and fixes that turned out to fix nothing."""

    def __init__(self, source: Source, settings: Settings, findings: list[Diagnostic]) -> None:
        self.source, self.findings, self.count = source, findings, 0
        self._settings = settings
        self._refused: set[tuple[str, str, str | None, str]] = set()

    def refused(self, d: Diagnostic) -> bool:
        """Whether this fix was tried in vain."""
        return self._name(d) in self._refused

    def _name(self, d: Diagnostic) -> tuple[str, str, str | None, str]:
        at = d.fix_span or d.span
        here = d.source[at.start : at.end] if d.source is not None and at is not None else ""
        return d.code, d.message, d.fix, here

    def attempt(self, fixes: Sequence[tuple[Edit, Diagnostic]]) -> None:
        """Apply the fixes; if that does not work out, each half by itself, the later one first because it moves nothing
        before it.
        """
        after = replace(self.source, text=apply(self.source, [edit for edit, _ in fixes]))
        findings = lint_source(after, self._settings) if after.text != self.source.text else self.findings
        if after.text != self.source.text and self._works(after, findings, [d for _, d in fixes]):
            self.count += len(fixes)
            self.source, self.findings = after, findings
        elif len(fixes) == 1:
            self._refused.add(self._name(fixes[0][1]))
        else:
            half = len(fixes) // 2
            self.attempt(fixes[half:])
            self.attempt(fixes[:half])

    def _works(self, after: Source, findings: Sequence[Diagnostic], fixed: Sequence[Diagnostic]) -> bool:
        before, now = _kinds(self.findings), _kinds(findings)
        gone = _kinds(fixed)
        if any(now[kind] > before[kind] - number for kind, number in gone.items()):
            return False
        errors = Counter(d.code for d in findings if d.severity == "error")
        if errors - Counter(d.code for d in self.findings if d.severity == "error"):
            return False
        return after.kind != "python" or _parses(after.text) or not _parses(self.source.text)


def _kinds(findings: Iterable[Diagnostic]) -> Counter[tuple[str, str]]:
    return Counter((d.code, d.message) for d in findings)


def _parses(text: str) -> bool:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
