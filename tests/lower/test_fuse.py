"""Fused kernels give what the interpreter gives, at all sizes and tiles, and hold no large array."""

from dataclasses import replace

import numpy as np
import pytest

import indexcalc as ic
from indexcalc.interpret.run import prepare, run_outputs
from indexcalc.ir.graph import Contract as GraphContract
from indexcalc.ir.graph import Fused, Graph, Input, Output, Reduce
from indexcalc.ir.index import Index, Space
from indexcalc.ir.kernel import Contract
from indexcalc.lower.builder import Builder
from indexcalc.lower.fuse import plan
from indexcalc.lower.fuse.splice import waits_for_itself
from indexcalc.lower.fuse.tiles import retiled
from indexcalc.lower.passes import Context
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


M, N, D = Space("rows", "I"), Space("columns", "J"), Space("feat", "D")
i, j, d = Index("i", M), Index("j", N), Index("d", D)
LARGE = {M: 4096, N: 4096, D: 64}


@pytest.mark.parametrize(
    ("function", "operation", "kept"),
    [
        ("exp", "sum", "rows"),
        ("exp", "sum", "nothing"),
        ("exp", "prod", "rows"),
        ("exp", "max", "rows"),
        ("exp of a half", "sum", "rows"),
        ("cos", "sum", "rows"),
    ],
)
def test_only_what_follows_a_maximum_evenly_runs_beside_it(function, operation, kept, style):
    """A reduction over j, or both axes, of f(s_ij − m_i) with the maximum m_i of s_ij: by degree 1, a half, or none."""
    axes = (i,) if kept == "rows" else ()
    build = Builder(LARGE)
    x, y = (build.make(Input(n), (), (axis, d), "float") for n, axis in (("x", i), ("y", j)))
    s = build.make(GraphContract(), (x, y), (i, j), "float")
    m = build.make(Reduce("shift"), (s,), (i,), "real")
    gap = build.map("subtract", s, m)
    if function == "exp of a half":
        gap = build.map("multiply", gap, build.number(0.5))
    of = build.map("cos" if function == "cos" else "exp", gap)
    result = build.make(Reduce(operation), (of,), axes, "float")
    values, makers = tuple(build.values), dict.fromkeys(range(len(build.values)), "f")
    graph = Graph(values, (Output("f", result, axes),), {}, makers)
    found = plan.fused(graph, Context(LARGE, TARGET), INTERPRETED)
    assert kernels_of(found)
    rng = np.random.default_rng(0)
    arrays = {"x": rng.standard_normal((7, 3)), "y": np.cumsum(rng.random((11, 3)), axis=0)}  # maxima grow along j
    scores = arrays["x"] @ arrays["y"].T
    scores = (scores - scores.max(1, keepdims=True)) * (0.5 if function == "exp of a half" else 1)
    wanted = getattr(np.cos(scores) if function == "cos" else np.exp(scores), operation)(axis=1 if axes else None)
    for tile in (3, 100):
        got = run_graph(with_tiles(found, tile), arrays, {M: 7, N: 11, D: 3})["f"]
        np.testing.assert_allclose(got, wanted, rtol=1e-10)
