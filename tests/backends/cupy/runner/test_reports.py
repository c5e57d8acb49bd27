"""Each way in which a kernel goes wrong has its report, with the place."""

from __future__ import annotations

import re
import time

import numpy as np
import pytest

from indexcalc.backends.cupy.runner import Kernels, Schedule, schedules
from indexcalc.diagnostics import IndexCalcError
from tests.backends.cpp.batch import has_compiler

pytestmark = pytest.mark.skipif(not has_compiler(), reason="no C++ compiler")

FAULTY = r"""
#define ALL 0xffffffffu
bool never(void*) { return false; }
extern "C" __global__ void waits_forever(float* x) { runner::wait_until(never, nullptr, "a flag"); }
extern "C" __global__ void half_at_a_barrier(float* x) {
  if (threadIdx.x < 16) __syncthreads();
  else x[threadIdx.x] = __shfl_xor_sync(ALL, x[threadIdx.x], 1);
}
extern "C" __global__ void two_barriers(float* x) {
  if (threadIdx.x < 32)
    __syncthreads();
  else
    __syncthreads();
}
extern "C" __global__ void two_operations(float* x) {
  if (threadIdx.x % 2) __shfl_sync(ALL, 1, 0);
  else __ballot_sync(ALL, 1);
}
extern "C" __global__ void not_in_its_mask(float* x) { if (threadIdx.x < 8) __syncwarp(0xfu); }
extern "C" __global__ void short_barrier(float* x) {
  if (threadIdx.x >= 64) return;
  __barrier_sync_count(1, 96);
}
extern "C" __global__ void torn_barrier(float* x) {
  if (threadIdx.x < 32) __barrier_sync_count(2, 64);
  else __barrier_sync_count(2, 96);
}
extern "C" __global__ void broken_warp_barrier(float* x) { __barrier_sync_count(1, 48); }
extern "C" __global__ void half_a_warpgroup(float* x) { runner::warpgroup_collective(nullptr, "wgmma", nullptr); }
extern "C" __global__ void behind_static(float* x) {
  __shared__ float a[8], b[4];
  float* all = a;
  all[threadIdx.x] = 1;
  __syncthreads();
  x[threadIdx.x] = b[0];
}
extern "C" __global__ void behind_dynamic(float* x) {
  extern __shared__ float4 rows[];
  float* all = (float*)rows;
  all[threadIdx.x] = 1;
}
extern "C" __global__ void spins(volatile float* x) { while (x[0] == 0) {} }
extern "C" __global__ void spins_politely(float* x) { while (x[0] == 0) __nanosleep(100); }
extern "C" __global__ void asserts(float* x) { assert(blockIdx.x + threadIdx.y < 3); }
extern "C" __global__ void traps(float* x) { if (threadIdx.x == 7) __trap(); }
extern "C" __global__ void unaligned_copy(char* x) {
  __shared__ char to[32];
  __pipeline_memcpy_async(to, x + 1, 16);
}
"""
LINES = {found[1]: n for n, line in enumerate(FAULTY.splitlines(), 1) if (found := re.search(r"__ void (\w+)", line))}


@pytest.fixture(scope="module")
def faulty() -> Kernels:
    return Kernels(FAULTY)


REPORTS = [
    ("waits_forever", 1, 3, r"IX972: `waits_forever` cannot go on: deadlock in block \(0, 0, 0\), thread \(0, 0, 0\), "
     r"line {0}: thread \(0, 0, 0\) at a flag in line {0}, thread \(1, 0, 0\) .* \(2, 0, 0\) at a flag in line {0}$"),
    ("waits_forever", 1, 9, r"IX972.*, and 5 more$"),
    ("half_at_a_barrier", 1, 32, r"IX973: threads of `half_at_a_barrier` diverge .*: lanes of warp 0 do not come "
     r"together: .*\(0, 0, 0\) at __syncthreads in line {1}, thread \(16, 0, 0\) at __shfl_xor_sync in line {2}$"),
    ("two_barriers", 1, 64, r"IX973.*: some threads are at __syncthreads in line {2}, others .* in line {4}$"),
    ("two_operations", 1, 32, r"IX973.*lanes of warp 0 are in different operations: .* in line \d+, lane \d+ in __"),
    ("not_in_its_mask", 1, 32, r"IX973.*thread \(4, 0, 0\), line {0}: lane 4 is not in the mask 0x0000000f of its __s"),
    ("short_barrier", 1, 96, r"IX973.*line {2}: barrier 1 waits for 96 threads, and 64 came: .*; 32 of 96 "),
    ("torn_barrier", 1, 96, r"IX973.*barrier 2 waits for 64 threads in line {1}, and for 96 here"),
    ("broken_warp_barrier", 1, 48, r"IX974.*a barrier of 48 threads: it takes whole warps of 32"),
    ("half_a_warpgroup", 1, 64, r"IX973.*wgmma takes the 128 threads of a warpgroup, and some have exited"),
    ("behind_static", 1, 13, r"IX974: `behind_static` writes outside of shared memory in block \(0, 0, 0\), line {4}: "
     r"`a`, `b` of 48 bytes was written to 0 bytes behind its end$"),
    ("behind_dynamic", (1, 2), 9, r"IX974.*block \(0, 0, 0\): dynamic shared memory of 32 bytes was written to 0 "),
    ("spins", 1, 1, r"IX972: `spins` takes longer than 0\.2 seconds: stopped in block \(0, 0, 0\)"),
    ("spins_politely", 1, 2, r"IX972: `spins_politely` takes longer than 0\.2 seconds: .*in block .*{0}"),
    ("asserts", (2, 2), (1, 4), r"IX974: `asserts` stopped in block \(0, 0, 0\), thread \(0, 3, 0\), line {0}: ass"),
    ("traps", 1, 9, r"IX974.*thread \(7, 0, 0\), line {0}: __trap$"),
    ("unaligned_copy", 1, 1, r"IX974.*line {2}: an asynchronous copy of 16 bytes that is not aligned to them"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "grid", "block", "message"), REPORTS, ids=[f"{r[0]}-{r[2]}" for r in REPORTS])
def test_a_report_says_what_and_where(faulty, name, grid, block, message):
    expected = message.format(*(LINES[name] + n for n in range(6)))
    x = np.zeros(96, np.float32)
    with pytest.raises(IndexCalcError) as caught:
        faulty.launch(name, grid, block, [x], shared=32, seconds=0.2)
    found = caught.value.diagnostics[0]
    assert re.search(expected, f"{found.code}: {found.message}"), found.message


@pytest.mark.parametrize("name", ["half_at_a_barrier", "two_operations", "short_barrier", "behind_dynamic"])
def test_a_fault_is_reported_under_every_schedule(faulty, name):
    for schedule in schedules(seed=3):
        with pytest.raises(IndexCalcError, match=r"IX97[34]"):
            faulty.launch(name, 2, 96, [np.zeros(96, np.float32)], schedule=schedule)


def test_a_launch_is_stopped_in_time_and_leaves_the_next_one_alone(faulty):
    begun = time.monotonic()
    for workers in (1, 2):
        with pytest.raises(IndexCalcError, match="IX972"):
            faulty.launch("spins", 4, 4, [np.zeros(1, np.float32)], workers=workers, seconds=0.1)
    assert time.monotonic() - begun < 10
    faulty.launch("spins", 4, 4, [np.ones(1, np.float32)])


def test_a_fault_of_one_block_stops_the_others(faulty):
    with pytest.raises(IndexCalcError, match=r"in block \([1-3], [01], 0\), thread \(0, [0-2], 0\)"):
        faulty.launch("asserts", (4, 2), (1, 3), [None], workers=3, schedule=Schedule("random", seed=2))
