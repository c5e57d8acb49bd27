"""`--add-noqa`: comments that take back every finding of today, each where its kind of source has comments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from ..diagnostics import Diagnostic
from .comments import Commented
from .edits import Edit, apply
from .run import lint_source
from .settings import Settings
from .source import Source
from .suppress import MARK, NEVER, NOQA


def mark_source(source: Source, settings: Settings) -> tuple[str, int]:
    """The text with a mark for each finding that a mark can take back, and how many findings that are."""
    before = lint_source(source, settings)
    text = apply(source, mark_edits(source, before))
    after = lint_source(replace(source, text=text), settings)
    return (text, len(before) - len(after)) if len(after) < len(before) else (source.text, 0)


def mark_edits(source: Source, findings: Iterable[Diagnostic]) -> list[Edit]:
    """The comments that take these findings back, as far as comments can."""
    wanted = [d for d in findings if d.span is not None and d.code not in (*NEVER, "IX013")]
    edits: list[Edit] = []
    for cell, kind, text in _texts(source, wanted):
        edits += (replace(edit, cell=cell) for edit in _marks(text, kind, [d for d in wanted if d.cell == cell]))
    return edits


def _texts(source: Source, findings: Sequence[Diagnostic]) -> Iterator[tuple[int | None, str, str]]:
    """What is marked: the source, or the cells of a notebook with findings; (cell, kind, text) of each."""
    if source.kind != "notebook":
        yield None, source.kind, source.text
        return
    from ..paper.notebook import read_notebook

    cells = {d.cell for d in findings} - {None}
    for cell in read_notebook(source.text).cells if cells else ():
        if cell.number in cells:
            yield cell.number, "python" if cell.kind == "code" else "markdown", cell.text


def _marks(text: str, kind: str, findings: Iterable[Diagnostic]) -> Iterator[Edit]:
    commented = Commented(text, kind)
    by_place: dict[tuple[int, str], set[str]] = {}
    for d in findings:
        if d.span is not None:
            line = d.span.end_line - 1
            language = commented.language(line)
            line = commented.block(d.span.line - 1) if language == "markdown" else commented.statement(line)[1]
            by_place.setdefault((line, language), set()).add(d.code)
    for (line, language), codes in sorted(by_place.items()):
        yield _mark(commented, language, line, ", ".join(sorted(codes)))


def _mark(commented: Commented, kind: str, line: int, codes: str) -> Edit:
    """A mark at the line's end, or the line's own with these codes as well; in Markdown above the block."""
    start, end = commented.line_start(line), commented.line_end(line)
    here = commented.text[start:end]
    noqa = NOQA.search(here) if kind == "python" else None
    if noqa is not None and noqa["codes"]:
        return Edit(start + noqa.end(), start + noqa.end(), f", {codes}")
    ours = next((m for m in MARK.finditer(here) if m["codes"] is not None and m["file"] is None), None)
    if ours is not None:
        return Edit(start + ours.end("codes"), start + ours.end("codes"), f", {codes}")
    if kind == "markdown":
        return Edit(start, start, f"<!-- ix: ignore[{codes}] -->\n")
    mark = f"# noqa: {codes}" if kind == "python" else f"{'%' if kind == 'latex' else '#'} ix: ignore[{codes}]"
    return Edit(end, end, f"  {mark}")
