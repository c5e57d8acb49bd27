"""Passes run in order, can be left out, and are told of when they break a graph."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from indexcalc.diagnostics import IndexCalcError
from indexcalc.elaborate.read import read_program
from indexcalc.ir.graph import Graph
from indexcalc.lower import passes as registry
from indexcalc.lower import pipeline
from indexcalc.lower.passes import Context, Pass
from indexcalc.lower.program import lower_program

PROGRAM = read_program("y[i] = exp(A[i,j] x[j])")


def pass_named(name: str, run: Callable[[Graph, Context], Graph]) -> Pass:
    return Pass(name, "", "", "", run)


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Three passes that say that they ran, and do nothing; the names of those that did."""
    found: list[str] = []

    def saying(name: str) -> Pass:
        def run(graph: Graph, context: Context) -> Graph:
            found.append(name)
            context.decide(f"nothing to do for {name}")
            return graph

        return pass_named(name, run)

    names = ("first", "second", "third")
    monkeypatch.setattr(registry, "ORDER", names)
    monkeypatch.setattr(pipeline, "passes", lambda: iter([saying(n) for n in names]))
    return found


def test_passes_run_in_order(ran: list[str]) -> None:
    lower_program(PROGRAM)
    assert ran == ["first", "second", "third"]


def test_passes_can_be_left_out(ran: list[str]) -> None:
    lower_program(PROGRAM, without=["second"])
    assert ran == ["first", "third"]


@pytest.mark.parametrize("without", [(), ("second",)])
def test_the_pipeline_stops_after_a_pass_also_if_that_is_left_out(ran: list[str], without: tuple[str, ...]) -> None:
    lower_program(PROGRAM, stop_after="second", without=without)
    assert ran == ["first", *({"second"} - set(without))]


def test_decisions_say_who_made_them(ran: list[str]) -> None:
    decisions: list[registry.Decision] = []
    lower_program(PROGRAM, decisions=decisions)
    assert [(d.by, d.text) for d in decisions] == [(n, f"nothing to do for {n}") for n in ("first", "second", "third")]


def test_a_name_that_is_no_pass_is_refused(ran: list[str]) -> None:
    with pytest.raises(IndexCalcError, match=r"IX901: no pass `secnod`\n.*did you mean `second`\?"):
        lower_program(PROGRAM, without=["secnod"])
    with pytest.raises(IndexCalcError, match=r"IX901: no pass `q`\n.*passes: first, second, third"):
        lower_program(PROGRAM, stop_after="q")


def test_a_pass_that_breaks_the_graph_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = pass_named("broken", lambda graph, context: replace(graph, values=graph.values[1:]))
    monkeypatch.setattr(registry, "ORDER", ("broken",))
    monkeypatch.setattr(pipeline, "passes", lambda: iter([broken]))
    lower_program(PROGRAM, check=True, without=["broken"])
    lower_program(PROGRAM)
    with pytest.raises(IndexCalcError, match=r"IX990: ill-formed graph after pass `broken`: value [0-9]+ "):
        lower_program(PROGRAM, check=True)


def corrupted(graph: Graph) -> Graph:
    """The graph whose last operation has lost an operand's labels."""
    last = graph.outputs[0].operand.value
    operands = tuple(replace(o, labels=o.labels[1:]) for o in last.operands)
    wrong = replace(last, operands=operands)
    values = tuple(wrong if v is last else v for v in graph.values)
    outputs = tuple(replace(o, operand=replace(o.operand, value=wrong)) for o in graph.outputs)
    return replace(graph, values=values, outputs=outputs)


@pytest.mark.parametrize("name", registry.ORDER)
def test_each_pass_whose_result_is_corrupted_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    own = [
        p if p.name != name else replace(p, run=lambda g, c, run=p.run: corrupted(run(g, c))) for p in registry.passes()
    ]
    monkeypatch.setattr(pipeline, "passes", lambda: iter(own))
    with pytest.raises(IndexCalcError, match=f"IX990: ill-formed graph after pass `{name}`: value"):
        lower_program(PROGRAM, check=True)
