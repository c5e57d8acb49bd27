"""Peak memory against what the emitted text's variables really hold, for every operation that there is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import indexcalc as ic
from indexcalc.ir.program import Program
from indexcalc.ir.signature import SizeTable, bind_sizes
from indexcalc.lower.liveness import IN_PLACE
from tests.backends.cases import BY_NAME, arrays, given_sizes

from .observed import observed_peak

KERNELS = "fuse,fuse-rows"  # whose blocks are no variables of the text; tests/cost/test_kernels.py has them

# Programs whose result is a plain number, or whose positions are checked by a helper that hands its argument through.
ATTENTION = """
index i, j : seq(L)
index d, a : head_dim(D)
S[i, j] = Q[i, d] K[j, d] / sqrt(D)
P[i, j] = softmax[j](where(j <= i, S[i, j], -inf))
O[i, a] = P[i, j] V[j, a]
"""


def named_sizes(program: Program, given: dict[str, Any], sizes: dict[str, int]) -> dict[str, int]:
    """The size of every space by a name that the program knows."""
    table = SizeTable(program)
    bound = bind_sizes(program, {n: np.shape(a) for n, a in given.items()}, sizes)
    return {table.key(space): bound[space] for space in bound if not isinstance(space.extent, int)}


@pytest.mark.parametrize("name", list(BY_NAME))
def test_the_count_is_what_the_variables_hold(name: str) -> None:
    case = BY_NAME[name]
    program = case.program
    given = arrays(program, case.sizes, 0, case.positive)
    sizes = named_sizes(program, given, given_sizes(program, case.sizes))
    counted = ic.cost(program, sizes, without=KERNELS).peak_bytes
    assert counted == observed_peak(ic.emit(program, sizes=sizes, without=KERNELS), given, sizes)


@pytest.mark.parametrize("length", [5, 40])
def test_of_a_backward_pass(length: int) -> None:
    program = ic.grad(ATTENTION, "Q,K,V", with_value=True)
    rng = np.random.default_rng(0)
    given = {name: rng.normal(size=(length, 4)) for name in program.inputs}
    sizes = {"L": length, "D": 4}
    counted = ic.cost(program, sizes, without=KERNELS).peak_bytes
    assert counted == observed_peak(ic.emit(program, sizes=sizes, without=KERNELS), given, sizes)


def test_numpy_can_write_in_place_what_is_counted_as_written_in_place() -> None:
    from indexcalc.backends.numpy.emit import NUMPY

    assert set(NUMPY.in_place) == IN_PLACE


def test_a_chain_frees_what_it_has_read() -> None:
    text = "B[i,j] = A[i,k] A[k,j]\nC[i,j] = B[i,k] B[k,j]\nD[i,j] = C[i,k] C[k,j]"
    assert ic.cost(text, {"i": 10}).peak_bytes == 3 * 800
    assert [s.peak_bytes for s in ic.cost(text, {"i": 10}).statements] == [1600, 2400, 2400]
    assert ic.cost(text, {"i": 10}, dtype="float32").peak_bytes == 3 * 400
