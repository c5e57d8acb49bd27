"""The marked parts of a step's line: which they are, that marking changes no text, and how they are shown."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

import indexcalc as ic
from indexcalc.calculus.explain import derivation
from indexcalc.ir.latex import expression_latex
from indexcalc.ir.pretty import pretty_text
from indexcalc.ir.text import CLOSE, OPEN
from indexcalc.ir.trace import Step
from indexcalc.present.columns import beside
from indexcalc.present.derive_text import trace_lines
from indexcalc.present.look import Look
from indexcalc.present.marks import changed, changed_spans, marked_latex, marked_text
from tests.calculus.programs import PROGRAMS

NAMES = [
    "quadratic form",
    "attention",
    "layer norm",
    "least squares",
    "power",
    "gaussian",
    "where",
    "cross entropy log",
]


def steps_of(name: str) -> list[Step]:
    text, wrt = PROGRAMS[name]
    return [s for section in derivation(ic.parse(text), wrt.split(",")).sections for s in section.steps]


@pytest.mark.parametrize("name", NAMES)
def test_marking_adds_marks_and_nothing_else(name: str) -> None:
    found = 0
    for step in steps_of(name):
        marks = changed(step.before, step.after)
        for unicode in (True, False):
            shown = marked_text(step.after, marks, unicode=unicode)
            assert shown.replace(OPEN, "").replace(CLOSE, "") == pretty_text(step.after, unicode)
            assert shown.count(OPEN) == shown.count(CLOSE)
            found += shown.count(OPEN)
        latex = marked_latex(step.after, marks)
        assert latex.count("{") == latex.count("}")
        assert latex.count(r"\underline{") >= bool(marks)
        bare = marked_latex(step.after, frozenset())
        assert bare == expression_latex(step.after)
    assert found > 4


def test_what_a_rule_made_is_marked() -> None:
    shown = []
    for step in steps_of("quadratic form")[:4]:
        text = str(step.after)
        shown.append([text[a:b] for a, b in changed_spans(step)])
    assert shown == [
        ["diff(x[i], x[k])", "diff(x[j], x[k])"],
        ["delta[i, k]", "delta[j, k]"],
        ["A[k, j]", "A[i, k]"],
        ["(A[k, j] + A[j, k])"],
    ]


def test_a_first_line_and_an_unchanged_one_have_no_marks() -> None:
    e = ic.simplify("x[i] y[i]")
    assert changed(None, e) == changed(e, e) == frozenset()


@pytest.mark.parametrize("look", [Look(True, False, 80), Look(False, False, 80), Look(True, True, 40)])
def test_strokes_stand_under_what_is_marked(look: Look) -> None:
    steps = steps_of("quadratic form")[:4]
    lines = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in trace_lines(steps, look)]
    if not look.unicode:
        assert all(line.isascii() for line in lines)
    marked = []
    for above, below in pairwise(lines):
        if set(below) <= {" ", look.stroke} and below:
            at = re.finditer(f"{look.stroke}+", below)
            marked += [above[m.start() : m.end()] for m in at]
    if look.unicode:
        assert marked == ["(∂xᵢ/∂xₖ)", "(∂xⱼ/∂xₖ)", "δᵢₖ", "δⱼₖ", "Aₖⱼ", "Aᵢₖ", "(Aₖⱼ + Aⱼₖ)"]
    else:
        assert marked[2:4] == ["delta[i,k]", "delta[j,k]"]


def test_a_marked_part_goes_on_in_the_next_line() -> None:
    lines = beside([(f"  1   aaaa + {OPEN}bbbb cccc + dddd{CLOSE}", "")], Look(False, False, 22))
    assert lines == [
        "  1   aaaa",
        "        + bbbb cccc",
        "          ~~~~~~~~~",
        "        + dddd",
        "        ~~~~~~",
    ]
