"""Markdown: formulas as LaTeX, fenced programs, and fenced Python."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from importlib import import_module

from ...diagnostics import Diagnostic, Lines
from ...paper.excerpt import Excerpt, Piece, pieces_of
from ...paper.markdown import Fence, read_markdown
from ...python.magics import parses, plain_python
from ..parts import part_findings
from ..settings import Settings
from ..source import LINTED_KINDS, Source

PROGRAM = ("idx", "indexcalc")
PYTHON = ("python", "py", "python3", "ipython", "ipython3", "pycon", "code-cell")
MAX_IMPORTS = 100  # lines that a fence takes over from those before it
_PROMPTS = (">>> ", "... ", ">>>", "...")


def findings(source: Source, settings: Settings) -> Iterator[Diagnostic]:
    """What the formulas and the fences have, each in the manner of its kind.

    A fence of Python that cannot be read is skipped in silence: it may be a sketch.
    """
    markdown = read_markdown(source.text)
    if "latex" in LINTED_KINDS and markdown.latex.strip():
        reader = import_module(f"{__package__}.latex")
        for finding in reader.findings(replace(source, text=markdown.latex, kind="latex"), settings):
            yield replace(finding, source=None)  # it stands at the same offsets in the Markdown text
    told = set()
    lines: dict[int, Lines] = {}  # of the document, for all fences
    for kind, pieces in code(markdown.fences):
        for finding in part_findings(Excerpt(pieces, [source.text], lines), kind, source.name, settings):
            if finding not in told:  # a line that several fences begin with is told of once
                told.add(finding)
                yield finding


def code(fences: Iterable[Fence]) -> Iterator[tuple[str, list[Piece]]]:
    """The kind and lines of the fences that are linted; one of Python begins with the imports of those before it."""
    imports: dict[str, Piece] = {}
    for fence in fences:
        if fence.language in PROGRAM:
            yield "idx", list(fence.pieces)
        elif fence.language in PYTHON:
            pieces = _python(fence.pieces)
            if pieces:
                yield "python", [*imports.values(), *pieces]
                new = {p.text: p for p in pieces if p.text.startswith(("import ", "from "))}
                if len(imports) + len(new) <= MAX_IMPORTS:
                    imports |= {text: p for text, p in new.items() if parses(text)}


def _python(pieces: tuple[Piece, ...]) -> list[Piece] | None:
    """The lines of a fence as Python: without prompts and what was printed below them; None where it is no Python."""
    if pieces and pieces[0].text.startswith(">>>"):
        prompted = []
        for piece in pieces:
            width = next((len(p) for p in _PROMPTS if piece.text.startswith(p)), 0)
            if width:
                prompted.append(Piece(piece.text[width:], piece.part, piece.offset + width))
        pieces = tuple(prompted)
    text = plain_python("\n".join(p.text for p in pieces))
    if text is None:
        return None
    return [Piece(new.text, old.part, old.offset) for new, old in zip(pieces_of(text, 0), pieces)]
