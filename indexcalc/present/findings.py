"""Findings for the terminal and as data."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from ..diagnostics import SEVERITIES, Diagnostic, Span, render
from .look import Look

_STYLE = {"error": ("bold", "red"), "warning": ("bold", "yellow"), "note": ("bold", "blue")}
_GUTTER = re.compile(r"( +\d* [|=])(.*)")


def finding_text(finding: Diagnostic, look: Look) -> str:
    """One finding with its snippet, coloured where there is colour.

    Without Unicode the sentences are spelled out; the source line is left alone, so that its carets stay in place.
    """
    text = "\n".join(x if _GUTTER.fullmatch(x) else look.spell(x) for x in render(finding).split("\n"))
    if not look.colour:
        return text
    style = _STYLE[finding.severity]
    head, *rest = text.split("\n")
    tag = f"{finding.severity} {finding.code}:"
    where, _, message = head.partition(tag)
    lines = [look.paint(where, "bold") + look.paint(tag, *style) + look.paint(message, "bold")]
    for line in rest:
        gutter = _GUTTER.fullmatch(line)
        if gutter:
            marks = bool(re.fullmatch(r"[ ^~]+", gutter[2]))
            lines.append(look.paint(gutter[1], "blue") + (look.paint(gutter[2], *style) if marks else gutter[2]))
        else:
            lines.append(re.sub(r"^  (why|help):", lambda m: f"  {look.paint(m[1] + ':', 'cyan')}", line))
    return "\n".join(lines)


def summary_text(findings: Sequence[Diagnostic], files: int) -> str:
    """The last line: `Found 2 errors and 1 warning in 2 files. Explain: indexcalc explain IX101`."""
    if not findings:
        return f"No findings in {_count(files, 'source')}."
    told = Counter(d.severity for d in findings)
    parts = [_count(told[s], s) for s in SEVERITIES if told[s]]
    places = len({d.file for d in findings})
    first = findings[0].code
    return f"Found {' and '.join(parts)} in {_count(places, 'source')}. Explain: indexcalc explain {first}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def findings_data(findings: Iterable[Diagnostic], files: int) -> dict[str, Any]:
    """The object that `lint --format json` prints; `docs/cli.md` describes it."""
    listed = list(findings)
    told = Counter(d.severity for d in listed)
    counts = {f"{s}s": told[s] for s in SEVERITIES}
    return {"files": files, **counts, "findings": [finding_data(d) for d in listed]}


def finding_data(d: Diagnostic) -> dict[str, Any]:
    """One finding; `span` is null where the finding has no place."""
    return {
        "file": d.file,
        "code": d.code,
        "severity": d.severity,
        "message": d.message,
        "span": span_data(d.span),
        "label": d.label,
        "labels": [{"span": span_data(x.span), "text": x.text} for x in d.labels],
        "why": d.why,
        "hint": d.hint,
        "fix": d.fix,
    }


def span_data(span: Span | None) -> dict[str, int] | None:
    """1-based line and column, the end exclusive; 0-based offsets."""
    if span is None:
        return None
    return {
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
        "start": span.start,
        "end": span.end,
    }
