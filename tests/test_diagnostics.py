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


def test_places_on_other_lines_have_their_lines() -> None:
    source = "a = x[i]\nb = 1\nc = 2\nd = y[j]\ne = z"
    at = source.index("y[j]")
    labels = (Label(Span.of(source, 4, 8), "first"), Label(Span.of(source, at - 4, at - 3), "left side"))
    assert picture(source, at, at + 4, label="here", labels=labels) == [
        "   |",
        " 1 | a = x[i]",
        "   |     ~~~~",
        "   |     first",
        "   :",
        " 4 | d = y[j]",
        "   | ~   ^^^^",
        "   | left side",
        "   |     here",
    ]


def test_a_span_of_several_lines_is_underlined_at_both_ends() -> None:
    source = "x = f(\n    a,\n    b,\n)  # end\n" * 3
    assert picture(source, 4, source.index("b,") + 1, label="all of it") == [
        "   |",
        " 1 | x = f(",
        "   |     ^^",
        "   |     all of it",
        "   :",
        " 3 |     b,",
        "   |     ^",
    ]
    assert picture(source, 4, 7) == ["   |", " 1 | x = f(", "   |     ^^"], "a line's end belongs to the line"


def test_many_places_are_told_by_their_numbers() -> None:
    source = "x\n" * 100
    labels = tuple(Label(Span.of(source, 2 * k, 2 * k + 1), f"no. {k}") for k in range(1, 100))
    shown = picture(source, 0, 1, labels=labels)
    assert len([line for line in shown if line.endswith("| x")]) == 12
    assert shown[-1] == "    = line 100: no. 99"


def test_wide_characters_keep_the_marks_in_place() -> None:
    source = "中文 = e\u0301x + Q"
    at = source.index("Q")
    shown = picture(source, at, at + 1, label="here", labels=(Label(Span.of(source, 0, 2), "wide"),))
    assert shown[2:] == ["   | ~~~~        ^", "   | wide        here"]


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"fix": "x", "hint": "write `x`"}, ["  help: write `x`   [unsafe fix]"]),
        ({"fix": "x", "hint": "rename", "safe": True}, ["  help: rename", "  fix: write `x`   [safe fix]"]),
        ({"fix": ""}, ["  fix: remove it   [unsafe fix]"]),
        ({"fix": "a\nb"}, ["  fix: it can be rewritten   [unsafe fix]"]),
        ({"hint": "rename"}, ["  help: rename"]),
    ],
)
def test_a_fix_is_told_once(more: dict[str, object], told: list[str]) -> None:
    assert picture("y", 0, 1, **more)[3:] == told


def test_a_finding_in_a_notebook_names_its_cell() -> None:
    d = Diagnostic("IX101", "m", Span.of("a b", 2, 3), file="n.ipynb", cell=3)
    assert render(d) == "n.ipynb:cell 3:1:3: error IX101: m"
