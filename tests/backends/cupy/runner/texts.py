"""CUDA kernels that the tests run, as they would be given to a GPU."""

SOFTMAX = r"""
// One row per block: maxima and sums by shuffles in a warp, then through shared memory.
extern "C" __global__ void __launch_bounds__(256) softmax(const float* __restrict__ x, float* y, int columns) {
  __shared__ float part[32];
  const int t = threadIdx.x, lane = t % warpSize, warp = t / warpSize, warps = blockDim.x / warpSize;
  const float* row = x + (size_t)blockIdx.x * columns;
  float most = -INFINITY;
  for (int c = t; c < columns; c += blockDim.x) most = fmaxf(most, __ldg(row + c));
#pragma unroll
  for (int by = 16; by; by >>= 1) most = fmaxf(most, __shfl_xor_sync(0xffffffffu, most, by));
  if (lane == 0) part[warp] = most;
  __syncthreads();
  most = part[0];
  for (int w = 1; w < warps; ++w) most = fmaxf(most, part[w]);
  __syncthreads();
  float sum = 0;
  for (int c = t; c < columns; c += blockDim.x) sum += __expf(row[c] - most);
  for (int by = 16; by; by >>= 1) sum += __shfl_down_sync(0xffffffffu, sum, by);
  if (lane == 0) part[warp] = sum;
  __syncthreads();
  sum = 0;
  for (int w = 0; w < warps; ++w) sum += part[w];
  for (int c = t; c < columns; c += blockDim.x) y[(size_t)blockIdx.x * columns + c] = __expf(row[c] - most) / sum;
}
"""

MATMUL = r"""
#include <cuda_pipeline.h>
// C = A B by tiles of T x T, the next one on its way while one is multiplied.
__device__ void begin(float (*to)[T], const float* from, int row, int column, int rows, int columns) {
  const bool inside = /* mask */ (row + threadIdx.y < rows && column + threadIdx.x < columns);
  const float* at = inside ? from + (size_t)(row + threadIdx.y) * columns + column + threadIdx.x : from;
  __pipeline_memcpy_async(&to[threadIdx.y][threadIdx.x], at, 4, inside ? 0 : 4);
}

extern "C" __global__ void matmul(const float* A, const float* B, float* C, int m, int n, int k) {
  extern __shared__ float tiles[][T][T];
  float (*a)[T][T] = tiles, (*b)[T][T] = tiles + 2;
  const int row = blockIdx.y * T, column = blockIdx.x * T;
  float sum = 0;
  begin(a[0], A, row, 0, m, k);
  begin(b[0], B, 0, column, k, n);
  __pipeline_commit();
  for (int step = 0; step * T < k; ++step) {
    if ((step + 1) * T < k) {
      begin(a[(step + 1) % 2], A, row, (step + 1) * T, m, k);
      begin(b[(step + 1) % 2], B, (step + 1) * T, column, k, n);
    }
    __pipeline_commit();
    __pipeline_wait_prior(1);
    __syncthreads();
    for (int i = 0; i < T; ++i) sum += a[step % 2][threadIdx.y][i] * b[step % 2][i][threadIdx.x];
    __syncthreads();
  }
  if (/* mask */ (row + threadIdx.y < m && column + threadIdx.x < n))
    C[(size_t)(row + threadIdx.y) * n + column + threadIdx.x] = sum;
}
"""

HISTOGRAM = r"""
// Counts in shared memory first, then one addition per bin and block.
extern "C" __global__ void histogram(const unsigned char* x, unsigned* counts, int n) {
  __shared__ unsigned mine[256];
  for (int bin = threadIdx.x; bin < 256; bin += blockDim.x) mine[bin] = 0;
  __syncthreads();
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) atomicAdd(&mine[x[i]], 1u);
  __syncthreads();
  for (int bin = threadIdx.x; bin < 256; bin += blockDim.x) atomicAdd(counts + bin, mine[bin]);
}
"""

SCAN = r"""
// Inclusive sums of a block's elements: in each step every thread adds what stands 2^step before it.
extern "C" __global__ void inclusive(const int* x, int* y) {
  extern __shared__ int now[];
  const int t = threadIdx.x, n = blockDim.x;
  int* next = now + n;
  int* last = now;
  last[t] = x[blockIdx.x * n + t];
  __syncthreads();
  for (int by = 1; by < n; by *= 2) {
    next[t] = last[t] + (t >= by ? last[t - by] : 0);
    __syncthreads();
    int* was = last;
    last = next, next = was;
  }
  y[blockIdx.x * n + t] = last[n - 1 - t];
}
"""
