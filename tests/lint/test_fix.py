"""Fixes: what is written, what stays byte for byte, and which fixes are dropped."""

import json
import os
import re
import shutil
import stat
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from indexcalc.cli.main import cli
from indexcalc.diagnostics import Diagnostic, IndexCalcError, Span
from indexcalc.lint.edits import Edit, apply, cell_strings, without_overlaps
from indexcalc.lint.fix import fix_source
from indexcalc.lint.kinds import idx, python
from indexcalc.lint.settings import DEFAULT, Settings
from indexcalc.lint.source import Source
from indexcalc.lint.write import replace_file, rewrite

Rewrites = list[tuple[str, str, bool]]


def reader(rewrites: Rewrites) -> Callable[[Source, Settings], Iterator[Diagnostic]]:
    """A reader with a finding for each match of a pattern, and its fix."""

    def findings(source: Source, settings: Settings) -> Iterator[Diagnostic]:
        for k, (pattern, new, safe) in enumerate(rewrites):
            for m in re.finditer(pattern, source.text):
                span = Span.of(source.text, *m.span())
                yield Diagnostic(f"IX40{k + 1}", "m", span, fix=m.expand(new), safe=safe, severity="warning")

    return findings


@pytest.fixture
def fixed(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[str, int]]:
    def run(text: str, *rewrites: tuple[str, str, bool], unsafe: bool = False, kind: str = "idx") -> tuple[str, int]:
        monkeypatch.setattr({"idx": idx, "python": python}[kind], "findings", reader(list(rewrites)))
        done = fix_source(Source(text, kind=kind), DEFAULT, unsafe=unsafe)
        return done.text, done.count

    return run


def test_safe_fixes_alone_are_applied_unasked(fixed: Callable[..., tuple[str, int]]) -> None:
    rules = (("a", "x", True), ("b", "y", False))
    assert fixed("a b a b", *rules) == ("x b x b", 2)
    assert fixed("a b a b", *rules, unsafe=True) == ("x y x y", 4)
    text = "nothing here"
    assert fixed(text, *rules)[0] is text


def test_fixes_that_overlap_are_applied_one_after_the_other(fixed: Callable[..., tuple[str, int]]) -> None:
    assert fixed("aab", ("aa", "a", True), ("ab", "c", True)) == ("c", 2)


def test_a_fix_that_makes_room_for_another_is_followed(fixed: Callable[..., tuple[str, int]]) -> None:
    assert fixed("1", ("1", "2", True), ("2", "3", True), ("3", "4", True)) == ("4", 3)


def test_fixes_that_chase_each_other_end(fixed: Callable[..., tuple[str, int]]) -> None:
    text, _ = fixed("a", ("a", "b", True), ("b", "a", True))
    assert text in ("a", "b")


def test_a_fix_that_fixes_nothing_is_dropped_and_the_others_stay(fixed: Callable[..., tuple[str, int]]) -> None:
    assert fixed("a q a q a", ("a", "x", True), ("q", "q ", True)) == ("x q x q x", 3)
    assert fixed("q", ("q", "q", True)) == ("q", 0)


def test_python_still_parses(fixed: Callable[..., tuple[str, int]]) -> None:
    text = "x = a\ny = b\nz = a\n"
    assert fixed(text, ("a", "f(", True), ("b", "c", True), kind="python") == ("x = a\ny = c\nz = a\n", 1)


def test_no_fix_may_bring_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def findings(source: Source, settings: Settings) -> Iterator[Diagnostic]:
        if "a" in source.text:
            yield Diagnostic("IX401", "m", Span.of(source.text, 0, 1), fix="b", safe=True, severity="warning")
        else:
            yield Diagnostic("IX402", "worse")

    monkeypatch.setattr(idx, "findings", findings)
    assert fix_source(Source("a"), DEFAULT, unsafe=False).text == "a"


def test_a_suppressed_finding_is_not_fixed(fixed: Callable[..., tuple[str, int]]) -> None:
    assert fixed("a  # ix: ignore[IX401]\na", ("a", "x", True))[0].startswith("a  # ix: ignore[IX401]\nx")


def test_line_ends_are_those_of_the_file(fixed: Callable[..., tuple[str, int]]) -> None:
    assert fixed("p\r\na\r\n", ("a", "x\ny", True))[0] == "p\r\nx\r\ny\r\n"
    assert fixed("p\na\n", ("a", "x\ny", True))[0] == "p\nx\ny\n"


def test_the_fixes_of_real_rules_lead_to_clean_sources() -> None:
    python_text = "import numpy as np\r\ny = np.einsum('...MN,...NC->...NC', attention, values)\r\n"
    done = fix_source(Source(python_text, kind="python"), DEFAULT, unsafe=True)
    assert (done.text, done.findings) == (python_text.replace("NC->...NC", "NC->...MC"), [])


# ---- edits ----------------------------------------------------------------------------------------------------------
@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12), st.sampled_from(["", "x", "yy"]))))
def test_chosen_edits_leave_each_other_alone(drawn: list[tuple[int, int, str]]) -> None:
    """Oracle: character by character, each is in at most one edit; what is in none stays."""
    text = "abcdefghijkl"
    edits = without_overlaps(Edit(min(a, b), max(a, b), new) for a, b, new in drawn)
    assert len([k for e in edits for k in range(e.start, e.end)]) == len(
        {k for e in edits for k in range(e.start, e.end)}
    )
    result, starts = "", {e.start: e for e in edits}
    inside = {k for e in edits for k in range(e.start, e.end)}
    for k in range(len(text) + 1):
        result += starts[k].text if k in starts else ""
        result += text[k : k + 1] if k not in inside else ""
    assert apply(Source(text), edits) == result
    assert bool(edits) == bool(drawn)


SOURCES = st.lists(
    st.one_of(st.text(max_size=8), st.lists(st.text(min_size=1, max_size=5), max_size=4)), min_size=1, max_size=4
)


@given(SOURCES, st.booleans(), st.sampled_from([None, 1, "\t"]), st.data())
def test_an_edit_of_a_cell_changes_that_cell_alone(
    sources: list[str | list[str]], ascii_only: bool, indent: int | str | None, data: st.DataObject
) -> None:
    """Oracle: `json`, on the text before and after."""
    cells = [{"cell_type": "code", "outputs": [{"source": "no"}], "source": s, "id": "source"} for s in sources]
    notebook = {"metadata": {"cells": [{"source": "no"}]}, "cells": cells, "nbformat": 4}
    text = json.dumps(notebook, indent=indent, ensure_ascii=ascii_only)
    assert len(cell_strings(text)) == len(cells)
    number = data.draw(st.integers(1, len(cells)))
    before = "".join(sources[number - 1])
    start = data.draw(st.integers(0, len(before)))
    new = data.draw(st.text(max_size=4))
    after = apply(Source(text, kind="notebook"), [Edit(start, start, new, number)])
    read = json.loads(after)
    if before or isinstance(sources[number - 1], str):
        expected = before[:start] + new + before[start:]
        assert "".join(read["cells"][number - 1]["source"]) == expected
    for k, cell in enumerate(read["cells"]):
        if k != number - 1:
            assert cell == cells[k]
    assert read["metadata"] == notebook["metadata"]


def test_a_notebook_of_format_3() -> None:
    notebook = {"nbformat": 3, "worksheets": [{"cells": [
        {"cell_type": "code", "input": ["a\n", "b é"], "outputs": [{"text": ["input"]}]},
        {"cell_type": "markdown", "source": "c"}]}]}  # fmt: skip
    text = json.dumps(notebook, indent=1)
    after = apply(Source(text, kind="notebook"), [Edit(4, 5, "ü", 1), Edit(0, 1, "d", 2)])
    assert after == text.replace("\\u00e9", "\\u00fc").replace('"c"', '"d"')


def test_an_edit_over_several_strings_is_left_out() -> None:
    text = '{"cells": [{"source": ["a\\n", "b"]}]}'
    assert apply(Source(text, kind="notebook"), [Edit(0, 3, "x", 1)]) == text
    assert apply(Source(text, kind="notebook"), [Edit(0, 1, "x", 2)]) == text


# ---- files ----------------------------------------------------------------------------------------------------------
def lint(*arguments: str, code: int, text: str | None = None) -> Result:
    done = CliRunner().invoke(cli, ["lint", *arguments], input=text, prog_name="indexcalc")
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert done.exit_code == code, done.output + done.stderr
    return done


BEFORE = "# é\nimport numpy as np\ny = np.einsum( '...MN,...NC->...NC',attention, values )\n"
AFTER = BEFORE.replace("NC->...NC", "NC->...MC")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_everything_else_in_a_file_stays(tmp_path: Path, encoding: str, end: str) -> None:
    path = tmp_path / "m.py"
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    path.write_bytes((mark + BEFORE.replace("\n", end)).encode(encoding))
    path.chmod(0o640)
    lint(str(path), code=1)
    lint(str(path), "--fix", code=1)
    assert path.read_bytes() == (mark + BEFORE.replace("\n", end)).encode(encoding), "the fix is unsafe"
    lint(str(path), "--fix", "--unsafe-fixes", code=0)
    assert path.read_bytes() == (mark + AFTER.replace("\n", end)).encode(encoding)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert os.listdir(tmp_path) == ["m.py"]


def test_a_diff_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "m.py"
    path.write_text(BEFORE)
    done = lint("m.py", "--diff", "--unsafe-fixes", code=1)
    assert done.stdout.splitlines()[:4] == ["--- m.py", "+++ m.py", "@@ -1,3 +1,3 @@", " # é"]
    assert [line[0] for line in done.stdout.splitlines()[5:]] == ["-", "+"]
    assert done.stderr == "Would take care of 1 finding in 1 file.\n"
    assert path.read_text() == BEFORE
    assert lint("m.py", "--diff", code=0).stderr == "Nothing to fix.\n"


def test_standard_input_is_fixed_to_standard_output() -> None:
    done = lint("-", "--stdin-filename", "m.py", "--fix", "--unsafe-fixes", text=BEFORE, code=0)
    assert done.stdout == AFTER
    done = lint("-", "--stdin-filename", "m.py", "--fix", text=BEFORE, code=1)
    assert done.stdout == BEFORE
    assert "IX404" in done.stderr


def test_a_notebook_keeps_its_form(tmp_path: Path) -> None:
    path = tmp_path / "book.ipynb"
    lines = ["import numpy as np\n", "y = np.einsum('...MN,...NC->...NC', attention, values)"]
    text = json.dumps({"cells": [{"source": lines, "cell_type": "code"}], "nbformat": 4}, indent=3) + "\n\n"
    path.write_text(text)
    lint(str(path), "--fix", "--unsafe-fixes", code=0)
    assert path.read_text() == text.replace("NC->...NC", "NC->...MC")


def test_through_a_link_the_file_itself_is_written(tmp_path: Path) -> None:
    (tmp_path / "real.py").write_text(BEFORE)
    (tmp_path / "link.py").symlink_to(tmp_path / "real.py")
    lint(str(tmp_path / "link.py"), "--fix", "--unsafe-fixes", code=0)
    assert (tmp_path / "link.py").is_symlink()
    assert (tmp_path / "real.py").read_text() == AFTER


def test_a_file_that_changed_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "m.py"
    path.write_text("new")
    with pytest.raises(IndexCalcError, match="changed while it was linted"):
        rewrite(str(path), "old", "fixed")
    assert path.read_text() == "new"


def test_a_file_that_cannot_be_written_is_told_and_the_others_are_fixed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from indexcalc.lint import write

    monkeypatch.chdir(tmp_path)
    for name in ("a.py", "b.py"):
        Path(name).write_text(BEFORE)
    real = os.replace

    def refuse(source: str, target: str) -> None:
        if target.endswith("a.py"):
            raise PermissionError(13, "Permission denied")
        real(source, target)

    monkeypatch.setattr(write.os, "replace", refuse)
    told = lint(".", "--fix", "--unsafe-fixes", code=2).stdout
    assert "a.py: error IX011: cannot be written: Permission denied" in told
    assert "Took care of 1 finding in 1 file." in told
    assert (Path("a.py").read_text(), Path("b.py").read_text()) == (BEFORE, AFTER)


def test_a_write_that_fails_leaves_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "m.py"
    path.write_text("old")

    def refuse(*_: object) -> None:
        raise OSError("no")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(OSError, match="no"):
        replace_file(str(path), b"new")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["m.py"]


@pytest.mark.skipif(shutil.which("patch") is None, reason="needs patch")
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_diff_is_a_patch_that_does_what_fix_does(tmp_path: Path, end: str) -> None:
    lines = ("import numpy as np", "\f", "x = 'a\u2028b\x85c\x1c'", "y = np.einsum('ij,jk->ij', a, b)", "z = y")
    path, patch = tmp_path / "a.py", tmp_path / "a.patch"
    path.write_bytes(end.join(lines).encode())
    shown = CliRunner().invoke(cli, ["lint", "--diff", "--unsafe-fixes", "--isolated", str(path)])
    assert shown.exit_code == 1
    patch.write_bytes(shown.stdout_bytes)
    (tmp_path / "patched.py").write_bytes(path.read_bytes())
    subprocess.run(["patch", "--binary", "-s", str(tmp_path / "patched.py"), str(patch)], check=True)
    CliRunner().invoke(cli, ["lint", "--fix", "--unsafe-fixes", "--isolated", str(path)])
    assert path.read_bytes() == (tmp_path / "patched.py").read_bytes() != end.join(lines).encode()


def test_a_read_only_file_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text("import numpy as np\nnp.einsum('ij,jk->ij', a, b)\n", encoding="utf-8")
    path.chmod(0o444)
    before = path.read_bytes()
    result = CliRunner().invoke(cli, ["lint", "--fix", "--unsafe-fixes", "--isolated", str(path)])
    assert result.exit_code == 2 and "read-only" in result.stdout
    assert path.read_bytes() == before
