"""Reads that leave their range under a condition: what is refused, what is computed, and that no δ becomes an array."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import indexcalc as ic
from indexcalc.interpret.run import run_outputs
from indexcalc.ir.expr import Where
from indexcalc.ir.graph import Gather, Graph, Range, Scatter, View
from indexcalc.ir.program import Program
from indexcalc.ir.slots import slot_spaces
from indexcalc.ir.walk import subexpressions
from indexcalc.ir.windows import zero_extended
from indexcalc.lower.program import lower_program
from tests.autograd import close, leaves

torch = pytest.importorskip("torch")

GIVEN = "index t, s : time(N)\nindex k : kernel(K)\ntensor x[t], w[k]\n"
RNG = np.random.default_rng(5)
ARRAYS = {"x": RNG.normal(size=6), "w": RNG.normal(size=3)}


def both(text: str, arrays: dict[str, Any] = ARRAYS) -> None:
    """The interpreter, NumPy and PyTorch agree, with each gradient by complex step or differences."""
    program = ic.parse(GIVEN + text)
    mine = {n: a for n, a in arrays.items() if n in program.inputs}
    expected = run_outputs(program, mine)["y"]
    close(ic.compile(program)(**mine)["y"], torch.tensor(expected))
    close(ic.compile(program, "torch")(**{n: torch.tensor(a) for n, a in mine.items()})["y"], torch.tensor(expected))
    assert ic.verify(program)


# ---- what is read -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "text",
    [
        "y[t] = sum[k](where(k <= t, w[k] x[t - k], 0))",
        "y[t] = sum[k](where(t < k, 0, w[k] x[t - k]))",
        "y[t] = sum[k](where(t < k or k == 2, 0, w[k] x[t - k]))",
        "y[t] = sum[k](where(not (k > t), w[k] x[t - k], 5))",
        "y[t] = sum[k](where(k <= t, where(t - k + 1 < N, x[t - k + 1], 1), 2) w[k])",
        "y[t] = sum[k](where(k <= t and x[t - k] > 0, w[k] x[t - k], 7))",
        "y[t] = (k <= t) w[k] exp(x[t - k])",
        "y[t] = (k <= t) w[k] / (2 + x[t - k]**2)",
        "y[t] = sum[k](where(abs(t - k) <= t - k, w[k] x[t - k], 0))",
        "y[t] = sum[k](where(k <= t and k < 2, w[k] (x[t - k] - 2 x[t - k]**2), 0))",
        "y[t] = max[k](where(k <= t, x[t - k] w[k], -inf))",
        "y[t] = softmax[t](sum[k](where(2*k <= t, w[k] x[t - 2*k], 0)))",
        "y[t,s] = where(s <= t, x[t - s], 0) + where(t < s, x[s - t], 0)",
        "y[t] = sum[s](x[s] x[t] w[k] delta[s, t + k - 1] delta[s, t])",
        "y[k] = x[t] x[s] w[k] delta[t - k, s + 1]",
        "y = x[t] x[s] w[k] delta[2*t + 1, s + k]",
        "y[t] = sum[s](w[k] delta[s, t + k])",
        "y[t] = sum[k](where(k * k <= t, w[k] x[t - k], 0))",
        "y[s,k] = x[t] delta[s - 2*k, t - 1]",
        "y[t] = sum[k](w[k] mean[s](x[s] (s + k == t)))",
    ],
)
def test_every_part_agrees(text: str) -> None:
    both(text)


def test_what_is_not_chosen_may_be_infinite() -> None:
    both("y[t] = (k <= t) w[k] log(x[t - k]**2)")
    both("y[t] = sum[k](where(k <= t, w[k] / x[t - k], 0))")


def test_gathers_beside_a_window() -> None:
    text = (
        "index t : time(N)\nindex k : kernel(K)\ninteger a[k] : rows\ntensor x[r,t]\n"
        "y[t] = sum[k](where(k <= t, x[a[k],t - k], 0))"
    )
    x, a = RNG.normal(size=(4, 5)), np.array([3, 0, 3])
    expected = [sum(x[a[k], t - k] for k in range(3) if k <= t) for t in range(5)]
    np.testing.assert_allclose(ic.compile(text)(x=x, a=a)["y"], expected, rtol=1e-13)
    assert ic.verify(text)


def test_a_tensor_without_a_declaration_takes_its_range_from_the_open_side() -> None:
    """t − k ≤ N − 1 is all that bounds t; that k ≤ t is said."""
    y = ic.compile("index k : kernel(2)\ny[t] = sum[k](where(k <= t, x[t - k], 0))")(x=np.arange(4.0))["y"]
    assert y.tolist() == [0, 1, 3, 5]


def test_integers_and_masks_are_padded_too() -> None:
    both("y[t] = sum[k](where(k <= t, (x[t - k] > 0) w[k], 0))")


@settings(max_examples=40)
@given(st.data())
def test_any_convolution(data: st.DataObject) -> None:
    """Over length, kernel, stride, dilation and padding, against torch, forward and both gradients."""
    draw = data.draw
    n, k = draw(st.integers(1, 9)), draw(st.integers(1, 4))
    stride, dilation, padding = draw(st.integers(1, 3)), draw(st.integers(1, 3)), draw(st.integers(0, 4))
    out = (n + 2 * padding - dilation * (k - 1) - 1) // stride + 1
    if out < 1:
        return
    form = f"{stride}*p + {dilation}*k - {padding}"
    text = (
        f"index t : time(N)\nindex k : kernel(K)\nindex p : out({out})\ntensor x[b,c,t], w[o,c,k]\n"
        f"y[b,o,p] = sum[c,k](where({form} >= 0 and {form} < N, w[o,c,k] x[b,c,{form}], 0))"
    )
    arrays = {"x": RNG.normal(size=(2, 2, n)), "w": RNG.normal(size=(3, 2, k))}
    given = leaves(arrays, ["x", "w"])
    expected = torch.nn.functional.conv1d(given["x"], given["w"], stride=stride, dilation=dilation, padding=padding)
    cotangent = torch.tensor(RNG.normal(size=tuple(expected.shape)))
    gx, gw = torch.autograd.grad(expected, [given["x"], given["w"]], cotangent)
    found = ic.compile(ic.grad(text, ["x", "w"], with_value=True))(**arrays, grad_y=cotangent.numpy())
    close(found["y"], expected)
    close(found["grad_x"], gx)
    close(found["grad_w"], gw)


# ---- what is refused --------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("y[t] = sum[k](w[k] x[t - k])", r"slot 1 of `x`, `-k \+ t`, runs from -2 to 5.*\n.*it leaves at k = 1, t = 0"),
        ("y[t] = sum[k](where(k <= t + 1, x[t - k], 0))", r"(?s)the conditions around it hold there.*k = 1, t = 0"),
        ("y[t] = sum[k](where(k <= t, x[t - k - 1], 0))", r"leaves at k = 0, t = 0"),
        ("y[t] = sum[k](where(k <= t, 0, x[t - k]))", r"leaves at k = 1, t = 0"),
        ("y[t] = sum[k](where(t + k >= 0 and t + k - 1 < N, x[t + k - 1], 0))", r"leaves at k = 0, t = 0"),
        ("y[t] = sum[k](where(w[k] > 0, x[t - k], 0))", r"leaves at k = 1, t = 0"),
        ("y[t] = sum[k](where(k * k <= t, x[t - k], 0)) + x[t + 1]", r"`t \+ 1`, runs from 1 to 6"),
        ("y[t] = sum[k](where(k * k <= t + 3, x[t - k], 0))", r"leaves at k = 1, t = 0"),
        ("y[t] = sum[k]((k <= t) w[k] sum[k](x[t - k]))", r"leaves at k = 0, k' = 1, t = 0"),  # another k
        ("y[k] = where(k <= 1, x[k + 5], 0) + 0 x[0]", r"leaves at k = 1"),
    ],
)
@pytest.mark.parametrize("run", ["numpy", "interpreter"])
def test_what_is_read_outside_is_refused(text: str, message: str, run: str) -> None:
    program = ic.parse(GIVEN + text)
    arrays = {n: a for n, a in ARRAYS.items() if n in program.inputs}
    sizes = None if "w" in arrays else {"K": 3}
    with pytest.raises(ic.IndexCalcError, match=message) as caught:
        ic.compile(program)(**arrays, sizes=sizes) if run == "numpy" else run_outputs(program, arrays, sizes)
    assert "IX946" in str(caught.value)


@pytest.mark.parametrize("condition", ["2 < 2", "not (1 < 2)", "1 < 2 and 2 != 2", "k > 5 and 2 < 2"])
def test_a_condition_between_numbers_guards_too(condition: str) -> None:
    both(f"y[t] = sum[k](where({condition}, w[6], w[0] w[k]) x[t])")
    both(f"y[t] = sum[k](where(not ({condition}), w[0] w[k], w[6]) x[t])")


def test_a_condition_that_only_the_sizes_settle_is_kept_in_derivatives() -> None:
    """k < 3 says nothing about t − k for all sizes: the derivative still refuses what leaves."""
    derived = ic.grad(GIVEN + "y[t] = sum[k](where(t >= 2, w[k] x[t - k], 0))\nL = y[t] y[t]", ["w"])
    assert "x[t - k]" in str(derived)
    with pytest.raises(ic.IndexCalcError, match=r"IX946.*`-k \+ t`"):
        ic.compile(derived)(x=np.ones(6), w=np.ones(4))
    assert ic.compile(derived)(x=np.ones(6), w=np.ones(3))["grad_w"].shape == (3,)


# ---- how it is computed -----------------------------------------------------------------------------
def kinds(graph: Graph, kind: type) -> list[Any]:
    return [v for v in graph.values if isinstance(v.operation, kind)]


CONVOLUTIONS = [
    "y[t] = sum[k](where(k <= t, w[k] x[t - k], 0))",
    "y[t] = sum[k](where(t + k >= 1 and t + k - 1 < N, w[k] x[t + k - 1], 0))",
    "y[t] = (k <= t) w[k] x[t - k]",
    "y[t] = x[s] w[k] delta[s, t + k - 1]",
]


@pytest.mark.parametrize("text", CONVOLUTIONS)
def test_forward_and_backward_make_no_mask_and_nothing_larger_than_the_windows(text: str) -> None:
    program = ic.grad(GIVEN + text + "\nL = y[t] y[t]", ["x", "w"], with_value=True)
    graph = lower_program(program, sizes={"N": 1000, "K": 5})
    assert not kinds(graph, Range) and not kinds(graph, Gather) and not kinds(graph, Scatter)
    assert [v.operation.padded for v in kinds(graph, View)] == [True]
    assert max(len(v.axes) for v in graph.values) == 2


def test_second_derivatives_make_nothing_larger_than_the_windows_either() -> None:
    text = GIVEN + CONVOLUTIONS[0] + "\nL = sum[t](tanh(y[t]))"
    gradient = ic.grad(text, ["w"])
    again = ic.grad(ic.parse(str(gradient) + "\nq = grad_w[k] grad_w[k]\noutput q"), ["x"], of="q")
    assert max(len(v.axes) for v in lower_program(again, sizes={"N": 1000, "K": 5}).values) == 2
    assert ic.verify(again.result if isinstance(again, tuple) else again)


def test_conditions_that_the_deltas_say_are_dropped_and_others_kept() -> None:
    def entered(text: str) -> str:
        program = ic.parse(GIVEN + text)
        return str(zero_extended(program.definitions["y"].body, slot_spaces(program), program.indices, proven=True))

    assert entered(CONVOLUTIONS[0]) == entered(CONVOLUTIONS[2]) == "w[k] (x[s'] delta[s', t - k])"
    kept = entered("y[t] = sum[k](where(k <= t and k < 2, w[k] x[t - k], 0))")
    assert kept == "sum[k](where(k < 2, w[k] (x[s'] delta[s', t - k]), 0))"
    assert "where(k <= t" in entered("y[t] = sum[k](where(k <= t, exp(x[t - k]), 0))")  # exp 0 is not 0
    assert "where(k <= t" in entered("y[t] = sum[k](where(k <= t, x[t - k] / w[k], 0))")  # 0 / 0 is not 0


def test_programs_without_windows_enter_as_they_are() -> None:
    program = ic.parse("P[i,j] = softmax[j](where(j <= i, S[i,j], -inf))\ny[i] = (i < 2) sum[j](P[i,j])")
    spaces = slot_spaces(program)
    for define in program.definitions.values():
        assert zero_extended(define.body, spaces, define.indices, proven=False) is define.body


def chosen_in(program: Program) -> list[Where]:
    return [p for d in program.definitions.values() for p in subexpressions(d.body) if isinstance(p, Where)]


def test_gradients_of_a_padded_convolution_hold_no_condition() -> None:
    derived = ic.grad(GIVEN + CONVOLUTIONS[1] + "\nL = y[t] y[t]", ["x", "w"])
    assert not chosen_in(Program(derived.indices, derived.tensors, statements=derived.statements[1:]))
    assert "grad_x[t] = 2 w[k] y[s] delta[k + s - 1, t]" in str(derived)
