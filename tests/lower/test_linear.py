"""Compiling takes work in proportion to the number of statements."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import indexcalc as ic
from indexcalc.ir.graph import Graph
from indexcalc.lower.program import lower_program
from indexcalc.lower.target import LAPTOP, Target

DECLARED = "index i, j : n(512)\nindex b : batch(64)\ntensor A[i, j], h0[b, i]\n"
FUSING = Target(machine=LAPTOP)


def layers(count: int) -> ic.Program:
    """A chain of products, normalisations and sums, in which no statement equals another."""
    lines = [f"g{n}[b, j] = tanh(h{3 * n}[b, i] A[i, j] / {n + 2})\n" for n in range(count // 3)]
    text = ""
    for n, line in enumerate(lines):
        text += line
        text += f"p{n}[b, i] = softmax[i](g{n}[b, i])\nh{3 * n + 3}[b, i] = h{3 * n}[b, i] + p{n}[b, i]\n"
    return ic.parse(f"{DECLARED}{text}output h{count // 3 * 3}")


def lowered(program: ic.Program) -> Graph:
    return lower_program(program, target=FUSING)


@pytest.mark.parametrize("work", [lowered, lambda p: ic.emit(p)], ids=["lowering", "emission"])
def test_twice_the_statements_take_twice_the_work(
    work: Callable[[ic.Program], object], calls: Callable[..., int]
) -> None:
    short, long = layers(42), layers(84)
    work(layers(9))  # what is loaded and cached at the first time
    few, many = calls(lambda: work(short)), calls(lambda: work(long))
    assert many < 2.3 * few


def test_the_graph_grows_as_the_program_does() -> None:
    assert len(lowered(layers(84)).values) < 2.1 * len(lowered(layers(42)).values)
