"""Formulas that stand in a file: a definition of a program, or an equation of a paper by its label."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace

from ...diagnostics import IndexCalcError, did_you_mean, fail
from ...elaborate.read import read_program
from ...ir.program import Program
from ..source import Source, kind_of, read_source
from .comments import Comment, place_in
from .formula import Text, scalars_for_extents

KINDS = ("idx", "latex", "markdown")
ENDINGS = ".idx, .tex and .md"


def referenced(text: str, file: str, declarations: Sequence[Comment]) -> Program:
    """The formula that `see path#label` names, relative to the folder of `file`.

    Raises IX433 where there is none, and IX434 where an equation has no reading in the language.
    """
    path, label = place_in(text)
    folder = os.path.dirname(file) if file and not file.startswith("<") else ""
    if os.path.isabs(path):
        raise fail("IX433", f"`{path}` is no relative path", hint="the path from this file's folder")
    if not path.endswith((".idx", ".tex", ".latex", ".md", ".markdown")):
        raise fail("IX433", f"`{path}` is no file with formulas", hint=f"{ENDINGS} files are read")
    where = os.path.join(folder, path)
    if not os.path.isfile(where):
        near = f"looked in {folder}" if folder else "looked in the current folder"
        raise fail("IX433", f"the referenced file `{path}` does not exist", hint=f"{near}; give the path from there")
    try:
        source = read_source(where)
    except IndexCalcError as error:
        raise fail("IX433", f"`{path}`: {error.diagnostics[0].message}", hint="a text file in UTF-8") from None
    return scalars_for_extents(formula_in(source, label, Text.of(declarations).text))


def formula_in(source: Source, label: str, given: str = "") -> Program:
    """The definition of this name in a program, or the equation with this label in a paper; `given` are declarations.

    Without a label: what the last definition of a program computes, or the only equation of a paper.
    """
    if source.kind == "idx":
        return _definition(source, label)
    if source.kind in KINDS:
        return _equation(source, label, given)
    raise fail("IX433", f"`{source.name}` is no file with formulas", hint=f"{ENDINGS} files are read")


def is_formula_file(path: str) -> bool:
    """Whether a path's ending says that formulas are in it."""
    return kind_of(path) in KINDS


def _definition(source: Source, label: str) -> Program:
    try:
        program = read_program(source.text, filename=source.name)
    except IndexCalcError as error:
        message = f"`{source.name}` cannot be read: {error.diagnostics[0].message}"
        raise fail("IX433", message, hint=f"see indexcalc lint {source.name}") from None
    if label and label not in program.definitions:
        hint = did_you_mean(label, program.definitions) or f"it defines {', '.join(program.definitions) or 'nothing'}"
        raise fail("IX433", f"`{source.name}` defines no `{label}`", hint=hint)
    return replace(program, outputs=(label,)) if label else program


def _equation(source: Source, label: str, given: str) -> Program:
    from ...paper.document import equations
    from ...paper.equation import names_of
    from ...paper.to_language import to_program_text

    found = equations(_latex(source))
    named = names_of(found)
    if label not in named and (label or len(found) != 1):
        hint = did_you_mean(label, named) or f"labels: {', '.join(list(named)[:8]) or 'none'}"
        message = f"`{source.name}` has no equation with the label `{label}`" if label else "which equation is meant?"
        raise fail("IX433", message, hint=hint)
    equation = named[label] if label else found[0]
    text = to_program_text(equation)
    name = label or "the equation"
    if text is None:
        hint = "an equation such as S_{ij} = Q_{id} K_{jd} is read: one tensor on the left, indices on both sides"
        raise fail("IX434", f"`{name}` of `{source.name}` is no formula that can be compared", hint=hint)
    spaces = "".join(f"index {i} : {space}\n" for i, space in equation.declared.spaces.items())
    try:
        program = read_program((given or spaces) + text)
    except IndexCalcError as error:
        message = f"`{name}` of `{source.name}` cannot be read: {error.diagnostics[0].message}"
        raise fail("IX434", message, hint=f"it is read as {text}") from None
    return replace(program, outputs=program.outputs[-1:])


def _latex(source: Source) -> str:
    if source.kind == "latex":
        return source.text
    from ...paper.markdown import read_markdown

    return read_markdown(source.text).latex
