"""Python source: its einsum-like calls."""

from __future__ import annotations

from collections.abc import Iterator

from ...diagnostics import Diagnostic, IndexCalcError
from ...python.module import Module
from ...python.read import read_module
from ...python.shapes import with_shapes
from ..registry import checks
from ..settings import Settings
from ..source import Source


def findings(source: Source, settings: Settings) -> Iterator[Diagnostic]:
    """Findings in the calls and in the module as a whole; one finding where the text is no Python."""
    try:
        module = read_module(source.text)
    except IndexCalcError as error:
        yield from error.diagnostics
        return
    yield from module_findings(module, settings, source.name)


def module_findings(module: Module, settings: Settings, file: str = "<input>") -> Iterator[Diagnostic]:
    """What the checks of calls and of modules find, and the formulas in its comments; paths in them start at `file`."""
    module = with_shapes(module)
    if module.calls:
        for rule in checks("call"):
            yield from rule.run_each(module.calls, settings)
    for rule in checks("module"):
        yield from rule.run(module, settings)
    if "ix:" in module.text:
        from ..reference.check import reference_findings  # which loads what compares formulas

        yield from reference_findings(module, file)
