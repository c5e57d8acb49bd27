"""Kernels in C++ against their plain meaning."""

import numpy as np
import pytest

from indexcalc.interpret.kernel import run_kernel
from indexcalc.ir.index import Space
from tests.kernels import normalised_rows, streamed_softmax

from .running import Library

H, L, D, T = Space("heads", "H"), Space("seq", "L"), Space("feat", "D"), Space("tok", "T")

KERNELS = {
    "softmax": (streamed_softmax(), "double"),
    "softmax_wide": (streamed_softmax(16, 32), "double"),
    "rows": (normalised_rows(), "double"),
}


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    return Library(KERNELS, tmp_path_factory.mktemp("kernels"), "-O1", "-Wall")


def agree(library, name, inputs, extents):
    found = library(name, inputs, extents)
    expected = run_kernel(KERNELS[name][0], inputs, extents)
    for mine, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-12, atol=1e-12)
    return found


@pytest.mark.parametrize("name", ["softmax", "softmax_wide"])
@pytest.mark.parametrize("heads, length, feature", [(2, 50, 5), (1, 1, 1), (3, 33, 64), (2, 0, 3), (0, 4, 2)])
def test_a_streamed_softmax_is_the_plain_one(library, name, heads, length, feature):
    rng = np.random.default_rng(0)
    inputs = [rng.standard_normal((heads, length, feature)) for _ in range(3)]
    agree(library, name, inputs, {H: heads, L: length, D: feature})


@pytest.mark.parametrize("tokens, feature", [(10, 6), (1, 1), (0, 3), (67, 130)])
def test_sums_over_the_grid_are_gathered_from_all_threads(library, tokens, feature):
    rng = np.random.default_rng(1)
    inputs = [rng.standard_normal((tokens, feature)), rng.standard_normal(feature)]
    agree(library, "rows", inputs, {T: tokens, D: feature})


def test_inputs_may_have_any_strides(library):
    rng = np.random.default_rng(2)
    whole = rng.standard_normal((40, 3, 9, 2))
    q = whole[::-2, :, ::3, 0].transpose(1, 0, 2)
    k = np.asfortranarray(rng.standard_normal((3, 20, 3)))
    v = np.broadcast_to(rng.standard_normal((3, 20, 1)), (3, 20, 3))
    agree(library, "softmax_wide", [q, k, v], {H: 3, L: 20, D: 3})
    x, g = rng.standard_normal((7, 9)).T, rng.standard_normal(21)[::-3]
    agree(library, "rows", [x, g], {T: 9, D: 7})
