"""What the server answers to each message of an editor."""

from __future__ import annotations

from dataclasses import dataclass
from logging import LogRecord, getLogger
from pathlib import Path

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.uris import from_fs_path

from ..diagnostics import IndexCalcError
from .actions import Action, actions, fix_all
from .convert import EXPLAIN, Converter
from .hover import hover
from .names import declared_at, names_at, renamed
from .page import page
from .server import Server
from .snapshot import Place, Snapshot

FIX_ALL = f"{types.CodeActionKind.SourceFixAll.value}.indexcalc"


class Refused(JsonRpcException):
    """A request that is right but cannot be met.  The editor tells its reader why; it is nothing for a log."""

    CODE = -32803


def _is_logged(record: LogRecord) -> bool:
    return record.exc_info is None or not isinstance(record.exc_info[1], Refused)


def make_server(version: str) -> Server:
    """A server with all that it answers, which calls itself by this version."""
    server = Server(version)
    getLogger("pygls.protocol.json_rpc").addFilter(_is_logged)
    _documents(server)
    _actions(server)
    _questions(server)
    _names(server)
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


def _questions(server: Server) -> None:
    @server.feature(types.TEXT_DOCUMENT_HOVER)
    async def hover_at(params: types.HoverParams) -> types.Hover | None:
        at = _Asked.of(server, params.text_document.uri, params.position)
        told = await server.session.run(lambda: hover(at.snapshot, at.part, at.offset)) if at else None
        if at is None or told is None:
            return None
        start, end, text = told
        content = types.MarkupContent(types.MarkupKind.Markdown, text)
        return types.Hover(content, at.convert.range(Place(at.part, start, end)))


def _names(server: Server) -> None:
    @server.feature(types.TEXT_DOCUMENT_DEFINITION)
    async def definition(params: types.DefinitionParams) -> types.Location | None:
        at = _Asked.of(server, params.text_document.uri, params.position)
        found = await server.session.run(lambda: declared_at(at.snapshot, at.part, at.offset)) if at else None
        if at is None or found is None:
            return None
        return types.Location(at.snapshot.parts[found.part].uri, at.convert.range(found))

    @server.feature(types.TEXT_DOCUMENT_REFERENCES)
    async def references(params: types.ReferenceParams) -> list[types.Location]:
        at = _Asked.of(server, params.text_document.uri, params.position)
        found = await server.session.run(lambda: names_at(at.snapshot, at.part, at.offset)) if at else []
        return [types.Location(at.snapshot.parts[p.part].uri, at.convert.range(p)) for p in found] if at else []

    @server.feature(types.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT)
    async def highlight(params: types.DocumentHighlightParams) -> list[types.DocumentHighlight]:
        at = _Asked.of(server, params.text_document.uri, params.position)
        found = await server.session.run(lambda: names_at(at.snapshot, at.part, at.offset)) if at else []
        here = [p for p in found if at and p.part == at.part]
        return [types.DocumentHighlight(at.convert.range(p)) for p in here] if at else []

    @server.feature(types.TEXT_DOCUMENT_RENAME)
    async def rename(params: types.RenameParams) -> types.WorkspaceEdit | None:
        at = _Asked.of(server, params.text_document.uri, params.position)
        if at is None:
            return None
        try:
            found = await server.session.run(lambda: renamed(at.snapshot, at.part, at.offset, params.new_name))
        except IndexCalcError as error:
            d = error.diagnostics[0]
            raise Refused(f"{d.message}{f' ({d.hint})' if d.hint else ''}") from None
        return at.convert.edit([(place, params.new_name) for place in found])


@dataclass(frozen=True, slots=True)
class _Asked:
    """The place that a request is about."""

    snapshot: Snapshot
    part: int
    offset: int
    convert: Converter

    @staticmethod
    def of(server: Server, uri: str, position: types.Position) -> _Asked | None:
        found = server.find(uri)
        if found is None:
            return None
        convert = server.converter(found[0])
        return _Asked(*found, convert.offset(found[1], position), convert)


def _includes(kind: types.CodeActionKind | str, other: str) -> bool:
    """Whether a kind of action, or one below it, is asked for."""
    text = kind.value if isinstance(kind, types.CodeActionKind) else kind
    return not text or other == text or other.startswith(text + ".")


def _actions_at(snapshot: Snapshot, part: int, start: int, end: int) -> list[Action]:
    places = ((d, snapshot.place_of(d)) for d in snapshot.findings)
    here = [d for d, p in places if p.part == part and p.start <= end and start <= max(p.end, p.start)]
    return list(actions(snapshot, here))
