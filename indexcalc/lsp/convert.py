"""Findings and actions in the words of the protocol."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property

from lsprotocol import types

from ..diagnostics import Diagnostic
from .actions import Action, Change
from .positions import Positions
from .snapshot import Place, Snapshot

SEVERITIES = {
    "error": types.DiagnosticSeverity.Error,
    "warning": types.DiagnosticSeverity.Warning,
    "note": types.DiagnosticSeverity.Information,
}
EXPLAIN = "indexcalc.explain"


class Converter:
    """Translates for one snapshot.  `related`: the client shows the further places of a finding by itself."""

    def __init__(self, snapshot: Snapshot, encoding: str, *, related: bool = True) -> None:
        self._snapshot, self._encoding, self._related = snapshot, encoding, related

    @cached_property
    def _positions(self) -> list[Positions]:
        return [Positions(part.text, self._encoding) for part in self._snapshot.parts]

    def range(self, place: Place) -> types.Range:
        """A place as lines and characters."""
        here = self._positions[place.part]
        start, end = here.position(place.start), here.position(place.end)
        return types.Range(types.Position(*start), types.Position(*end))

    def offset(self, part: int, position: types.Position) -> int:
        """The offset in a part's text."""
        return self._positions[part].offset(position.line, position.character)

    # ---- findings ----
    def findings(self, found: Iterable[Diagnostic]) -> list[list[types.Diagnostic]]:
        """The findings of each part."""
        told: list[list[types.Diagnostic]] = [[] for _ in self._snapshot.parts]
        for d in found:
            place = self._snapshot.place_of(d)
            told[place.part].append(self.finding(d, place))
        return told

    def finding(self, d: Diagnostic, place: Place) -> types.Diagnostic:
        """One finding, with all that it says, and its further places."""
        labels = [(x, p) for x in d.labels if (p := self._snapshot.place(d.cell, x.span.start, x.span.end))]
        related = [
            types.DiagnosticRelatedInformation(
                types.Location(self._snapshot.parts[p.part].uri, self.range(p)), label.text or "this"
            )
            for label, p in labels
        ]
        lines = [d.message, f"here: {d.label}" if d.label else ""]
        if not self._related:
            lines += [f"line {self.range(p).start.line + 1}: {label.text}" for label, p in labels if label.text]
        lines += [d.why, f"help: {d.hint}" if d.hint else ""]
        return types.Diagnostic(
            self.range(place),
            "\n".join(line for line in lines if line),
            severity=SEVERITIES[d.severity],
            code=d.code,
            source="indexcalc",
            related_information=related if self._related and related else None,
        )

    # ---- actions ----
    def action(self, action: Action) -> types.CodeAction:
        """A quick fix, or the command that explains."""
        d = action.finding
        about = [self.finding(d, self._snapshot.place_of(d))] if d is not None else None
        command = None
        if d is not None and not action.changes:
            command = types.Command(action.title, EXPLAIN, arguments=[d.code])
        return types.CodeAction(
            action.title,
            kind=types.CodeActionKind.QuickFix,
            diagnostics=about,
            is_preferred=True if action.preferred else None,
            edit=self.edit(action.changes) if action.changes else None,
            command=command,
        )

    def edit(self, changes: Sequence[Change]) -> types.WorkspaceEdit:
        """Changes, of exactly this version of the texts."""
        by_part: dict[int, list[types.TextEdit | types.AnnotatedTextEdit | types.SnippetTextEdit]] = {}
        for place, text in changes:
            by_part.setdefault(place.part, []).append(types.TextEdit(self.range(place), text))
        edits: list[types.TextDocumentEdit | types.CreateFile | types.RenameFile | types.DeleteFile] = []
        for k, found in sorted(by_part.items()):
            part = self._snapshot.parts[k]
            edits.append(
                types.TextDocumentEdit(types.OptionalVersionedTextDocumentIdentifier(part.uri, part.version), found)
            )
        return types.WorkspaceEdit(document_changes=edits)
