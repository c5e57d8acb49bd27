"""Findings as SARIF 2.1.0, the format in which code-scanning services take them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ..diagnostics import Diagnostic, Span
from ..lint.baseline import fingerprints
from ..lint.registry import LintRule, rules

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def sarif_data(findings: Iterable[Diagnostic], version: str) -> dict[str, Any]:
    """One run with its rules, results and fixes."""
    told = list(findings)
    codes = sorted({d.code for d in told})
    table = rules()
    driver = {
        "name": "indexcalc",
        "version": version,
        "semanticVersion": version,
        "rules": [_rule(table[code]) if code in table else {"id": code} for code in codes],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"SRCROOT": {"uri": Path.cwd().as_uri() + "/"}},
        "results": [_result(d, codes.index(d.code), mark) for d, mark in zip(told, fingerprints(told))],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(rule: LintRule) -> dict[str, Any]:
    fence = "```"
    page = [rule.why, f"Gives it:\n\n{fence}{rule.language}\n{rule.bad}\n{fence}"]
    page.append(f"Does not:\n\n{fence}{rule.language}\n{rule.good}\n{fence}")
    if rule.right:
        page.append(f"When it is right: {rule.right}")
    return {
        "id": rule.code,
        "name": "".join(part.capitalize() for part in rule.name.split("-")),
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": rule.why},
        "help": {"text": f"{rule.why} See `indexcalc explain {rule.code}`.", "markdown": "\n\n".join(page)},
        "defaultConfiguration": {"level": rule.severity},
        "properties": {"tags": ["index-notation", rule.name]},
    }


def _result(d: Diagnostic, index: int, fingerprint: str) -> dict[str, Any]:
    text = d.message + (f"\n{d.why}" if d.why else "") + (f"\nHelp: {d.hint}" if d.hint else "")
    found: dict[str, Any] = {
        "ruleId": d.code,
        "ruleIndex": index,
        "level": d.severity,
        "message": {"text": text},
        "locations": [_location(d, d.span, d.label)],
        "partialFingerprints": {"indexcalcContext/v1": fingerprint},
    }
    if d.labels:
        related = [_location(d, x.span, x.text) for x in d.labels]
        found["relatedLocations"] = [{"id": k, **place} for k, place in enumerate(related, 1)]
    at = d.fix_span or d.span
    if d.fix is not None and at is not None and d.cell is None:
        edit = {"deletedRegion": _region(at), "insertedContent": {"text": d.fix}}
        change = {"artifactLocation": _artifact(d.file), "replacements": [edit]}
        description = f"{d.hint or 'rewrite'} ({'safe' if d.safe else 'unsafe'} fix)"
        found["fixes"] = [{"description": {"text": description}, "artifactChanges": [change]}]
    return found


def _location(d: Diagnostic, span: Span | None, text: str) -> dict[str, Any]:
    place: dict[str, Any] = {"physicalLocation": {"artifactLocation": _artifact(d.file)}}
    if span is not None and d.cell is None:
        place["physicalLocation"]["region"] = _region(span)
    elif span is not None:  # lines of a notebook's cell are no lines of its file
        name = f"cell {d.cell}, line {span.line}, column {span.column}"
        place["logicalLocations"] = [{"name": name, "kind": "element"}]
    if text:
        place["message"] = {"text": text}
    return place


def _region(span: Span) -> dict[str, int]:
    return {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
        "charOffset": span.start,
        "charLength": max(span.end - span.start, 0),
    }


def _artifact(file: str) -> dict[str, str]:
    """Relative to the working folder where the file lies in it, as services want it."""
    path = os.path.relpath(file) if os.path.isabs(file) else os.path.normpath(file)
    if path.startswith(".."):
        return {"uri": Path(os.path.abspath(file)).as_uri()}
    return {"uri": quote(path.replace(os.sep, "/")), "uriBaseId": "SRCROOT"}
