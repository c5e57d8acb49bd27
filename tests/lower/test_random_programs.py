"""Random programs give what the interpreter gives, on every backend, with every subset of passes left out."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import indexcalc as ic
from indexcalc.backends.base import BACKENDS, Backend
from indexcalc.backends.cpp.spelling import CPP
from indexcalc.backends.recipe import Recipe
from indexcalc.backends.variants import emitted
from indexcalc.interpret.run import run_outputs
from indexcalc.lower.fuse import tiles
from indexcalc.lower.passes import ORDER
from indexcalc.lower.program import lower_program
from indexcalc.lower.sizes import representative_sizes
from tests.backends import fusing
from tests.backends.cpp.batch import Batch

from .programs import programs

FUZZ = os.environ.get("HYPOTHESIS_PROFILE") == "fuzz"
DECIDED = {"L": 2048, "D": 64, "H": 8, "V": 1000}
EXTENTS = ({"L": 5, "D": 3, "H": 2, "V": 4}, {"L": 7, "D": 1, "H": 1, "V": 3}, {"L": 37, "D": 4, "H": 2, "V": 5})
CHECKED = settings(deadline=None, suppress_health_check=list(HealthCheck))


@st.composite
def cases(draw: st.DrawFn) -> tuple[ic.Program, list[str], dict[str, int], int]:
    """A program, passes to leave out, extents, and a seed for its arrays."""
    program = draw(programs())
    out = draw(st.lists(st.sampled_from(ORDER), unique=True))
    return program, out, draw(st.sampled_from(EXTENTS)), draw(st.integers(0, 3))


def arrays(program: ic.Program, extents: Mapping[str, int], seed: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    found: dict[str, Any] = {}
    for name, tensor in program.inputs.items():
        shape = tuple(extents[str(s.extent)] for s in tensor.spaces)
        if tensor.values is not None:
            found[name] = rng.integers(0, extents[str(tensor.values.extent)], shape)
        else:
            found[name] = rng.standard_normal(shape)
    return found


SPACE_OF = {"L": "seq", "D": "feat", "H": "heads", "V": "vocab"}  # spaces by their extents


def assert_like_interpreter(backend: Backend, case: tuple[ic.Program, list[str], dict[str, int], int]) -> None:
    program, out, extents, seed = case
    inputs = arrays(program, extents, seed)
    expected = run_outputs(program, inputs, sizes_of(program, extents))
    found = emitted(Recipe(program, backend, representative_sizes(program, DECIDED), out))
    read = {name: extents[str(space.extent)] for name, space in found.sizes.items()}
    assert_close(backend.load(found)(own(backend, inputs), read), expected)


def sizes_of(program: ic.Program, extents: Mapping[str, int]) -> dict[str, int]:
    """The extents by the names of the program's spaces."""
    known = {space.name for space in program.spaces}
    return {SPACE_OF[n]: size for n, size in extents.items() if SPACE_OF[n] in known}


def assert_close(result: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    assert list(result) == list(expected)
    for name, value in expected.items():
        scale = max(1.0, np.abs(value[np.isfinite(value)]).max(initial=0.0))
        np.testing.assert_allclose(np.asarray(result[name]), value, rtol=1e-10, atol=1e-10 * scale, err_msg=name)


def own(backend: Backend, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
    """The inputs as arrays of the backend's own."""
    if backend.name != "torch":
        return inputs
    import torch

    return {n: torch.as_tensor(x) for n, x in inputs.items()}


@settings(CHECKED, max_examples=600 if FUZZ else 40)
@given(cases())
def test_numpy(case: Any) -> None:
    assert_like_interpreter(fusing.BACKEND, case)


@settings(CHECKED, max_examples=600 if FUZZ else 50)
@given(cases())
def test_numpy_in_tiles_so_small_that_arrays_have_many(case: Any) -> None:
    with mock.patch.object(tiles, "SIZES", (2, 4, 8)):
        assert_like_interpreter(fusing.TILING, case)


@settings(CHECKED, max_examples=200 if FUZZ else 20)
@given(cases())
def test_torch(case: Any) -> None:
    pytest.importorskip("torch")
    assert_like_interpreter(BACKENDS["torch"], case)


@settings(CHECKED, max_examples=8 if FUZZ else 1)
@given(st.lists(cases(), min_size=8, max_size=8))
def test_cpp(found: list[Any]) -> None:
    """Several programs in one source, because compiling takes most of the time."""
    named = {f"program {n}": case for n, case in enumerate(found)}
    graphs = {
        name: lower_program(program, sizes=DECIDED, target=CPP.target, without=out, check=True)
        for name, (program, out, _, _) in named.items()
    }
    batch = Batch({name: case[0] for name, case in named.items()}, "float64", ("-O0",), graphs)
    for name, (program, _, extents, seed) in named.items():
        inputs, sizes = arrays(program, extents, seed), sizes_of(program, extents)
        assert_close(batch.run(name, inputs, sizes), run_outputs(program, inputs, sizes))
