"""What an editor shows at a place, whichever kind of source that is in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from ..diagnostics import IndexCalcError, Span
from ..paper.excerpt import Excerpt, Piece, pieces_of

if TYPE_CHECKING:
    from .snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Hover:
    """Markdown about text[start:end]."""

    start: int
    end: int
    text: str


def code(text: str) -> str:
    """A block of code in Markdown."""
    return f"```indexcalc\n{text}\n```"


class Reading(Protocol):
    """A source of one kind, read."""

    def hover(self, offset: int) -> Hover | None:
        """What is to be said of a place, if anything is."""


@dataclass(eq=False)
class Section:
    """A source of one kind in a document: the whole of it, or the formulas, the code or a fence in it."""

    kind: str
    excerpt: Excerpt

    @cached_property
    def reading(self) -> Reading:
        """Read when the first question comes."""
        if self.kind == "idx":
            from .program import ProgramReading

            return ProgramReading(self.excerpt.text)
        if self.kind == "python":
            from .calls import PythonReading

            return PythonReading(self.excerpt.text)
        from .formulas import LatexReading

        return LatexReading(self.excerpt.text)

    def span(self, start: int, end: int) -> Span:
        """A stretch of the excerpt's text."""
        return Span.of(self.excerpt.text, start, end)


def sections(snapshot: Snapshot) -> Iterator[Section]:
    """The sources in a document.  A notebook that the editor shows as JSON has none."""
    text = snapshot.source.text
    if snapshot.by_cells:
        from ..lint.kinds.notebook import excerpts
        from ..paper.notebook import read_notebook

        texts = [part.text for part in snapshot.parts]
        yield from (Section(kind, Excerpt(pieces, texts)) for kind, pieces in excerpts(read_notebook(text)))
    elif snapshot.kind == "markdown":
        from ..lint.kinds.markdown import code as fenced
        from ..paper.markdown import read_markdown

        markdown = read_markdown(text)
        for kind, pieces in [("latex", pieces_of(markdown.latex, 0)), *fenced(markdown.fences)]:
            yield Section(kind, Excerpt(pieces, [text]))
    elif snapshot.kind in ("idx", "python", "latex"):
        whole: list[Piece] = pieces_of(text, 0)
        yield Section(snapshot.kind, Excerpt(whole, [text]))


def sections_at(snapshot: Snapshot, part: int, offset: int) -> Iterator[tuple[Section, int]]:
    """The sources that a place of a part is in, and where it is in each."""
    for section in snapshot.sections:
        inner = section.excerpt.find(part, offset)
        if inner is not None:
            yield section, inner


def hover(snapshot: Snapshot, part: int, offset: int) -> tuple[int, int, str] | None:
    """What is to be said of a place of a part: its stretch there, and Markdown."""
    for section, inner in sections_at(snapshot, part, offset):
        try:
            found = section.reading.hover(inner)
        except (IndexCalcError, RecursionError):
            continue  # of which the linter tells
        place = section.excerpt.place(section.span(found.start, found.end)) if found is not None else None
        if found is not None and place is not None and place[0] == part:
            return place[1].start, place[1].end, found.text
    return None
