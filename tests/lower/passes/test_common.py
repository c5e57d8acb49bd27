"""Sharing between statements, and what it is told of."""

from __future__ import annotations

import indexcalc as ic
from indexcalc.lower.passes.common import PASS

from .rewriting import assert_like_interpreter, drawn, kinds, passed

SIZES: dict[str, int] = {}


def test_the_example_is_computed_once_or_twice() -> None:
    program = ic.parse(PASS.example)
    shared, told = passed(program, ["common"], SIZES)
    apart, silent = passed(program, [], SIZES, share=False)
    assert (kinds(shared)["exp"], kinds(apart)["exp"]) == (1, 2)
    assert (kinds(shared)["Contract"], kinds(apart)["Contract"]) == (1, 2)
    assert told == ["computed once for several statements: v2 of u, u"] and silent == []
    for graph in (shared, apart):
        assert_like_interpreter(program, graph, drawn(program, SIZES), SIZES)


def test_what_was_made_apart_stays_apart_behind_other_passes() -> None:
    """The passes behind it find equal values too, and may not merge them."""
    program = ic.parse(PASS.example)
    others, _ = passed(program, ["fold", "distribute", "normalise-last", "contraction-order"], SIZES, share=False)
    assert kinds(others)["exp"] == 2


def test_inputs_are_one_all_the_same() -> None:
    apart, _ = passed(ic.parse(PASS.example), [], SIZES, share=False)
    assert kinds(apart)["Input"] == 2
