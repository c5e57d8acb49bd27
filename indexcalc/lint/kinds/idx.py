"""Programs in the indexcalc language."""

from __future__ import annotations

from collections.abc import Iterator

from ...diagnostics import Diagnostic, IndexCalcError
from ...elaborate.read import check_text, read_program
from ..registry import Checked, checks
from ..settings import Settings
from ..source import Source


def findings(source: Source, settings: Settings) -> Iterator[Diagnostic]:
    """Findings of the reader; where it has no error, those of the checks over the program as well."""
    try:
        program = read_program(source.text, filename=source.name, strict=settings.strict)
    except IndexCalcError:
        yield from check_text(source.text, filename=source.name, strict=settings.strict)
        return
    yield from program.warnings
    checked = Checked(source.text, source.name, program)
    for rule in checks("program"):
        yield from rule.run(checked, settings)
    if "einsum" in source.text:
        from ..einsum_calls import einsum_calls  # what it needs of Python's `ast` is loaded where there is one

        for call in einsum_calls(checked):
            for rule in checks("call"):
                yield from rule.run(call, settings)
