"""`indexcalc lint` as it is called: formats, choices, exit codes, standard input."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from indexcalc.cli.main import cli

BAD = "S[i, j] = Q[i, d] K[k, d]\n"
UNUSED = "index q : n(N)\ny[i] = 2 x[i]\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.idx").write_text(BAD)
    (tmp_path / "b.idx").write_text(UNUSED)
    (tmp_path / "good.idx").write_text("y[i] = 2 x[i]\n")
    return tmp_path


def lint(*arguments: str, code: int, text: str | None = None) -> Result:
    done = CliRunner().invoke(cli, ["lint", *arguments], input=text, prog_name="indexcalc")
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert done.exit_code == code, done.output + done.stderr
    return done


def test_formats(here: Path) -> None:
    full = lint("a.idx", code=1).stdout
    assert lint("a.idx", "--format", "full", code=1).stdout == lint("a.idx", "--format", "text", code=1).stdout == full
    assert "| has j" in full
    assert lint(".", "--format", "concise", code=1).stdout.splitlines() == [
        "a.idx:1:1: error IX101: free indices differ: the left side has `j`, the right `k`",
        "b.idx:1:7: warning IX591: index `q` is declared and never used",
        "Found 1 error and 1 warning in 2 files. Explain: indexcalc explain IX101",
    ]
    assert [line[:9] for line in lint(".", "--format", "github", code=1).stdout.splitlines()] == [
        "::error f",
        "::warning",
    ]
    assert json.loads(lint(".", "--format", "json", code=1).stdout)["by_code"] == {"IX101": 1, "IX591": 1}
    assert json.loads(lint(".", "--format", "sarif", code=1).stdout)["version"] == "2.1.0"
    assert json.loads(lint("good.idx", "--format", "sarif", code=0).stdout)["runs"][0]["results"] == []


def test_quiet_and_statistics() -> None:
    assert lint("good.idx", "-q", code=0).stdout == ""
    assert lint(".", "-q", "--format", "concise", code=1).stdout.count("\n") == 2
    assert lint(".", "-q", "--statistics", code=1).stdout.split() == [
        "1", "IX101", "free-indices-differ", "1", "file", "1", "IX591", "unused-declaration", "1", "file",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("options", "codes"),
    [
        ((), ["IX101", "IX591"]),
        (("--select", "IX1"), ["IX101"]),
        (("--select", "ix591,IX4"), ["IX591"]),
        (("--ignore", "IX1"), ["IX591"]),
        (("--ignore", "IX101", "--ignore", "IX591"), []),
        (("--select", "IX1", "--ignore", "IX101"), []),
        (("--profile", "chemistry", "--target", "numpy,torch"), ["IX101", "IX591"]),
        (("--exclude", "a.*"), ["IX591"]),
    ],
)
def test_choices(options: tuple[str, ...], codes: list[str]) -> None:
    found = json.loads(lint(".", "--format", "json", *options, code=int(bool(codes))).stdout)["findings"]
    assert [d["code"] for d in found] == codes


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("a.idx", "--select", "E501"), "`E501` is no code of indexcalc"),
        (("a.idx", "--ignore", "IX10X"), "codes look like IX404"),
        (("a.idx", "--target", "numpi"), "'numpi' is none of numpy"),
        (("a.idx", "--profile", "x"), "is not one of 'ml'"),
        (("a.idx", "--fix", "--diff"), "--fix and --diff exclude each other"),
        (("a.idx", "--write-baseline"), "--write-baseline needs --baseline FILE"),
        (("a.idx", "--diff", "--format", "json"), "--diff has a format of its own"),
        (("a.idx", "--jobs", "0"), "0 is not in the range"),
    ],
)
def test_bad_usage(arguments: tuple[str, ...], said: str) -> None:
    assert said in lint(*arguments, code=2).stderr.replace("\n", " ")


def test_exit_codes(here: Path) -> None:
    lint("good.idx", code=0)
    lint("b.idx", code=1)
    lint("a.idx", "--exit-zero", code=0)
    lint("missing.idx", "--exit-zero", code=2)
    (here / "pyproject.toml").write_text("[tool.indexcalc]\nnonsense = 1\n")
    lint("good.idx", code=2)
    lint("good.idx", "--isolated", code=0)


def test_standard_input_has_the_name_and_kind_that_it_is_given(here: Path) -> None:
    assert lint("-", "-q", text=BAD, code=1).stdout.startswith("<stdin>:1:1:")
    markdown = f"# Title\n\n```idx\n{BAD}```\n"
    assert lint("-", "-q", "--stdin-filename", "x/readme.md", text=markdown, code=1).stdout.startswith(
        "x/readme.md:4:1:"
    )
    (here / "pyproject.toml").write_text('[tool.indexcalc.per-file-ignores]\n"x/*.md" = ["IX101"]\n')
    lint("-", "-q", "--stdin-filename", "x/readme.md", text=markdown, code=0)
    lint("-", "-q", "--kind", "markdown", text=markdown, code=1)


def test_the_kind_of_a_file_can_be_said(here: Path) -> None:
    (here / "formulas.txt").write_text(f"```idx\n{BAD}```\n")
    lint("formulas.txt", "--kind", "markdown", "--select", "IX101", code=1)
    assert "error IX0" in lint("formulas.txt", code=1).stdout


def test_a_baseline_hides_what_was_there(here: Path) -> None:
    assert lint(".", "--baseline", "old.json", code=2).stdout.startswith("error IX017: old.json cannot be read")
    assert lint(".", "--baseline", "old.json", "--write-baseline", code=0).stderr == "old.json knows 2 findings now.\n"
    assert lint(".", "--baseline", "old.json", code=0).stdout == "No findings in 3 files.\n"
    (here / "a.idx").write_text("# moved\n\n" + BAD.replace(" = ", "  =  ") + "T[i] = R[j]\n")
    (new, _) = lint(".", "--baseline", "old.json", "--format", "concise", code=1).stdout.splitlines()
    assert new.startswith("a.idx:4:1: error IX101")
    (here / "pyproject.toml").write_text('[tool.indexcalc]\nbaseline = "old.json"\n')
    lint("b.idx", code=0)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"version": 2, "findings": []}', '{"version": 1, "findings": [{}]}', "[" * 9999]
)
def test_a_broken_baseline_is_told(here: Path, text: str) -> None:
    (here / "old.json").write_text(text)
    assert "IX017" in lint("good.idx", "--baseline", "old.json", code=2).stdout


def test_marks_are_written_for_everything(here: Path) -> None:
    (here / "book.ipynb").write_text(json.dumps({"cells": [
        {"cell_type": "code", "source": ["import numpy as np\n", "np.einsum('ij,jk->iz', a, b)\n", "x = 1"]},
        {"cell_type": "markdown", "source": f"```idx\n{BAD}```"}], "nbformat": 4}, indent=1))  # fmt: skip
    (here / "m.py").write_text("import numpy as np\nnp.einsum('ij,jk->iz',\n  a, b)  # noqa: E501\r\n")
    (here / "paper.md").write_text(f"text\n\n```idx\n{BAD}```\n")
    before = (here / "book.ipynb").read_text()
    lint(".", code=1)
    lint(".", "--add-noqa", code=0)
    assert (here / "a.idx").read_text() == BAD.rstrip() + "  # ix: ignore[IX101]\n"
    assert (here / "m.py").read_bytes().endswith(b"  a, b)  # noqa: E501, IX402\r\n")
    after = (here / "book.ipynb").read_text()
    assert after.replace("  # noqa: IX402", "").replace("  # ix: ignore[IX101]", "") == before
    lint(".", code=0)
