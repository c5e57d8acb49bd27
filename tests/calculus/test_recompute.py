"""Saved or recomputed: the same gradients from less memory, which the emitted text really needs less of."""

from __future__ import annotations

import tracemalloc
from itertools import combinations
from typing import Any

import numpy as np
import pytest

import indexcalc as ic
from indexcalc.calculus.recompute import remembering
from indexcalc.ir.program import Program
from indexcalc.ir.walk import tensors_in
from tests.cost.observed import observed_peak

ATTENTION = """index i, j : seq(L)
index d, a : head_dim(D)
S[i, j] = Q[i, d] K[j, d] / sqrt(D)
P[i, j] = softmax[j](where(j <= i, S[i, j], -inf))
O[i, a] = P[i, j] V[j, a]
"""
NORMALISED = """index t : time(T)
index m, n : model(M)
mu[t] = mean[m](x[t, m])
c[t, m] = x[t, m] - mu[t]
r[t] = mean[m](c[t, m]**2)**(-1/2)
y[t, m] = gain[m] c[t, m] r[t]
z[t, n] = gelu(y[t, m] W[m, n])
L = z[t, n] z[t, n]
"""
CASES = {
    "attention": (ATTENTION, "Q,K,V", {"L": 7, "D": 3}),
    "normalised": (NORMALISED, "x,gain,W", {"T": 5, "M": 4}),
}


def chain(count: int) -> str:
    """Layers of a network with a residual stream."""
    lines = ["index b : batch(B)", "index i, j : model(M)", "tensor h0[b, i]"]
    for k in range(1, count + 1):
        lines.append(f"h{k}[b, j] = h{k - 1}[b, j] + tanh(h{k - 1}[b, i] W{k}[i, j])")
    return "\n".join([*lines, f"L = h{count}[b, i] h{count}[b, i]"])


def weights(count: int) -> list[str]:
    return [f"W{k}" for k in range(1, count + 1)]


def arrays(program: Program, sizes: dict[str, int], seed: int = 0) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    shapes = {n: [sizes[str(s.extent)] for s in t.spaces] for n, t in program.inputs.items()}
    return {n: rng.normal(size=shape) / np.sqrt(max(shape, default=1)) for n, shape in shapes.items()}


def assert_equal_results(found: Program, expected: Program, sizes: dict[str, int]) -> None:
    given = arrays(expected, sizes)
    assert list(found.inputs) == list(expected.inputs)
    one, other = ic.compile(found)(**given), ic.compile(expected)(**given)
    assert list(one) == list(other)
    for name, value in other.items():
        np.testing.assert_allclose(one[name], value, rtol=1e-12, atol=1e-13, err_msg=name)


def read_across(program: Program) -> set[str]:
    """Definitions of the forward part that a later line reads by their first name, from the first `_again` on."""
    names = list(program.definitions)
    if not program.recomputed:
        return set()
    start = min(names.index(n) for n in program.recomputed)
    read = {r for s in list(program.definitions.values())[start:] for r in tensors_in(s.body)}
    return {n for n in read if n in names[:start] and not n.startswith("grad_")}


@pytest.mark.parametrize("with_value", [True, False])
@pytest.mark.parametrize("name", list(CASES))
def test_whatever_is_kept_the_results_are_the_same(name: str, with_value: bool) -> None:
    text, wrt, sizes = CASES[name]
    program = ic.parse(text)
    plain = ic.grad(program, wrt, with_value=with_value)
    definitions = list(program.definitions)
    for count in range(len(definitions) + 1):
        for save in combinations(definitions, count):
            found = remembering(program, plain, save, None, None, {})
            if with_value:
                assert read_across(found) <= {*save, *program.outputs}
            assert set(found.outputs) == set(plain.outputs)
            if count in (0, 1, len(definitions)):
                assert ic.parse(str(found)) == found
                assert_equal_results(found, plain, sizes)
            if name == "attention":  # without inner values, which only `save` loses altogether
                lost = [n for n in definitions if n not in save and not (with_value and n in program.outputs)]
                assert remembering(program, plain, None, lost, None, {}) == found


def test_the_program_says_what_is_computed_again_and_where() -> None:
    found = ic.grad(ATTENTION, "Q,K,V", with_value=True, recompute=["P"])
    lines = str(found).splitlines()
    again = lines.index("P_again[i, j] = softmax[j](where(j <= i, S[i, j], -inf))")
    assert lines[again + 1] == "grad_V[j, a] = P_again[i, j] grad_O[i, a]"
    assert "grad_S[i, j] = P_again[i, j] (grad_P[i, j] - s[i])" in lines
    assert lines[-2:] == ["recompute P_again", "output O, grad_Q, grad_K, grad_V"]
    assert found.notes == (
        "saved for the backward part: S, O",
        "computed again there: P",
    )


@pytest.mark.parametrize("kept", [{"recompute": ["P"]}, {"save": ["S", "P", "O"]}])
def test_what_is_derived_from_it_does_not_repeat_what_was_kept(kept: dict[str, list[str]]) -> None:
    first = ic.grad(ATTENTION, "Q,K,V", **kept)
    assert any("saved for the backward part" in n for n in first.notes)
    again = ic.grad(first, "Q", of="grad_V")
    assert again.recomputed == ()
    assert not [n for n in again.notes if "saved" in n or "computed" in n]


def test_notes_have_figures_where_the_sizes_are_known() -> None:
    sizes = {"L": 64, "D": 8}
    plain = ic.grad(ATTENTION, "Q,K,V", with_value=True, sizes=sizes)
    found = ic.grad(ATTENTION, "Q,K,V", with_value=True, recompute="P", sizes=sizes)
    before, after = ic.cost(plain, sizes), ic.cost(found, sizes)
    assert found.notes[0] == "saved for the backward part: S, O (36.0 KiB in float64)"
    assert "computed again there: P (32.0 KiB in float64)" in found.notes[1]
    assert f"for {after.multiplications - before.multiplications:,} more multiplications" in found.notes[1]


def test_what_only_the_backward_part_needs_is_computed_once() -> None:
    assert ic.grad(ATTENTION, "Q,K,V", save="O").recomputed == ("S_again", "P_again")
    alone = ic.grad(ATTENTION, "Q,K,V", save=[])
    assert alone.recomputed == ()
    assert alone.notes == ("saved for the backward part: nothing but the inputs", "nothing is computed twice")


def test_a_name_that_is_taken_is_not_used_again() -> None:
    found = ic.grad("tensor h_again[i]\nh[i] = tanh(x[i])\nk[i] = exp(h[i] h_again[i])\nL = k[i] h[i]", "x",
                    with_value=True, recompute="h")  # fmt: skip
    assert found.recomputed == ("h_again_2",)


def test_the_derivative_of_a_program_that_recomputes_keeps_no_mark() -> None:
    first = ic.grad("h[i] = tanh(x[i]); L = sum[i](h[i]**3)", "x", with_value=True, recompute="h")
    assert first.recomputed
    second = ic.grad(first, "x", of="grad_x")
    assert second.recomputed == ()
    ic.parse(str(second))


@pytest.mark.parametrize("every", [2, 3, 4])
def test_checkpoints_lower_what_numpy_really_allocates(every: int) -> None:
    count, sizes = 12, {"B": 512, "M": 32}
    program = ic.parse(chain(count))
    plain = ic.grad(program, weights(count), with_value=True)
    saved = [f"h{k}" for k in range(every, count + 1, every)]
    found = ic.grad(program, weights(count), with_value=True, save=saved)
    assert_equal_results(found, plain, {"B": 3, "M": 4})
    given = arrays(program, sizes)
    measured = {}
    for name, p in (("plain", plain), ("found", found)):
        counted = ic.cost(p, sizes).peak_bytes
        assert counted == observed_peak(ic.emit(p, sizes=sizes), given)
        measured[name] = allocated(p, given, sizes)
        inputs = sum(a.nbytes for a in given.values())
        # what matmul and tanh allocate inside of a call is not counted, nor a few objects of Python
        assert counted - inputs <= measured[name] * 1.02 + 20_000
        assert measured[name] <= (counted - inputs) * 1.1 + 20_000
    assert measured["found"] < 0.75 * measured["plain"]
    extra = ic.cost(found, sizes).multiplications - ic.cost(plain, sizes).multiplications
    assert 0 < extra < 1.01 * ic.cost(program, sizes).multiplications  # the forward part once more


def allocated(program: Program, given: dict[str, Any], sizes: dict[str, int]) -> int:
    run = ic.compile(program, sizes=sizes)
    run(**given)
    tracemalloc.start()
    try:
        run(**given)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


LAYERS = """index b : batch(B)
index i, j : model(M)
a1[b, j] = x[b, i] W1[i, j]
h1[b, j] = tanh(a1[b, j])
a2[b, j] = h1[b, i] W2[i, j]
h2[b, j] = tanh(a2[b, j])
y[b, j] = h2[b, i] W3[i, j]
"""


def test_a_budget_is_met_with_the_least_work_of_all_choices() -> None:
    sizes = {"B": 64, "M": 6}
    program = ic.parse(LAYERS)
    plain = ic.grad(program, weights(3), with_value=True, sizes=sizes)
    reachable = []
    for n in range(5):
        for lost in combinations(["a1", "h1", "a2", "h2"], n):
            cost = ic.cost(remembering(program, plain, None, lost, None, {}), sizes)
            reachable.append((cost.peak_bytes, cost.flops))
    least, most = (f(peak for peak, _ in reachable) for f in (min, max))
    assert least < ic.cost(plain, sizes).peak_bytes
    for budget in (least, (least + most) // 2, most):
        found = ic.cost(remembering(program, plain, None, None, budget, sizes), sizes)
        assert found.peak_bytes <= budget
        assert found.flops == min(f for peak, f in reachable if peak <= budget)
    with pytest.raises(ic.IndexCalcError, match="the smallest peak is") as caught:
        ic.grad(program, weights(3), with_value=True, memory=least - 1, sizes=sizes)
    assert caught.value.diagnostics[0].code == "IX909"
    assert f"memory={least} (--memory {least}) or more" in str(caught.value)


def test_a_budget_for_many_layers_is_met() -> None:
    count, sizes = 16, {"B": 64, "M": 8}
    program = ic.parse(chain(count))
    plain = ic.grad(program, weights(count), with_value=True, sizes=sizes)
    whole = ic.cost(plain, sizes)
    inputs = sum(8 * 64 * 8 if n == "h0" else 8 * 8 * 8 for n in program.inputs)
    for share in (0.8, 0.5):
        budget = inputs + int((whole.peak_bytes - inputs) * share)
        found = remembering(program, plain, None, None, budget, sizes)
        counted = ic.cost(found, sizes)
        assert counted.peak_bytes <= budget
        assert counted.multiplications <= 1.34 * whole.multiplications
    assert_equal_results(found, plain, {"B": 3, "M": 4})
    assert remembering(program, plain, None, None, budget, sizes) == found


@pytest.mark.parametrize(
    ("options", "message", "hint"),
    [
        ({"save": ["P"], "recompute": ["S"]}, "save and recompute are given together", "give one of them"),
        ({"save": ["Q"]}, "`Q` is an input, which is there all along", "leave it out of save"),
        ({"recompute": ["p"]}, "recompute names `p`, which the program does not define", "definitions: S, P, O"),
        ({"recompute": ["O"]}, "`O` is returned, so that it is kept", "leave it out"),
        ({"save": ["grad_P"]}, "`grad_P` belongs to the backward part", "definitions: S, P, O"),
        ({"memory": 0}, "memory is a number of bytes above 0, not 0", ""),
        ({"memory": 10**6, "sizes": {"L": 4}}, "no size is given for extent `D`", "'D': …"),
    ],
)
def test_refusals(options: dict[str, Any], message: str, hint: str) -> None:
    with pytest.raises(ic.IndexCalcError) as caught:
        ic.grad(ATTENTION, "Q", with_value=True, **options)
    assert message in str(caught.value)
    assert hint in str(caught.value)


def test_an_inner_value_goes_with_its_definition() -> None:
    text = "h[i] = exp(tanh(x[i]) + y[i])\nk[i] = h[i] h[i] x[i]\nL = k[i] k[i]"
    plain = ic.grad(text, "x", with_value=True)
    inner = [n for n in plain.definitions if n not in ic.parse(text).definitions and not n.startswith("grad_")]
    assert inner
    with pytest.raises(ic.IndexCalcError, match=f"`{inner[0]}` is an inner value of `h`"):
        ic.grad(text, "x", with_value=True, save=[inner[0]])
    found = ic.grad(text, "x", with_value=True, recompute="h")
    assert f"{inner[0]}_again" in found.recomputed
    given = {"x": np.linspace(-1, 1, 5), "y": np.linspace(0, 1, 5)}
    one, other = ic.compile(found)(**given), ic.compile(plain)(**given)
    np.testing.assert_allclose(one["grad_x"], other["grad_x"], rtol=1e-13)
