"""Kernels as a GPU would run them give what NumPy gives, under every schedule; what is missing in one is noticed."""

from __future__ import annotations

import numpy as np
import pytest

from indexcalc.backends.cupy.runner import Kernels, Schedule, mutations, schedules
from tests.backends.cpp.batch import has_compiler

from .running import CASES, is_right, softmax

pytestmark = pytest.mark.skipif(not has_compiler(), reason="no C++ compiler")

MUTATIONS = [(name, mutation) for name, (source, _, _) in CASES.items() for mutation in mutations(source)]


@pytest.mark.parametrize("name", CASES)
def test_a_kernel_gives_what_numpy_gives_under_every_schedule(name):
    source, defines, run = CASES[name]
    kernels = Kernels(source, defines)
    for schedule in (*schedules(), *schedules(seed=5)):
        found, expected = run(kernels, schedule)
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6, err_msg=str(schedule))


@pytest.mark.parametrize(("name", "mutation"), MUTATIONS, ids=[f"{n}-line-{m.line}" for n, m in MUTATIONS])
def test_what_a_kernel_lacks_is_noticed(name, mutation):
    _, defines, run = CASES[name]
    kernels = Kernels(mutation.source, defines)
    assert not all(is_right(kernels, run, schedule) for schedule in schedules()), mutation.removed


def test_there_is_something_to_remove_in_every_kernel():
    assert {name: len(list(mutations(source))) for name, (source, _, _) in CASES.items()} == {
        "softmax": 3,
        "matmul": 5,
        "histogram": 2,
        "scan": 2,
    }


@pytest.mark.parametrize("workers", [1, 3])
def test_blocks_run_side_by_side_with_the_same_result(workers):
    kernels = Kernels(CASES["softmax"][0])
    alone, expected = softmax(kernels, Schedule())
    together, _ = softmax(kernels, Schedule("random"), workers)
    np.testing.assert_allclose(together, expected, rtol=1e-5)
    assert np.array_equal(alone, together)


def test_contexts_of_the_system_serve_where_there_is_no_assembly():
    source, defines, run = CASES["matmul"]
    kernels = Kernels(source, defines)
    switched = Kernels(source, defines)
    for schedule in schedules():
        assert np.array_equal(run(kernels, schedule)[0], run(switched, schedule)[0], equal_nan=True)
