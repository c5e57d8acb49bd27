"""An editor, as far as a language server sees one: JSON-RPC over pipes, written without the server's libraries."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

PATIENCE = 60.0  # seconds; a busy machine may be slow, and a failing test is rare


class Editor:
    """Starts a server and talks to it."""

    def __init__(self, capabilities: dict[str, Any] | None = None, folder: Path | None = None) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "indexcalc", "lsp"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=folder,
        )  # fmt: skip
        self._inbox: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self.messages: list[dict[str, Any]] = []
        self._number = 0
        threading.Thread(target=self._read, daemon=True).start()
        default = {"textDocument": {"publishDiagnostics": {"relatedInformation": True}}}
        capabilities = default if capabilities is None else capabilities
        self.server = self.ask("initialize", {"processId": None, "rootUri": None, "capabilities": capabilities})
        self.tell("initialized", {})

    def __enter__(self) -> Editor:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.ask("shutdown", None)
            self.tell("exit", None)
            self._process.wait(PATIENCE)
        finally:
            self._process.kill()
            self._process.wait()
            errors = self._process.stderr.read().decode()
            for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
                pipe.close()
        assert (self._process.returncode, errors) == (0, "")

    def _read(self) -> None:
        stream = self._process.stdout
        while line := stream.readline():
            length = int(line.split(b":")[1])
            while stream.readline().strip():
                pass
            self._inbox.put(json.loads(stream.read(length)))
        self._inbox.put(None)

    def _send(self, message: dict[str, Any]) -> None:
        data = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(data) + data)
        self._process.stdin.flush()

    def tell(self, method: str, params: Any) -> None:
        """A notification."""
        self._send({"method": method, "params": params})

    def ask(self, method: str, params: Any, *, error: bool = False) -> Any:
        """A request, and its result, or what it fails with."""
        self._number += 1
        number = self._number
        self._send({"id": number, "method": method, "params": params})
        answer = self._wait(lambda m: m.get("id") == number and "method" not in m)
        assert ("error" in answer) == error, answer
        return answer["error" if error else "result"]

    def _wait(self, wanted: Any) -> dict[str, Any]:
        for k, message in enumerate(self.messages):
            if wanted(message):
                return self.messages.pop(k)
        while True:
            message = self._inbox.get(timeout=PATIENCE)
            if message is None:
                raise AssertionError(f"the server is gone: {self._process.stderr.read().decode()}")
            if "id" in message and "method" in message:  # what the server asks of an editor
                self._send({"id": message["id"], "result": {"success": True}})
            if wanted(message):
                return message
            self.messages.append(message)

    # ---- documents ----
    def open(self, uri: str, text: str, language: str = "indexcalc", version: int = 1) -> None:
        self.tell(
            "textDocument/didOpen",
            {"textDocument": {"uri": uri, "languageId": language, "version": version, "text": text}},
        )

    def change(self, uri: str, version: int, *changes: dict[str, Any]) -> None:
        self.tell(
            "textDocument/didChange", {"textDocument": {"uri": uri, "version": version}, "contentChanges": changes}
        )

    def findings(self, uri: str, version: int | None = 1) -> list[dict[str, Any]]:
        """What the server publishes of this version."""
        found = self._wait(
            lambda m: (
                m.get("method") == "textDocument/publishDiagnostics"
                and m["params"]["uri"] == uri
                and m["params"].get("version") == version
            )
        )
        return found["params"]["diagnostics"]

    def lint(self, uri: str, text: str, language: str = "indexcalc") -> list[dict[str, Any]]:
        """Open a text and see what is found."""
        self.open(uri, text, language)
        return self.findings(uri)

    def actions(self, uri: str, line: int, character: int, only: list[str] | None = None) -> list[dict[str, Any]]:
        """The actions offered at a place."""
        here = {"line": line, "character": character}
        context = {"diagnostics": [], **({"only": only} if only else {})}
        return self.ask(
            "textDocument/codeAction",
            {"textDocument": {"uri": uri}, "range": {"start": here, "end": here}, "context": context},
        )

    def hover(self, uri: str, line: int, character: int) -> str | None:
        """The text shown at a place."""
        found = self.ask(
            "textDocument/hover", {"textDocument": {"uri": uri}, "position": {"line": line, "character": character}}
        )
        return found and found["contents"]["value"]
