"""Questions about the names of programs: in files, fences and cells of the language; elsewhere there is no answer."""

from __future__ import annotations

from collections.abc import Iterable

from ..diagnostics import fail
from .hover import Section, sections_at
from .mentions import Mention
from .program import ProgramReading
from .snapshot import Place, Snapshot


def declared_at(snapshot: Snapshot, part: int, offset: int) -> Place | None:
    """Where the name at a place is declared or defined."""
    for section, reading, inner in _programs(snapshot, part, offset):
        found = reading.definition(inner)
        return next(iter(_places(section, [found])), None) if found is not None else None
    return None


def names_at(snapshot: Snapshot, part: int, offset: int) -> list[Place]:
    """Everywhere the name at a place stands."""
    for section, reading, inner in _programs(snapshot, part, offset):
        return _places(section, reading.occurrences(inner))
    return []


def renamed(snapshot: Snapshot, part: int, offset: int, name: str) -> list[Place]:
    """What is replaced where the name at a place is changed.  Raises `IndexCalcError` where it cannot be."""
    for section, reading, inner in _programs(snapshot, part, offset):
        return _places(section, reading.renamed(inner, name))
    raise fail("IX901", "names are changed in programs of the language only")


def _programs(snapshot: Snapshot, part: int, offset: int) -> list[tuple[Section, ProgramReading, int]]:
    found = ((section, section.reading, inner) for section, inner in sections_at(snapshot, part, offset))
    return [(section, reading, inner) for section, reading, inner in found if isinstance(reading, ProgramReading)]


def _places(section: Section, found: Iterable[Mention]) -> list[Place]:
    spans = [section.excerpt.place(section.span(m.start, m.end)) for m in found]
    return [Place(place[0], place[1].start, place[1].end) for place in spans if place is not None]
