"""Kernels in C++ against their plain meaning."""

from dataclasses import replace

import numpy as np
import pytest

import indexcalc as ic
from indexcalc.backends.cpp.extents import kernel_spaces
from indexcalc.interpret.kernel import run_kernel
from indexcalc.ir.graph import Fused
from indexcalc.ir.index import Space
from indexcalc.lower.fuse.tiles import retiled
from indexcalc.lower.program import lower_program
from indexcalc.lower.target import LAPTOP, Target
from tests.kernels import normalised_rows, streamed_softmax
from tests.lower.fusion import CASES

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
