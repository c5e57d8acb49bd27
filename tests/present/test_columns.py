"""Formulas and remarks: nothing is lost, nothing is wider than the line where it can be cut."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexcalc.present.columns import beside, width_of, wrap
from indexcalc.present.look import Look, look_of

WORDS = st.lists(st.sampled_from(["A[i, j]", "x", "+", "-", "=", "(b", "c)", "softmax[j](s)"]), min_size=1, max_size=30)


def squeezed(text):
    return re.sub(r"\s+", "", text)


@given(WORDS, st.integers(20, 60))
def test_wrapping_loses_nothing_and_keeps_the_width(words, width):
    formula = " ".join(words)
    lines = wrap(formula, width)
    assert squeezed("".join(lines)) == squeezed(formula)
    for line in lines:
        assert width_of(line) <= width or " " not in line.strip() or "= " in line or re.search(r"[+=-] \S+$", line)


@given(st.lists(st.tuples(WORDS.map(" ".join), st.sampled_from(["", "from x", "a long remark " * 5])), max_size=6))
def test_rows_stay_in_order_and_whole(rows):
    text = squeezed("\n".join(beside(rows, Look(width=60))))
    at = 0
    for formula, remark in rows:
        for part in (formula, remark):
            at = text.index(squeezed(part), at) + len(squeezed(part))


def test_remarks_stand_in_one_column():
    rows = [("a = b", "one"), ("long = formula", "two"), ("x", "")]
    assert beside(rows, Look(width=40)) == ["a = b            one", "long = formula   two", "x"]


def test_one_long_row_does_not_push_the_others_off():
    rows = [("a = b", "one"), ("c = " + "d " * 30, "two"), ("e = f", "three")]
    lines = beside(rows, Look(width=40))
    assert lines[0] == "a = b   one"
    assert lines[-1] == "e = f   three"


def test_a_cut_comes_before_a_sign_outside_brackets():
    assert wrap("y = (a + b) c + d e", 17) == ["y = (a + b) c", "  + d e"]


def test_numbers_stay_with_their_formula():
    first, *rest = wrap("  7   " + "abc " * 10, 20)
    assert first.startswith("  7   abc")
    assert all(line.startswith(" " * 8) for line in rest)


class Stream:
    def __init__(self, encoding, terminal):
        self.encoding, self.terminal = encoding, terminal

    def isatty(self):
        return self.terminal


@pytest.mark.parametrize(
    ("stream", "environment", "look"),
    [
        (Stream("utf-8", True), {"COLUMNS": "90"}, Look(True, True, 90)),
        (Stream("UTF8", True), {"COLUMNS": "90", "NO_COLOR": "1"}, Look(True, False, 90)),
        (Stream("utf-8", True), {"COLUMNS": "90", "NO_COLOR": ""}, Look(True, True, 90)),
        (Stream("utf-8", True), {"COLUMNS": "90", "TERM": "dumb"}, Look(True, False, 90)),
        (Stream("ascii", False), {}, Look(False, False, 100)),
        (Stream(None, False), {"COLUMNS": "7"}, Look(False, False, 40)),
        (Stream("latin-1", False), {"COLUMNS": "zero"}, Look(False, False, 100)),
    ],
)
def test_what_a_stream_can_show(stream, environment, look):
    assert look_of(stream, environment) == look


def test_colour_is_only_there_when_asked_for():
    assert Look(colour=True).paint("x", "bold", "red") == "\x1b[1;31mx\x1b[0m"
    assert Look().paint("x", "bold", "red") == "x"
