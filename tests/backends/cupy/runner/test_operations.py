"""What threads do together gives what CUDA's programming guide says, computed anew in Python."""

from __future__ import annotations

import numpy as np
import pytest

from indexcalc.backends.cupy.runner import Kernels, Schedule, schedules
from tests.backends.cpp.batch import has_compiler

pytestmark = pytest.mark.skipif(not has_compiler(), reason="no C++ compiler")

OPERATIONS = r"""
#define ALL 0xffffffffu
struct Pair { int first; double second; };
extern "C" __global__ void shuffles(const int* x, int* y, int by, int width) {
  const int t = threadIdx.x, v = x[t];
  y[t] = __shfl_sync(ALL, v, by, width);
  y[32 + t] = __shfl_up_sync(ALL, v, by, width);
  y[64 + t] = __shfl_down_sync(ALL, v, by, width);
  y[96 + t] = __shfl_xor_sync(ALL, v, by, width);
}
extern "C" __global__ void votes(const int* x, unsigned* y) {
  const int t = threadIdx.x;
  const unsigned half = t < 16 ? 0xffffu : 0xffff0000u;
  y[t] = __ballot_sync(half, x[t] > 0);
  y[32 + t] = __any_sync(ALL, x[t] > 8);
  y[64 + t] = __all_sync(half, x[t] > -9);
  y[96 + t] = __match_any_sync(ALL, x[t]);
  y[128 + t] = unsigned(__reduce_max_sync(ALL, x[t]));
}
extern "C" __global__ void counts(const int* x, int* y) {
  const int t = threadIdx.x, n = blockDim.x;
  y[t] = __syncthreads_count(x[t] > 0);
  y[n + t] = __syncthreads_and(x[t] > -10);
  y[2 * n + t] = __syncthreads_or(x[t] > 8);
}
extern "C" __global__ void early(const double* x, double* y) {
  if (threadIdx.x >= 20) return;
  y[threadIdx.x] = __shfl_down_sync(ALL, x[threadIdx.x], 4);
  __syncthreads();
}
extern "C" __global__ void places(int* y) {
  const unsigned block = (blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x;
  const unsigned thread = (threadIdx.z * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x;
  y[block * blockDim.x * blockDim.y * blockDim.z + thread] += 1000 * block + thread;
}
extern "C" __global__ void locked(int* lock, int* counter) {
  for (bool done = false; !done;)
    if (atomicCAS(lock, 0, 1) == 0) {
      const int before = *counter;
      __nanosleep(1);
      *counter = before + 1;
      atomicExch(lock, 0);
      done = true;
    }
}
extern "C" __global__ void atomics(const float* x, float* sum, unsigned* few, int* most, double* wide) {
  const float v = x[blockIdx.x * blockDim.x + threadIdx.x];
  atomicAdd(sum, v);
  atomicAdd(wide, v);
  atomicMax(most, __float2int_rz(v));
  atomicInc(few, 6u);
}
extern "C" __global__ void turns(unsigned* next, unsigned* y) {
  y[atomicAdd(next, 1u)] = blockIdx.x * blockDim.x + threadIdx.x;
}
extern "C" __global__ void counted(unsigned long long* y) {
  for (int n = 0; n < 50000; ++n) atomicAdd(y, 1ull);
}
extern "C" __global__ void functions(const float* x, float* y, const int* i, int* j) {
  const float values[] = {rsqrtf(x[0]), float(rsqrt(double(x[0]))), __expf(x[1]), __saturatef(x[1]), __powf(x[0], 2),
                          max(x[0], x[1]), __int_as_float(__float_as_int(x[1])), __fmaf_rn(x[0], x[1], 1)};
  const int numbers[] = {__popc(i[0]), __clz(i[0]), __ffs(i[0]), int(__brev(1)),
                         int(__byte_perm(0x03020100, 0x07060504, 0x5216)),
                         int(__funnelshift_l(0x80000000, 1, 1)), __mulhi(1 << 30, 12), __float2int_rn(x[1])};
  for (int n = 0; n < 8; ++n) y[n] = values[n], j[n] = numbers[n];
}
extern "C" __global__ void fresh(unsigned* y) {
  __shared__ unsigned mine[4];
  extern __shared__ __align__(16) unsigned asked[];
  y[blockIdx.x * 4 + threadIdx.x] = threadIdx.x % 2 ? mine[threadIdx.x] : asked[threadIdx.x];
  mine[threadIdx.x] = asked[threadIdx.x] = 0;
}
template <int n>
__device__ float* buffer() { __shared__ float mine[n]; return mine; }
extern "C" __global__ void apart(float* y) {
  __shared__ volatile float first[2], second;
  first[threadIdx.x] = 1; second = 2;
  buffer<3>()[threadIdx.x] = 3; buffer<4>()[threadIdx.x] = 4;
  __syncthreads();
  const float all[] = {first[0], first[1], second, buffer<3>()[1], buffer<4>()[1]};
  for (int n = threadIdx.x; n < 5; n += 2) y[n] = all[n];
}
extern "C" __global__ void groups(const int* x, int* y, int behind) {
  __shared__ int to[8];
  for (int n = 0; n < 8; ++n) {
    __pipeline_memcpy_async(to + n, x + n, 4);
    if (n % 2) __pipeline_commit();
  }
  __pipeline_wait_prior(behind);
  for (int n = 0; n < 8; ++n) y[n] = to[n];
}
extern "C" __global__ void structures(Pair pair, float4 wide, const float4* x, double* y, bool add) {
  y[0] = pair.first + pair.second + wide.w + (add ? x[1].z : 0);
}
// The second half of the block makes numbers, the first half takes them; each goes on without the other where it can.
__device__ bool is_full(void* flag) { return *static_cast<int*>(flag) == 1; }
extern "C" __global__ void produced(const int* x, int* y, int n) {
  __shared__ int number, full[1];
  if (threadIdx.x == 0) full[0] = 0;
  __syncthreads();
  for (int i = 0; i < n; ++i) {
    if (threadIdx.x == 64) { number = x[i]; full[0] = 1; }
    if (threadIdx.x < 32) runner::wait_until(is_full, full, "a number");
    if (threadIdx.x == 3) y[i] = number;
    __syncthreads();
    if (threadIdx.x == 0) full[0] = 0;
    __syncthreads();
  }
}
extern "C" __global__ void handed_on(int* y) {
  __shared__ int number;
  if (threadIdx.x / 32 == 1) { if (threadIdx.x == 32) number = 5; __barrier_sync_count(3, 64); }
  if (threadIdx.x / 32 == 0) { __barrier_sync_count(3, 64); y[threadIdx.x] = number; }
}
__device__ void sum_all(void** lanes, uint32_t) {
  int sum = 0;
  for (int n = 0; n < 128; ++n) sum += *static_cast<int*>(lanes[n]) * n;
  for (int n = 0; n < 128; ++n) *static_cast<int*>(lanes[n]) = sum;
}
extern "C" __global__ void in_groups(int* y) {
  int mine = y[threadIdx.x];
  runner::warpgroup_collective(&mine, "a sum", sum_all);
  y[threadIdx.x] = mine;
}
"""
X = np.random.default_rng(3).integers(-9, 9, 160).astype(np.int32)


@pytest.fixture(scope="module")
def kernels() -> Kernels:
    return Kernels(OPERATIONS)


@pytest.mark.parametrize(("by", "width"), [(1, 32), (5, 8), (16, 32), (3, 4), (0, 1), (9, 16)])
@pytest.mark.parametrize("schedule", schedules()[::2], ids=lambda s: s.order)
def test_shuffles_reach_the_lanes_that_the_guide_names(kernels, by, width, schedule):
    y = np.zeros((4, 32), np.int32)
    kernels.launch("shuffles", 1, 32, [X, y, by, width], schedule=schedule)
    lanes = np.arange(32)
    first = lanes // width * width
    up = np.where(lanes - by >= first, lanes - by, lanes)
    down = np.where(lanes + by < first + width, lanes + by, lanes)
    across = np.where((lanes ^ by) < first + width, lanes ^ by, lanes)
    np.testing.assert_array_equal(y, X[[first + by % width, up, down, across]])


def test_votes_count_the_lanes_of_their_mask(kernels):
    x, y = X[:32], np.zeros((5, 32), np.uint32)
    kernels.launch("votes", 1, 32, [X, y], schedule=Schedule("random"))

    def bits(holds: np.ndarray) -> int:
        return sum(1 << n for n in range(32) if holds[n])

    ballot = bits(x > 0)
    assert y[0].tolist() == [ballot & 0xFFFF] * 16 + [ballot & 0xFFFF0000] * 16
    assert y[1].tolist() == [int((x > 8).any())] * 32
    assert y[2].tolist() == [int((x[:16] > -9).all())] * 16 + [int((x[16:] > -9).all())] * 16
    assert y[3].tolist() == [bits(x == x[n]) for n in range(32)]
    assert (y[4].astype(np.int32) == x.max()).all()


@pytest.mark.parametrize("schedule", schedules()[::2], ids=lambda s: s.order)
def test_barriers_count_predicates(kernels, schedule):
    y = np.zeros((3, 80), np.int32)
    kernels.launch("counts", 1, 80, [X, y], schedule=schedule)
    x = X[:80]
    assert (y == [[(x > 0).sum()], [(x > -10).all()], [(x > 8).any()]]).all()


def test_threads_that_have_exited_are_not_waited_for(kernels):
    x, y = np.arange(32.0), np.zeros(32)
    kernels.launch("early", 1, 32, [x, y])
    assert y[:16].tolist() == list(range(4, 20)) and (y[20:] == 0).all()
    assert np.isnan(y[16:20]).all(), "the value of a lane that is not there is undefined"


@pytest.mark.parametrize("schedule", schedules()[::2], ids=lambda s: s.order)
def test_every_thread_of_every_block_runs_once(kernels, schedule):
    y = np.zeros((30, 84), np.int32)
    kernels.launch("places", (5, 2, 3), (7, 4, 3), [y], schedule=schedule, workers=2)
    np.testing.assert_array_equal(y, 1000 * np.arange(30)[:, None] + np.arange(84))


def test_a_lock_is_held_by_one_thread(kernels):
    for schedule in schedules()[::2]:
        lock, counter = np.zeros(1, np.int32), np.zeros(1, np.int32)
        kernels.launch("locked", 3, 40, [lock, counter], schedule=schedule, workers=2, seconds=10)
        assert counter[0] == 120


def test_atomic_operations_lose_nothing(kernels):
    x = X[:128].astype(np.float32)
    sum_, few, most, wide = (np.zeros(1, t) for t in (np.float32, np.uint32, np.int32, np.float64))
    kernels.launch("atomics", 4, 32, [x, sum_, few, most, wide], workers=2, schedule=Schedule("random"))
    assert (sum_[0], few[0], most[0], wide[0]) == (x.sum(), 128 % 7, x.max(), x.sum())


def test_an_order_is_what_it_says(kernels):
    found = {}
    for schedule in (*schedules()[::2], Schedule("random"), Schedule("random", seed=1)):
        next_, y = np.zeros(1, np.uint32), np.zeros(350, np.uint32)
        kernels.launch("turns", 5, 70, [next_, y], schedule=schedule)
        assert sorted(y) == list(range(350))
        found.setdefault((schedule.order, schedule.seed), y)
        assert np.array_equal(found[schedule.order, schedule.seed], y), "a seed decides what is random"
    assert np.array_equal(found["forward", 0], np.arange(350))
    assert np.array_equal(found["backward", 0], np.arange(350)[::-1])
    assert len({tuple(y) for y in found.values()}) == 4


def test_workers_do_not_lose_what_another_one_adds(kernels):
    y = np.zeros(1, np.uint64)
    kernels.launch("counted", 16, 8, [y], workers=4)
    assert y[0] == 16 * 8 * 50000


def test_functions_of_numbers_are_those_of_device_code(kernels):
    x, y = np.array([4, 2.5], np.float32), np.zeros(8, np.float32)
    i, j = np.array([0b1011000], np.int32), np.zeros(8, np.int32)
    kernels.launch("functions", 1, 1, [x, y, i, j])
    np.testing.assert_allclose(y, [0.5, 0.5, np.exp(2.5), 1, 16, 4, 2.5, 11], rtol=1e-6)
    assert j.tolist() == [3, 25, 4, -(1 << 31), 0x05020106, 3, 3, 2]


def test_shared_memory_is_poison_at_the_start_of_every_block(kernels):
    y = np.zeros(12, np.uint32)
    kernels.launch("fresh", 3, 4, [y], shared=16)
    assert (y == 0xFFFFFFFF).all()
    assert np.isnan(y.view(np.float32)).all()


def test_shared_variables_lie_apart(kernels):
    y = np.zeros(5, np.float32)
    kernels.launch("apart", 1, 2, [y])
    assert y.tolist() == [1, 1, 2, 3, 4]


@pytest.mark.parametrize("behind", [0, 1, 3, 4])
def test_lazy_copies_arrive_at_the_wait_that_needs_them(kernels, behind):
    x, y = np.arange(8, dtype=np.int32), np.zeros(8, np.int32)
    kernels.launch("groups", 1, 1, [x, y, behind], schedule=Schedule(copies="lazy"))
    there = 8 - 2 * behind
    assert y.tolist() == [*range(there), *[-1] * (8 - there)]
    kernels.launch("groups", 1, 1, [x, y, behind], schedule=Schedule(copies="eager"))
    assert y.tolist() == list(range(8))


def test_structures_are_given_by_value(kernels):
    pair = np.array((3, 0.5), np.dtype([("first", np.int32), ("second", np.float64)], align=True))
    wide, x, y = np.array([0, 0, 0, 10], np.float32), np.arange(8, dtype=np.float32), np.zeros(1)
    kernels.launch("structures", 1, 1, [pair, wide.tobytes(), x, y, True])
    assert y[0] == 3 + 0.5 + 10 + 6
    kernels.launch("structures", 1, 1, [pair[()], wide.tobytes(), None, y, np.bool_(False)])
    assert y[0] == 13.5


@pytest.mark.parametrize("schedule", schedules()[::2], ids=lambda s: s.order)
def test_a_condition_is_waited_for(kernels, schedule):
    y = np.zeros(20, np.int32)
    kernels.launch("produced", 1, 96, [X, y, 20], schedule=schedule)
    np.testing.assert_array_equal(y, X[:20])


@pytest.mark.parametrize("schedule", schedules()[::2], ids=lambda s: s.order)
def test_warps_meet_at_a_named_barrier_from_different_places(kernels, schedule):
    y = np.zeros(32, np.int32)
    kernels.launch("handed_on", 1, 96, [y], schedule=schedule)
    assert (y == 5).all()


@pytest.mark.parametrize("schedule", schedules()[::2], ids=lambda s: s.order)
def test_a_warpgroup_works_together(kernels, schedule):
    y = np.arange(256, dtype=np.int32)
    expected = np.repeat(y.reshape(2, 128) @ np.arange(128), 128)
    kernels.launch("in_groups", 1, 256, [y], schedule=schedule)
    np.testing.assert_array_equal(y, expected)
