"""Findings for the terminal and as data."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from textwrap import wrap
from typing import Any

from ..diagnostics import SEVERITIES, Diagnostic, Span, listed, render, where
from ..lint.registry import rules
from .look import Look

_STYLE = {"error": ("bold", "red"), "warning": ("bold", "yellow"), "note": ("bold", "blue")}
_GUTTER = re.compile(r"( +\d* [|=:])(.*)")
_SENTENCE = re.compile(r"  (why:|help:|fix:)")


def finding_text(finding: Diagnostic, look: Look) -> str:
    """One finding with its snippet, coloured where there is colour.

    Without Unicode the sentences are spelled out; the source line is left alone, so that its carets stay in place.
    `why` and `help` are wrapped to the width; the first line is not, for editors and terminals follow it.
    """
    style = _STYLE[finding.severity]
    head, *rest = render(finding).split("\n")
    tag = f"{finding.severity} {finding.code}:"
    where, _, message = head.partition(tag)
    lines = [look.paint(look.spell(where), "bold") + look.paint(tag, *style) + look.paint(look.spell(message), "bold")]
    for line in rest:
        gutter = _GUTTER.fullmatch(line)
        if gutter:
            marks = bool(re.fullmatch(r"[ ^~]+", gutter[2]))
            lines.append(look.paint(gutter[1], "blue") + (look.paint(gutter[2], *style) if marks else gutter[2]))
        else:
            first, *more = _wrapped(look.spell(line), look.width)
            lines.append(_SENTENCE.sub(lambda m: f"  {look.paint(m[1], 'cyan')}", first))
            lines += more
    return "\n".join(lines)


def _wrapped(line: str, width: int) -> list[str]:
    """The line, continued below its first word after `why:` or `help:`; words are never broken.

    >>> _wrapped("  why: one two three", 16)
    ['  why: one two', '       three']
    """
    start = _SENTENCE.match(line)
    if start is None or len(line) <= width:
        return [line]
    return wrap(
        line,
        width,
        subsequent_indent=" " * (start.end() + 1),
        break_long_words=False,
        break_on_hyphens=False,
    )


def concise_text(finding: Diagnostic, look: Look) -> str:
    """One finding on one line: `model.py:3:7: error IX404: message [fix]`."""
    message = " ".join(finding.message.split())
    mark = "" if finding.fix is None else " [safe fix]" if finding.safe else " [unsafe fix]"
    tag = look.paint(f"{finding.severity} {finding.code}:", *_STYLE[finding.severity])
    return f"{look.paint(where(finding), 'bold')}{tag} {look.spell(message)}{look.paint(mark, 'cyan')}"


def summary_text(findings: Sequence[Diagnostic], files: int, noun: str = "file") -> str:
    """The last line: `Found 2 errors and 1 warning in 2 files. Explain: indexcalc explain IX101`.

    `noun` is what they are called where not all are files.
    """
    if not findings:
        return f"No findings in {count_text(files, noun)}."
    told = Counter(d.severity for d in findings)
    parts = [count_text(told[s], s) for s in SEVERITIES if told[s]]
    places = len({d.file for d in findings})
    first = findings[0].code
    found = f"Found {listed(parts)} in {count_text(places, noun)}. Explain: indexcalc explain {first}"
    return found + fixable_text(findings)


def fixable_text(findings: Iterable[Diagnostic]) -> str:
    """How many findings a fix would remove, as a line of its own; "" where none."""
    told = Counter(d.safe for d in findings if d.fix is not None)
    safe = f"{told[True]} can be fixed with --fix" if told[True] else ""
    unsafe = f"{told[False]} {'more with' if safe else 'can be fixed with --fix'} --unsafe-fixes" if told[False] else ""
    return "\n" + ", ".join(filter(None, (safe, unsafe))) + "." if told else ""


def statistics_text(findings: Iterable[Diagnostic], noun: str = "file") -> str:
    """How often each code was told, the most frequent first, and in how many files."""
    by_code: dict[str, list[Diagnostic]] = {}
    for d in findings:
        by_code.setdefault(d.code, []).append(d)
    rows = []
    for code, here in sorted(by_code.items(), key=lambda x: (-len(x[1]), x[0])):
        fixable = sum(d.fix is not None for d in here)
        files = count_text(len({d.file for d in here}), noun)
        rows.append((str(len(here)), code, name_of(code), files, f"{fixable} with a fix" if fixable else ""))
    widths = [max((len(row[k]) for row in rows), default=0) for k in range(3)]
    return "\n".join(
        f"{number:>{widths[0]}}  {code}  {name:{widths[2]}}  {', '.join(filter(None, rest))}"
        for number, code, name, *rest in rows
    )


def name_of(code: str) -> str:
    """The rule's name."""
    rule = rules().get(code)
    return rule.name if rule is not None else ""


def count_text(number: int, noun: str) -> str:
    """A number of things: `1 error`, `2 errors`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def findings_data(findings: Iterable[Diagnostic], files: int) -> dict[str, Any]:
    """The object that `lint --format json` prints; `docs/cli.md` describes it."""
    every = list(findings)
    told = Counter(d.severity for d in every)
    counts = {f"{s}s": told[s] for s in SEVERITIES}
    by_code = dict(sorted(Counter(d.code for d in every).items()))
    by_file = dict(sorted(Counter(d.file for d in every).items()))
    return {"files": files, **counts, "by_code": by_code, "by_file": by_file,
            "findings": [finding_data(d) for d in every]}  # fmt: skip


def finding_data(d: Diagnostic) -> dict[str, Any]:
    """One finding; `span` is null where the finding has no place."""
    return {
        "file": d.file,
        "cell": d.cell,
        "code": d.code,
        "severity": d.severity,
        "message": d.message,
        "span": span_data(d.span),
        "label": d.label,
        "labels": [{"span": span_data(x.span), "text": x.text} for x in d.labels],
        "why": d.why,
        "hint": d.hint,
        "fix": d.fix,
        "fix_span": span_data(d.fix_span or d.span) if d.fix is not None else None,
        "fix_safe": d.safe if d.fix is not None else None,
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
