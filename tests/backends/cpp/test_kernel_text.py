"""Kernels in C++ against their plain meaning.

To accept a new golden text: `python -m tests.backends.cpp.test_kernel_text`.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import indexcalc as ic
from indexcalc.backends.cpp.kernel import kernel_text
from indexcalc.interpret.kernel import run_kernel
from indexcalc.ir.graph import Fused
from indexcalc.ir.index import Index, Space
from indexcalc.ir.kernel import (
    Array,
    Block,
    Carry,
    Constant,
    Extent,
    Fold,
    Kernel,
    Load,
    Loop,
    Map,
    Reduce,
    Store,
    Tile,
)
from indexcalc.ir.kernel_spaces import kernel_spaces
from indexcalc.lower.fuse.tiles import retiled
from indexcalc.lower.program import lower_program
from indexcalc.lower.target import LAPTOP, Target
from tests.interpret.test_kernel import sheared
from tests.kernels import PRODUCTS, normalised_rows, products, streamed_softmax
from tests.lower.fusion import CASES
from tests.random_kernels import random_case

from .running import Library

H, L, D, T = Space("heads", "H"), Space("seq", "L"), Space("feat", "D"), Space("tok", "T")

GOLDEN = Path(__file__).parents[2] / "golden" / "kernels" / "normalised_rows.cpp.txt"

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


# -- kernels of programs -----------------------------------------------------------------------------------------------


def program_kernels():
    """{name: (kernel, "double")} of the programs that fusion is tested with, with their own tiles and tiles of 3."""
    found, cases = {}, {}
    for label, case in CASES.items():
        program = ic.parse(case.text)
        if case.by:
            program = ic.grad(program, case.by, with_value=True)
        graph = lower_program(program, sizes=case.big, target=Target(machine=LAPTOP))
        for kernel in (v.operation.kernel for v in graph if isinstance(v.operation, Fused)):
            for tiles in ("own", "tiny"):
                name = f"{''.join(c if c.isalnum() else '_' for c in label)}_{tiles}_{len(found)}"
                small = retiled(kernel, lambda t: replace(t, size=3) if t.size else t)
                found[name] = (kernel if tiles == "own" else small, "double")
                cases[name] = case
    return found, cases


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    kernels, cases = program_kernels()
    return Library(kernels, tmp_path_factory.mktemp("programs"), "-O0", "-Wall"), cases


def test_kernels_of_programs_give_what_their_steps_say(programs):
    library, cases = programs
    assert len(cases) > 40
    rng = np.random.default_rng(3)
    for name, case in cases.items():
        kernel = library.kernels[name][0]
        for sizes in case.small:
            extents = {s: s.extent if isinstance(s.extent, int) else sizes[s.extent] for s in spaces_of(kernel)}
            inputs = [random_array(rng, array, extents) for array in kernel.inputs]
            expected = run_kernel(kernel, inputs, extents)
            for mine, theirs in zip(library(name, inputs, extents), expected, strict=True):
                np.testing.assert_allclose(mine, theirs, rtol=1e-11, atol=1e-11, err_msg=f"{name} {sizes}")


def spaces_of(kernel):
    arrays = (*kernel.inputs, *kernel.outputs)
    return [*kernel_spaces(kernel), *(x.space for array in arrays for x in array.axes)]


def random_array(rng, array, extents):
    shape = [extents[x.space] for x in array.axes]
    if array.kind == "int":
        return rng.integers(0, max(1, min(extents.values())), shape)
    return rng.random(shape) < 0.5 if array.kind == "bool" else rng.standard_normal(shape)


# -- random kernels ----------------------------------------------------------------------------------------------------


def test_random_kernels_give_what_their_steps_say(tmp_path):
    """With one thread, and with more that share tiles or steps."""
    cases = {f"random_{seed}": random_case(seed) for seed in range(40)}
    cases |= {f"{name}_in_order": (in_order(k), *given) for name, (k, *given) in cases.items() if len(k.grid) > 1}
    library = Library({n: (kernel, "double") for n, (kernel, _, _) in cases.items()}, tmp_path, "-O0", eager=True)
    for name, (kernel, inputs, extents) in cases.items():
        expected = run_kernel(kernel, inputs, extents)
        for threads in (1, 2, 3):
            for mine, theirs in zip(library(name, inputs, extents, threads), expected, strict=True):
                np.testing.assert_allclose(mine, theirs, rtol=1e-10, atol=1e-10, err_msg=f"{name} {threads}")


def in_order(kernel):
    """The kernel with a grid of which nothing runs at the same time."""
    return replace(kernel, grid=tuple(replace(t, parallel=False) for t in kernel.grid))


@pytest.mark.parametrize("empty", ["", "a", "b"])
def test_products_of_blocks(contractions, empty):
    sizes = {x: 0 if x == empty else 2 + n for n, x in enumerate("abcdef")}
    rng = np.random.default_rng(5)
    for spec, name in zip(PRODUCTS, contractions.kernels, strict=True):
        a, b = (rng.standard_normal([sizes[x] for x in axes]) for axes in spec.split("->")[0].split(","))
        (found,) = contractions(name, [a, b], {s: sizes[s.name] for s in spaces_of(contractions.kernels[name][0])})
        np.testing.assert_allclose(found, np.einsum(spec, a, b), rtol=1e-12, atol=1e-12, err_msg=spec)


@pytest.fixture(scope="module")
def contractions(tmp_path_factory):
    kernels = {}
    for number, spec in enumerate(PRODUCTS):
        left, right, kept = spec.replace("->", ",").split(",")
        kernels[f"product_{number}"] = products(left, right, kept, left[::-1]), "double"
    return Library(kernels, tmp_path_factory.mktemp("products"), "-O0")


# -- slots, integers, reductions ---------------------------------------------------------------------------------------


def running_extremes():
    """Extremes and product of n x[i, j] over j, one position at a time; those of t and x by rows; how many t > 0."""
    i, j, k = Index("i", T), Index("j", L), Index("k", L)
    x, y = Block(0, (), "float"), Block(1, (), "float")
    carries = [Block(2 + n, (), "float") for n in range(3)]
    names = ("max", "prod", "min")
    inner = (Load(x, 0, (i, j)), Map(y, "multiply", (x, Extent(H))), *(Fold(c, n, y) for c, n in zip(carries, names)))
    t, most = Block(5, (k,), "int"), Block(6, (), "int")
    large, row, top = Block(7, (k,), "bool"), Block(8, (k,), "float"), Block(9, (), "float")
    ones, count = Block(10, (k,), "real"), Block(11, (), "real")
    body = (
        *(Carry(c, n) for c, n in zip(carries, names)),
        Loop(Tile(j, 0), inner),
        *(Store(n, (i,), c, "=") for n, c in enumerate(carries)),
        Load(t, 1, (i, k)),
        Reduce(most, "max", t),
        Store(3, (i,), most, "="),
        Load(row, 0, (i, k)),
        Reduce(top, "max", row),
        Store(4, (i,), top, "="),
        Map(large, "greater", (t, Constant(0))),
        Map(ones, "as_real", (large,)),
        Reduce(count, "sum", ones),
        Store(5, (i,), count, "="),
    )
    outputs = [Array((i,), kind) for kind in ("float", "float", "float", "int", "float", "real")]
    return Kernel((Array((i, j), "float"), Array((i, j), "int")), tuple(outputs), (Tile(i, 0),), body)


SMALL = {"sheared": (sheared(3), "double"), "extremes": (running_extremes(), "double")}


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return Library(SMALL, tmp_path_factory.mktemp("small"), "-O2", "-Wall")


def test_affine_slots_gathers_and_scatters(small):
    rng = np.random.default_rng(4)
    inputs = [rng.standard_normal(5 + 2 * 3), rng.standard_normal((4, 3)), np.array([2, 0, 2, 3])]
    extents = {T: 4, D: 4, H: 3}
    for mine, theirs in zip(small("sheared", inputs, extents), run_kernel(SMALL["sheared"][0], inputs, extents)):
        np.testing.assert_allclose(mine, theirs, rtol=1e-13)
    for wrong in (-1, 4, 2**62):
        with pytest.raises(IndexError, match="outside of its axis"):
            small("sheared", [*inputs[:2], np.array([2, 0, wrong, 3])], extents)


def test_reductions_keep_integers_exact_and_nan_seen(small):
    rng = np.random.default_rng(5)
    x, t = rng.standard_normal((4, 37)), rng.integers(-(2**62), 2**62, (4, 37))
    x[1, 5], x[2, :] = np.nan, -np.inf
    found = small("extremes", [x, t], {T: 4, L: 37, H: 3})
    expected = run_kernel(SMALL["extremes"][0], [x, t], {T: 4, L: 37, H: 3})
    for mine, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-13)
    assert found[3].tolist() == t.max(1).tolist()
    assert np.isnan(found[4][1])


def test_the_text_is_the_same_each_time_and_reads_like_written_by_hand():
    text = kernel_text(normalised_rows(16), "rows", "float").text
    assert text == kernel_text(normalised_rows(16), "rows", "float").text
    assert text == GOLDEN.read_text(encoding="utf-8")


if __name__ == "__main__":
    GOLDEN.write_text(kernel_text(normalised_rows(16), "rows", "float").text, encoding="utf-8")
