"""The picture of a finding: the source line, marks below what is meant, and a width that a terminal has."""

from __future__ import annotations

import pickle

import pytest

from indexcalc.diagnostics import Diagnostic, IndexCalcError, Label, Span, render
from indexcalc.elaborate.read import check_text


def picture(source: str, start: int, end: int, **more: object) -> list[str]:
    return render(Diagnostic("IX001", "m", Span.of(source, start, end), source=source, **more)).split("\n")[1:]  # type: ignore[arg-type]


def test_texts_stand_side_by_side_under_their_marks() -> None:
    source = "S[i,j] = Q[i,d] K[k,d]"
    shown = picture(source, 0, 6, label="has j", labels=(Label(Span.of(source, 16, 22), "has k"),))
    assert shown == ["   |", f" 1 | {source}", "   | ^^^^^^          ~~~~~~", "   | has j           has k"]


def test_texts_that_would_run_into_each_other_stand_in_rows() -> None:
    source = "index i, i : n"
    shown = picture(source, 9, 10, label="again", labels=(Label(Span.of(source, 6, 7), "first here"),))
    assert shown[2:] == ["   |       ~  ^", "   |       first here", "   |          again"]


@pytest.mark.parametrize("before", [0, 1, 30, 69, 70, 71, 72, 73, 74, 100, 5000])
@pytest.mark.parametrize("after", [0, 1, 2, 3, 4, 60, 74, 75, 5000])
def test_a_long_line_is_cut_to_a_window_that_keeps_the_place(before: int, after: int) -> None:
    source = "first\n" + "a" * before + "@@" + "b" * after + "\nlast"
    _, line, marks = picture(source, 6 + before, 8 + before)
    assert len(line) <= 80
    assert line[marks.index("^") :][:2] == "@@"
    assert marks.strip().endswith("^^")
    assert ("..." in line) == (before + 2 + after > 74)
    assert "first" not in line and "last" not in line


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_as_files_end_them(end: str) -> None:
    source = f"\ufeffa{end}b @{end}c"
    start = source.index("@")
    assert picture(source, start, start + 1) == ["   |", " 2 | b @", "   |   ^"]


def test_what_does_not_show_keeps_its_column() -> None:
    assert picture("\tx\x1b[1m @", 7, 8)[1:] == [" 1 |  x [1m @", "   |        ^"]


def test_many_findings_in_one_long_line_are_told_soon() -> None:
    """Each looks at its own surroundings alone: minutes otherwise."""
    text = "index " + ",".join(f"i{k}" for k in range(20_000)) + " : s(3); y = " + "x + " * 20_000 + "@"
    found = check_text(text + ";z = w[i,j]" * 2000)
    assert len("".join(map(str, found))) > 100_000


def test_the_exception_shows_its_findings_and_travels() -> None:
    error = IndexCalcError([Diagnostic("IX001", "one"), Diagnostic("IX002", "two", hint="do")])
    assert str(error) == "error IX001: one\n\nerror IX002: two\n  help: do"
    assert repr(error) == f"IndexCalcError({str(error)!r})"
    assert pickle.loads(pickle.dumps(error)).diagnostics == error.diagnostics
