"""The open documents of an editor, kept up to date as it reports changes.

pygls's own documents part lines as `str.splitlines` does, at form feeds too, and lose the last character where a range
ends behind the text; then text and editor would no longer agree.
"""

from __future__ import annotations

from lsprotocol import types
from pygls.protocol import LanguageServerProtocol
from pygls.workspace import TextDocument, Workspace

from .positions import Positions


def encoding_name(encoding: types.PositionEncodingKind | str | None) -> str:
    """The name of an encoding of places, that of the protocol's default where none is agreed on."""
    return types.PositionEncodingKind(encoding or "utf-16").value


class Document(TextDocument):
    """One text, with changes applied by the protocol's lines."""

    def apply_change(self, change: types.TextDocumentContentChangeEvent) -> None:
        """Put the new text in the place of the old."""
        if not isinstance(change, types.TextDocumentContentChangePartial):
            self._source = change.text
            return
        text = self.source
        here = Positions(text, encoding_name(self.position_codec.encoding))
        start = here.offset(change.range.start.line, change.range.start.character)
        end = here.offset(change.range.end.line, change.range.end.character)
        self._source = text[:start] + change.text + text[max(start, end) :]


class Documents(Workspace):
    """The workspace of such documents."""

    def _create_text_document(
        self, doc_uri: str, source: str | None = None, version: int | None = None, language_id: str | None = None
    ) -> Document:
        return Document(doc_uri, source, version, language_id, position_codec=self.position_codec)


class Protocol(LanguageServerProtocol):
    """The protocol, over such documents."""

    _documents: Documents | None = None

    @property
    def workspace(self) -> Documents:
        """The open documents, once the encoding of places is agreed on."""
        if self._documents is None:
            agreed = super().workspace
            self._documents = Documents(agreed.root_uri, position_encoding=agreed.position_encoding)
        return self._documents
