"""Invariants of graphs.  A violation is a bug of what made the graph, so it is said loudly, with the value's number."""

from __future__ import annotations

from collections.abc import Mapping

from ..diagnostics import IndexCalcError
from .graph import Fused, Graph, Operand, Output, Part, Value
from .index import Index
from .operation_check import CHECKS, FLOATING, Misfit, distinct, expect
from .wellformed import ill_formed

KINDS = frozenset({"float", "real", "int", "bool", "number"})


def check_graph(graph: Graph, after: str = "") -> None:
    """Raise IX990 where the graph is ill-formed; `after` names the pass that made it.

    >>> from indexcalc.ir.graph import Input
    >>> x = Value(0, Input("x"), (), (), "bool")
    >>> check_graph(Graph((x,), (), {}, {0: "y"}), "fold")
    Traceback (most recent call last):
    indexcalc.diagnostics.IndexCalcError: error IX990: ill-formed graph after pass `fold`: value 0 (Input): an input of
    kind bool
      help: this is a bug in indexcalc; please report it with the program
    """
    made: dict[int, Value] = {}
    for value in graph.values:
        try:
            _check_value(value, made, graph)
        except Misfit as wrong:
            raise _ill_formed(after, f"value {value.number} ({_operation(value)}): {wrong}") from None
        made[value.number] = value
    seen = set[str]()
    for output in graph.outputs:
        try:
            _check_output(output, made, seen)
        except Misfit as wrong:
            raise _ill_formed(after, f"output `{output.name}`: {wrong}") from None
        seen.add(output.name)


def _ill_formed(after: str, what: str) -> IndexCalcError:
    return ill_formed(f"graph{f' after pass `{after}`' if after else ''}: {what}")


def _operation(value: Value) -> str:
    operation = value.operation
    named = getattr(operation, "function", None) or getattr(operation, "operation", None)
    return f"{type(operation).__name__} {named}" if isinstance(named, str) else type(operation).__name__


def _check_value(value: Value, made: Mapping[int, Value], graph: Graph) -> None:
    expect(value.number not in made, "its number is taken")
    expect(value.kind in KINDS, f"no kind is called {value.kind!r}")
    expect(distinct(value.axes), "an axis occurs twice")
    expect(value.number in graph.makers, "no definition is named as its maker")
    expect(type(value.operation) in CHECKS, "no such operation")
    for place, operand in enumerate(value.operands):
        _check_operand(operand, made, f"operand {place}")
        fused = isinstance(operand.value.operation, Fused)
        expect(fused == isinstance(value.operation, Part), "a Fused value is read by a Part, and by nothing else")
    names: dict[str, Index] = {}
    for index in (*value.axes, *(x for o in value.operands for x in o.labels)):
        expect(names.setdefault(index.name, index) == index, f"label `{index.name}` stands for two spaces")
    CHECKS[type(value.operation)](value, value.operation)


def _check_operand(operand: Operand, made: Mapping[int, Value], where: str) -> None:
    value = operand.value
    expect(made.get(value.number) is value, f"{where} is value {value.number}, which is not made before")
    count = f"{len(operand.labels)} labels for {len(value.axes)} axes"
    expect(len(operand.labels) == len(value.axes), f"{where} has {count}")
    expect(distinct(operand.labels), f"{where} has a label twice")
    for label, axis in zip(operand.labels, value.axes):
        message = f"{where} labels an axis of space `{axis.space.name}` by `{label.name}` of `{label.space.name}`"
        expect(label.space == axis.space, message)


def _check_output(output: Output, made: Mapping[int, Value], seen: set[str]) -> None:
    expect(output.name not in seen, "it is there twice")
    _check_operand(output.operand, made, "its operand")
    expect(distinct(output.axes), "an axis occurs twice")
    expect(output.operand.label_set <= set(output.axes), "its operand has a label that is none of its axes")
    expect(output.operand.kind in FLOATING, f"it is of kind {output.operand.kind}")
