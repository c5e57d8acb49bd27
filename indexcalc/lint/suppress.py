"""`# ix: ignore[IX506]` at the end of a line: findings with these codes on that line are not told."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..diagnostics import Diagnostic, Span

_MARK = re.compile(r"#[^\n]*?\bix:[ \t]*ignore\b(?:[ \t]*\[([^\]\n]*)\])?")
_CODE = re.compile(r"IX\d{3}")
NEVER = ("IX001", "IX002", "IX009")  # a statement that could not be read is never silently dropped


def suppress(text: str, findings: Iterable[Diagnostic], file: str) -> list[Diagnostic]:
    """The findings without those that their line asks to ignore, and a finding (IX013) for each mark that does nothing.

    >>> text = "a[i] = b[i]  # ix: ignore[IX506]"
    >>> suppress(text, [Diagnostic("IX506", "…", Span.of(text, 0, 4))], "f")
    []
    """
    marks = _marks(text)
    if not marks:
        return list(findings)
    kept, used = [], set()
    for finding in findings:
        line = finding.span.line if finding.span else 0
        if finding.code in marks.get(line, ((), None))[0]:
            used.add((line, finding.code))
        else:
            kept.append(finding)
    failed = {d.span.line for d in kept if d.span and d.code in NEVER}
    for line, (codes, span) in marks.items():
        idle = [c for c in codes if (line, c) not in used]
        if line not in failed and (idle or not codes):
            kept.append(_idle(idle, span, text, file))
    return sorted(kept, key=lambda d: d.span.start if d.span else -1)


def _marks(text: str) -> dict[int, tuple[tuple[str, ...], Span]]:
    if "ix:" not in text:
        return {}
    found = {}
    for match in _MARK.finditer(text):
        span = Span.of(text, match.start(), match.end())
        codes = tuple(c for c in _CODE.findall(match[1] or "") if c not in NEVER)
        found[span.line] = (codes, span)
    return found


def _idle(codes: list[str], span: Span, text: str, file: str) -> Diagnostic:
    if codes:
        message = f"nothing to ignore here: this line has no finding {', '.join(codes)}"
        hint = "remove the code; a mark holds for its own line"
    else:
        message = "`ix: ignore` without a code that it can ignore does nothing"
        hint = f"name the codes: # ix: ignore[IX506] (never {', '.join(NEVER)})"
    return Diagnostic("IX013", message, span, hint, "warning", file=file, source=text)
