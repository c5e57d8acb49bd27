"""Jupyter notebooks: the Markdown cells are one document, the code cells one module, and findings name their cell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from ...diagnostics import Diagnostic, IndexCalcError, Lines, listed
from ...limits import MAX_CHARACTERS
from ...paper.excerpt import Excerpt, Piece, pieces_of
from ...paper.markdown import read_markdown
from ...paper.notebook import Notebook, read_notebook
from ...python.magics import plain_python, without_magics
from ..parts import part_findings
from ..settings import Settings
from ..source import Source
from .markdown import code as code_in

PYTHON = ("python", "python2", "python3", "ipython", "sage")


def findings(source: Source, settings: Settings) -> Iterator[Diagnostic]:
    """What is found in the cells; a file that is no notebook is one finding.

    A cell of another language by its first line (`%%bash`) is skipped in silence; that others are no Python is a note.
    """
    try:
        notebook = read_notebook(source.text)
    except IndexCalcError as error:
        yield from error.diagnostics
        return
    if sum(len(cell.text) for cell in notebook.cells) > MAX_CHARACTERS:
        message = f"the cells have more than {MAX_CHARACTERS} characters"
        yield Diagnostic("IX009", message, None, "split the notebook, or lint its parts", file=source.name)
        return
    code = python_cells(notebook)
    yield from _unread(notebook, code, source.name)
    texts = [cell.text for cell in notebook.cells]
    lines: dict[int, Lines] = {}
    for kind, pieces in excerpts(notebook, code):
        excerpt = Excerpt(pieces, texts, lines)
        yield from part_findings(excerpt, kind, source.name, settings, lambda part: notebook.cells[part].number)


def _unread(notebook: Notebook, code: Mapping[int, str | None], name: str) -> Iterator[Diagnostic]:
    """One note on the cells that ought to be Python and are not: what is wrong in the first, and which others."""
    broken = [c for c in notebook.cells if code.get(c.number, "") is None]
    masked = {cell: text for cell in broken if (text := without_magics(cell.text)) is not None}
    if not masked:
        return
    from ...python.read import read_module

    (first, text), others = next(iter(masked.items())), list(masked)[1:]
    numbers = listed([str(cell.number) for cell in others])
    why = "Nothing in this cell is checked."
    if others:
        why += f" The same holds for cell{'s' * (len(others) > 1)} {numbers}."
    try:
        read_module(text)
    except IndexCalcError as error:
        for found in error.diagnostics[:1]:
            yield replace(found, severity="note", why=why, cell=first.number, source=first.text, file=name)


def python_cells(notebook: Notebook) -> dict[int, str | None]:
    """The cells of code by their numbers, as Python; None for one that is no Python."""
    if notebook.language not in PYTHON:
        return {}
    return {cell.number: plain_python(cell.text) for cell in notebook.cells if cell.kind == "code"}


def excerpts(notebook: Notebook, code: Mapping[int, str | None] | None = None) -> Iterator[tuple[str, list[Piece]]]:
    """The kinds of source in a notebook: its formulas, its code, and each fence of a Markdown cell.

    The parts that pieces come from are the cells, counted from 0.  `code` are its `python_cells`, where they are known.
    """
    code = python_cells(notebook) if code is None else code
    formulas: list[Piece] = []
    module: list[Piece] = []
    fences: list[tuple[str, list[Piece]]] = []
    for part, cell in enumerate(notebook.cells):
        if cell.kind == "markdown":
            markdown = read_markdown(cell.text)
            if markdown.latex.strip():
                formulas += pieces_of(markdown.latex, part)
            for kind, pieces in code_in(markdown.fences):
                fences.append((kind, [Piece(p.text, part, p.offset) for p in pieces]))
        elif cell.number in code:
            plain = code[cell.number]
            module += pieces_of(plain, part) if plain is not None else []
    yield "latex", formulas
    yield "python", module
    yield from fences
