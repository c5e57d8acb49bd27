"""What holds for the findings of any text whatever."""

from __future__ import annotations

import json

from indexcalc.diagnostics import Diagnostic, render
from indexcalc.lint.registry import rules
from indexcalc.lint.run import lint


def check(text: str, kind: str) -> list[Diagnostic]:
    """Lint the text: no exception, no failure of the linter, every finding has a page and stands inside its text."""
    text += "" if "\n" in text else "\n"  # else it may look like the name of a file
    found = lint(text, kind=kind)
    for d in found:
        assert d.code in rules() and d.code != "IX016", render(d)
        assert d.severity in ("error", "warning", "note")
        assert d.message and "\n" not in d.message
        source = text if d.cell is None else d.source
        assert source is not None
        for span in filter(None, (d.span, d.fix_span, *(x.span for x in d.labels))):
            assert 0 <= span.start <= span.end <= len(source), (render(d), span)
            assert 1 <= span.line <= span.end_line and span.column >= 1 and span.end_column >= 1
        assert len(render(d)) < 20_000
    json.dumps([render(d) for d in found])
    return found
