"""Verification accepts right gradients and refuses slightly wrong ones, by a method that it states honestly."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from indexcalc.calculus.grad import grad
from indexcalc.diagnostics import IndexCalcError
from indexcalc.elaborate.read import read_program
from indexcalc.ir.build import add, lift, multiply
from indexcalc.ir.expr import Delta, Expr, Literal, Sum
from indexcalc.ir.program import Define, Program
from indexcalc.verify import Task, Verification, check, verify
from indexcalc.verify.dependence import piecewise_parts
from indexcalc.verify.evaluators import Evaluator, interpreted

ATTENTION = """
index i, j : seq(L)
index d, a : head_dim(D)
tensor Q[i, d], K[j, d], V[j, a]
S[i, j] = Q[i, d] K[j, d] / sqrt(D)
P[i, j] = softmax[j](where(j <= i, S[i, j], -inf))
O[i, a] = P[i, j] V[j, a]
output O
"""
NETWORK = """
index b : batch
index m, n : hidden
tensor x[b, m], W[m, n], c[n]
h[b, n] = relu(W[m, n] x[b, m] + c[n])
L = sum[b, n](h[b, n]**2)
"""
# Each with the gradients that are known to be right; they need no differentiation to be written down.
BY_HAND = {
    "quadratic": ("index i, j : n\ntensor x[i], A[i, j]\nL = x[i] A[i, j] x[j]",
                  "grad_x[i] = A[j, i] x[j] + A[i, j] x[j]"),
    "log": ("index i : n\ntensor x[i]\nL = sum[i](log(x[i]))", "grad_x[i] = 1 / x[i]"),
    "max": ("index i : n\ntensor x[i]\nL = max[i](x[i])", "grad_x[i] = where(x[i] == max[j](x[j]), 1, 0)"),
    "abs": ("index i : n\ntensor x[i]\nL = sum[i](abs(x[i]))", "grad_x[i] = sign(x[i])"),
    "relu": ("index i : n\ntensor x[i]\nL = sum[i](relu(x[i])**2)", "grad_x[i] = 2 relu(x[i])"),
    "norm": ("index i : n\ntensor x[i]\nL = norm[i](x[i])", "grad_x[i] = x[i] / norm[j](x[j])"),
    "outer": ("index i, j : n\ntensor x[i], y[j]\nL[i, j] = x[i] y[j]", "grad_x[i] = grad_L[i, j] y[j]"),
    "where": ("index i : n\ntensor x[i]\nL = sum[i](where(x[i] > 0, x[i]**3, -x[i]))",
              "grad_x[i] = where(x[i] > 0, 3 x[i]**2, -1)"),
    "convolution": ("index k : kernel\nindex p : out\ntensor w[k], x[q]\ny[p] = w[k] x[p + k]",
                    "grad_w[k] = grad_y[p] x[p + k]"),
    "gather": ("integer t[i] : n\ntensor E[v]\nL = sum[i](exp(E[t[i]]))",
               "grad_E[v] = sum[i](delta[v, t[i]] exp(E[v]))"),
    "logdet": ("tensor A[i, j]\nL = logdet(A)", "grad_A[i, j] = inv(A)[j, i]"),
    "function": ("function f(x) = x / (1 + exp(-x))\ntensor x[i]\nL = sum[i](f(x[i]))",
                 "grad_x[i] = sigmoid(x[i]) + x[i] sigmoid(x[i]) (1 - sigmoid(x[i]))"),
}  # fmt: skip


def by_hand(name: str) -> tuple[Program, Task]:
    """A forward program, and its gradient as read from text: parsed together, so that they share their spaces."""
    forward, gradient = BY_HAND[name]
    output = forward.splitlines()[-1].split("=")[0].split("[")[0].strip()
    both = read_program(f"{forward}\n{gradient}\n")
    defines = list(both.definitions.values())
    cotangent = f"grad_{output}"
    tensors = tuple(t for t in both.tensors if t.name != cotangent)
    program = replace(both, tensors=tensors, statements=tuple(defines[:-1]), outputs=(output,))
    result = replace(both, statements=tuple(defines), outputs=(defines[-1].name,))
    return program, Task(output, (defines[-1].name.removeprefix("grad_"),), result)


def corrupted(task: Task, change: str, place: int = 0) -> Task:
    """The task with its first gradient's program made slightly wrong; `place` is the component's every index."""
    name = f"grad_{task.wrt[0]}"
    statements = [
        _corrupt(s, change, place) if isinstance(s, Define) and s.name == name else s for s in task.gradient.statements
    ]
    return replace(task, gradient=replace(task.gradient, statements=tuple(statements)))


def _corrupt(d: Define, change: str, place: int) -> Define:
    if change == "one component":
        here = multiply(*(Delta(i, place) for i in d.indices))
        return replace(d, body=multiply(add(lift(1), multiply(Literal(Fraction(1, 10**5)), here)), d.body))
    if change == "sign":
        return replace(d, body=-d.body)
    if change == "factor":
        return replace(d, body=2 * d.body)
    body: Expr = d.body
    assert isinstance(body, Sum) and change == "dropped term"
    return replace(d, body=add(*body.terms[1:]))


def passes(program: Program, tasks: Sequence[Task], **options: object) -> Verification:
    return check(program, tasks, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", BY_HAND)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_right_gradients_pass(name: str, seed: int) -> None:
    program, task = by_hand(name)
    found = check(program, [task], seed=seed)
    assert found, str(found)
    (row,) = found.rows
    assert row.compared == row.total and row.relative_error < row.tolerance / 10


@pytest.mark.parametrize("name", BY_HAND)
@pytest.mark.parametrize("change", ["one component", "sign", "factor"])
def test_corrupted_gradients_are_refused(name: str, change: str) -> None:
    program, task = by_hand(name)
    for seed in range(3):
        found = check(program, [corrupted(task, change)], seed=seed)
        (row,) = found.rows
        # A component that is 0 stays right when it is scaled.
        first = f"at [{', '.join('0' * len(program.inputs[task.wrt[0]].indices))}]"
        if change == "one component" and found:
            clean = check(program, [task], seed=seed)
            assert clean and abs(_first_component(program, task, seed)) < 1e-2 * _largest_component(program, task, seed)
            continue
        assert not found and not row.passed
        assert "FAILED" in str(found) and (change != "one component" or first in str(found))


def _gradient(program: Program, task: Task, seed: int) -> np.ndarray:
    from indexcalc.ir.default_sizes import choose_sizes
    from indexcalc.verify.point import find_setting

    setting = find_setting(program, [task], choose_sizes(program), seed)
    return interpreted(task.gradient, setting.gradient_inputs(task), setting.sizes)[f"grad_{task.wrt[0]}"]


def _first_component(program: Program, task: Task, seed: int) -> float:
    return float(_gradient(program, task, seed).flat[0])


def _largest_component(program: Program, task: Task, seed: int) -> float:
    return float(np.abs(_gradient(program, task, seed)).max())


def test_a_dropped_term_is_noticed() -> None:
    program, task = by_hand("quadratic")
    found = check(program, [corrupted(task, "dropped term")])
    assert not found and found.rows[0].relative_error > 1e-3


def derived(text: str, *wrt: str) -> tuple[Program, Task]:
    program = read_program(text)
    (output,) = program.outputs
    return program, Task(output, wrt, grad(program, wrt, of=output))


@pytest.mark.parametrize("wrt", ["Q", "K", "V"])
@pytest.mark.parametrize("change", ["one component", "sign"])
def test_attention_corrupted(wrt: str, change: str) -> None:
    program, task = derived(ATTENTION, wrt)
    assert check(program, [task], seed=3)
    # Not the first component: the first query sees one key only, so its gradient is 0.
    found = check(program, [corrupted(task, change, 1)], seed=3)
    assert not found and found.rows[0].method == "complex step" and found.rows[0].step == 1e-20


@pytest.mark.parametrize("seed", range(6))
def test_a_network_with_kinks(seed: int) -> None:
    program, task = derived(NETWORK, "x", "W", "c")
    found = check(program, [task], seed=seed)
    assert found, str(found)
    assert {r.method for r in found.rows} == {"central differences"}
    assert not check(program, [corrupted(task, "factor")], seed=seed)


def test_the_method_is_complex_step_only_where_all_is_analytic() -> None:
    program = read_program("""
        index i, j : n
        tensor x[i], y[i], z[i]
        a[i] = exp(x[i]) + relu(y[i])
        P[i, j] = softmax[j](where(j <= i, a[i] x[j], -inf))
        L = sum[i, j](P[i, j] where(z[j] > 0, x[j], y[j]))
    """)
    assert piecewise_parts(program, "x", "L") == []
    assert piecewise_parts(program, "y", "L") == ["relu"]
    assert piecewise_parts(program, "z", "L") == ["where", "comparison"]
    found = verify(program)
    assert found, str(found)
    assert [(r.name, r.method) for r in found.rows if r.kind == "gradient"] == [
        ("grad_x", "complex step"),
        ("grad_y", "central differences"),
        ("grad_z", "central differences"),
    ]
    assert "grad_y: central differences because of relu" in str(found)


def test_kinks_inside_declared_functions_count() -> None:
    program = read_program("function f(u) = u * abs(u)\ntensor x[i]\nL = sum[i](f(x[i]))")
    assert piecewise_parts(program, "x", "L") == ["abs"]
    assert verify(program)


def test_inputs_at_a_kink_are_left_out_and_too_many_fail() -> None:
    program, task = derived("index i : n\ntensor x[i]\nL = sum[i](relu(x[i]))", "x")
    away = check(program, [task], inputs={"x": np.linspace(-1.0, 1.2, 40)})
    assert away and away.rows[0].compared == 40
    x = np.linspace(-1.0, 1.2, 40)
    x[7] = 0.0  # no derivative there
    found = check(program, [task], inputs={"x": x})
    assert found and found.rows[0].compared == 39 and found.rows[0].total == 40
    assert "1 of 40 directions left out, a kink is within reach of the step" in str(found)
    assert "away from kinks" in str(found)
    nearly_all = check(program, [task], inputs={"x": np.zeros(4)})
    assert not nearly_all and "FAILED" in str(nearly_all)


def test_draws_avoid_kinks() -> None:
    """With 200 rectified components some draw has one within the widest step of 0: another or a narrower is taken."""
    program, task = derived("index i : n(200)\ntensor x[i], s\nL = sum[i](relu(x[i] + s)**3)", "x", "s")
    for seed in range(8):
        found = check(program, [task], seed=seed)
        assert found, str(found)
        assert all(r.compared == r.total for r in found.rows)


def test_a_formula_that_needs_positive_inputs_says_so() -> None:
    program = read_program("tensor x[i], y[i]\nL = sum[i](log(x[i]) sqrt(y[i]))")
    found = verify(program)
    assert found and "inputs are drawn from the range 'positive'" in str(found)
    unit = verify(read_program("tensor x[i]\nL = sum[i](log(1 - x[i]) sqrt(x[i]))"))
    assert unit and "'unit interval'" in str(unit)
    with pytest.raises(IndexCalcError, match=r"(?s)IX906: no random inputs give finite outputs.*positive"):
        verify(read_program("tensor x[i]\nL = sum[i](log(-1 - x[i]**2))"))
    with pytest.raises(IndexCalcError, match="IX906: the given inputs lead to outputs or gradients"):
        verify(program, inputs={"x": np.array([-1.0]), "y": np.array([1.0])})


def test_zero_gradients_are_no_false_alarm() -> None:
    program = read_program("tensor x[i]\nL = sum[i](softmax[i](x[i]))")
    found = verify(program)
    assert found, str(found)
    program = read_program("tensor x[i], y[i]\nL = sum[i](x[i])")
    assert [r.name for r in verify(program, wrt=["y"]).rows] == ["grad_y", "L"]
    assert verify(program, wrt=["y"])


def test_several_outputs_are_told_apart() -> None:
    found = verify(read_program("tensor x[i], y[i]\na = sum[i](x[i]**2)\nb[i] = exp(y[i]) x[i]"))
    assert found
    assert [r.name for r in found.rows] == ["grad_x of a", "grad_x of b", "grad_y of b", "a", "b"]


def test_extents_that_no_array_tells_reach_the_emitted_code() -> None:
    found = verify(read_program("index i : n(N)\nscalar s\ny[i] = exp(s i / N)"), sizes={"N": 7})
    assert found and dict(found.sizes) == {"N": 7}


def test_claims_are_evaluated() -> None:
    found = verify(read_program("tensor A[i, j] antisymmetric\nA[i, j] == -A[j, i]\nx[i] x[j] A[i, j] == 0"))
    assert found and [r.kind for r in found.rows] == ["claim", "claim"]
    wrong = verify(read_program("tensor A[i, j]\nA[i, j] == A[j, i]"))
    assert not wrong and "claims" not in str(wrong) and "1 claim" in str(wrong)


@pytest.mark.parametrize("claim", ["abs(x) == x", "max(x, 0) == x", "where(x > 0, 1, 0) == 1", "sqrt(x**2) == x"])
def test_a_claim_that_one_point_would_bear_out_is_refuted(claim: str) -> None:
    for seed in range(3):
        assert not verify(read_program(claim), seed=seed)


def test_claims_hold_where_both_sides_are_defined() -> None:
    found = verify(read_program("log(x**2) == 2 log(x)\nabs(p) == p; scalar p positive"))
    assert found and all(r.method.endswith("random points") for r in found.rows)


def test_many_components_are_sampled() -> None:
    text = "index i, j : n(60)\ntensor W[i, j], x[j]\nL = sum[i](tanh(W[i, j] x[j]))"
    program, task = derived(text, "W")
    found = check(program, [task])
    (row,) = found.rows
    assert found and row.compared < row.total == 3600
    assert "sampled components and 16 random directions" in str(found)
    assert not check(program, [corrupted(task, "sign")])


def test_wrong_emitted_code_is_noticed() -> None:
    """Evaluators that disagree by 1e-9 in one component, on the value and on the gradient."""

    def off(program: Program, inputs: object, sizes: object) -> dict[str, np.ndarray]:
        found = interpreted(program, inputs, sizes)  # type: ignore[arg-type]
        for array in found.values():
            array.flat[-1] *= 1 + 1e-9
        return found

    program, task = derived(ATTENTION, "V")
    right = Evaluator("numpy", interpreted)
    assert check(program, [task], [right])
    found = check(program, [task], [Evaluator("numpy", off)])
    assert not found and any("numpy = interpreter" in f for f in found.failures)
    assert [r.passed for r in found.rows] == [False, False]
    second = check(program, [task], [right, Evaluator("torch", off)])
    assert not second and all("numpy = torch" in f for f in second.failures)


def test_nan_never_passes() -> None:
    def with_nan(program: Program, inputs: object, sizes: object) -> dict[str, np.ndarray]:
        found = interpreted(program, inputs, sizes)  # type: ignore[arg-type]
        for array in found.values():
            array.flat[0] = np.nan
        return found

    program, task = derived(ATTENTION, "V")
    first = check(program, [task], [Evaluator("numpy", with_nan)])
    assert not first and [r.passed for r in first.rows] == [False, False]
    second = check(program, [task], [Evaluator("numpy", interpreted), Evaluator("torch", with_nan)])
    assert not second and all("numpy = torch: relative error nan exceeds" in f for f in second.failures)


def test_a_gradient_of_the_wrong_shape_is_noticed() -> None:
    def transposed(program: Program, inputs: object, sizes: object) -> dict[str, np.ndarray]:
        return {n: a.T for n, a in interpreted(program, inputs, sizes).items()}  # type: ignore[arg-type]

    program, task = derived(ATTENTION, "Q")
    found = check(program, [task], [Evaluator("numpy", transposed)])
    assert not found and "shapes (4, 3) and (3, 4)" in str(found)


def test_the_report() -> None:
    found = verify(read_program(ATTENTION), wrt=["Q", "K"], seed=1)
    text = str(found)
    head, *_, last = text.splitlines()
    for column in ("gradient", "method", "step", "relative error", "tolerance", "numpy = torch", "numpy = interpreter"):
        assert column in head
    assert "2 gradients, 24 components (all compared), 1 value" in last and last.endswith(": verified")
    assert dict(found.sizes) == {"L": 3, "D": 4}
    data = json.loads(json.dumps(found.as_dict(), allow_nan=False))
    assert data["passed"] and data["rows"][0]["passed"] and data["rows"][0]["method"] == "complex step"


def test_a_failure_names_the_worst_component_and_both_values() -> None:
    program, task = by_hand("quadratic")
    found = check(program, [corrupted(task, "sign")])
    (text,) = found.failures
    assert text.startswith("grad_x: complex step: relative error 2 exceeds 1e-12, at [")
    assert "against" in text and str(found).endswith("1 of 1 FAILED")
    data = json.loads(json.dumps(found.as_dict(), allow_nan=False))
    assert not data["passed"] and data["failures"] == [text]


def test_unknown_inputs_are_refused() -> None:
    program = read_program(ATTENTION)
    with pytest.raises(IndexCalcError, match=r"IX905: `q` is no input to differentiate"):
        verify(program, wrt=["q"])
    with pytest.raises(IndexCalcError, match="IX942: sizes names `X`"):
        verify(program, sizes={"X": 3})
    with pytest.raises(IndexCalcError, match="IX904: no backend 'nympu'"):
        verify(program, backend="nympu")
