"""A derivation as plain data for `--format json`; `docs/cli.md` describes the keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..ir.latex import expression_latex, statement_latex
from ..ir.program import Define, Program
from ..ir.text import expression_text, statement_text
from ..ir.trace import Derivation, Step
from ..matrix.form import matrix_form
from .checked import Checked, checked_data
from .figures import multiplication_ratio
from .marks import changed_spans
from .names import given, reference_text, title_of


def derivation_data(
    derivation: Derivation, *, steps: bool, sizes: Mapping[str, int], checked: Checked | None = None
) -> dict[str, Any]:
    """Keys: given, statements (with steps when asked for), outputs, notes, program, multiplication_ratio, and checked
    where the steps were."""
    sections = {s.target.name: s for s in derivation.sections}
    statements = []
    for statement in derivation.result.statements:
        if not isinstance(statement, Define):
            continue
        section = sections.get(statement.name)
        entry: dict[str, Any] = {
            "name": statement.name,
            "indices": [i.name for i in statement.indices],
            "text": statement_text(statement),
            "latex": statement_latex(statement),
            "find": section.find if section else "",
            "note": section.note if section else "",
            "matrix_form": _matrix(statement, derivation.result),
        }
        if steps:
            entry["steps"] = [step_data(s) for s in section.steps] if section else []
        statements.append(entry)
    return {
        "given": [reference_text(t) for t in given(derivation)],
        "statements": statements,
        "outputs": list(derivation.result.outputs),
        "notes": list(derivation.result.notes),
        "program": str(derivation.result),
        "multiplication_ratio": multiplication_ratio(derivation, sizes),
        **({"checked": checked_data(checked)} if checked is not None else {}),
    }


def _matrix(statement: Define, program: Program) -> dict[str, str] | None:
    form = matrix_form(statement, program.inputs)
    return None if form is None else {"text": str(form), "latex": form.latex}


def step_data(step: Step) -> dict[str, Any]:
    return {
        "target": step.target,
        "rule": step.rule,
        "title": title_of(step.rule),
        "law": step.law,
        "before": expression_text(step.before) if step.before is not None else None,
        "after": expression_text(step.after),
        "changed": changed_spans(step),
        "latex": expression_latex(step.after),
        "note": step.note,
    }
