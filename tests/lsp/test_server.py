"""The real server in a process of its own, spoken to as an editor speaks."""

import json
import subprocess
import sys

import pytest

from indexcalc.lint.run import lint_source
from indexcalc.lint.source import Source

from .editor import Editor

WRONG = {
    "indexcalc": ("a.idx", "S[i,j] = Q[i,d] K[k,d]\n", "IX101"),
    "python": ("a.py", "import numpy as np\nC = np.einsum('ij,jk->il', A, B)\n", "IX402"),
    "latex": ("a.tex", "\\begin{equation}\nS_{ij} = Q_{id} K_{kd}\n\\end{equation}\n", "IX101"),
    "markdown": ("a.md", "# Title\n\n$$S_{ij} = Q_{id} K_{kd}$$\n", "IX101"),
}


@pytest.fixture(scope="module")
def editor():
    with Editor() as editor:
        yield editor


def test_what_it_can_do(editor):
    can = editor.server["capabilities"]
    assert can["positionEncoding"] == "utf-16"
    assert can["textDocumentSync"]["openClose"]
    assert can["codeActionProvider"]["codeActionKinds"] == ["quickfix", "source.fixAll.indexcalc"]


def applied(text, edits):
    """The text after edits of ASCII text, written apart from the server's own."""
    lines = text.splitlines(keepends=True) or [""]
    starts = [sum(map(len, lines[:k])) for k in range(len(lines) + 1)]
    for edit in sorted(edits, key=lambda e: (e["range"]["start"]["line"], e["range"]["start"]["character"]))[::-1]:
        start, end = (starts[p["line"]] + p["character"] for p in (edit["range"]["start"], edit["range"]["end"]))
        text = text[:start] + edit["newText"] + text[end:]
    return text


@pytest.mark.parametrize("language", WRONG)
def test_findings_stand_where_the_linter_says(editor, language):
    name, text, code = WRONG[language]
    found = editor.lint(f"untitled:{name}", text, language)
    kind = "idx" if language == "indexcalc" else language
    expected = lint_source(Source(text, kind=kind))
    places = [
        (d.code, d.span.line - 1, d.span.column - 1, d.span.end_line - 1, d.span.end_column - 1) for d in expected
    ]
    assert code in [p[0] for p in places]
    told = [(d["code"], d["range"]["start"], d["range"]["end"]) for d in found]
    assert [(c, a["line"], a["character"], b["line"], b["character"]) for c, a, b in told] == places
    assert all(d["source"] == "indexcalc" and d["message"].startswith(e.message) for d, e in zip(found, expected))


def test_a_finding_says_all_that_it_knows(editor):
    (found,) = editor.lint("untitled:all.idx", WRONG["indexcalc"][1])
    assert found["severity"] == 1
    assert found["message"].split("\n") == [
        "free indices differ: the left side has `j`, the right `k`",
        "here: has j",
        "help: rename k to j in K[k,d], or j to k on the left",
    ]
    (related,) = found["relatedInformation"]
    assert related["message"] == "has k"
    assert related["location"]["range"]["start"] == {"line": 0, "character": 16}


def test_places_are_told_in_the_message_to_an_editor_that_cannot_show_them():
    with Editor(capabilities={}) as editor:
        (found,) = editor.lint("untitled:a.idx", WRONG["indexcalc"][1])
    assert "relatedInformation" not in found
    assert "line 1: has k" in found["message"].split("\n")


@pytest.mark.parametrize(("encoding", "character"), [("utf-16", 12), ("utf-32", 10), ("utf-8", 16)])
def test_characters_are_counted_in_the_agreed_encoding(encoding, character):
    text = "from numpy import einsum\r\nx = '🙂🙂'; einsum('ij,jk->il', A, B)\r\n"
    with Editor(capabilities={"general": {"positionEncodings": [encoding]}}) as editor:
        assert editor.server["capabilities"]["positionEncoding"] == encoding
        (found,) = editor.lint("untitled:b.py", text, "python")
        (fix, *_) = editor.actions("untitled:b.py", **found["range"]["start"])
    start = character + len("einsum('ij,jk->i")
    assert found["range"] == {"start": {"line": 1, "character": start}, "end": {"line": 1, "character": start + 1}}
    (edit,) = fix["edit"]["documentChanges"][0]["edits"]
    assert edit["range"]["start"] == {"line": 1, "character": character + len("einsum('")}


def test_edits_are_followed_as_the_protocol_counts_them(editor):
    uri = "untitled:edit.idx"
    # a form feed ends no line of the protocol, a lone carriage return does
    editor.open(uri, "# one\x0cstill one\r# 🙂 two\r\nS[i,j] = Q[i,d] K[k,d]")
    assert [d["range"]["start"]["line"] for d in editor.findings(uri)] == [2]
    place = {"start": {"line": 2, "character": 18}, "end": {"line": 2, "character": 19}}
    editor.change(uri, 2, {"range": place, "text": "j"})
    assert editor.findings(uri, 2) == []
    behind = {"start": {"line": 2, "character": 99}, "end": {"line": 99, "character": 0}}
    first = {"start": {"line": 1, "character": 4}, "end": {"line": 1, "character": 5}}
    editor.change(uri, 3, {"range": behind, "text": "\nT[i] = Q[i,d] K[k,d]\n"}, {"range": first, "text": "\n# "})
    assert [(d["code"], d["range"]["start"]["line"]) for d in editor.findings(uri, 3)] == [("IX102", 4)]
    editor.change(uri, 4, {"text": "y[i] = 2 x[i]\n"})
    assert editor.findings(uri, 4) == []


def test_only_the_last_of_quick_changes_is_told(editor):
    uri = "untitled:quick.idx"
    text = "".join(f"S{k}[i,j] = Q{k}[i,d] K{k}[k,d]\n" for k in range(100))
    editor.open(uri, text)
    for version in range(2, 30):
        editor.change(uri, version, {"text": text.replace("K", f"V{version}_")})
    editor.change(uri, 30, {"text": "y[i] = 2 x[i]\n"})
    assert editor.findings(uri, 30) == []
    told = [m["params"]["version"] for m in editor.messages if m.get("params", {}).get("uri") == uri]
    assert told == sorted(told) and len(told) < 15  # all were linted once the first was told, if none was dropped
    editor.messages.clear()


def test_closing_takes_findings_back(editor):
    uri = "untitled:closed.idx"
    assert editor.lint(uri, WRONG["indexcalc"][1])
    editor.tell("textDocument/didClose", {"textDocument": {"uri": uri}})
    assert editor.findings(uri, None) == []
    assert editor.actions(uri, 0, 0) == []


# ---- actions ----
def test_a_fix_is_offered_with_its_safety_and_works(editor):
    uri, text = "untitled:fix.py", "import numpy as np\nC = np.einsum('ij,jk->il', A, B)\n"
    editor.lint(uri, text, "python")
    found = editor.actions(uri, 1, 23)
    assert [a["title"] for a in found] == [
        "IX402: write `ij,jk->ik` (unsafe fix)",
        "Ignore IX402 here",
        "Explain IX402",
    ]
    fix, ignore, _ = found
    assert "isPreferred" not in fix
    for action, after in (
        (fix, "import numpy as np\nC = np.einsum('ij,jk->ik', A, B)\n"),
        (ignore, "import numpy as np\nC = np.einsum('ij,jk->il', A, B)  # noqa: IX402\n"),
    ):
        (change,) = action["edit"]["documentChanges"]
        assert change["textDocument"] == {"uri": uri, "version": 1}
        assert applied(text, change["edits"]) == after
        assert lint_source(Source(after, kind="python")) == []
    assert editor.actions(uri, 0, 3) == []


@pytest.mark.parametrize("language", WRONG)
def test_ignoring_is_a_comment_of_the_language(editor, language):
    name, text, code = WRONG[language]
    uri = f"untitled:ignore-{name}"
    (found,) = [d for d in editor.lint(uri, text, language) if d["code"] == code]
    place = found["range"]["start"]
    (action,) = [a for a in editor.actions(uri, **place) if a["title"] == f"Ignore {code} here"]
    after = applied(text, action["edit"]["documentChanges"][0]["edits"])
    kind = "idx" if language == "indexcalc" else language
    assert [d.code for d in lint_source(Source(after, kind=kind))] == []


def test_all_safe_fixes_at_once_are_those_of_the_command_line(editor, tmp_path):
    from indexcalc.lint.fix import fix_source
    from indexcalc.lint.settings import DEFAULT

    text = "a[i] = log(softmax[i](x[i]))\r\nb[j] = log(softmax[j](x[j])) # 1\r\n"
    expected = fix_source(Source(text), DEFAULT, unsafe=False)
    assert expected.count == 2
    uri = "untitled:all.idx"
    editor.change(uri, 2, {"text": text})
    editor.findings(uri, 2)
    assert editor.actions(uri, 0, 0, ["source.organizeImports"]) == []
    for only in (["source.fixAll"], ["source"], ["source.fixAll.indexcalc"]):
        (action,) = editor.actions(uri, 0, 0, only)
        assert applied(text, action["edit"]["documentChanges"][0]["edits"]) == expected.text
    editor.change(uri, 3, {"text": expected.text})
    assert editor.actions(uri, 0, 0, ["source.fixAll"]) == []


def test_a_code_is_explained(editor):
    text = editor.ask("workspace/executeCommand", {"command": "indexcalc.explain", "arguments": ["IX404"]})
    assert text.startswith("# IX404 einsum-summed-alone\n")
    shown = [m["params"]["message"] for m in editor.messages if m.get("method") == "window/showMessage"]
    assert shown == [text]
    assert editor.ask("workspace/executeCommand", {"command": "indexcalc.explain", "arguments": ["IX000"]}) is None


# ---- settings ----
def test_the_settings_of_the_file_hold(tmp_path):
    (tmp_path / "pyproject.toml").write_text('[tool.indexcalc]\nignore = ["IX402"]\nexclude = ["old/"]\n')
    (tmp_path / "old").mkdir()
    text = WRONG["python"][1]
    watching = {"workspace": {"didChangeWatchedFiles": {"dynamicRegistration": True}}}
    with Editor(capabilities=watching) as editor:
        uri, excluded = (tmp_path / "a.py").as_uri(), (tmp_path / "old" / "b.tex").as_uri()
        assert editor.lint(uri, text, "python") == []
        assert editor.lint(excluded, WRONG["latex"][1], "latex") == []
        (registered,) = [m for m in editor.messages if m.get("method") == "client/registerCapability"]
        assert registered["params"]["registrations"][0]["method"] == "workspace/didChangeWatchedFiles"
        (tmp_path / "pyproject.toml").write_text('[tool.indexcalc]\nignroe = ["IX402"]\n')
        editor.tell("workspace/didChangeWatchedFiles", {"changes": []})
        assert [d["code"] for d in editor.findings(uri)] == ["IX402"]
        editor.change(uri, 2, {"text": text})
        assert [d["code"] for d in editor.findings(uri, 2)] == ["IX402"]
        (problem,) = [m["params"]["message"] for m in editor.messages if m.get("method") == "window/logMessage"]
    assert "no such setting: `ignroe`" in problem


def test_what_the_baseline_knows_is_not_told(editor, tmp_path):
    from indexcalc.lint.baseline import write_baseline
    from indexcalc.lint.run import lint_file

    (tmp_path / "pyproject.toml").write_text('[tool.indexcalc]\nbaseline = "known.json"\n')
    path = tmp_path / "a.py"
    path.write_text(WRONG["python"][1])
    write_baseline(str(tmp_path / "known.json"), lint_file(path))
    assert editor.lint(path.as_uri(), WRONG["python"][1], "python") == []
    editor.change(path.as_uri(), 2, {"text": WRONG["python"][1].replace("A", "Q") + WRONG["python"][1]})
    assert [d["code"] for d in editor.findings(path.as_uri(), 2)] == ["IX402"]


# ---- notebooks ----
CELLS = [
    ("markdown", "Scores: $S_{ij} = Q_{id} K_{kd}$"),
    ("python", "import numpy as np"),
    ("python", "C = 1\nD = np.einsum('ij,jk->il', A, B)\n"),
]


def test_cells_that_are_texts_of_their_own(editor):
    uris = [f"vscode-notebook-cell:/n.ipynb#{k}" for k in range(3)]
    kinds = {"markdown": 1, "python": 2}
    notebook = {
        "uri": "file:///n.ipynb", "notebookType": "jupyter-notebook", "version": 1,
        "cells": [{"kind": kinds[language], "document": uri} for uri, (language, _) in zip(uris, CELLS)],
    }  # fmt: skip
    texts = [
        {"uri": uri, "languageId": language, "version": 1, "text": text} for uri, (language, text) in zip(uris, CELLS)
    ]
    editor.tell("notebookDocument/didOpen", {"notebookDocument": notebook, "cellTextDocuments": texts})
    found = [[(d["code"], d["range"]["start"]["line"]) for d in editor.findings(uri)] for uri in uris]
    assert found == [[("IX101", 0)], [], [("IX402", 1)]]
    fix = editor.actions(uris[2], 1, 23)[0]
    (change,) = fix["edit"]["documentChanges"]
    assert change["textDocument"]["uri"] == uris[2]
    assert applied(CELLS[2][1], change["edits"]) == "C = 1\nD = np.einsum('ij,jk->ik', A, B)\n"
    place = {"start": {"line": 1, "character": 23}, "end": {"line": 1, "character": 24}}
    text = {"document": {"uri": uris[2], "version": 2}, "changes": [{"range": place, "text": "k"}]}
    changed = {
        "notebookDocument": {"uri": "file:///n.ipynb", "version": 2},
        "change": {"cells": {"textContent": [text]}},
    }
    editor.tell("notebookDocument/didChange", changed)
    assert editor.findings(uris[2], 2) == []
    closed = {"notebookDocument": {"uri": "file:///n.ipynb"}, "cellTextDocuments": [{"uri": uri} for uri in uris]}
    editor.tell("notebookDocument/didClose", closed)
    assert [editor.findings(uri, None) for uri in uris] == [[], [], []]


@pytest.mark.parametrize("indent", [None, 1])
def test_a_notebook_as_json_is_marked_in_its_json(editor, indent):
    cells = [
        {"cell_type": "code" if language == "python" else language, "source": text.splitlines(keepends=True)}
        for language, text in CELLS
    ]
    text = json.dumps({"nbformat": 4, "cells": cells}, indent=indent)
    uri = f"file:///json{indent}.ipynb"
    found = [d for d in editor.lint(uri, text, "json") if d["code"] == "IX402"]
    place = found[0]["range"]["start"]
    assert text.splitlines()[place["line"]][place["character"] :].startswith("l', A, B)")
    fix = editor.actions(uri, **place)[0]
    after = applied(text, fix["edit"]["documentChanges"][0]["edits"])
    assert json.loads(after)["cells"][2]["source"][1] == "D = np.einsum('ij,jk->ik', A, B)\n"


# ---- bad input ----
BAD = {
    "broken.py": "def f(:\n  np.einsum('ij",
    "broken.idx": "S[i,j = = Q[[i\n" * 30,
    "broken.tex": "\\begin{align} $$ \\frac{ \\def\\x{\\x}\\x _{i",
    "broken.md": "```python\n$$\n<!--\n> ```",
    "broken.ipynb": '{"cells": [',
    "lone.py": "x = '\ud800'  # half of a pair",
    "lone.idx": "y[i] = x[i] # \udfff",
    "zero.py": "x = 1\0\n",
    "empty.idx": "",
    "deep.py": "x = " + "(" * 5000 + ")" * 5000,
    "deep.idx": "y = " + "(" * 5000 + ")" * 5000,
    "unknown.bin": "\x01\x02",
}


@pytest.mark.parametrize("name", BAD)
def test_no_document_brings_it_down(editor, name):
    uri = f"file:///bad/{name}"
    found = editor.lint(uri, BAD[name], "plaintext")
    assert all(d["code"].startswith("IX") for d in found)
    for line in (0, 1, 10**6):
        editor.actions(uri, line, 5)
        editor.hover(uri, line, 5)
    editor.change(
        uri, 2, {"range": {"start": {"line": 0, "character": 3}, "end": {"line": 9, "character": 0}}, "text": ""}
    )
    editor.findings(uri, 2)
    assert [m for m in editor.messages if m.get("method") == "window/showMessage" and m["params"]["type"] == 1] == []


def test_without_pygls_the_extra_is_named(tmp_path):
    code = "import sys\nsys.modules['pygls'] = None\nfrom indexcalc.cli.main import main\nmain(['lsp'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "IX903" in done.stderr and "pip install 'indexcalc[lsp]'" in done.stderr


def test_it_listens_on_a_port():
    import socket
    from time import monotonic, sleep

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen([sys.executable, "-m", "indexcalc", "lsp", "--tcp", str(port)])
    try:
        end = monotonic() + 60
        while True:
            try:
                link = socket.create_connection(("127.0.0.1", port), timeout=60)
                break
            except ConnectionRefusedError:
                assert monotonic() < end and server.poll() is None
                sleep(0.05)
        with link:
            body = json.dumps(
                {
                    "jsonrpc": "2.0",
                    "id": 1,
                    "method": "initialize",
                    "params": {"capabilities": {}, "processId": None, "rootUri": None},
                }
            ).encode()
            link.sendall(b"Content-Length: %d\r\n\r\n" % len(body) + body)
            assert link.recv(16) == b"Content-Length: "
    finally:
        server.kill()
        server.wait()


# ---- questions ----
def test_questions_are_answered_at_their_places(editor):
    uri = "untitled:ask.idx"
    editor.lint(uri, "# 🙂\r\nindex i, j : seq(L)\r\nS[i,j] = α[i,d] K[j,d]; T[d] = S[i,i] x[d]\r\n")
    assert editor.hover(uri, 2, 13) == "index **`d`**: a space of its own  \nsummed in this statement"
    assert editor.hover(uri, 0, 3) is None
    at = {"textDocument": {"uri": uri}, "position": {"line": 2, "character": 13}}
    found = editor.ask("textDocument/hover", at)
    assert found["range"] == {"start": {"line": 2, "character": 13}, "end": {"line": 2, "character": 14}}
    places = [p["range"]["start"]["character"] for p in editor.ask("textDocument/documentHighlight", at)]
    assert places == [13, 20]
    declared = editor.ask("textDocument/definition", at | {"position": {"line": 2, "character": 2}})
    assert declared["range"]["start"] == {"line": 1, "character": 6}
    everywhere = editor.ask(
        "textDocument/references",
        at | {"position": {"line": 2, "character": 2}, "context": {"includeDeclaration": True}},
    )
    assert len(everywhere) == 5
    change = editor.ask("textDocument/rename", at | {"newName": "e"})["documentChanges"][0]
    assert change["textDocument"] == {"uri": uri, "version": 1}
    assert [e["range"]["start"]["character"] for e in change["edits"]] == places
    refused = editor.ask("textDocument/rename", at | {"newName": "i"}, error=True)
    assert refused["message"] == "`i` is in use here already"


def test_hover_of_an_einsum_and_an_equation(editor):
    editor.lint("untitled:h.py", "import numpy as np\nC = np.einsum('ij,jk->ik', A, B)\n", "python")
    assert editor.hover("untitled:h.py", 1, 15).startswith("```indexcalc\nC[i,k] = A[i,j] B[j,k]\n```")
    assert editor.hover("untitled:h.py", 0, 3) is None
    editor.lint("untitled:h.tex", "$y_i = A_{ij} x_j$", "latex")
    assert editor.hover("untitled:h.tex", 0, 10).endswith("free: `i`\n\nsummed: `j`")
