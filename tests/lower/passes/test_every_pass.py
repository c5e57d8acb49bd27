"""What holds for every pass: its example shows what it does, it tells of it, and it does the same every time."""

from __future__ import annotations

import pytest

import indexcalc as ic
from docs.passes_page import TARGET, shown
from indexcalc.ir.graph_text import graph_text
from indexcalc.lower.passes import ORDER, passes
from indexcalc.lower.program import lower_program

PASSES = {each.name: each for each in passes()}


def test_passes_are_named_as_they_are_listed() -> None:
    assert tuple(PASSES) == ORDER and len(set(ORDER)) == len(ORDER)


@pytest.mark.parametrize("name", ORDER)
def test_the_example_is_changed_and_told_of(name: str) -> None:
    before, after, told = shown(PASSES[name])
    assert before != after
    assert told


@pytest.mark.parametrize("name", ORDER)
def test_texts_are_there_for_readers(name: str) -> None:
    each = PASSES[name]
    assert each.summary.endswith(".") and each.why.endswith(".")
    assert len(each.summary) < 120


@pytest.mark.parametrize("name", ORDER)
def test_the_same_program_gives_the_same_graph(name: str) -> None:
    first, second = (lower_program(ic.parse(PASSES[name].example), target=TARGET) for _ in range(2))
    assert graph_text(first) == graph_text(second)
