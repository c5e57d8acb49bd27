"""Which files of a folder are linted; many files at once; files that are strange."""

import os
import sys
from pathlib import Path

import pytest

from indexcalc.diagnostics import Diagnostic
from indexcalc.lint import kinds, parallel
from indexcalc.lint.batch import Batch, Request
from indexcalc.lint.files import Walk, files_below

DEFAULT = Walk()
BAD = "S[i, j] = Q[i, d] K[k, d]\n"


def tree(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(BAD, encoding="utf-8")


def below(root: Path, walk: Walk = DEFAULT) -> list[str]:
    return [os.path.relpath(f, root).replace(os.sep, "/") for f in files_below(str(root), walk)]


def told(*sources: str, **asked: object) -> list[tuple[str, str]]:
    batch = Batch(sources, Request(**asked))  # type: ignore[arg-type]
    found = [*batch.findings, *(d for _, outcome in batch.run() for d in outcome.findings)]
    return [(Path(d.file).name, d.code) for d in found]


def test_what_is_nobodys_own_is_left_out(tmp_path: Path) -> None:
    tree(tmp_path, "a.idx", ".hidden.idx", ".venv/b.idx", "node_modules/c.idx", "env/d.idx", "x/__pycache__/e.idx",
         "src/f.idx", "src/notes.txt")  # fmt: skip
    (tmp_path / "env" / "pyvenv.cfg").write_text("home = /usr")
    assert below(tmp_path) == ["a.idx", "src/f.idx"]


def test_gitignore_files_hold_as_in_git(tmp_path: Path) -> None:
    tree(tmp_path, "a.idx", "gen/b.idx", "gen/keep.idx", "src/c.idx", "src/d.idx", "src/deep/e.idx", "src/deep/f.idx")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".gitignore").write_text("# made\ngen/*\n!gen/keep.idx\n!\nc.idx\n")
    (tmp_path / "src" / ".gitignore").write_text("!c.idx\nd.idx\n/deep/e.idx\n")
    assert below(tmp_path) == ["a.idx", "gen/keep.idx", "src/c.idx", "src/deep/f.idx"]
    assert below(tmp_path / "src") == ["c.idx", "deep/f.idx"]
    assert below(tmp_path / "src" / "deep") == ["f.idx"]
    assert len(below(tmp_path, Walk(gitignore=False))) == 7


def test_a_gitignore_above_counts_only_in_a_repository(tmp_path: Path) -> None:
    tree(tmp_path, "sub/a.idx")
    (tmp_path / ".gitignore").write_text("*.idx\n")
    assert below(tmp_path / "sub") == ["a.idx"]
    assert below(tmp_path) == []


def test_excluded_patterns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    tree(tmp_path, "a.idx", "old/b.idx", "src/old/c.idx", "src/d.idx")
    assert below(tmp_path, Walk(("/old", "d.idx"))) == ["a.idx", "src/old/c.idx"]
    assert told(".", exclude=("old/",)) == [("a.idx", "IX101"), ("d.idx", "IX101")]
    assert told("old/b.idx", exclude=("old/",)) == [("b.idx", "IX101")], "a file that is named is linted"


def test_links_cannot_trap_the_walk(tmp_path: Path) -> None:
    tree(tmp_path, "a.idx", "sub/b.idx")
    (tmp_path / "sub" / "loop").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "self.idx").symlink_to(tmp_path / "self.idx")
    (tmp_path / "gone.idx").symlink_to(tmp_path / "nowhere.idx")
    assert told(str(tmp_path)) == [("a.idx", "IX101"), ("gone.idx", "IX011"), ("self.idx", "IX011"), ("b.idx", "IX101")]


def test_a_pipe_in_a_folder_is_never_opened(tmp_path: Path) -> None:
    tree(tmp_path, "a.idx")
    os.mkfifo(tmp_path / "pipe.idx")
    assert below(tmp_path) == ["a.idx"]


def test_bad_files_are_one_finding_each_and_the_others_are_linted(tmp_path: Path) -> None:
    tree(tmp_path, "good.idx")
    (tmp_path / "bytes.idx").write_bytes(b"\xff\xfe\xff")
    (tmp_path / "zero.py").write_bytes(b"\0" * 100)
    with open(tmp_path / "huge.py", "wb") as stream:
        stream.truncate(100_000_000)
    (tmp_path / "broken.py").write_text("def f(:\n  numpy.einsum('ij', x)")
    (tmp_path / "broken.ipynb").write_text('{"cells": [')
    found = dict(told(str(tmp_path)))
    assert found == {"good.idx": "IX101", "bytes.idx": "IX012", "zero.py": "IX012", "huge.py": "IX009",
                     "broken.py": "IX020", "broken.ipynb": "IX029"}  # fmt: skip


def test_a_file_named_twice_is_linted_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    tree(tmp_path, "a.idx")
    assert told("a.idx", ".", "./a.idx", str(tmp_path / "a.idx")) == [("a.idx", "IX101")]


# ---- many files -----------------------------------------------------------------------------------------------------
def many(tmp_path: Path, number: int) -> list[str]:
    names = [f"{k:03}.idx" for k in range(number)]
    tree(tmp_path, *names)
    return names


def test_results_of_several_processes_come_in_order(tmp_path: Path) -> None:
    names = many(tmp_path, 60)
    (tmp_path / "030.idx").write_bytes(b"\xff")
    expected = [(n, "IX012" if n == "030.idx" else "IX101") for n in names]
    assert told(str(tmp_path), workers=3) == told(str(tmp_path), workers=1) == expected


def dying(source: object, settings: object) -> list[Diagnostic]:
    """A reader that takes its process along."""
    if "fatal" in source.text:  # type: ignore[attr-defined]
        os._exit(3)
    return []


@pytest.mark.skipif(sys.platform != "linux", reason="the changed reader reaches the workers by fork")
def test_a_worker_that_dies_costs_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import multiprocessing

    many(tmp_path, 60)
    for name in ("010.idx", "059.idx"):
        (tmp_path / name).write_text("fatal")
    from indexcalc.lint.kinds import idx

    monkeypatch.setattr(idx, "findings", dying)
    before = multiprocessing.get_start_method()
    multiprocessing.set_start_method("fork", force=True)
    try:
        found = told(str(tmp_path), workers=2)
    finally:
        multiprocessing.set_start_method(before, force=True)
    assert found == [("010.idx", "IX016"), ("059.idx", "IX016")]


def test_a_mistake_of_the_linter_is_a_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from indexcalc.lint.kinds import idx

    def broken(source: object, settings: object) -> list[Diagnostic]:
        raise ZeroDivisionError("oh")

    def deep(source: object, settings: object) -> list[Diagnostic]:
        return deep(source, settings)

    tree(tmp_path, "a.idx")
    monkeypatch.setattr(idx, "findings", broken)
    assert told(str(tmp_path)) == [("a.idx", "IX016")]
    monkeypatch.setattr(idx, "findings", deep)
    assert told(str(tmp_path)) == [("a.idx", "IX009")]


def test_few_files_start_no_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    many(tmp_path, parallel.ENOUGH - 1)
    monkeypatch.setattr(parallel, "_in_pool", None)
    assert len(told(str(tmp_path), workers=4)) == parallel.ENOUGH - 1


def test_kinds_are_where_they_are_looked_for() -> None:
    from indexcalc.lint.source import LINTED_KINDS

    there = {p.stem for p in Path(kinds.__file__).parent.glob("*.py")} - {"__init__"}
    assert set(LINTED_KINDS) <= there
