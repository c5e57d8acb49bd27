"""`lint` on texts and files of every kind, good and hostile: findings, never exceptions."""

import os
from pathlib import Path

import pytest

import indexcalc as ic
from indexcalc.lint.batch import Batch, Request
from indexcalc.lint.run import lint, lint_source
from indexcalc.lint.settings import Settings
from indexcalc.lint.source import KINDS, LINTED_KINDS, MAX_BYTES, Source, decode, is_path, read_source

BAD = "S[i, j] = Q[i, d] K[k, d]"
GOOD = "S[i, j] = Q[i, d] K[j, d]\n"


def codes(found):
    return [d.code for d in found]


def test_text_and_file_give_the_same(tmp_path):
    path = tmp_path / "model.idx"
    path.write_text(BAD)
    (there,), (here,) = lint(path), lint(BAD)
    assert (there.code, there.span, there.message) == (here.code, here.span, here.message)
    assert there.file == str(path)
    assert there.source == BAD
    assert lint(str(path)) == lint(path)


def test_findings_come_in_the_order_of_the_source():
    text = "index q : n(N)\ny[i] = 2 x[i]\nz[i] = A[i, k] x[i]\noutput z\n"
    found = lint(text)
    assert codes(found) == ["IX102"]
    text = text.replace("A[i, k]", "A[i]")
    assert codes(lint(text)) == ["IX591", "IX592"]
    starts = [d.span.start for d in lint(text)]
    assert starts == sorted(starts)


@pytest.mark.parametrize(
    ("content", "code", "message"),
    [
        (b"\x00\x01\x02", "IX012", "zero byte"),
        (b"y = \xff", "IX012", "byte 0xff after 4 good bytes"),
        ("y[i] = x[i]".encode("utf-16-le"), "IX012", "zero byte"),
        (b"\xff\xfe\x00", "IX012", "not UTF-16 text"),
        (b"a" * (MAX_BYTES + 1), "IX009", "bytes"),
    ],
    ids=["binary", "latin", "utf-16 without mark", "cut utf-16", "huge"],
)
def test_undecodable_bytes_are_a_finding(tmp_path, content, code, message):
    path = tmp_path / "bytes.idx"
    path.write_bytes(content)
    (found,) = lint(path)
    assert found.code == code
    assert message in found.message
    assert found.file == str(path)


def test_the_place_of_a_bad_byte_is_told(tmp_path):
    path = tmp_path / "bytes.idx"
    path.write_bytes("α = 1\nβ = \xe9".encode("latin-1", "replace").replace(b"?", "α".encode()))
    (found,) = lint(path)
    assert (found.span.line, found.span.column) == (2, 5)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings_with_a_mark_are_read(tmp_path, encoding):
    path = tmp_path / "greek.idx"
    path.write_text("α[i] = β[i, j] γ[j]\n", encoding=encoding)
    assert lint(path) == []


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n", "\r\n\t \r\n"])
def test_nothing_to_check_is_fine(text, tmp_path):
    path = tmp_path / "empty.idx"
    path.write_bytes(text.encode())
    assert lint(text) == []
    assert lint(path) == []


def test_a_missing_file_offers_a_near_one(tmp_path):
    (tmp_path / "attention.idx").write_text(GOOD)
    (found,) = lint(tmp_path / "atention.idx")
    assert (found.code, found.message) == ("IX011", "no such file")
    assert found.hint == f"did you mean {tmp_path / 'attention.idx'}?"
    (found,) = lint(tmp_path / "nowhere" / "attention.idx")
    assert found.hint.startswith("there is no folder")
    assert codes(lint("no/such/file.idx")) == ["IX011"]


def test_a_folder_is_no_file(tmp_path):
    (found,) = lint(tmp_path)
    assert (found.code, found.message) == ("IX011", "a folder, not a file")


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser reads everything")
def test_an_unreadable_file_is_a_finding(tmp_path):
    path = tmp_path / "secret.idx"
    path.write_text(GOOD)
    path.chmod(0)
    (found,) = lint(path)
    assert found.code == "IX011"
    assert "Permission denied" in found.message


@pytest.mark.parametrize("name", ["a\0b.idx", "x" * 5000 + ".idx"])
def test_names_that_no_file_can_have(name):
    (found,) = lint(Path(name))
    assert found.code == "IX011"


def test_kinds_that_are_not_linted_are_said_to_be():
    (found,) = lint(BAD, kind="rst")
    assert (found.code, found.severity) == ("IX010", "error")
    assert "rst" in found.message
    assert set(KINDS.values()) == set(LINTED_KINDS), "every ending that is known has its reader"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("model.idx", True), ("some folder/model.IDX", True), ("notes.txt", True), ("a.b/c.py", True),
        ("y[i] = 2 x[i]", False), ("y = x  # see notes.md", False), ("model.idx\n", False), ("", False),
        ("1.5", False), ("x y", False), ("exp(x)", False), ("a / b c", False), ("\0.idx", False),
    ],
)  # fmt: skip
def test_paths_and_texts_are_told_apart(text, expected):
    assert is_path(text) is expected


def test_an_existing_file_without_ending_is_a_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "equations").write_text(BAD)
    assert codes(lint("equations")) == ["IX101"]
    assert read_source("equations").kind == "idx"


def test_a_folder_is_walked_in_order_without_hidden_ones(tmp_path):
    for name in ("b/z.idx", "a.idx", ".git/hidden.idx", "notes.txt", "b/A.IDX"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(BAD)
    found = [d for _, outcome in Batch([str(tmp_path)], Request()).run() for d in outcome.findings]
    assert [Path(d.file).name for d in found] == ["a.idx", "A.IDX", "z.idx"]
    (tmp_path / "empty").mkdir()
    (nothing,) = Batch([str(tmp_path / "empty")], Request()).findings
    assert nothing.code == "IX011"


def test_strict_asks_for_declarations():
    assert lint_source(Source(GOOD)) == []
    assert {d.code for d in lint_source(Source(GOOD), settings=Settings(strict=True))} == {"IX501"}


def test_several_mistakes_are_all_told():
    found = lint("y[i] = A[i, j] (x[j]\nS[i, j] = Q[i, d] K[k, d]\nz = swish(w)\n")
    assert codes(found) == ["IX001", "IX101", "IX503"]


@pytest.mark.parametrize(
    "text",
    ["(" * 50_000, "y = " + "+".join(["x"] * 20_000), "y = " + "9" * 5000, "y[i] = " + "-" * 5000 + "x[i]",
     "\x07\x1b[31m", "y" * 100_000, "a_" * 5000, "𝔸[𝕚] = 𝔹[𝕚]", "#" * 10**6, ";" * 10_000, "\u202e = 1"],
    ids=["brackets", "terms", "digits", "signs", "control", "long name", "underscores", "plane 1", "comment",
         "semicolons", "right-to-left"],
)  # fmt: skip
def test_hostile_text_never_raises(text):
    for finding in lint(text):
        assert finding.code.startswith("IX")
        assert len(str(finding)) < 3000


def test_the_public_name():
    assert ic.lint(BAD) == lint(BAD)


def test_a_byte_order_mark_is_dropped():
    assert decode("\ufeffx".encode(), "f") == "x"
