"""Kernels as NumPy text against their plain meaning."""

import threading
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import threadpoolctl

from indexcalc.backends.numpy.emit import NUMPY
from indexcalc.interpret.kernel import run_kernel
from indexcalc.ir.index import Index, Space
from indexcalc.ir.kernel import (
    Affine,
    Array,
    Block,
    Carry,
    Condition,
    Constant,
    Contract,
    Fold,
    Kernel,
    Load,
    Loop,
    Map,
    Mask,
    Position,
    Reduce,
    Shift,
    Store,
    Tile,
)
from tests.backends.kernel_runs import kernel_source, numpy_kernel, run_numpy
from tests.kernels import PRODUCTS, normalised_rows, products, streamed_softmax
from tests.random_kernels import random_case

GOLDEN = Path(__file__).parents[1] / "golden" / "kernels" / "streamed_softmax.numpy.py.txt"
H, L, D, T = Space("heads", "H"), Space("seq", "L"), Space("feat", "D"), Space("tok", "T")


def agree(found, wanted, tolerance=1e-10):
    assert len(found) == len(wanted)
    for mine, theirs in zip(found, wanted):
        assert mine.dtype == theirs.dtype
        np.testing.assert_allclose(mine, theirs, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("seed", range(0, 240, 30))
def test_random_kernels_mean_the_same(seed):
    for each in range(seed, seed + 30):
        kernel, inputs, extents = random_case(each)
        agree(run_numpy(kernel, inputs, extents, threaded=each % 2 == 1), run_kernel(kernel, inputs, extents))


def qkv(heads, length, feature, dtype=np.float64):
    rng = np.random.default_rng(0)
    return [rng.standard_normal((heads, length, feature)).astype(dtype) for _ in range(3)]


@pytest.mark.parametrize("sizes", [(2, 10, 5), (1, 1, 1), (3, 8, 1), (2, 0, 3), (0, 4, 2)])
@pytest.mark.parametrize("tiles", [(4, 3), (1, 1), (3, 4), (16, 16)])
def test_a_streamed_softmax(sizes, tiles):
    extents = dict(zip((H, L, D), sizes))
    kernel = streamed_softmax(*tiles)
    for threaded in (False, True):
        agree(run_numpy(kernel, qkv(*sizes), extents, threaded=threaded), run_kernel(kernel, qkv(*sizes), extents))


def test_rows_of_minus_infinity_and_nan():
    q, k, v = qkv(1, 9, 1)
    k[0, :6] = -np.inf
    k[0, 6:] = -1e4
    q[0] = 1
    q[0, 8] = np.nan
    q[0, 7] = -np.inf  # its scores are +∞ and NaN
    kernel, extents = streamed_softmax(4, 3), {H: 1, L: 9, D: 1}
    found = run_numpy(kernel, [q, k, v], extents)
    agree(found, run_kernel(kernel, [q, k, v], extents))
    assert np.isfinite(found[0][0, 6]).all() and np.isnan(found[0][0, :6]).all()


@pytest.mark.parametrize("dtype", [np.float32, np.complex64, np.complex128])
def test_dtypes(dtype):
    tolerance = 1e-12 if dtype == np.complex128 else 2e-5
    for kernel, inputs, extents in (
        (streamed_softmax(), qkv(2, 10, 5, dtype), {H: 2, L: 10, D: 5}),
        (normalised_rows(), [qkv(1, 9, 6, dtype)[0][0], qkv(1, 1, 6, dtype)[0][0, 0]], {T: 9, D: 6}),
    ):
        found = run_numpy(kernel, inputs, extents, dtype)
        wanted = run_kernel(kernel, [x.astype(np.result_type(x, np.float64)) for x in inputs], extents)
        real = np.empty((), dtype).real.dtype
        assert [y.dtype for y in found] == [real if k.kind == "real" else dtype for k in kernel.outputs]
        for mine, theirs in zip(found, wanted):
            np.testing.assert_allclose(mine, theirs, rtol=tolerance, atol=tolerance)


def layouts(x):
    """The same numbers, laid out in memory in other ways."""
    wide = np.zeros([2 * n for n in x.shape])
    wide[tuple(slice(None, None, 2) for _ in x.shape)] = x
    fixed = x.copy()
    fixed.flags.writeable = False
    return {
        "Fortran": np.asfortranarray(x),
        "every other": wide[tuple(slice(None, None, 2) for _ in x.shape)],
        "backwards": np.flip(np.flip(x).copy()),
        "transposed": np.ascontiguousarray(x.transpose(1, 2, 0)).transpose(2, 0, 1),
        "read-only": fixed,
        "repeated": np.broadcast_to(x[:, :1], x.shape),
    }


@pytest.mark.parametrize("layout", sorted(layouts(np.zeros((1, 1, 1)))))
def test_inputs_lie_in_memory_as_they_like(layout):
    inputs = [layouts(x)[layout] for x in qkv(2, 10, 5)]
    kernel, extents = streamed_softmax(), {H: 2, L: 10, D: 5}
    agree(run_numpy(kernel, inputs, extents), run_kernel(kernel, [x.copy() for x in inputs], extents))


@pytest.mark.parametrize("spec", PRODUCTS)
@pytest.mark.parametrize("empty", ["", "a", "b"])
def test_products_of_blocks(spec, empty):
    left, right, kept = spec.replace("->", ",").split(",")
    sizes = {x: 0 if x == empty else 2 + n for n, x in enumerate("abcdef")}
    rng = np.random.default_rng(5)
    a, b = (rng.standard_normal([sizes[x] for x in axes]) for axes in (left, right))
    for order in (left, left[::-1]):
        kernel = products(left, right, kept, order)
        (found,) = run_numpy(kernel, [a, b], {s: sizes[s.name] for s in kernel_source(kernel)[1]})
        np.testing.assert_allclose(found, np.einsum(spec, a, b), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("weights", [(1, 1), (1, -1), (-1, 1), (-1, -1), (2, 1), (1, -3)])
@pytest.mark.parametrize("shape", [(4, 7, 3), (7, 4, 1), (1, 5, 2), (0, 3, 2)])
def test_sums_along_diagonals(weights, shape):
    """y[c, w·i + v·j + 30] += x[i, j, c], in tiles."""
    i, j, c, p = (Index(n, Space(n, n.upper())) for n in "ijcp")
    x = Block(0, (i, c, j), "float")
    form = Affine(((weights[0], i), (weights[1], j)), 30)
    kernel = Kernel(
        (Array((i, j, c), "float"),),
        (Array((c, p), "float", accumulated=True),),
        (Tile(i, 3), Tile(j, 4, parallel=False)),
        (Load(x, 0, (i, j, c)), Store(0, (c, form), x, "+=")),
    )
    array = np.random.default_rng(6).standard_normal(shape)
    extents = {i.space: shape[0], j.space: shape[1], c.space: shape[2], p.space: 60}
    for threaded in (False, True):
        agree(run_numpy(kernel, [array], extents, threaded=threaded), run_kernel(kernel, [array], extents))


@pytest.mark.parametrize("operation", ["max", "min", "sum", "prod"])
@pytest.mark.parametrize("shape", [(5, 7), (3, 0), (1, 1)])
def test_integers_stay_integers(operation, shape):
    """A reduction within tiles, one that runs, and selections of positions, with a whole and with an infinite rest."""
    i, j = Index("i", T), Index("j", L)
    t, kept, some = Block(0, (i, j), "int"), Block(1, (i, j), "int"), Block(2, (i,), "int")
    running, place, known = Block(3, (i,), "int"), Block(4, (i,), "int"), Block(5, (i,), "real")
    below = Condition(Affine(((1, i), (-1, j)), 0))
    loop = (Load(t, 0, (i, j)), Mask(kept, t, (below,), 2.0), Fold(running, operation, kept))
    k = Index("k", L)
    column = Block(6, (k, i), "int")
    body = (
        Carry(running, operation),
        Loop(Tile(j, 3), loop),
        Store(0, (i,), running, "="),
        Load(column, 1, (k, i)),
        Reduce(some, operation, column),
        Store(1, (i,), some, "="),
        Position(place, i),
        Mask(known, place, (Condition(Affine(((1, i),), -1)),), -np.inf),
        Store(2, (i,), known, "="),
    )
    inputs = (Array((i, j), "int"), Array((k, i), "int"))
    outputs = (Array((i,), "int"), Array((i,), "int"), Array((i,), "real"))
    kernel = Kernel(inputs, outputs, (Tile(i, 2),), body)
    x = np.random.default_rng(7).integers(-9, 9, shape)
    extents = {T: shape[0], L: shape[1]}
    found, wanted = run_numpy(kernel, [x, x.T], extents), run_kernel(kernel, [x, x.T], extents)
    for mine, theirs in zip(found, wanted, strict=True):
        assert mine.dtype == theirs.dtype
        assert shape[1] == 0 or mine.tolist() == theirs.tolist()


def test_a_position_outside_is_refused():
    i, p = Index("i", T), Index("p", L)
    x = Block(0, (i,), "float")
    kernel = Kernel(
        (Array((p,), "float"),),
        (Array((i,), "float"),),
        (Tile(i, 3),),
        (Load(x, 0, (Affine(((1, i),), -1),)), Store(0, (i,), x, "=")),
    )
    for extents in ({T: 4, L: 9}, {T: 12, L: 10}):
        with pytest.raises(IndexError, match="a position lies outside of its axis"):
            run_numpy(kernel, [np.zeros(extents[L])], extents)


def test_tiles_that_add_to_the_same_places_are_in_one_group():
    """y[i] += the sum over j of x[i, j]: threads divide the tiles of i, and have copies where these are too few."""
    i, j = Index("i", T), Index("j", L)
    x = Block(0, (i, j), "float")
    kernel = Kernel(
        (Array((i, j), "float"),),
        (Array((i,), "float", accumulated=True),),
        (Tile(i, 2), Tile(j, 3)),
        (Load(x, 0, (i, j)), Store(0, (i,), x, "+=")),
    )
    source, spaces = kernel_source(kernel)
    scope, seen = {}, []
    exec(compile(source, "<kernel>", "exec"), scope)
    run = scope["in_threads"]
    scope["in_threads"] = lambda work, groups, *more: (seen.extend(groups), run(work, groups, *more))
    array = np.random.default_rng(8).standard_normal((7, 11))
    extents = {T: 7, L: 11}
    (found,) = scope["kernel_0"](array, *(extents[s] for s in spaces), np.dtype(float))
    np.testing.assert_allclose(found, array.sum(1), rtol=1e-13)
    assert [{tile[0] for tile in group} for group in seen] == [{0}, {2}, {4}, {6}]
    assert all(len(group) == 4 for group in seen)


def test_what_is_made_in_an_output_is_not_written_over():
    """y = x + 1 is made where it is stored; exp(y), of which only the sums are kept, takes a place of its own."""
    i, d = Index("i", T), Index("d", D)
    x, y, e = (Block(n, (i, d), "float") for n in range(3))
    total = Block(3, (i,), "float")
    body = (
        Load(x, 0, (i, d)),
        Map(y, "add", (x, Constant(1))),
        Store(0, (i, d), y, "="),
        Map(e, "exp", (y,)),
        Reduce(total, "sum", e),
        Store(1, (i,), total, "="),
    )
    outputs = (Array((i, d), "float"), Array((i,), "float"))
    kernel = Kernel((Array((i, d), "float"),), outputs, (Tile(i, 3),), body)
    array = np.random.default_rng(9).standard_normal((7, 4))
    agree(run_numpy(kernel, [array], {T: 7, D: 4}), [array + 1, np.exp(array + 1).sum(1)])


@pytest.mark.parametrize("degree", [-1, 1, 2, 3])
def test_sums_of_any_degree_follow_the_maximum(degree):
    """Σ_j exp(k (x_ij − m_i)) w_j, whose terms grow along j so that each tile raises the maximum."""
    i, j = Index("i", T), Index("j", L)
    x, gap, scaled, e = (Block(n, (i, j), "float") for n in range(4))
    w, m, total = Block(4, (j,), "float"), Block(5, (i,), "real"), Block(6, (i,), "float")
    weighted = Block(7, (i,), "float")
    loop = (
        Load(x, 0, (i, j)),
        Shift(m, x, ((total, degree),)),
        Map(gap, "subtract", (x, m)),
        Map(scaled, "multiply", (gap, Constant(degree))),
        Map(e, "exp", (scaled,)),
        Load(w, 1, (j,)),
        Contract(weighted, e, w),
        Fold(total, "sum", weighted),
    )
    body = (Carry(m, "shift"), Carry(total, "sum"), Loop(Tile(j, 3), loop), Store(0, (i,), total, "="))
    kernel = Kernel((Array((i, j), "float"), Array((j,), "float")), (Array((i,), "float"),), (Tile(i, 2),), body)
    rng = np.random.default_rng(10)
    array, weights = np.cumsum(rng.random((5, 11)), axis=1) / 3, rng.standard_normal(11)
    wanted = np.exp(degree * (array - array.max(1, keepdims=True))) @ weights
    agree(run_numpy(kernel, [array, weights], {T: 5, L: 11}), [wanted])


def test_warnings_stay_silent_in_threads():
    kernel, extents = normalised_rows(2), {T: 9, D: 4}
    x = np.full((9, 4), np.inf)
    with np.errstate(all="raise"):
        y, _ = run_numpy(kernel, [x, np.ones(4)], extents, threaded=True)
    assert np.isnan(y).all()


@pytest.mark.parametrize("rows", [1, 2, 5])
def test_threads_add_to_copies_of_their_own_where_groups_are_few(rows):
    """Every tile of rows adds to the same sums; where BLAS may take three threads, so do the tiles."""
    kernel, extents = normalised_rows(rows), {T: 23, D: 6}
    rng = np.random.default_rng(5)
    inputs = [rng.standard_normal((23, 6)), rng.standard_normal(6)]
    with threadpoolctl.threadpool_limits(3, "blas"):
        found = run_numpy(kernel, inputs, extents, threaded=True)
    agree(found, run_kernel(kernel, inputs, extents))


def blas_threads():
    return [lib["num_threads"] for lib in threadpoolctl.threadpool_info() if lib["user_api"] == "blas"]


def test_blas_has_its_threads_back_also_after_an_error_and_from_many_callers():
    before = blas_threads()
    x = Block(0, (Index("i", T),), "float")
    outside = Kernel(
        (Array((Index("p", L),), "float"),),
        (Array((Index("i", T),), "float"),),
        (Tile(Index("i", T), 2),),
        (Load(x, 0, (Affine(((1, Index("i", T)),), 0),)), Store(0, (Index("i", T),), x, "=")),
    )
    wrong, right = numpy_kernel(outside, threaded=True), numpy_kernel(streamed_softmax(), threaded=True)
    inputs, extents = qkv(2, 40, 5), {H: 2, L: 40, D: 5}
    wanted = run_kernel(streamed_softmax(), inputs, extents)

    def call(n):
        if n % 3 == 0:
            with pytest.raises(IndexError, match="outside of its axis"):
                wrong([np.zeros(3)], {T: 40, L: 3})
        else:
            agree(right(inputs, extents), wanted)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(call, range(24)))
    assert blas_threads() == before


def test_a_user_who_keeps_blas_to_one_thread_gets_one():
    seen = set()
    i = Index("i", T)
    x, y = Block(0, (i,), "float"), Block(1, (i,), "float")
    body = (Load(x, 0, (i,)), Map(y, "add", (x, Constant(1))), Store(0, (i,), y, "="))
    run = numpy_kernel(Kernel((Array((i,), "float"),), (Array((i,), "float"),), (Tile(i, 1),), body), threaded=True)

    class Watched(np.ndarray):
        def __getitem__(self, key):
            seen.add(threading.get_ident())
            return super().__getitem__(key)

    with threadpoolctl.threadpool_limits(1, user_api="blas"):
        run([np.zeros(500).view(Watched)], {T: 500})
    assert seen == {threading.get_ident()}


def test_memory_does_not_grow_with_the_square_of_the_length():
    peaks = []
    for length in (1024, 4096):
        kernel, inputs, extents = streamed_softmax(256, 256), qkv(1, length, 8, np.float32), {H: 1, L: length, D: 8}
        run = numpy_kernel(kernel)
        tracemalloc.start()
        found = run(inputs, extents, np.float32)
        peaks.append(tracemalloc.get_traced_memory()[1] - sum(y.nbytes for y in found))
        tracemalloc.stop()
    assert peaks[1] < 1.1 * peaks[0] < 3e6


def test_the_text_of_a_kernel():
    found = "\n".join(NUMPY.kernel(streamed_softmax(128, 512), "kernel_0").lines) + "\n"
    assert found == GOLDEN.read_text(encoding="utf-8")
