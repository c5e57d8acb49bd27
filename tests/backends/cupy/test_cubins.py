"""The figures of the families of kernels are those of the golden table, and none spills that must not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from indexcalc.backends.cupy.nvrtc import WHEEL

from .cubins import ARCHITECTURES, GOLDEN, skip_without_nvrtc, spilling, table, title
from .kernels import FAMILIES, Family

SPILLING = r"""
extern "C" __global__ void __launch_bounds__(1024) crowded(float* x) {
  float kept[128];
#pragma unroll
  for (int k = 0; k < 128; ++k) kept[k] = x[1024 * k + threadIdx.x];
  __syncthreads();
#pragma unroll
  for (int k = 0; k < 128; ++k) x[1024 * k + threadIdx.x] = kept[k] * kept[127 - k] + kept[(k * 7) % 128];
}
"""


def test_the_table_is_fresh() -> None:
    """After a change of kernels or primitives: `make cubins`, and look at what changed."""
    skip_without_nvrtc()
    golden = GOLDEN.read_text(encoding="utf-8")
    if golden.splitlines()[0] != title():
        pytest.skip(f"the table is of another release: {golden.splitlines()[0]}, here {title()}")
    assert table() == golden


def test_the_table_is_of_the_release_that_tests_install() -> None:
    constraints = (Path(__file__).parents[3] / "constraints.txt").read_text(encoding="utf-8")
    pinned = re.search(rf"^{WHEEL}==(\S+)$", constraints, re.MULTILINE)
    assert pinned and GOLDEN.read_text(encoding="utf-8").splitlines()[0] == f"# {WHEEL} {pinned[1]}"


def test_no_family_spills() -> None:
    skip_without_nvrtc()
    assert spilling() == []


@pytest.mark.parametrize("spills", [False, True])
def test_a_family_that_spills_is_seen_unless_it_may(spills: bool) -> None:
    skip_without_nvrtc()
    crowded = Family("crowded", "crowded", SPILLING, spills=spills)
    expected = [] if spills else [f"crowded {architecture}" for architecture in ARCHITECTURES]
    assert spilling([crowded, FAMILIES[-1]]) == expected
