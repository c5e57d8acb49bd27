"""`# ix: see paper.tex#eq:scores`: formulas that stand in another file, which is read and never changed."""

from __future__ import annotations

import os
from collections.abc import Sequence

from ...diagnostics import IndexCalcError, did_you_mean, fail
from ...elaborate.read import read_program
from ...ir.program import Program
from ..source import Source, read_source
from .comments import Comment, place_in
from .formula import scalars_for_extents


def referenced(text: str, file: str, declarations: Sequence[Comment]) -> list[Program]:
    """The formulas that `see path#label` names, relative to the folder of `file`.  Raises IX433 where there is none."""
    path, label = place_in(text)
    folder = os.path.dirname(file) if file and not file.startswith("<") else ""
    where = os.path.join(folder, path)
    if not os.path.isfile(where):
        raise fail("IX433", f"the referenced file `{path}` does not exist", hint="a path from this file's folder")
    try:
        source = read_source(where)
    except IndexCalcError as error:
        raise fail("IX433", f"`{path}`: {error.diagnostics[0].message}", hint="a text file in UTF-8") from None
    return formulas_in(source, label)


def formulas_in(source: Source, label: str) -> list[Program]:
    """The formula with this name or label in a source; all of its definitions where no label is given."""
    if source.kind == "idx":
        return [_definition(source, label)]
    raise fail("IX433", f"formulas in `{source.kind}` files cannot be referred to", hint="refer to an .idx file")


def _definition(source: Source, label: str) -> Program:
    try:
        program = read_program(source.text, filename=source.name)
    except IndexCalcError as error:
        message = f"`{source.name}` cannot be read: {error.diagnostics[0].message}"
        raise fail("IX433", message, hint=f"see indexcalc lint {source.name}") from None
    if label and label not in program.definitions:
        hint = did_you_mean(label, program.definitions) or f"it defines {', '.join(program.definitions) or 'nothing'}"
        raise fail("IX433", f"`{source.name}` defines no `{label}`", hint=hint)
    from dataclasses import replace

    outputs = (label,) if label else program.outputs[-1:]
    return scalars_for_extents(replace(program, outputs=outputs))
