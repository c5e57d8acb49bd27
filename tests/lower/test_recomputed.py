"""`recompute`: read, printed back, and a barrier that no value crosses but by its name."""

from __future__ import annotations

from dataclasses import replace

import pytest

import indexcalc as ic
from indexcalc.lower.program import lower_program

TEXT = """S[i, j] = Q[i, d] K[j, d]
P[i, j] = softmax[j](S[i, j])
O[i, d] = P[i, j] V[j, d]
S2[i, j] = Q[i, d] K[j, d]
P2[i, j] = softmax[j](S2[i, j])
G[j, d] = P2[i, j] W[i, d] + Q[i, e] K[j, e]  W[i, d]
recompute S2, P2
output O, G
"""


def test_the_line_prints_back_and_is_part_of_the_program() -> None:
    program = ic.parse(TEXT)
    assert program.recomputed == ("S2", "P2")
    assert str(program).endswith("\nrecompute S2, P2")
    assert ic.parse(str(program)) == program
    assert program != replace(program, recomputed=())
    assert ic.lint(TEXT) == []


def test_a_word_that_begins_no_declaration_is_a_name() -> None:
    assert list(ic.parse("y[i] = recompute[i] x[i]").inputs) == ["recompute", "x"]


@pytest.mark.parametrize(
    ("name", "code", "message"),
    [
        ("Q", "IX501", "recompute `Q` is an input, not a definition"),
        ("P3", "IX501", "recompute `P3` is not defined"),
        ("P2, P2", "IX502", "recompute `P2` is named twice"),
    ],
)
def test_refusals(name: str, code: str, message: str) -> None:
    with pytest.raises(ic.IndexCalcError, match=message) as caught:
        ic.parse(TEXT.replace("recompute S2, P2", f"recompute {name}"))
    assert caught.value.diagnostics[0].code == code


def test_nothing_computed_before_is_shared_but_by_name() -> None:
    program = ic.parse(TEXT)
    sizes = {"i": 5, "j": 6, "d": 7}
    by_name = {s.name: s.flops for s in ic.cost(program, sizes).statements}
    assert (by_name["S2"], by_name["P2"]) == (by_name["S"], by_name["P"])
    shared = {s.name: s.flops for s in ic.cost(replace(program, recomputed=()), sizes).statements}
    assert (shared["S2"], shared["P2"]) == (0, 0)
    # Q K in the last line is the S2 of its own side: computed anew means once more, not at every place
    assert by_name["G"] == shared["G"]


def test_inputs_are_read_once() -> None:
    graph = lower_program(ic.parse(TEXT))
    read = [v.operation.tensor for v in graph if type(v.operation).__name__ == "Input"]
    assert sorted(read) == ["K", "Q", "V", "W"]
