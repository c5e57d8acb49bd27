"""Where NaN comes out: at the results that depend on the number that is NaN, and nowhere else.

What depends on it is found by the interpreter with two other numbers in its place, and the most that may be NaN is what
the interpreter makes of it.  Both are the same but for factors that are 0 by their indices alone, whose products with
NaN the interpreter forms and other code may leave out.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import indexcalc as ic
from indexcalc.backends.cpp.spelling import CPP
from indexcalc.backends.emitter import emit
from indexcalc.backends.function import load
from indexcalc.backends.numpy.emit import NUMPY
from indexcalc.interpret.run import run_outputs
from indexcalc.ir.graph import Graph
from indexcalc.lower.passes import ORDER
from indexcalc.lower.program import lower_program
from tests.backends.cpp.batch import Batch, has_compiler

from .programs import programs
from .test_fuse import TARGET, with_tiles
from .test_fuse_random import fused_anyhow
from .test_random_programs import DECIDED, EXTENTS, arrays, sizes_of

FUZZ = os.environ.get("HYPOTHESIS_PROFILE") == "fuzz"
CHECKED = settings(deadline=None, suppress_health_check=list(HealthCheck))
Case = tuple[ic.Program, dict[str, int], dict[str, Any], str, int]
CHOOSING = re.compile(r"\b(relu|abs|max|min|sign)\b|[<>=]=|[<>]")  # may not pass on what they are given
ZEROS = re.compile(r"delta|where|<=|<")  # factors that are 0 by their indices, and masks


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A program, extents, arrays, and the number in them that is to be NaN: its array and place."""
    program, extents = draw(programs()), draw(st.sampled_from(EXTENTS))
    given = arrays(program, extents, draw(st.integers(0, 3)))
    name = draw(st.sampled_from([n for n, a in given.items() if a.dtype.kind == "f"] or [next(iter(given))]))
    return program, extents, given, name, draw(st.integers(0, given[name].size - 1))


def with_number(given: Mapping[str, Any], name: str, place: int, number: float) -> dict[str, Any]:
    changed = np.array(given[name], float)
    changed.flat[place] = number
    return {**given, name: changed}


def assert_nan_where_it_belongs(found: Mapping[str, Any], case: Case) -> None:
    program, extents, given, name, place = case
    sizes = sizes_of(program, extents)
    most = run_outputs(program, with_number(given, name, place, np.nan), sizes)
    one, other = (run_outputs(program, with_number(given, name, place, x), sizes) for x in (0.3, 1.7))
    text = str(program)
    for output, value in most.items():
        nan = np.isnan(found[output])
        assert not (nan & ~np.isnan(value)).any(), f"{output} is NaN where the interpreter has a number"
        moved = np.abs(one[output] - other[output]) > 1e-9 * (1 + np.abs(one[output]))
        if not CHOOSING.search(text):
            assert nan[moved].all(), f"{output} does not depend on what is NaN"
        if not ZEROS.search(text):
            assert (nan == np.isnan(value)).all(), f"{output} is NaN elsewhere than in the interpreter"
        seen = ~nan & ~np.isnan(value)
        scale = max(1.0, np.abs(value[seen]).max(initial=0.0))
        np.testing.assert_allclose(np.asarray(found[output])[seen], value[seen], rtol=1e-10, atol=1e-10 * scale)


def run(case: Case, graph: Graph) -> dict[str, Any]:
    program, extents, given, name, place = case
    emitted = emit(program, graph, NUMPY)
    read = {key: extents[str(space.extent)] for key, space in emitted.sizes.items()}
    with np.errstate(all="ignore"):
        return load(emitted.source, "<test>")(with_number(given, name, place, np.nan), read)


@settings(CHECKED, max_examples=400 if FUZZ else 40)
@given(cases(), st.lists(st.sampled_from(ORDER), unique=True))
def test_with_passes_left_out(case: Case, without: list[str]) -> None:
    graph = lower_program(case[0], sizes=decided(case[0]), target=TARGET, without=without)
    assert_nan_where_it_belongs(run(case, graph), case)


@pytest.mark.parametrize("style", ["split", "accumulated", "whole rows"])
def test_in_kernels(style: str) -> None:
    @settings(CHECKED, max_examples=200 if FUZZ else 20)
    @given(cases(), st.sampled_from((2, 3, 100)))
    def check(case: Case, tile: int) -> None:
        assert_nan_where_it_belongs(run(case, with_tiles(fused_anyhow(case[0], style), tile)), case)

    check()


@pytest.mark.skipif(not has_compiler(), reason="no C++ compiler")
@settings(CHECKED, max_examples=8 if FUZZ else 1)
@given(st.lists(cases(), min_size=8, max_size=8))
def test_in_cpp(found: list[Case]) -> None:
    named = {str(n): case for n, case in enumerate(found)}
    graphs = {n: lower_program(c[0], sizes=decided(c[0]), target=CPP.target) for n, c in named.items()}
    batch = Batch({n: case[0] for n, case in named.items()}, "float64", ("-O0",), graphs)
    for n, case in named.items():
        program, extents, inputs, name, place = case
        results = batch.run(n, with_number(inputs, name, place, np.nan), sizes_of(program, extents))
        assert_nan_where_it_belongs(results, case)


def decided(program: ic.Program) -> dict[str, int]:
    return {n: size for n, size in DECIDED.items() if any(s.extent == n for s in program.spaces)}
