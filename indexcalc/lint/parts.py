"""Sources inside of sources: what is found in an excerpt is told where the excerpt comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib import import_module

from ..diagnostics import Diagnostic, Label
from ..paper.excerpt import Excerpt
from .settings import Settings
from .source import LINTED_KINDS, Source


def part_findings(
    excerpt: Excerpt, kind: str, name: str, settings: Settings, cell_of: Callable[[int], int] | None = None
) -> Iterator[Diagnostic]:
    """The findings in an excerpt read as a source of a kind, at their places.

    `cell_of` gives the notebook's cell of a part.  A finding in a cell carries the cell's text, any other none: it is
    located in the whole source.
    """
    if kind not in LINTED_KINDS or not excerpt.text.strip():
        return
    reader = import_module(f"{__package__}.kinds.{kind}")
    for finding in reader.findings(Source(excerpt.text, name, kind), settings):
        yield replace(placed(finding, excerpt, cell_of), file=name)


def placed(finding: Diagnostic, excerpt: Excerpt, cell_of: Callable[[int], int] | None = None) -> Diagnostic:
    """A finding in an excerpt, told where the excerpt comes from.

    A label in another cell becomes a sentence of the explanation.  A fix of text that does not stand in one piece there
    is left out.
    """
    place = excerpt.place(finding.span) if finding.span else None
    if place is None:
        return replace(finding, source=None)
    part, span = place
    labels, elsewhere = [], []
    for label in finding.labels:
        where = excerpt.place(label.span)
        if where and where[0] == part:
            labels.append(Label(where[1], label.text))
        elif where and cell_of:
            elsewhere.append(f"Cell {cell_of(where[0])}, line {where[1].line}: {label.text}.")
    edited = finding.fix_span or finding.span
    target = excerpt.place(edited) if edited and finding.fix is not None else None
    whole = target is not None and edited is not None and target[0] == part and (
        excerpt.source(part)[target[1].start : target[1].end] == excerpt.text[edited.start : edited.end]
    )  # fmt: skip
    return replace(
        finding,
        span=span,
        labels=tuple(labels),
        why=" ".join(filter(None, (finding.why, *elsewhere))),
        fix=finding.fix if whole else None,
        fix_span=target[1] if target and whole else None,
        cell=cell_of(part) if cell_of else None,
        source=excerpt.source(part) if cell_of else None,
    )
