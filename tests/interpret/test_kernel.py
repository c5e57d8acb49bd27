"""The naive meaning of kernels against plain formulas."""

import numpy as np
import pytest

from indexcalc.interpret.kernel import run_kernel
from indexcalc.ir.index import Index, Space
from indexcalc.ir.kernel import (
    Affine,
    Array,
    Block,
    Carry,
    Constant,
    Contract,
    Extent,
    Fold,
    Kernel,
    Load,
    Loop,
    Map,
    Position,
    Reduce,
    Store,
    Tile,
)  # fmt: skip
from tests.kernels import normalised_rows, streamed_softmax

H, L, D, T = Space("heads", "H"), Space("seq", "L"), Space("feat", "D"), Space("tok", "T")


def attention(q, k, v):
    """Causal softmax-attention and its row statistic, by the formula."""
    s = np.einsum("hid,hjd->hij", q, k)
    s = np.where(np.tril(np.ones(s.shape[1:], bool)), s, -np.inf)
    top = s.max(2, keepdims=True, initial=-1e300)
    e = np.exp(s - top)
    return np.einsum("hij,hja->hia", e / e.sum(2, keepdims=True), v), (np.log(e.sum(2)) + top[..., 0])


@pytest.mark.parametrize(("heads", "length", "feature"), [(2, 10, 5), (1, 1, 1), (3, 8, 1), (2, 0, 3), (0, 4, 2)])
@pytest.mark.parametrize(("rows", "columns"), [(4, 3), (1, 1), (3, 4), (16, 16)])
def test_a_streamed_softmax_is_the_plain_one(heads, length, feature, rows, columns):
    rng = np.random.default_rng(0)
    q, k, v = (rng.standard_normal((heads, length, feature)) for _ in range(3))
    found = run_kernel(streamed_softmax(rows, columns), [q, k, v], {H: heads, L: length, D: feature})
    for mine, theirs in zip(found, attention(q, k, v)):
        np.testing.assert_allclose(mine, theirs, rtol=1e-13, atol=1e-13)


def test_scores_far_from_zero_neither_overflow_nor_vanish():
    """A running maximum that rises and falls by far more than exp can hold."""
    rng = np.random.default_rng(1)
    q, k, v = (rng.standard_normal((1, 12, 3)) for _ in range(3))
    k[0, ::3] *= 1e4
    q[0, 4:] -= 1e3
    o, row = run_kernel(streamed_softmax(), [q, k, v], {H: 1, L: 12, D: 3})
    expected = attention(q, k, v)
    np.testing.assert_allclose(o, expected[0], rtol=1e-10)
    np.testing.assert_allclose(row, expected[1], rtol=1e-13)


def test_a_row_of_minus_infinity_alone_is_nan_and_spoils_no_other():
    q, k, v = (np.ones((1, 6, 2)) for _ in range(3))
    q[0, 1] = -np.inf  # every score of row 1 is −∞
    q[0, 4] = np.nan
    o, row = run_kernel(streamed_softmax(), [q, k, v], {H: 1, L: 6, D: 2})
    assert np.isnan(o[0, [1, 4]]).all()
    assert row[0, 1] == -np.inf
    np.testing.assert_allclose(np.delete(o[0], [1, 4], 0), 1.0, rtol=1e-14)


def test_the_first_columns_may_be_minus_infinity():
    """Nothing but −∞ in the first tiles, then numbers far below 0: rescaling nothing must not make a NaN."""
    q, k, v = (np.ones((1, 9, 1)) for _ in range(3))
    k[0, :6] = -np.inf
    k[0, 6:] = -1e4
    o, row = run_kernel(streamed_softmax(4, 3), [q, k, v], {H: 1, L: 9, D: 1})
    assert np.isnan(o[0, :6]).all()
    np.testing.assert_allclose(o[0, 6:], 1.0, rtol=1e-14)
    np.testing.assert_allclose(
        row[
            0,
            6:,
        ],
        -1e4 + np.log([1, 2, 3]),
        rtol=1e-14,
    )


@pytest.mark.parametrize("rows", [1, 3, 4, 50])
@pytest.mark.parametrize(("tokens", "feature"), [(10, 6), (1, 1), (0, 3)])
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.complex128])
def test_normalised_rows_and_a_sum_over_the_grid(rows, tokens, feature, dtype):
    rng = np.random.default_rng(2)
    x, g = rng.standard_normal((tokens, feature)).astype(dtype), rng.standard_normal(feature).astype(dtype)
    y, s = run_kernel(normalised_rows(rows), [x, g], {T: tokens, D: feature})
    c = x - x.mean(1, keepdims=True)
    expected = c / np.sqrt((c * c).mean(1, keepdims=True) + dtype(1e-5)) * g
    assert y.dtype == s.dtype == dtype
    np.testing.assert_allclose(y, expected, rtol=0, atol=1e-5 if dtype == np.float32 else 1e-12)
    np.testing.assert_allclose(s, (expected * x).sum(0), rtol=0, atol=1e-4 if dtype == np.float32 else 1e-12)


def sheared(size: int) -> Kernel:
    """A[i, c] = Σ_k x[i + 2k + 1] w[k, c] and B[t[k], c] += w[k, c] (i + 1): affine slots, gather and its adjoint."""
    i, k, c = Index("i", T), Index("k", D), Index("c", H)
    window, w, a = Block(0, (k, i), "float"), Block(1, (k, c), "float"), Block(2, (i, c), "float")
    t, place, one = Block(3, (k,), "int"), Block(4, (i,), "int"), Block(5, (i,), "real")
    next_, both = Block(6, (i,), "real"), Block(7, (k, c, i), "float")
    body = (
        Load(window, 0, (Affine(((1, i), (2, k)), 1),)),
        Load(w, 1, (k, c)),
        Contract(a, window, w),
        Store(0, (i, c), a, "="),
        Load(t, 2, (k,)),
        Position(place, i),
        Map(one, "as_real", (place,)),
        Map(next_, "add", (one, Constant(1))),
        Map(both, "multiply", (w, next_)),
        Store(1, (t, c), both, "+="),
    )
    inputs = (Array((i,), "float"), Array((k, c), "float"), Array((k,), "int"))
    outputs = (Array((i, c), "float"), Array((k, c), "float", accumulated=True))
    return Kernel(inputs, outputs, (Tile(i, size),), body)


@pytest.mark.parametrize("size", [1, 2, 5])
def test_affine_slots_and_positions(size):
    rng = np.random.default_rng(3)
    x, w, t = rng.standard_normal(5 + 2 * 3), rng.standard_normal((4, 3)), np.array([2, 0, 2, 3])
    a, b = run_kernel(sheared(size), [x, w, t], {T: 4, D: 4, H: 3})
    at = np.arange(4)[:, None] + 2 * np.arange(4) + 1
    np.testing.assert_allclose(a, x[at] @ w, rtol=1e-13)
    expected = np.zeros((4, 3))
    np.add.at(expected, t, w * 10)
    np.testing.assert_allclose(b, expected, rtol=1e-13)
    with pytest.raises(IndexError, match="outside of its axis"):
        run_kernel(sheared(size), [x, w, t - 1], {T: 4, D: 4, H: 3})


def test_one_position_at_a_time_and_reductions_that_run():
    """m[i] = max_j, p[i] = Π_j and n[i] = min_j of x[i, j]·H over tiles of one position; extents among operands."""
    i, j = Index("i", T), Index("j", L)
    x, y = Block(0, (), "float"), Block(1, (), "float")
    carries = [Block(2 + n, (), "float") for n in range(3)]
    names = ("max", "prod", "min")
    inner = (Load(x, 0, (i, j)), Map(y, "multiply", (x, Extent(H))), *(Fold(c, n, y) for c, n in zip(carries, names)))
    body = (
        *(Carry(c, n) for c, n in zip(carries, names)),
        Loop(Tile(j, 0), inner),
        *(Store(n, (i,), c, "=") for n, c in enumerate(carries)),
    )
    kernel = Kernel((Array((i, j), "float"),), (Array((i,), "float"),) * 3, (Tile(i, 0),), body)
    array = np.random.default_rng(4).standard_normal((4, 5))
    found = run_kernel(kernel, [array], {T: 4, L: 5, H: 7})
    for mine, theirs in zip(found, ((7 * array).max(1), (7 * array).prod(1), (7 * array).min(1))):
        np.testing.assert_allclose(mine, theirs, rtol=1e-13)


def test_what_nothing_is_stored_to_is_seen():
    i = Index("i", T)
    kernel = Kernel((), (Array((i,), "float"),), (Tile(i, 2),), ())
    assert np.isnan(run_kernel(kernel, [], {T: 3})[0]).all()


def test_integers_stay_exact():
    i, j = Index("i", T), Index("j", L)
    t, most = Block(0, (i, j), "int"), Block(1, (i,), "int")
    body = (Load(t, 0, (i, j)), Reduce(most, "max", t), Store(0, (i,), most, "="))
    kernel = Kernel((Array((i, j), "int"),), (Array((i,), "int"),), (Tile(i, 2),), body)
    array = np.array([[2**60 + 1, 3], [-5, -(2**60) - 1], [7, 7]])
    assert run_kernel(kernel, [array], {T: 3, L: 2})[0].tolist() == array.max(1).tolist()
