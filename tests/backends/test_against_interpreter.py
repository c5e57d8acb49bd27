"""Every case on every backend gives what the naive interpreter gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from indexcalc.backends import compile_program, emit_program
from indexcalc.backends.function import load
from indexcalc.interpret.run import run_outputs
from indexcalc.ir.program import Program

from .cases import BY_NAME, CASES, Case, arrays, given_sizes
from .fake_cupy import install

NAMES = [c.name for c in CASES]


def assert_close(found: Mapping[str, Any], expected: Mapping[str, Any], tolerance: float = 1e-12) -> None:
    assert list(found) == list(expected)
    for name, value in expected.items():
        assert tuple(found[name].shape) == value.shape
        got = np.asarray(found[name])
        finite = np.abs(value[np.isfinite(value)])
        scale = max(1.0, finite.max() if finite.size else 0.0)
        np.testing.assert_allclose(got, value, rtol=tolerance, atol=tolerance * scale, err_msg=name)


def inputs_of(case: Case, seed: int = 0) -> tuple[Program, dict[str, Any], dict[str, int]]:
    program = case.program
    return program, arrays(program, case.sizes, seed, case.positive), given_sizes(program, case.sizes)


@pytest.mark.parametrize("name", NAMES)
def test_numpy(name: str) -> None:
    program, given, sizes = inputs_of(BY_NAME[name])
    before = {n: a.copy() for n, a in given.items()}
    found = compile_program(program)(**given, sizes=sizes)
    assert_close(found, run_outputs(program, given, sizes))
    for n, a in given.items():
        np.testing.assert_array_equal(a, before[n], err_msg=f"input {n} was written")


@pytest.mark.parametrize("name", NAMES)
def test_torch(name: str) -> None:
    torch = pytest.importorskip("torch")
    program, given, sizes = inputs_of(BY_NAME[name], seed=1)
    found = compile_program(program, "torch")(**{n: torch.as_tensor(a) for n, a in given.items()}, sizes=sizes)
    assert all(isinstance(a, torch.Tensor) for a in found.values())
    assert_close({n: a.numpy() for n, a in found.items()}, run_outputs(program, given, sizes))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_cupy_text_with_numpy_standing_in(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch)
    program, given, sizes = inputs_of(BY_NAME[name], seed=2)
    found = load(emit_program(program, "cupy"), "<test>")(given, _by_key(program, sizes))
    assert_close(found, run_outputs(program, given, sizes))


def _by_key(program: Program, sizes: Mapping[str, int]) -> dict[str, int]:
    """Sizes under every name that emitted text may ask for."""
    from indexcalc.ir.signature import SizeTable

    table = SizeTable(program)
    found = dict(sizes)
    for space in table.spaces:
        if space.name in sizes:
            found[str(space.extent)] = sizes[space.name]
    for index in table.indices:
        if index.space.name in sizes:
            found[index.name] = sizes[index.space.name]
    return found


@pytest.mark.parametrize("backend", ["numpy", "torch"])
@pytest.mark.parametrize("name", [c.name for c in CASES if c.name != "no_inputs"])
def test_float32_never_widens(name: str, backend: str) -> None:
    torch = pytest.importorskip("torch")
    program, given, sizes = inputs_of(BY_NAME[name])
    if all(t.is_integer for t in program.tensors):
        pytest.skip("no floating input decides the dtype")
    narrow = {n: a if a.dtype.kind == "i" else a.astype(np.float32) for n, a in given.items()}
    if backend == "torch":
        found = compile_program(program, backend)(**{n: torch.as_tensor(a) for n, a in narrow.items()}, sizes=sizes)
        assert {a.dtype for a in found.values()} == {torch.float32}
    else:
        found = compile_program(program, backend)(**narrow, sizes=sizes)
        assert {str(a.dtype) for a in found.values()} == {"float32"}


@pytest.mark.parametrize("name", [c.name for c in CASES if c.analytic])
def test_complex_step_agrees(name: str) -> None:
    program, given, sizes = inputs_of(BY_NAME[name])
    rng = np.random.default_rng(7)
    stepped = {n: a if a.dtype.kind == "i" else a + 1e-20j * rng.standard_normal(a.shape) for n, a in given.items()}
    expected = run_outputs(program, stepped, sizes)
    found = compile_program(program)(**stepped, sizes=sizes)
    assert_close({n: a.real for n, a in found.items()}, {n: a.real for n, a in expected.items()})
    steps = {n: 1e20 * np.where(np.isfinite(a.real), a.imag, 0) for n, a in expected.items()}
    assert_close({n: 1e20 * np.where(np.isfinite(a.real), a.imag, 0) for n, a in found.items()}, steps, 1e-9)
