"""The server: which documents an editor has open, and what it is told of them."""

from __future__ import annotations

import tempfile
from pathlib import Path

from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path

from ..lint.source import KINDS
from .convert import Converter
from .documents import Protocol, encoding_name
from .session import Session
from .snapshot import Part, Snapshot

LANGUAGES = {
    "indexcalc": "idx",
    "idx": "idx",
    "python": "python",
    "latex": "latex",
    "tex": "latex",
    "plaintex": "latex",
    "markdown": "markdown",
    "quarto": "markdown",
    "rmd": "markdown",
}
CELLS = ("python", "markdown")
_NOTEBOOKS = types.NotebookDocumentSyncOptions(
    [
        types.NotebookDocumentFilterWithCells(
            [types.NotebookCellLanguage(language) for language in CELLS],
            types.NotebookDocumentFilterNotebookType("jupyter-notebook"),
        )
    ]
)


class Server(LanguageServer):
    """A server for one editor."""

    def __init__(self, version: str) -> None:
        super().__init__("indexcalc", version, notebook_document_sync=_NOTEBOOKS, protocol_cls=Protocol)
        self.session = Session(self.tell, self.failed)
        self._told: set[str] = set()
        self.pages = tempfile.TemporaryDirectory(prefix="indexcalc-")  # what `explain` shows; gone with the server

    # ---- documents ----
    def snapshot_of(self, uri: str) -> Snapshot:
        """The document as it is now."""
        path = to_fs_path(uri) if uri.startswith("file:") else None
        notebook = self.workspace.get_notebook_document(notebook_uri=uri)
        if notebook is not None:
            texts = [self.workspace.get_text_document(cell.document) for cell in notebook.cells]
            languages = tuple(text.language_id or "" for text in texts)
            return Snapshot("notebook", path, [Part(t.uri, t.source, t.version) for t in texts], languages)
        text = self.workspace.get_text_document(uri)
        kind = KINDS.get(Path(path or "").suffix.lower()) or LANGUAGES.get(text.language_id or "", "")
        return Snapshot(kind, path, [Part(uri, text.source, text.version)])

    def changed(self, uri: str) -> None:
        """Lint a document that was opened or is another now."""
        self.session.changed(uri, self.snapshot_of(uri))

    def closed(self, uri: str) -> None:
        """Forget a document, and take back what was told of it."""
        snapshot = self.session.closed(uri)
        for part in snapshot.parts if snapshot else ():
            self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(part.uri, []))

    def find(self, uri: str) -> tuple[Snapshot, int] | None:
        """The document that a text is, or is a cell of, and which of its parts it is."""
        notebook = self.workspace.get_notebook_document(cell_uri=uri)
        snapshot = self.session.snapshot(notebook.uri if notebook is not None else uri)
        if snapshot is None:
            return None
        return next(((snapshot, k) for k, part in enumerate(snapshot.parts) if part.uri == uri), None)

    # ---- telling ----
    @property
    def encoding(self) -> str:
        """How characters are counted."""
        return encoding_name(self.workspace.position_encoding)

    def converter(self, snapshot: Snapshot) -> Converter:
        """Translates places of this version."""
        told = self.client_capabilities.text_document
        publish = told.publish_diagnostics if told is not None else None
        return Converter(snapshot, self.encoding, related=bool(publish and publish.related_information))

    def tell(self, uri: str, snapshot: Snapshot) -> None:
        """Publish the findings of a version."""
        bugs = [d.message for d in snapshot.findings if d.code == "IX016"]
        for message in bugs:
            self.failed(RuntimeError(f"{uri}: {message}"))
        found = self.converter(snapshot).findings(d for d in snapshot.findings if d.code != "IX016")
        for part, told in zip(snapshot.parts, found):
            self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(part.uri, told, part.version))
        for problem in snapshot.problems:
            if problem not in self._told:  # not at every key
                self._told.add(problem)
                self.window_log_message(types.LogMessageParams(types.MessageType.Warning, problem))

    def failed(self, error: Exception) -> None:
        """Tell of a mistake of indexcalc itself, each once."""
        text = f"indexcalc: {error}; this is a mistake in indexcalc, please report it"
        if text not in self._told:
            self._told.add(text)
            self.window_show_message(types.ShowMessageParams(types.MessageType.Error, text))
