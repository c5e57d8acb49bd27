"""Numbers are folded, and nothing that any float would tell apart."""

from __future__ import annotations

import numpy as np
import pytest

import indexcalc as ic
from indexcalc.interpret.run import run_outputs
from indexcalc.ir.graph import Graph, Input, Map, Number, Operand, Output, Value
from indexcalc.ir.index import Index, Space
from indexcalc.lower.passes import Context
from indexcalc.lower.passes.fold import PASS

from .rewriting import assert_like_interpreter, drawn, kinds, passed

ROW = Index("i", Space("rows"))
EVERY = np.array([0.0, -0.0, 1.5, -2.0, np.inf, -np.inf, np.nan, 5e-324])


def test_the_example_loses_its_arithmetic_of_numbers() -> None:
    program = ic.parse(PASS.example)
    graph, told = passed(program, ["fold"], {})
    assert kinds(graph)["sqrt"] == kinds(graph)["reciprocal"] == 0
    assert [v.operation.value for v in graph if isinstance(v.operation, Number)] == [0.125]
    assert told == ["2 operations of plain numbers computed beforehand"]
    assert_like_interpreter(program, graph, drawn(program, {}), {})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("s = 3; y = sqrt(s**2 + 16) exp(log(2))", 10.0),
        ("s = 1/2; y = -max(s, 1/4) + abs(0 - s)", 0.0),
        ("index i : n(9); y = sqrt(sum[i](1))", 3.0),
    ],
)
def test_a_program_without_inputs_is_one_number(text: str, value: float) -> None:
    program = ic.parse(text + "; output y")
    graph, _ = passed(program, ["fold"], {})
    assert [type(v.operation).__name__ for v in graph] == ["Number", "Map"]
    np.testing.assert_allclose(ic.compile(program)()["y"], value, rtol=1e-15)
    assert_like_interpreter(program, graph, {}, {})


@pytest.mark.parametrize(
    "text", ["s = 0; y = 1 / s", "s = -1; y = sqrt(s)", "s = 800; y = exp(s)", "s = -8; y = s**(1/3)"]
)
def test_what_is_no_finite_number_is_left_to_the_run(text: str) -> None:
    program = ic.parse(text + "; output y")
    graph, _ = passed(program, ["fold"], {})
    assert kinds(graph)["Map"] > 1
    np.testing.assert_array_equal(ic.compile(program)()["y"], run_outputs(program, {}, {})["y"])


def single(function: str, *arguments: float | str) -> Graph:
    """A graph of one function of x and numbers, or of one turned twice."""
    x = Value(0, Input("x"), (), (ROW,), "float")
    values, operands = [x], []
    for a in arguments:
        if isinstance(a, str):
            operands.append(Operand(x, (ROW,)))
        else:
            values.append(Value(len(values), Number(a), (), (), "int" if isinstance(a, int) else "number"))
            operands.append(Operand(values[-1], ()))
    values.append(Value(len(values), Map(function), tuple(operands), (ROW,), "float"))
    output = Output("y", Operand(values[-1], (ROW,)), (ROW,))
    return Graph(tuple(values), (output,), {}, {v.number: "y" for v in values})


NUMPY = {"add": np.add, "subtract": np.subtract, "multiply": np.multiply, "divide": np.divide}


@pytest.mark.parametrize("function", NUMPY)
@pytest.mark.parametrize("number", [0, 0.0, -0.0, 1, 1.0, -1.0, 2])
@pytest.mark.parametrize("first", [True, False])
def test_only_what_no_float_can_tell_apart_is_dropped(function: str, number: float, first: bool) -> None:
    arguments = (number, "x") if first else ("x", number)
    graph = single(function, *arguments)
    with np.errstate(all="ignore"):
        expected = NUMPY[function](*(EVERY if a == "x" else a for a in arguments))
    same = np.array_equal(expected, EVERY, equal_nan=True) and np.array_equal(np.signbit(expected), np.signbit(EVERY))
    dropped = PASS.run(graph, Context({ROW.space: 8})).outputs[0].operand.value.number == 0
    assert dropped == same


def test_a_sign_turned_twice_is_none() -> None:
    graph, told = passed(ic.parse("u[i] = -x[i]; y[i] = exp(-u[i]); output y"), ["fold"], {})
    assert kinds(graph)["negative"] == 0 and told == ["1 operation dropped that give back their operand"]


def test_a_number_stays_an_array_where_an_operation_takes_nothing_else() -> None:
    declared = "index i, j : n(4)\ninteger t[i] : n\ntensor x[i]\nc = 3\n"
    program = ic.parse(f"{declared}G[j] = sum[i](c delta[j, t[i]])\nm[i] = max(x[i], c)\ns = sum[i](c)")
    graph, _ = passed(program, ["fold"], {})
    assert_like_interpreter(program, graph, drawn(program, {}), {})


def test_masked_values_and_selections_of_numbers() -> None:
    program = ic.parse("c = 2; d = -c; y[i] = where(x[i] > 0, c, d); z[i] = where(x[i] > 0, x[i], d); output y, z")
    x = {"x": np.array([1.0, -3.0, 0.0])}
    expected = run_outputs(program, x, {})
    for f in (ic.compile(program), ic.compile(program, without="fold")):
        for name, value in expected.items():
            np.testing.assert_array_equal(f(**x)[name], value)
    narrow = ic.compile(program)(x=x["x"].astype(np.float32))
    assert {a.dtype.name for a in narrow.values()} == {"float32"}
