"""Findings as commands of GitHub Actions, which shows them beside the changed lines."""

from __future__ import annotations

from ..diagnostics import Diagnostic
from .findings import name_of

_LEVELS = {"error": "error", "warning": "warning", "note": "notice"}


def github_text(d: Diagnostic) -> str:
    """One finding as one command.

    >>> github_text(Diagnostic("IX101", "50 % of `i`", None, "do it", file="a.idx"))
    '::error file=a.idx,title=IX101 free-indices-differ::50 %25 of `i`%0Ahelp: do it'
    """
    fields = {"file": d.file}
    cell = ""
    if d.span is not None and d.cell is None:
        fields |= {"line": str(d.span.line), "col": str(d.span.column)}
        fields |= {"endLine": str(d.span.end_line), "endColumn": str(d.span.end_column)}
    elif d.span is not None:  # a notebook's lines are those of its JSON, not of the cell
        cell = f"cell {d.cell}, line {d.span.line}, column {d.span.column}: "
    fields["title"] = f"{d.code} {name_of(d.code)}".strip()
    parts = [cell + d.message, *([f"why: {d.why}"] if d.why else []), *([f"help: {d.hint}"] if d.hint else [])]
    shown = ",".join(f"{key}={_property(value)}" for key, value in fields.items())
    return f"::{_LEVELS[d.severity]} {shown}::{_data(chr(10).join(parts))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
