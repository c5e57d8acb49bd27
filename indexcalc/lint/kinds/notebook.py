"""Jupyter notebooks: the Markdown cells are one document, the code cells one module, and findings name their cell."""

from __future__ import annotations

from collections.abc import Iterator

from ...diagnostics import Diagnostic, IndexCalcError
from ...paper.excerpt import Excerpt, Piece, pieces_of
from ...paper.markdown import read_markdown
from ...paper.notebook import Notebook, read_notebook
from ...python.magics import plain_python
from ..parts import part_findings
from ..settings import Settings
from ..source import Source
from .markdown import code

PYTHON = ("python", "python2", "python3", "ipython", "sage")


def findings(source: Source, settings: Settings) -> Iterator[Diagnostic]:
    """What is found in the cells; a file that is no notebook is one finding.

    A cell that is no Python, such as one of another language by its first line (`%%bash`), is skipped in silence.
    """
    try:
        notebook = read_notebook(source.text)
    except IndexCalcError as error:
        yield from error.diagnostics
        return
    texts = [cell.text for cell in notebook.cells]
    for kind, pieces in excerpts(notebook):
        excerpt = Excerpt(pieces, texts)
        yield from part_findings(excerpt, kind, source.name, settings, lambda part: notebook.cells[part].number)


def excerpts(notebook: Notebook) -> Iterator[tuple[str, list[Piece]]]:
    """The kinds of source in a notebook: its formulas, its code, and each fence of a Markdown cell.

    The parts that pieces come from are the cells, counted from 0.
    """
    formulas: list[Piece] = []
    module: list[Piece] = []
    fences: list[tuple[str, list[Piece]]] = []
    for part, cell in enumerate(notebook.cells):
        if cell.kind == "markdown":
            markdown = read_markdown(cell.text)
            if markdown.latex.strip():
                formulas += pieces_of(markdown.latex, part)
            for kind, pieces in code(markdown.fences):
                fences.append((kind, [Piece(p.text, part, p.offset) for p in pieces]))
        elif cell.kind == "code" and notebook.language in PYTHON:
            plain = plain_python(cell.text)
            module += pieces_of(plain, part) if plain is not None else []
    yield "latex", formulas
    yield "python", module
    yield from fences
