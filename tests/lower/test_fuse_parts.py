"""What fusion decides by: affine positions, degrees in a maximum, neutral tiles, prices."""

from dataclasses import replace

import numpy as np
import pytest

import indexcalc as ic
from indexcalc.interpret.run import run_outputs
from indexcalc.ir.graph import Fused, Input, Reduce
from indexcalc.ir.index import Index, Space
from indexcalc.ir.kernel import Affine, Condition, Contract, Keep, Loop, Map, Mask, Recall, Shift, Store
from indexcalc.lower.builder import Builder
from indexcalc.lower.fuse.degree import Degrees
from indexcalc.lower.fuse.instance import Instance
from indexcalc.lower.fuse.neutral import _holds
from indexcalc.lower.fuse.price import conditions_hold, price
from indexcalc.lower.fuse.tiles import retiled
from indexcalc.lower.passes import Context
from indexcalc.lower.program import lower_program
from indexcalc.lower.sizes import representative_sizes
from indexcalc.lower.target import INTERPRETED, LAPTOP, Target

from .fusion import BIG, CASES, NCE, ROWS, attention

SPACE = Space("seq", "L")
ROW, COLUMN = Index("i", SPACE), Index("j", SPACE)


def lowered(text, by="", sizes=BIG, machine=INTERPRETED, keeps=False):
    program = ic.parse(text)
    program = ic.grad(program, by, with_value=True) if by else program
    told = []
    graph = lower_program(program, sizes=sizes, target=Target(machine=machine, keeps=keeps), decisions=told, check=True)
    kernels = [v.operation.kernel for v in graph if isinstance(v.operation, Fused)]
    return kernels, told, Context(representative_sizes(program, sizes))


def steps(kernel, kind):
    return [s for s in kernel.steps() if isinstance(s, kind)]


def streamed(score, machine=INTERPRETED):
    """The kernel at a length at which whole rows cost clearly more, masked or not."""
    return lowered(attention(score), sizes={**BIG, "L": 16384}, machine=machine)[0][0]


def test_attention_is_one_kernel_that_holds_no_scores():
    (kernel,) = lowered(attention(), sizes={**BIG, "L": 16384})[0]
    (loop,) = steps(kernel, Loop)
    assert len(steps(kernel, Contract)) == 2
    (shift,) = steps(kernel, Shift)
    assert [degree for _, degree in shift.rescaled] == [1, 1]  # the row's sum, and the weighted values
    assert shift in loop.body


@pytest.mark.parametrize(
    ("score", "forms"),
    [
        ("where(j <= i, S[h, i, j], -inf)", {(((1, "i"), (-1, "j")), 0)}),
        ("where(i < j, -inf, S[h, i, j])", {(((1, "i"), (-1, "j")), 0)}),
        ("where(not (j > i), S[h, i, j], -inf)", {(((1, "i"), (-1, "j")), 0)}),
        ("where(j <= i and i < j + 3, S[h, i, j], -inf)", {(((1, "i"), (-1, "j")), 0), (((1, "j"), (-1, "i")), 2)}),
        ("where(j <= i or j == 0, S[h, i, j], -inf)", set()),
        ("where(j <= i, S[h, i, j], -10)", set()),
        ("2 * where(j <= i, S[h, i, j], -inf)", {(((1, "i"), (-1, "j")), 0)}),
        ("-2 * where(j <= i, S[h, i, j], -inf)", set()),
        ("where(j <= i, 0, where(j <= i + 1, S[h, i, j], -inf))", set()),
        ("S[h, i, j]", set()),
    ],
)
def test_masks_bound_the_stream(score, forms):
    (loop,) = steps(streamed(score), Loop)
    found = {
        (tuple(sorted(((c, x.name) for c, x in s.form.terms), key=lambda t: -t[0])), s.form.offset) for s in loop.skip
    }
    assert found == forms


def test_a_masked_score_is_a_mask_by_conditions():
    (mask,) = steps(streamed("where(j <= i, S[h, i, j], -inf)"), Mask)
    assert mask.fill == float("-inf")


def skips(score):
    """The conditions of all loops of attention's gradient."""
    kernels = lowered(attention(score), "Q,K,V", machine=LAPTOP)[0]
    return [s.skip for k in kernels for s in steps(k, Loop)]


def test_tiles_are_skipped_in_a_division_only_where_no_row_is_masked_as_a_whole():
    assert all(skips("where(j <= i, S[h, i, j], -inf)"))
    assert not all(skips("where(j >= i + 2, S[h, i, j], -inf)"))
    assert not all(skips("where(i < 5, S[h, i, j], -inf)"))


@pytest.mark.parametrize(("other", "bounded"), [("where(j <= i, tanh(S[i, j]), 0)", True), ("tanh(S[i, j])", False)])
def test_a_sum_of_two_is_zero_only_where_both_are(other, bounded):
    text = NCE + f"f[i] = sum[j]((where(j <= i, exp(S[i, j]), 0) + {other})**2 w[j])\n"
    kernels = lowered(text, sizes={"N": 8192, "D": 128})[0]
    assert [bool(s.skip) for k in kernels for s in steps(k, Loop)] == [bounded]


@pytest.mark.parametrize(("function", "bounded"), [("tanh", True), ("cos", False), ("exp", False)])
def test_a_function_of_zero_need_not_be_zero(function, bounded):
    text = NCE + f"f[i] = sum[j]({function}(where(j <= i, S[i, j], 0)) w[j])\n"
    kernels = lowered(text, sizes={"N": 8192, "D": 128})[0]
    assert [bool(s.skip) for k in kernels for s in steps(k, Loop)] == [bounded]


@pytest.mark.parametrize(
    ("terms", "offset", "place", "holds"),
    [
        (((1, ROW), (-1, COLUMN)), 0, (ROW,), True),  # j = i
        (((1, ROW), (-1, COLUMN)), 0, (), True),  # j = 0
        (((1, ROW), (-1, COLUMN)), -1, (ROW,), False),
        (((1, COLUMN), (-1, ROW)), 0, (), False),
        (((1, COLUMN), (-1, ROW)), 0, (ROW,), True),
    ],
)
def test_a_row_is_seen_to_hold_something(terms, offset, place, holds):
    assert _holds(Condition(Affine(terms, offset)), COLUMN, place) is holds


def test_what_depends_on_the_maximum_otherwise_waits_for_the_next_stage():
    by_hand = CASES["shifted by hand"]
    kernels = lowered(by_hand.text, sizes=by_hand.big, machine=LAPTOP)[0]
    assert not any(steps(k, Shift) for k in kernels)


def test_conditions_are_tried_on_the_corners_of_tiles():
    below = [Condition(Affine(((1, ROW), (-1, COLUMN)), 0))]
    assert conditions_hold(below, {ROW: (4, 7), COLUMN: (7, 9)})
    assert not conditions_hold(below, {ROW: (4, 7), COLUMN: (8, 9)})


def test_a_causal_stream_costs_about_half():
    (full,), _, context = lowered(attention())
    causal = streamed("where(j <= i, S[h, i, j], -inf)")
    small = lambda k: retiled(k, lambda t: replace(t, size=64 if t.size else 0))  # noqa: E731
    costs = [price(small(k), context.sizes, INTERPRETED).flops for k in (full, causal)]
    assert 0.5 < costs[1] / costs[0] < 0.6


def test_flops_are_counted_exactly():
    (kernel,), _, context = lowered(attention())
    assert price(kernel, context.sizes, INTERPRETED).flops == 2 * 2 * 8 * 2048 * 2048 * 64


def test_a_hidden_layer_is_not_computed_twice():
    case = ROWS["swiglu"]
    kernels, told, _ = lowered(case.text, case.by, case.big)
    assert not any(steps(k, Contract) for k in kernels)
    assert any("kernels would not gain" in d.text for d in told if d.by == "fuse")


def test_a_layer_norm_and_its_gradient_are_one_kernel():
    case = ROWS["layer norm"]
    kernels, _, _ = lowered(case.text, case.by, case.big)
    (kernel,) = kernels
    assert len(kernel.outputs) == 4
    assert [s.mode for s in steps(kernel, Store)].count("+=") == 2


def test_layers_do_not_share_a_cluster_for_their_mask():
    second = attention("where(j <= i, S[h, i, j], -inf)").split("index h : heads(H)")[1]
    for name in "QKVSPO":
        second = second.replace(f"{name}[", f"{name}2[")
    kernels, told, _ = lowered(attention("where(j <= i, S[h, i, j], -inf)") + second)
    assert len(kernels) == 2
    assert len([d for d in told if d.by == "fuse" and "value by value" in d.text]) == 2


def test_decisions_are_the_same_each_time():
    case = CASES["causal"]
    first, second = (lowered(case.text, case.by, case.big) for _ in range(2))
    assert first[0] == second[0]
    assert first[1] == second[1]


def test_small_problems_are_left_alone():
    assert lowered(attention(), "Q,K,V", {"L": 16, "D": 8, "H": 2})[0] == []


def degree_of(make):
    """The degree in a row's maximum m of what `make` builds of x[i, j] and m[i]."""
    build = Builder({SPACE: 64})
    x = build.make(Input("x"), (), (ROW, COLUMN), "float")
    m = build.make(Reduce("shift"), (x,), (ROW,), "real")
    made = make(build, x, m)
    stat = Instance(m.value, (ROW,))
    degrees = Degrees(stat, lambda value: not isinstance(value.operation, Input), (ROW, COLUMN))
    return degrees.of(Instance(made.value, made.labels))


def shifted(build, x, m):
    return build.map("exp", build.map("subtract", x, m))


def with_number(function, number):
    return lambda b, x, m: b.map(function, shifted(b, x, m), b.number(number))


@pytest.mark.parametrize(
    ("make", "degree"),
    [
        (lambda b, x, m: x, 0),
        (shifted, 1),
        (lambda b, x, m: b.map("square", shifted(b, x, m)), 2),
        (lambda b, x, m: b.map("multiply", shifted(b, x, m), shifted(b, x, m)), 2),
        (lambda b, x, m: b.map("divide", x, shifted(b, x, m)), -1),
        (lambda b, x, m: b.map("divide", shifted(b, x, m), shifted(b, x, m)), 0),
        (lambda b, x, m: b.map("exp", b.map("multiply", b.map("subtract", x, m), b.number(3))), 3),
        (lambda b, x, m: b.map("exp", b.map("multiply", b.map("subtract", x, m), b.number(0.5))), None),
        (lambda b, x, m: b.map("subtract", x, m), None),
        (lambda b, x, m: b.map("tanh", shifted(b, x, m)), None),
        (lambda b, x, m: b.map("add", shifted(b, x, m), x), None),
        (with_number("add", 1), None),
        (with_number("add", 0), 1),
        (with_number("multiply", 2), 1),
    ],
)
def test_degrees_in_a_maximum(make, degree):
    assert degree_of(make) == degree


LONG = "index i : rows(N)\nindex j : columns(M)\nz0[i, j] = {first}\n{steps}\ny[i] = sum[j](z150[i, j])"
STEPS = "\n".join(f"z{n}[i, j] = cos(z{n - 1}[i, j])" for n in range(1, 151))


@pytest.mark.parametrize("first", ["x[i] v[j]", "a[i, j] v[j]"])
def test_a_long_chain_becomes_several_kernels(first):
    """So that no walk over what a kernel computes goes deeper than Python allows."""
    program = ic.parse(LONG.format(first=first, steps=STEPS))
    text = ic.emit(program, sizes={"N": 4096, "M": 1024})
    assert "kernel_1(" in text
    rng = np.random.default_rng(0)
    given = {
        name: rng.standard_normal([{"i": 3, "j": 5}[x.name] for x in t.indices]) for name, t in program.inputs.items()
    }
    z = np.einsum(
        f"{','.join(''.join(x.name for x in t.indices) for t in program.inputs.values())}->ij", *given.values()
    )
    for _ in range(150):
        z = np.cos(z)
    found = ic.compile(program, sizes={"N": 4096, "M": 1024})(**given)["y"]
    np.testing.assert_allclose(found, z.sum(1), rtol=1e-13)


def test_whole_rows_take_each_exponential_once():
    (kernel,), _, context = lowered(attention(), "Q,K,V", {**BIG, "L": 1024})
    assert not steps(kernel, Loop)
    assert price(kernel, context.sizes, INTERPRETED).exponentials < 1.01 * 8 * 1024 * 1024


@pytest.mark.parametrize("score", ["S[h, i, j]", "where(j <= i, S[h, i, j], -inf)"])
def test_what_is_kept_is_not_made_again(score):
    """The gradient of attention takes six products, and each exponential once; rows are divided, not tiles."""
    (kernel,), _, context = lowered(attention(score), "Q,K,V", keeps=True)
    (kept,), (recalled,) = steps(kernel, Keep), steps(kernel, Recall)
    assert (kept.carry, kept.source.axes) == (recalled.carry, recalled.block.axes)
    first, second = steps(kernel, Loop)
    assert kept in first.body and recalled in second.body and first.skip == second.skip
    (shift,) = steps(kernel, Shift)
    assert (kept.carry, 1) in shift.rescaled
    assert len([s for s in steps(kernel, Contract) if "j" in {x.name for x in (*s.left.axes, *s.right.axes)}]) == 6
    assert len([s for s in steps(kernel, Map) if s.function == "exp"]) == 1
    assert not any(isinstance(s, Map) and s.function == "divide" for s in (*first.body, *second.body))
    full = 8 * 2048 * 2048
    assert price(kernel, context.sizes, INTERPRETED).exponentials < (1.3 * full / 2 if first.skip else 1.01 * full)


def test_blocks_are_kept_only_where_the_target_can_and_tiles_run_side_by_side():
    assert not any(steps(k, Keep) for k in lowered(attention(), "Q,K,V")[0])
    case = CASES["cross-entropy"]  # whose tiles add to one large sum, one after the other
    assert not any(steps(k, Keep) for k in lowered(case.text, case.by, case.big, keeps=True)[0])


NORMALISED = """\
index n : rows(N)
index d : columns(D)
tensor x[n, d], gain[d]
mu[n] = mean[d](x[n, d])
sigma[n] = sqrt(var[d](x[n, d]) + 1e-5)
h[n, d] = (x[n, d] - mu[n]) / sigma[n]
{y}
output y
"""


def kernels_of(text: str, *more: str) -> int:
    """How many kernels a program and its gradient by x and gain become at large sizes."""
    program = ic.grad(ic.parse(text), ["x", "gain"], of="y", with_value=True)
    return ic.emit(program, sizes={"N": 4096, "D": 1024}).count("def kernel_")


def test_a_gradient_shares_a_kernel_with_the_rows_that_it_reads():
    """It begins with products of the cotangent, which read nothing of the forward part."""
    assert kernels_of(NORMALISED.format(y="y[n, d] = h[n, d] gain[d]")) == 1


def test_rows_that_something_else_needs_first_stay_apart():
    """A sum over all rows that later ones read is not known before all of them were seen."""
    assert kernels_of(NORMALISED.format(y="s = sum[n, d](h[n, d]**3)\ny[n, d] = s h[n, d] gain[d]")) > 1


def test_running_sums_of_rows_stay_outside_of_the_kernel_that_makes_them():
    text = attention() + "y[h, i, a] = cumsum[a](O[h, i, a])\noutput O, y\n"
    program = ic.parse(text)
    rng = np.random.default_rng(0)
    given = {name: rng.standard_normal((2, 7, 3)) for name in "QKV"}
    found, wanted = ic.compile(program, sizes=BIG)(**given), run_outputs(program, given)
    assert "def kernel_0" in ic.emit(program, sizes=BIG) and "np.cumsum" in ic.emit(program, sizes=BIG)
    for name, value in wanted.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-12, atol=1e-12)
