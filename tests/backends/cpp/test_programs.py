"""Every case as C++ gives what the naive interpreter gives: doubles, floats, complex numbers, strange strides."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from indexcalc.interpret.run import run_outputs

from ..cases import BY_NAME, CASES
from ..test_against_interpreter import assert_close, inputs_of
from .batch import Batch

NAMES = [c.name for c in CASES]
ANALYTIC = [c.name for c in CASES if c.analytic]


def batch(names: list[str], dtype: str, flags: tuple[str, ...]) -> Batch:
    return Batch({name: BY_NAME[name].program for name in names}, dtype, flags)


@pytest.fixture(scope="module")
def doubles() -> Batch:
    return batch(NAMES, "float64", ("-O1",))


@pytest.fixture(scope="module")
def floats() -> Batch:
    return batch(NAMES, "float32", ("-O0",))


@pytest.fixture(scope="module")
def complexes() -> Batch:
    return batch(ANALYTIC, "complex128", ("-O0",))


@pytest.mark.parametrize("name", NAMES)
def test_doubles(name: str, doubles: Batch) -> None:
    program, given, sizes = inputs_of(BY_NAME[name], seed=3)
    before = {n: a.copy() for n, a in given.items()}
    assert_close(doubles.run(name, given, sizes), run_outputs(program, given, sizes))
    for n, a in given.items():
        np.testing.assert_array_equal(a, before[n], err_msg=f"input {n} was written")


def strange(array: Any, rng: Any) -> Any:
    """The same array with its axes in another order in memory, some backwards, with gaps between elements."""
    order = rng.permutation(array.ndim)
    wide = np.zeros([2 * array.shape[n] for n in order], array.dtype)
    view = wide[(*(slice(None, None, -2) if rng.integers(2) else slice(None, None, 2) for _ in order), ...)]
    view = view.transpose(np.argsort(order))
    view[...] = array
    view.flags.writeable = False
    return view


@pytest.mark.parametrize("name", NAMES)
def test_strides_of_every_kind(name: str, doubles: Batch) -> None:
    program, given, sizes = inputs_of(BY_NAME[name], seed=4)
    rng = np.random.default_rng(5)
    found = doubles.run(name, {n: strange(a, rng) for n, a in given.items()}, sizes)
    assert_close(found, run_outputs(program, given, sizes))


@pytest.mark.parametrize("name", NAMES)
def test_floats_never_widen(name: str, floats: Batch) -> None:
    program, given, sizes = inputs_of(BY_NAME[name])
    if all(t.is_integer for t in program.tensors):
        pytest.skip("no floating input decides the dtype")
    narrow = {n: a if a.dtype.kind == "i" else a.astype(np.float32) for n, a in given.items()}
    found = floats.run(name, narrow, sizes)
    assert {str(a.dtype) for a in found.values()} == {"float32"}
    exact = {n: a if a.dtype.kind == "i" else a.astype(np.float64) for n, a in narrow.items()}
    assert_close(found, run_outputs(program, exact, sizes), 2e-4)


@pytest.mark.parametrize("name", ANALYTIC)
def test_complex_step_agrees(name: str, complexes: Batch) -> None:
    program, given, sizes = inputs_of(BY_NAME[name])
    rng = np.random.default_rng(7)
    stepped = {n: a if a.dtype.kind == "i" else a + 1e-20j * rng.standard_normal(a.shape) for n, a in given.items()}
    if not any(a.dtype.kind == "c" for a in stepped.values()):
        pytest.skip("no floating input")
    expected = run_outputs(program, stepped, sizes)
    found = complexes.run(name, stepped, sizes)
    assert_close({n: a.real for n, a in found.items()}, {n: a.real for n, a in expected.items()})
    steps = {n: 1e20 * np.where(np.isfinite(a.real), a.imag, 0) for n, a in expected.items()}
    assert_close({n: 1e20 * np.where(np.isfinite(a.real), a.imag, 0) for n, a in found.items()}, steps, 1e-9)
