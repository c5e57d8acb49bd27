"""The interpreter against direct NumPy and PyTorch formulas, and its complex step against PyTorch's autograd."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from itertools import permutations, product
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from indexcalc.diagnostics import IndexCalcError
from indexcalc.interpret.elementwise import FUNCTIONS
from indexcalc.interpret.evaluate import evaluate, value
from indexcalc.interpret.reductions import REDUCTIONS
from indexcalc.ir.build import index_sum, lift, power, sqrt
from indexcalc.ir.expr import (
    REDUCTIONS as DECLARED_REDUCTIONS,
)
from indexcalc.ir.expr import (
    Access,
    Apply,
    Compare,
    Constant,
    Delta,
    Derivative,
    Expr,
    Extent,
    GeneralizedDelta,
    IndexMap,
    IndexReduce,
    IndexSum,
    IndexValue,
    LeviCivita,
    Literal,
    Logic,
    MatrixApply,
    Partial,
    Where,
)
from indexcalc.ir.functions import BUILTIN
from indexcalc.ir.index import Index, Space, affine
from indexcalc.ir.program import FunctionDefinition

N, M, K = Space("n"), Space("m"), Space("k")
SIZES = {N: 4, M: 3, K: 2}
i, i2, j, k = Index("i", N), Index("i2", N), Index("j", M), Index("k", K)
X, Y, V = Access("x", (i, j)), Access("y", (j, k)), Access("v", (i,))
MINUS_INF = Literal(float("-inf"))
rng = np.random.default_rng(0)
ARRAYS = {
    "x": rng.normal(size=(4, 3)),
    "y": rng.normal(size=(3, 2)),
    "v": rng.normal(size=4),
    "A": rng.normal(size=(4, 4)) + 4 * np.eye(4),
    "tok": rng.integers(0, 4, size=3),
    "s": np.asarray(0.7),
}
STEP = 1e-20


def at(e: Expr, *indices: Index, **changed: Any) -> Any:
    return value(e, indices, {**ARRAYS, **changed}, SIZES)


def close(found: Any, expected: Any, tolerance: float = 1e-13) -> None:
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


def slope(e: Expr, name: str, indices: tuple[Index, ...], direction: np.ndarray, **changed: Any) -> Any:
    """The derivative along a direction, by the complex step."""
    arrays = {**ARRAYS, **changed}
    return value(e, indices, {**arrays, name: arrays[name] + 1j * STEP * direction}, SIZES).imag / STEP


def torch_slope(f: Callable[[torch.Tensor], torch.Tensor], x: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """The same by forward-mode autograd."""
    return np.asarray(torch.func.jvp(f, (torch.from_numpy(x),), (torch.from_numpy(direction),))[1])


ELEMENTWISE: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "exp": torch.exp, "log": torch.log, "abs": torch.abs, "sign": torch.sign, "sin": torch.sin, "cos": torch.cos,
    "tan": torch.tan, "tanh": torch.tanh, "sinh": torch.sinh, "cosh": torch.cosh, "sigmoid": torch.sigmoid,
    "relu": torch.relu, "gelu": torch.nn.functional.gelu, "silu": torch.nn.functional.silu,
    "softplus": torch.nn.functional.softplus, "erf": torch.erf,
}  # fmt: skip


def test_every_declared_function_and_reduction_has_a_meaning() -> None:
    assert FUNCTIONS.keys() == BUILTIN.keys() == {*ELEMENTWISE, "max", "min"}
    assert REDUCTIONS.keys() == set(DECLARED_REDUCTIONS)


@pytest.mark.parametrize("name", ELEMENTWISE)
@pytest.mark.parametrize("scale", [1.0, 6.0])
def test_elementwise_functions_and_their_complex_step(name: str, scale: float) -> None:
    x = scale * (np.abs(ARRAYS["x"]) if name == "log" else ARRAYS["x"])
    direction = np.random.default_rng(1).normal(size=x.shape)
    close(at(Apply(name, (X,)), i, j, x=x), ELEMENTWISE[name](torch.from_numpy(x)), 1e-12)
    expected = torch_slope(ELEMENTWISE[name], x, direction)
    close(slope(Apply(name, (X,)), "x", (i, j), direction, x=x), expected, 1e-11)


@pytest.mark.parametrize("name", ["sigmoid", "softplus", "silu", "tanh", "gelu", "erf"])
def test_saturating_functions_stay_finite(name: str) -> None:
    v = np.array([-1e4, -800.0, 800.0, 1e4])
    close(at(Apply(name, (V,)), i, v=v), ELEMENTWISE[name](torch.from_numpy(v)))
    close(at(Apply(name, (V,)), i, v=v + 0j).real, ELEMENTWISE[name](torch.from_numpy(v)))


@pytest.mark.parametrize("name", ["max", "min"])
def test_extremes_of_arguments(name: str) -> None:
    e = Apply(name, (X, V, lift(0)))
    pick = np.maximum if name == "max" else np.minimum
    close(at(e, i, j), pick(pick(ARRAYS["x"], ARRAYS["v"][:, None]), 0))
    steps = {"x": ARRAYS["x"] + 1e-20j, "v": ARRAYS["v"] + 2e-20j}
    chosen = np.where(at(e, i, j) == 0, 0, np.where(at(e, i, j) == ARRAYS["x"], 1, 2))
    close(at(e, i, j, **steps).imag / STEP, chosen.astype(float))
    for arguments in ((V, lift(0)), (lift(0), V)):
        nan = at(Apply(name, arguments), i, v=np.array([np.nan, 1, -1, 0]))
        assert np.isnan(nan[0]) and not np.isnan(nan[1:]).any()


def test_logarithm_and_roots_of_negative_numbers_are_nan_on_the_complex_path_too() -> None:
    v = np.array([-2.0, -0.5, 0.5, 2.0])
    for e in (Apply("log", (V,)), sqrt(V), power(V, Literal(Fraction(-1, 2))), power(V, Literal(Fraction(1, 3)))):
        for array in (v, v + 1e-20j):
            assert np.isnan(at(e, i, v=array)).tolist() == [True, True, False, False]


POWERS = [2, 3, -1, -2, 0, 70, Fraction(1, 2), Fraction(-1, 2), Fraction(2, 3), Fraction(-5, 2)]


@pytest.mark.parametrize("exponent", POWERS)
def test_powers_and_their_complex_step(exponent: Any) -> None:
    v = np.abs(ARRAYS["v"]) * (1 if isinstance(exponent, Fraction) else -1)
    e = power(V, Literal(exponent))
    n = float(exponent)
    close(at(e, i, v=v) / v**n, np.ones(4), 1e-12)
    close(slope(e, "v", (i,), np.ones(4), v=v), n * v ** (n - 1) if n else np.zeros(4), 1e-12)


def test_power_with_a_variable_exponent() -> None:
    e = power(Apply("exp", (X,)), V)
    direction = np.random.default_rng(2).normal(size=4)
    close(at(e, i, j), np.exp(ARRAYS["x"] * ARRAYS["v"][:, None]), 1e-12)
    close(slope(e, "v", (i, j), direction), at(e, i, j) * ARRAYS["x"] * direction[:, None], 1e-12)
    squares = power(V, Access("s", ()))
    close(at(squares, i, s=np.asarray(2.0)), ARRAYS["v"] ** 2)  # a whole exponent of a negative number
    close(slope(squares, "v", (i,), np.ones(4), s=np.asarray(2.0)), 2 * ARRAYS["v"])


REDUCED: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "mean": lambda x: x.mean(-1),
    "prod": lambda x: x.prod(-1),
    "max": lambda x: x.max(-1).values,
    "min": lambda x: x.min(-1).values,
    "logsumexp": lambda x: torch.logsumexp(x, -1),
    "norm": lambda x: torch.linalg.vector_norm(x, dim=-1),
    "var": lambda x: x.var(-1, correction=0),
}


@pytest.mark.parametrize("operation", REDUCED)
@pytest.mark.parametrize("scale", [1.0, 500.0])
def test_reductions_and_their_complex_step(operation: str, scale: float) -> None:
    x = scale * ARRAYS["x"]
    direction = np.random.default_rng(3).normal(size=x.shape)
    f = REDUCED[operation]
    e = IndexReduce(operation, X, (j,))
    close(at(e, i, x=x), f(torch.from_numpy(x)), 1e-12)
    close(slope(e, "x", (i,), direction, x=x) / scale**2, torch_slope(f, x, direction) / scale**2, 1e-12)
    both = IndexReduce(operation, X, (j, i))
    close(at(both, x=x), f(torch.from_numpy(x.T.reshape(-1).copy())), 1e-12)


@pytest.mark.parametrize("operation", REDUCED)
def test_reductions_over_an_index_that_the_body_lacks(operation: str) -> None:
    repeated = torch.from_numpy(np.repeat(ARRAYS["v"][:, None], 3, 1))
    close(at(IndexReduce(operation, V, (j,)), i), REDUCED[operation](repeated))


def test_argmax() -> None:
    close(at(IndexReduce("argmax", X, (j,)), i), np.argmax(ARRAYS["x"], 1).astype(float))
    tied = at(IndexReduce("argmax", V, (i,)), v=np.array([1.0, 5.0, 5.0, 0.0]))
    assert tied == 1
    with pytest.raises(IndexCalcError, match="IX902: argmax over several indices"):
        at(IndexReduce("argmax", X, (i, j)))


def test_softmax_over_one_and_two_indices() -> None:
    t = torch.from_numpy(ARRAYS["x"])
    direction = np.random.default_rng(4).normal(size=(4, 3))
    one, two = IndexMap("softmax", X, (j,)), IndexMap("softmax", X, (j, i))
    close(at(one, i, j), torch.softmax(t, 1))
    close(at(two, i, j), torch.softmax(t.reshape(-1), 0).reshape(4, 3))
    close(slope(one, "x", (i, j), direction), torch_slope(lambda x: torch.softmax(x, 1), ARRAYS["x"], direction))
    close(at(one, i, j, x=1e4 * ARRAYS["x"]), torch.softmax(1e4 * t, 1))
    close(at(IndexMap("softmax", V, (j,)), i, j), np.full((4, 3), 1 / 3))


def test_causal_softmax_is_complex_safe() -> None:
    """−inf behind a where, scaled by a complex factor, must leave the step of everything else untouched."""
    scores = Where(Compare("<=", IndexValue(i2), IndexValue(i)), Access("A", (i, i2)), MINUS_INF) * Access("s", ())
    e = IndexMap("softmax", scores, (i2,))

    def reference(s: torch.Tensor) -> torch.Tensor:
        # Masked after the scaling: autograd itself makes NaN of −inf · s.
        scaled = torch.from_numpy(ARRAYS["A"]) * s
        return torch.softmax(scaled.masked_fill(torch.ones(4, 4).triu(1).bool(), -torch.inf), 1)

    close(at(e, i, i2), reference(torch.tensor(0.7, dtype=torch.float64)))
    close(slope(e, "s", (i, i2), np.asarray(1.0)), torch_slope(reference, ARRAYS["s"], np.asarray(1.0)))
    total = IndexSum(e * Access("v", (i2,)), (i2,))
    assert np.isfinite(slope(total, "s", (i,), np.asarray(1.0))).all()


def test_rows_of_minus_infinity() -> None:
    v = np.full(4, -np.inf)
    assert np.isnan(at(IndexMap("softmax", V, (i,)), i, v=v)).all()
    assert at(IndexReduce("logsumexp", V, (i,)), v=v) == -np.inf


def test_an_infinite_factor_keeps_a_zero_step_zero() -> None:
    summed = index_sum(V * Access("w", (i,)), (i,))
    w = np.array([-np.inf, 0.0, 1.0, 1.0])
    v = np.array([2.0, 3.0, 1.0, 1.0])
    found = value(summed, (), {"v": v + 1e-20j * np.array([0, 1, 1, 0]), "w": w}, SIZES)
    assert found.real == -np.inf and found.imag / STEP == 1.0


def test_cumsum() -> None:
    close(at(IndexMap("cumsum", X, (j,)), i, j), np.cumsum(ARRAYS["x"], 1))
    close(at(IndexMap("cumsum", X, (j, i)), i, j), np.cumsum(np.cumsum(ARRAYS["x"], 1), 0))


def test_topk_is_the_mask_of_the_largest() -> None:
    expected = torch.zeros(4, 3, dtype=torch.float64)
    expected.scatter_(1, torch.topk(torch.from_numpy(ARRAYS["x"]), 2, dim=1).indices, 1.0)
    close(at(IndexMap("topk", X, (j,), 2), i, j), expected)
    close(at(IndexMap("topk", V, (i,), 2), i, v=np.array([1.0, 1.0, 1.0, 0.0])), np.array([1.0, 1.0, 0.0, 0.0]))
    wide = value(IndexMap("topk", V, (i,), 30), (i,), {"v": np.tile([2.0, 1.0], 40)}, {N: 80})
    assert np.array_equal(np.flatnonzero(wide), np.arange(0, 60, 2))
    with pytest.raises(IndexCalcError, match="IX951: topk takes the 4 largest of only 3"):
        at(IndexMap("topk", X, (j,), 4), i, j)


def test_sums_and_products_broadcast_by_name() -> None:
    x, y, v = ARRAYS["x"], ARRAYS["y"], ARRAYS["v"]
    close(at(X * Y + V, k, i, j), x[None] * y.T[:, None] + v[None, :, None])
    close(at(index_sum(X * Y, (j,)), i, k), x @ y)
    close(at(index_sum(X * Y * V, (i, j, k))), np.einsum("ij,jk,i->", x, y, v))
    close(at(IndexSum(V, (j, k)), i), 6 * v)
    close(at(IndexSum(V * 2, (j,)), i), 6 * v)
    close(at(IndexSum(X + V, (j,)), i), x.sum(1) + 3 * v)
    close(at(X, j, i, k), np.repeat(x.T[:, :, None], 2, 2))


def test_a_bound_index_is_its_own() -> None:
    close(at(V * IndexSum(V, (i,)), i), ARRAYS["v"] * ARRAYS["v"].sum())
    close(at(IndexSum(V * IndexSum(V, (i,)), (i,))), ARRAYS["v"].sum() ** 2)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.lists(st.sampled_from("abc"), max_size=3), min_size=1, max_size=4), st.data())
def test_sums_of_products_agree_with_einsum(operands: list[list[str]], data: st.DataObject) -> None:
    spaces = {"a": N, "b": M, "c": K}
    letters = sorted({c for o in operands for c in o})
    kept = data.draw(st.permutations(letters)).copy()
    kept = kept[: data.draw(st.integers(0, len(kept)))]
    arrays = {}
    body: Expr = lift(1)
    for n, o in enumerate(operands):
        arrays[f"t{n}"] = np.random.default_rng(n).normal(size=[SIZES[spaces[c]] for c in o])
        body = body * Access(f"t{n}", tuple(Index(c, spaces[c]) for c in o))
    summed = tuple(Index(c, spaces[c]) for c in letters if c not in kept)
    found = value(index_sum(body, summed), tuple(Index(c, spaces[c]) for c in kept), arrays, SIZES)
    spec = f"{','.join(''.join(o) for o in operands)}->{''.join(kept)}"
    close(found, np.einsum(spec, *arrays.values()), 1e-12)


def test_slots() -> None:
    x, a, tok = ARRAYS["x"], ARRAYS["A"], ARRAYS["tok"]
    close(at(Access("A", (i2, i)), i, i2), a.T)
    close(at(Access("A", (i, i)), i), np.diag(a))
    close(at(Access("x", (2, j)), j), x[2])
    close(at(Access("x", (0, 1))), x[0, 1])
    close(
        at(Access("x", (affine([(1, k), (1, j)], 0), j)), j, k),
        x[np.arange(3)[:, None] + np.arange(2), np.arange(3)[:, None]],
    )
    close(at(Access("x", (affine([(2, k)], 1), j)), k, j), x[[1, 3]])
    close(at(Access("x", (affine([(-1, i)], 3), j)), i, j), x[::-1])
    close(at(Access("A", (Access("tok", (j,)), i)), j, i), a[tok])
    close(at(Access("A", (Access("tok", (j,)), Access("tok", (j,)))), j), a[tok, tok])
    shifted = affine([(-1, Access("tok", (j,)))], 3)
    close(at(Access("v", (shifted,)), j), ARRAYS["v"][3 - tok])
    close(at(Access("tok", (j,)), j), tok.astype(float))


@pytest.mark.parametrize(
    ("e", "message"),
    [
        (Access("x", (4, j)), r"IX946: slot 1 of `x`, `4`, takes the value 4, but has size 4"),
        (Access("x", (affine([(1, i)], 1), j)), r"IX946: slot 1 of `x`, `i \+ 1`, takes the value 4"),
        (Access("x", (affine([(1, i)], -1), j)), r"IX946: slot 1 of `x`, `i - 1`, takes the value -1"),
        (Access("y", (Access("big", (i,)), k)), r"(?s)IX948: slot 1 of `y`.*takes the value 7.*from 0 to 2"),
        (Access("y", (V, k)), "IX949: .*`v` holds values that are no integers"),
        (Access("x", (i,)), "IX943: `x` has 2 slots, but is read with 1"),
        (Access("nothing", (i,)), "(?s)IX941: no array is given for `nothing`.*given: x"),
        (Apply("frobnicate", (V,)), "IX902: unknown function `frobnicate`"),
        (Partial(V, i2), "IX902: ∂ of a field has no value before it is differentiated"),
        (Derivative(V, Access("v", (i2,))), r"IX902: diff\(…\) has no value before it is differentiated"),
        (Literal(10**400), "IX949: a number of the formula is too large"),
    ],
)
def test_refusals(e: Expr, message: str) -> None:
    with pytest.raises(IndexCalcError, match=message):
        evaluate(e, {**ARRAYS, "big": np.array([0, 1, 7, 2])}, SIZES)


def test_delta_with_any_slots() -> None:
    tok = ARRAYS["tok"]
    close(at(Delta(i, i2), i, i2), np.eye(4))
    close(at(Delta(i, 2), i), np.eye(4)[2])
    close(at(Delta(i, 9), i), np.zeros(4))
    close(at(Delta(i, Access("tok", (j,))), j, i), np.eye(4)[tok])
    close(
        at(Delta(i, affine([(1, j), (1, k)], 0)), i, j, k),
        [[[float(a == b + c) for c in range(2)] for b in range(3)] for a in range(4)],
    )
    close(at(Delta(3, 3)), np.asarray(1.0))


def sign_of(order: tuple[int, ...]) -> int:
    matrix = np.zeros((len(order), len(order)))
    matrix[range(len(order)), order] = 1
    return round(np.linalg.det(matrix))


@pytest.mark.parametrize("rank", [1, 2, 3, 4])
def test_levi_civita_is_the_sign_of_the_permutation(rank: int) -> None:
    space = Space("e", rank)
    indices = tuple(Index(f"e{n}", space) for n in range(rank))
    found = value(LeviCivita(indices), indices, {}, {})
    expected = np.zeros((rank,) * rank)
    for order in permutations(range(rank)):
        expected[order] = sign_of(order)
    close(found, expected)


def test_levi_civita_with_numbers_and_repeats() -> None:
    assert at(LeviCivita((2, 0, 1))) == 1 and at(LeviCivita((1, 0, 2))) == -1 and at(LeviCivita((1, 1, 2))) == 0
    close(at(LeviCivita((j, j)), j), np.zeros(3))


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_generalized_delta_is_a_determinant(rank: int) -> None:
    upper = tuple(Index(f"u{n}", M) for n in range(rank))
    lower = tuple(Index(f"l{n}", M) for n in range(rank))
    found = value(GeneralizedDelta(upper, lower), upper + lower, {}, SIZES)
    for point in product(range(3), repeat=2 * rank):
        matrix = [[float(a == b) for b in point[rank:]] for a in point[:rank]]
        assert abs(found[point] - np.linalg.det(matrix)) < 1e-14
    if rank == 3:  # ε ε = δ in three dimensions
        close(value(LeviCivita(upper) * LeviCivita(lower), upper + lower, {}, SIZES), found)


def test_where_ignores_what_is_not_chosen() -> None:
    positive = Compare(">", V, lift(0))
    v = np.array([-1.0, 0.0, 4.0, 9.0])
    close(at(Where(positive, Apply("log", (V,)), lift(0)), i, v=v), [0, 0, math.log(4), math.log(9)])
    close(at(Where(positive, V, MINUS_INF), i, v=v), [-np.inf, -np.inf, 4, 9])
    close(slope(Where(positive, sqrt(V), lift(0)), "v", (i,), np.ones(4), v=v), [0, 0, 1 / 4, 1 / 6])


@pytest.mark.parametrize("operator", ["<", "<=", ">", ">=", "==", "!="])
def test_comparisons_look_at_real_parts(operator: str) -> None:
    v = np.array([-1.0, 0.0, 0.0, 2.0])
    expected = {"<": v < 0, "<=": v <= 0, ">": v > 0, ">=": v >= 0, "==": v == 0, "!=": v != 0}[operator]
    for array in (v, v + 1j):
        close(at(Compare(operator, V, lift(0)), i, v=array), expected.astype(float))


def test_logic() -> None:
    a, b = Compare(">=", IndexValue(i), lift(1)), Compare("<", IndexValue(i), lift(3))
    close(at(Logic("and", (a, b)), i), [0.0, 1, 1, 0])
    close(at(Logic("or", (Logic("not", (a,)), Logic("not", (b,)))), i), [1.0, 0, 0, 1])
    close(at(Logic("and", (V, lift(Fraction(1, 2)))), i, v=np.array([0, 2.0, -3, 0])), [0.0, 1, 1, 0])


def test_scalars() -> None:
    assert at(Extent(N)) == 4 and at(Constant("pi")) == math.pi and at(Literal(Fraction(1, 4))) == 0.25
    close(at(IndexValue(i) - IndexValue(j), i, j), np.arange(4.0)[:, None] - np.arange(3))


def test_matrix_functions_and_their_complex_step() -> None:
    a, direction = ARRAYS["A"], np.random.default_rng(5).normal(size=(4, 4))
    for name, f in (("det", torch.linalg.det), ("logdet", torch.logdet)):
        close(at(MatrixApply(name, "A", ())), f(torch.from_numpy(a)), 1e-12)
        close(slope(MatrixApply(name, "A", ()), "A", (), direction), torch_slope(f, a, direction), 1e-12)
    inverse = MatrixApply("inv", "A", (i, i2))
    close(at(inverse, i2, i), np.linalg.inv(a).T)
    close(slope(inverse, "A", (i, i2), direction), torch_slope(torch.linalg.inv, a, direction), 1e-12)
    close(at(MatrixApply("inv", "A", (i, 2)), i), np.linalg.inv(a)[:, 2])


def test_determinants_of_negative_and_singular_matrices() -> None:
    flipped = np.diag([-1.0, 1, 1, 1])
    assert np.isnan(at(MatrixApply("logdet", "A", ()), A=flipped))
    assert np.isnan(at(MatrixApply("logdet", "A", ()), A=flipped + 0j))
    assert at(MatrixApply("logdet", "A", ()), A=np.zeros((4, 4))) == -np.inf
    with pytest.raises(IndexCalcError, match=r"IX952: inv\(A\): the matrix is singular"):
        at(MatrixApply("inv", "A", (i, i2)), A=np.zeros((4, 4)))
    with pytest.raises(IndexCalcError, match=r"IX944: det\(x\) needs a square matrix, but `x` has shape \(4, 3\)"):
        at(MatrixApply("det", "x", ()))


def test_declared_functions_nest_and_see_the_programs_scalars() -> None:
    p, q = Access("p", ()), Access("q", ())
    functions = {
        "swish": FunctionDefinition("swish", ("p",), p / (1 + Apply("exp", (-p * Access("s", ()),)))),
        "twice": FunctionDefinition("twice", ("p", "q"), Apply("swish", (p,)) + Apply("swish", (q * 2,))),
    }
    found = value(Apply("twice", (X, V)), (i, j), ARRAYS, SIZES, functions)
    x, v = ARRAYS["x"], ARRAYS["v"][:, None]
    close(found, x / (1 + np.exp(-0.7 * x)) + 2 * v / (1 + np.exp(-0.7 * 2 * v)))
    with pytest.raises(IndexCalcError, match="IX902: `swish` takes 1 arguments, got 2"):
        value(Apply("swish", (X, V)), (i, j), ARRAYS, SIZES, functions)
    endless = {"f": FunctionDefinition("f", ("p",), Apply("f", (p,)))}
    with pytest.raises(IndexCalcError, match="IX902: unknown function `f`"):
        value(Apply("f", (V,)), (i,), ARRAYS, SIZES, endless)


def test_empty_extents() -> None:
    sizes = {N: 0, M: 3}
    empty = {"v": np.zeros(0), "x": np.zeros((0, 3))}
    assert value(IndexSum(V, (i,)), (), empty, sizes) == 0
    assert value(IndexReduce("prod", V, (i,)), (), empty, sizes) == 1
    assert value(IndexReduce("logsumexp", V, (i,)), (), empty, sizes) == -np.inf
    assert value(IndexReduce("norm", V, (i,)), (), empty, sizes) == 0
    assert np.isnan(value(IndexReduce("mean", V, (i,)), (), empty, sizes))
    assert value(IndexMap("softmax", X, (i,)), (i, j), empty, sizes).shape == (0, 3)
    assert value(IndexMap("softmax", X, (j,)), (i, j), empty, sizes).shape == (0, 3)
    assert value(Apply("erf", (X,)), (i, j), empty, sizes).shape == (0, 3)
    close(value(IndexSum(X, (i,)), (j,), empty, sizes), np.zeros(3))
    for operation in ("max", "min", "argmax"):
        with pytest.raises(IndexCalcError, match=f"IX950: {operation} over an empty extent has no value"):
            value(IndexReduce(operation, V, (i,)), (), empty, sizes)


def test_axes_come_sorted_by_name() -> None:
    array, axes = evaluate(Y * X, ARRAYS, SIZES)
    assert axes == (i, j, k)
    close(array, ARRAYS["x"][:, :, None] * ARRAYS["y"])
