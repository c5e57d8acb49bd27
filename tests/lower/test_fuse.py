"""Fused kernels give what the interpreter gives, at all sizes and tiles, and hold no large array."""

from dataclasses import replace

import numpy as np
import pytest

import indexcalc as ic
from indexcalc.interpret.run import prepare, run_outputs
from indexcalc.ir.graph import Fused, Graph
from indexcalc.ir.kernel import Contract
from indexcalc.lower.fuse import plan
from indexcalc.lower.fuse.splice import waits_for_itself
from indexcalc.lower.fuse.tiles import retiled
from indexcalc.lower.program import lower_program
from indexcalc.lower.target import INTERPRETED, Target

from .fusion import CASES, ROWS, arrays_of
from .graph_meaning import run_graph

TARGET = Target(machine=INTERPRETED, keeps=True)


def program_of(case, backward):
    program = ic.parse(case.text)
    return ic.grad(program, case.by, with_value=True) if backward else program


def with_tiles(graph, size):
    """The graph with tiles of this size in all kernels."""
    change = lambda t: replace(t, size=size) if t.size else t  # noqa: E731
    made = {}
    for value in graph:
        operation = value.operation
        if isinstance(operation, Fused):
            operation = Fused(retiled(operation.kernel, change))
        operands = tuple(replace(o, value=made[o.value.number]) for o in value.operands)
        made[value.number] = replace(value, operation=operation, operands=operands)
    outputs = tuple(replace(o, operand=replace(o.operand, value=made[o.operand.value.number])) for o in graph.outputs)
    return Graph(tuple(made.values()), outputs, graph.names, graph.makers)


@pytest.fixture(params=["split", "accumulated", "whole rows", "kept"])
def style(request, monkeypatch):
    """All clusters in one style, whatever it costs."""
    monkeypatch.setattr(plan, "STYLES", [s for s in plan.STYLES if s.name == request.param])
    monkeypatch.setattr(plan, "SLOWER", float("inf"))
    monkeypatch.setattr(plan, "LARGE", 0)
    monkeypatch.setattr(plan, "_keeps_alone", lambda *_: False)
    monkeypatch.setattr(plan, "waits_for_itself", surely_can_run)


def surely_can_run(kernels):
    """Groups are chosen so that their kernels have an order; those that had none would be dropped unseen."""
    waits = waits_for_itself(kernels)  # apart: kernels with their values are too long for a message
    assert not waits
    return False


def kernels_of(graph):
    return [v.operation.kernel for v in graph if isinstance(v.operation, Fused)]


@pytest.mark.parametrize(
    ("name", "backward"), [(n, b) for n, c in CASES.items() for b in ((False, True) if c.by else (False,))]
)
def test_kernels_give_what_the_interpreter_gives(name, backward, style):
    assert_right(CASES[name], backward)


@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize("name", ROWS)
def test_kernels_over_rows_give_what_the_interpreter_gives(name, backward):
    assert_right(ROWS[name], backward)


def assert_right(case, backward):
    program = program_of(case, backward)
    graph = lower_program(program, sizes=case.big, target=TARGET, check=True)
    assert kernels_of(graph)
    for sizes in case.small:
        arrays = arrays_of(program, sizes, case)
        _, extents = prepare(program, arrays)
        wanted = run_outputs(program, arrays)
        for tile in (3, 100):
            found = run_graph(with_tiles(graph, tile), arrays, extents)
            for output, value in wanted.items():
                np.testing.assert_allclose(
                    found[output], value, rtol=1e-10, atol=1e-10, err_msg=f"{output} {sizes} {tile}"
                )


def test_a_softmax_and_the_gradients_of_both_its_factors_share_three_products():
    """The scores are computed once: they are multiplied by the weights, and summed with the inputs, where they are."""
    case = CASES["cross-entropy"]
    kernels = kernels_of(lower_program(program_of(case, True), sizes=case.big, target=TARGET))
    of_scores = [[s for s in k.steps() if isinstance(s, Contract) and "v" in names(s)] for k in kernels]
    assert [len(products) for products in of_scores if products] == [3]


def names(step):
    return {x.name for block in (step.left, step.right) for x in block.axes}
