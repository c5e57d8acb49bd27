"""The server: what it answers to each message of an editor."""

from __future__ import annotations

import tempfile
from pathlib import Path

from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.uris import from_fs_path, to_fs_path

from ..lint.source import KINDS
from .actions import Action, actions, fix_all
from .convert import EXPLAIN, Converter
from .documents import Protocol, encoding_name
from .page import page
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
FIX_ALL = f"{types.CodeActionKind.SourceFixAll.value}.indexcalc"
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
            self.window_log_message(types.LogMessageParams(types.MessageType.Warning, problem))

    def failed(self, error: Exception) -> None:
        """Tell of a mistake of indexcalc itself, each once."""
        text = f"indexcalc: {error}; this is a mistake in indexcalc, please report it"
        if text not in self._told:
            self._told.add(text)
            self.window_show_message(types.ShowMessageParams(types.MessageType.Error, text))


def make_server(version: str) -> Server:
    """A server with all that it answers, which calls itself by this version."""
    server = Server(version)
    _documents(server)
    _actions(server)
    return server


def _documents(server: Server) -> None:
    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def did_open(params: types.DidOpenTextDocumentParams) -> None:
        server.changed(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def did_change(params: types.DidChangeTextDocumentParams) -> None:
        server.changed(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def did_close(params: types.DidCloseTextDocumentParams) -> None:
        server.closed(params.text_document.uri)

    @server.feature(types.NOTEBOOK_DOCUMENT_DID_OPEN)
    def notebook_did_open(params: types.DidOpenNotebookDocumentParams) -> None:
        server.changed(params.notebook_document.uri)

    @server.feature(types.NOTEBOOK_DOCUMENT_DID_CHANGE)
    def notebook_did_change(params: types.DidChangeNotebookDocumentParams) -> None:
        server.changed(params.notebook_document.uri)

    @server.feature(types.NOTEBOOK_DOCUMENT_DID_CLOSE)
    def notebook_did_close(params: types.DidCloseNotebookDocumentParams) -> None:
        server.closed(params.notebook_document.uri)

    @server.feature(types.INITIALIZED)
    def initialized(params: types.InitializedParams) -> None:
        workspace = server.client_capabilities.workspace
        watched = workspace.did_change_watched_files if workspace is not None else None
        if watched is not None and watched.dynamic_registration:
            files = types.DidChangeWatchedFilesRegistrationOptions([types.FileSystemWatcher("**/pyproject.toml")])
            method = types.WORKSPACE_DID_CHANGE_WATCHED_FILES
            server.client_register_capability(
                types.RegistrationParams([types.Registration("indexcalc-settings", method, files)])
            )

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def settings_changed(params: types.DidChangeWatchedFilesParams) -> None:
        for uri in server.session.documents:
            server.changed(uri)

    @server.feature(types.SHUTDOWN)
    def shutdown(params: None = None) -> None:
        server.session.end()


def _actions(server: Server) -> None:
    kinds: list[types.CodeActionKind | str] = [types.CodeActionKind.QuickFix, FIX_ALL]

    @server.feature(types.TEXT_DOCUMENT_CODE_ACTION, types.CodeActionOptions(code_action_kinds=kinds))
    async def code_action(params: types.CodeActionParams) -> list[types.CodeAction]:
        found = server.find(params.text_document.uri)
        if found is None:
            return []
        snapshot, part = found
        convert = server.converter(snapshot)
        only = params.context.only
        if only is not None and not any(_includes(kind, types.CodeActionKind.QuickFix.value) for kind in only):
            if not any(_includes(kind, FIX_ALL) for kind in only):
                return []
            changes = await server.session.run(lambda: fix_all(snapshot))
            title = "indexcalc: apply all safe fixes"
            return [types.CodeAction(title, kind=FIX_ALL, edit=convert.edit(changes))] if changes else []
        start, end = (convert.offset(part, place) for place in (params.range.start, params.range.end))
        wanted = await server.session.run(lambda: _actions_at(snapshot, part, start, end))
        return [convert.action(action) for action in wanted]

    @server.command(EXPLAIN)
    async def explain(code: str) -> str | None:
        text = page(code)
        if text is None:
            return None
        window = server.client_capabilities.window
        if window is not None and window.show_document is not None and window.show_document.support:
            path = Path(server.pages.name) / f"{code}.md"
            path.write_text(text, encoding="utf-8")
            await server.window_show_document_async(types.ShowDocumentParams(from_fs_path(str(path)) or ""))
        else:
            server.window_show_message(types.ShowMessageParams(types.MessageType.Info, text))
        return text


def _includes(kind: types.CodeActionKind | str, other: str) -> bool:
    """Whether a kind of action, or one below it, is asked for."""
    text = kind.value if isinstance(kind, types.CodeActionKind) else kind
    return not text or other == text or other.startswith(text + ".")


def _actions_at(snapshot: Snapshot, part: int, start: int, end: int) -> list[Action]:
    places = ((d, snapshot.place_of(d)) for d in snapshot.findings)
    here = [d for d, p in places if p.part == part and p.start <= end and start <= max(p.end, p.start)]
    return list(actions(snapshot, here))
