"""One version of an open document: what is found in it, computed once when first asked for.

It knows nothing of the protocol, and never changes, so that it may be asked in another thread.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from ..diagnostics import Diagnostic, IndexCalcError
from ..lint.config import Config, Configs
from ..lint.edits import CellTexts, Edit, in_string, with_line_ends
from ..lint.run import lint_source
from ..lint.settings import Settings
from ..lint.source import LINTED_KINDS, Source
from .hover import Section, sections

PYTHON_CELLS = ("python", "ipython")


@dataclass(frozen=True, slots=True)
class Part:
    """A text as the editor has it: the document, or one cell of a notebook whose cells are texts of their own."""

    uri: str
    text: str
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A stretch of a part's text."""

    part: int
    start: int
    end: int


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A document at one moment.

    `path` is its file, None where it has none yet.  `languages` are those of the parts where they are the cells of a
    notebook, and empty where the document is one text.
    """

    kind: str
    path: str | None
    parts: Sequence[Part]
    languages: Sequence[str] = ()
    problems: list[str] = field(default_factory=list)  # with settings and baseline, for the log

    @property
    def by_cells(self) -> bool:
        """Whether the parts are cells of a notebook."""
        return bool(self.languages)

    @cached_property
    def source(self) -> Source:
        """What is linted."""
        name = self.path or "<input>"
        if not self.by_cells:
            return Source(self.parts[0].text if self.parts else "", name, self.kind)
        cells = [
            {"cell_type": cell_type(language), "source": p.text} for p, language in zip(self.parts, self.languages)
        ]
        return Source(json.dumps({"cells": cells}), name, "notebook")

    @cached_property
    def _config(self) -> Config:
        configs = Configs()
        config = configs.of(os.path.dirname(self.path) if self.path else ".")
        self.problems.extend(str(d) for d in configs.findings)
        return config

    @cached_property
    def settings(self) -> Settings:
        """Those of the nearest pyproject.toml."""
        return self._config.settings(self.path, {})

    @cached_property
    def findings(self) -> list[Diagnostic]:
        """What the linter finds, without what the settings exclude and the baseline knows."""
        if self.kind not in LINTED_KINDS or self._excluded:
            return []
        return self._news(lint_source(self.source, self.settings))

    @cached_property
    def sections(self) -> list[Section]:
        """The sources of one kind in it, for questions about places."""
        return list(sections(self))

    @property
    def _excluded(self) -> bool:
        from ..lint.files import matches

        config = self._config
        return self.path is not None and any(matches(p, config.folder, self.path) for p in config.exclude)

    def _news(self, found: list[Diagnostic]) -> list[Diagnostic]:
        if self._config.baseline is None:
            return found
        from ..lint.baseline import read_baseline, without_known

        path = os.path.join(self._config.folder, self._config.baseline)
        try:
            return without_known(found, read_baseline(path), os.path.dirname(os.path.abspath(path)))
        except IndexCalcError as error:
            self.problems.append(str(error))
            return found

    # ---- places ----
    def place(self, cell: int | None, start: int, end: int) -> Place | None:
        """Where a stretch of the source, or of a cell of it, stands in what the editor shows."""
        if self.by_cells:
            return Place(cell - 1, start, end) if cell is not None and cell <= len(self.parts) else None
        if self.source.kind != "notebook" or cell is None:
            return Place(0, start, end)
        found = self._json.place(cell, start, end)
        return Place(0, *found) if found is not None else None

    def place_of(self, d: Diagnostic) -> Place:
        """Where a finding is shown: at the beginning of the document where it has no place."""
        if d.span is None:
            return Place(0, 0, 0)
        whole = self.place(d.cell, d.span.start, d.span.end)
        return whole or self.place(d.cell, d.span.start, d.span.start) or Place(0, 0, 0)

    def edit(self, edit: Edit) -> tuple[Place, str] | None:
        """An edit of the source as one of a part's text; None where it is none of one stretch."""
        place = self.place(edit.cell, edit.start, edit.end)
        if place is None:
            return None
        if not self.by_cells and edit.cell is not None:
            return place, in_string(edit.text, self.source.text)
        return place, with_line_ends(edit.text, self.parts[place.part].text)

    @cached_property
    def _json(self) -> CellTexts:
        return CellTexts(self.source.text)


def cell_type(language: str) -> str:
    """What a cell of this language is to the linter."""
    return "markdown" if language == "markdown" else "code" if language in PYTHON_CELLS else "raw"
