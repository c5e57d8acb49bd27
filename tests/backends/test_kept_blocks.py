"""What one loop keeps for another, and maxima that are not followed: NumPy's text against formulas."""

from dataclasses import replace

import numpy as np
import pytest

from indexcalc.interpret.kernel import run_kernel
from indexcalc.ir.index import Index, Space
from indexcalc.ir.kernel import Array, Block, Constant, Kernel, Load, Map, Tile
from indexcalc.ir.kernel_check import check_kernel
from indexcalc.ir.kernel_text import kernel_text
from indexcalc.lower.growth import highest_power
from indexcalc.lower.lazy import LARGEST, arranged
from tests.backends.kernel_runs import kernel_source, run_numpy
from tests.kernels import kept_softmax, streamed_softmax

L, D, H = Space("seq", "L"), Space("feat", "D"), Space("heads", "H")
i = Index("i", L)
X, E = (Block(n, (i,), "float") for n in (0, 1))


def rising(length, feature, steep, seed=0):
    """Queries and keys whose scores rise along the keys, so that maxima have to be followed the more the steeper."""
    rng = np.random.default_rng(seed)
    q, k = rng.standard_normal((length, feature)), rng.standard_normal((length, feature))
    q[:, 0] = 1 + rng.random(length)
    k[:, 0] = steep * np.arange(length)
    return [q, k]


def formulas(q, k, degree):
    """By the whole matrix."""
    scores = np.where(np.tri(len(q), dtype=bool), q @ k.T, -np.inf)
    top = scores.max(1, keepdims=True)
    e = np.exp(scores - top)
    p = e**degree / (e**degree).sum(1, keepdims=True)
    return [p.sum(0), np.log(e.sum(1)) + top[:, 0], np.ones(len(q))]


@pytest.mark.parametrize("degree", [1, 2])
@pytest.mark.parametrize("steep", [0, 1, -1, 3, 40])
@pytest.mark.parametrize("tiles", [(4, 3), (1, 1), (3, 4), (16, 16), (5, 2)])
def test_a_softmax_whose_exponentials_are_kept(tiles, steep, degree):
    inputs, extents = rising(13, 3, steep), {L: 13, D: 3}
    kernel = kept_softmax(*tiles, degree)
    check_kernel(kernel)
    wanted = formulas(*inputs, degree)
    for threaded in (False, True):
        for mine, right in zip(run_numpy(kernel, inputs, extents, threaded=threaded), wanted, strict=True):
            np.testing.assert_allclose(mine, right, rtol=1e-11, atol=1e-13)
    for plain, right in zip(run_kernel(kernel, inputs, extents), wanted, strict=True):
        np.testing.assert_allclose(plain, right, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("steep", [0, 2, -2, 50])
@pytest.mark.parametrize("tiles", [(4, 3), (2, 5), (16, 4)])
def test_maxima_that_are_not_followed(tiles, steep):
    q, k = rising(21, 4, steep)
    v = np.random.default_rng(3).standard_normal((21, 4))
    kernel, extents = streamed_softmax(*tiles), {H: 1, L: 21, D: 4}
    given = [x[None] for x in (q, k, v)]
    for mine, right in zip(run_numpy(kernel, given, extents), run_kernel(kernel, given, extents), strict=True):
        np.testing.assert_allclose(mine, right, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("special", [np.inf, -np.inf, np.nan])
@pytest.mark.parametrize("at", [0, 5, 12])
def test_special_scores(special, at):
    """In a tile that is tried first, and later: what is infinite or NaN comes out as in the plain meaning."""
    q, k = rising(13, 1, 0.3)
    k[at] = special
    v = np.ones((13, 1))
    kernel, extents = streamed_softmax(3, 2), {H: 1, L: 13, D: 1}
    given = [x[None] for x in (q, k, v)]
    for mine, right in zip(run_numpy(kernel, given, extents), run_kernel(kernel, given, extents), strict=True):
        np.testing.assert_allclose(mine, right, rtol=1e-11, atol=1e-12)


def products_made(steep):
    """How many products of scores a run makes, of how many tiles."""
    kernel = streamed_softmax(16, 4)
    source, spaces = kernel_source(kernel)
    scope, made = {}, []
    exec(compile(source, "<kernel>", "exec"), scope)

    class Counting:
        def __getattr__(self, name):
            return getattr(np, name)

        def matmul(self, x, y, **options):
            found = np.matmul(x, y, **options)
            made.append(found.shape == (16, 4))
            return found

    scope["np"] = Counting()
    q, k = rising(16, 3, steep)
    extents = {H: 1, L: 16, D: 3}
    scope["kernel_0"](q[None], k[None], np.ones((1, 16, 3)), *(extents[s] for s in spaces), np.dtype(float))
    return sum(made)


def test_a_tile_is_done_again_only_where_an_exponential_is_large():
    assert products_made(0.0) == 4
    assert products_made(np.log(LARGEST)) == 7  # all but the first are tried in vain


def test_a_complex_kernel_follows_its_maxima():
    """A sum of complex exponentials tells nothing of their size."""
    q, k = (x.astype(complex) for x in rising(13, 3, 4))
    kernel, extents = kept_softmax(4, 3), {L: 13, D: 3}
    for mine, right in zip(run_numpy(kernel, [q, k], extents, complex), formulas(q.real, k.real, 1), strict=True):
        np.testing.assert_allclose(mine, right, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize(("degree", "tried"), [(1, 1), (2, 1), (3, 0), (16, 0)])
def test_maxima_whose_exponentials_are_raised_to_high_powers_are_followed(degree, tried):
    """A sum of exponentials that is small enough for two of their powers overflows with sixteen."""
    kernel, extents = kept_softmax(4, 3, degree), {L: 13, D: 1}
    assert len(arranged(kernel).lazy) == tried
    q, k = np.ones((13, 1), np.float32), np.zeros((13, 1), np.float32)
    k[7] = np.log(LARGEST / 2)
    wanted = formulas(q.astype(float), k.astype(float), degree)
    for mine, right in zip(run_numpy(kernel, [q, k], extents, np.float32), wanted, strict=True):
        np.testing.assert_allclose(mine, right, rtol=2e-5, atol=1e-30)


@pytest.mark.parametrize(
    ("function", "arguments", "power", "then"),
    [
        ("square", (E,), 2, 4),
        ("multiply", (E, E), 2, 4),
        ("multiply", (X, E), 1, 2),
        ("power", (E, Constant(5)), 5, 10),
        ("power", (E, X), np.inf, np.inf),
        ("power", (X, Constant(5)), 1, 1),
        ("exp", (E,), np.inf, np.inf),
        ("divide", (E, E), 1, 1),
        ("tanh", (E,), 1, 1),
    ],
)
def test_how_high_the_exponentials_of_a_kernel_grow(function, arguments, power, then):
    """And where what is made of them is squared then."""
    exponential, made = Map(E, "exp", (X,)), Block(2, (i,), "float")
    steps = (Load(X, 0, (i,)), exponential, Map(made, function, arguments))
    kernel = Kernel((Array((i,), "float"),), (), (Tile(i, 4),), steps)
    assert highest_power(kernel, exponential) == power
    squared = Map(Block(3, (i,), "float"), "square", (made,))
    assert highest_power(replace(kernel, body=(*steps, squared)), exponential) == then


def test_what_is_kept_is_made_where_it_stays():
    source, _ = kernel_source(kept_softmax())
    assert "np.copyto" not in source.split("def kernel_0")[1].split("negative(found")[-1]
    assert "out=b_10[i_1 * m_0 : e_1 * m_0].reshape(m_0, m_1)" in source


def test_the_loop_tries_without_the_maximum():
    assert len(arranged(kept_softmax()).lazy) == len(arranged(streamed_softmax()).lazy) == 1


def test_the_text():
    text = kernel_text(kept_softmax())
    assert "b10[i, t] = start of kept" in text
    assert "b10[i, t] keeps b9[i, j]" in text
    assert "b11[i, j] = kept in b10[i, t]" in text
