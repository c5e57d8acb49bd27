"""Kernels of the primitives, small but whole: what the table of cubins and other tests compile."""

from __future__ import annotations

from dataclasses import dataclass

PRODUCT = r"""
// C = A B for row-major A (rows x depth) and C (rows x columns), by tiles of 64 x 64, one copied ahead.
// B is columns x depth, or, to TRANSPOSE, depth x columns.  Rows of A and B are multiples of 16 bytes.
enum : int { SIDE = 64, CHUNKS = 4, PER_CHUNK = 16 / int(sizeof(NUMBER)), STEP = CHUNKS * PER_CHUNK };

// `height` rows of CHUNKS_OF chunks from a row and a column of `from` on, zeros outside of it.
template <int CHUNKS_OF>
__device__ __forceinline__ void copy_tile(unsigned char* tile, int height, const NUMBER* from, int rows, int columns,
                                          int row, int column) {
  for (int at = threadIdx.x; at < height * CHUNKS_OF; at += blockDim.x) {
    const int i = at / CHUNKS_OF, chunk = at % CHUNKS_OF, j = column + chunk * PER_CHUNK;
    const bool inside = /* mask */ (row + i < rows && j < columns);
    ix_copy16(tile + ix_swizzle<CHUNKS_OF>(i, chunk), from + (inside ? (long long)(row + i) * columns + j : 0),
              inside ? 16 : 0);
  }
}

extern "C" __global__ void __launch_bounds__(128)
    product(const NUMBER* a, const NUMBER* b, float* c, int rows, int columns, int depth) {
  __shared__ __align__(128) unsigned char left[2][SIDE * CHUNKS * 16], right[2][SIDE * CHUNKS * 16];
  const int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  const int row = blockIdx.y * SIDE, column = blockIdx.x * SIDE, steps = (depth + STEP - 1) / STEP;
  float sum[8][4] = {};
  const auto copy = [&](int step) {
    copy_tile<CHUNKS>(left[step % 2], SIDE, a, rows, depth, row, step * STEP);
#ifdef TRANSPOSE
    copy_tile<8>(right[step % 2], STEP, b, depth, columns, step * STEP, column);
#else
    copy_tile<CHUNKS>(right[step % 2], SIDE, b, columns, depth, column, step * STEP);
#endif
    ix_copy_commit();
  };
  copy(0);
  for (int step = 0; step < steps; ++step) {
    if (step + 1 < steps) {
      copy(step + 1);
      ix_copy_wait<1>();
    } else {
      ix_copy_wait<0>();
    }
    __syncthreads();
#pragma unroll
    for (int part = 0; part < CHUNKS / 2; ++part) {
      ix_u32 x[4];
      ix_ldmatrix(x, left[step % 2] + ix_swizzle<CHUNKS>(16 * warp + lane % 16, 2 * part + lane / 16));
#pragma unroll
      for (int pair = 0; pair < SIDE / 16; ++pair) {
        ix_u32 y[4];
#ifdef TRANSPOSE
        ix_ldmatrix_transposed(y, right[step % 2] + ix_swizzle<8>(16 * part + lane % 16, 2 * pair + lane / 16));
#else
        ix_ldmatrix(y, right[step % 2] +
                           ix_swizzle<CHUNKS>(16 * pair + lane / 16 * 8 + lane % 8, 2 * part + lane / 8 % 2));
#endif
        MULTIPLY(sum[2 * pair], x, y[0], y[1]);
        MULTIPLY(sum[2 * pair + 1], x, y[2], y[3]);
      }
    }
    __syncthreads();
  }
#pragma unroll
  for (int n = 0; n < 8; ++n)
#pragma unroll
    for (int k = 0; k < 4; ++k) {
      const int i = row + 16 * warp + lane / 4 + 8 * (k / 2), j = column + 8 * n + 2 * (lane % 4) + k % 2;
      if (i < rows && j < columns) c[(long long)i * columns + j] = sum[n][k];
    }
}
"""

ROUNDED = r"""
__device__ __forceinline__ void multiply(float (&c)[4], const ix_u32 (&a)[4], ix_u32 b0, ix_u32 b1) {
  const ix_u32 rounded[4] = {ix_to_tf32(__uint_as_float(a[0])), ix_to_tf32(__uint_as_float(a[1])),
                             ix_to_tf32(__uint_as_float(a[2])), ix_to_tf32(__uint_as_float(a[3]))};
  ix_mma_tf32(c, rounded, ix_to_tf32(__uint_as_float(b0)), ix_to_tf32(__uint_as_float(b1)));
}
"""

SOFTMAX = r"""
// Each row of x (rows x columns) becomes its softmax in bf16, by one warp; `columns` is even.
extern "C" __global__ void __launch_bounds__(128) softmax(const float* x, ix_u32* y, int rows, int columns) {
  const int lane = threadIdx.x % 32, row = blockIdx.x * 4 + threadIdx.x / 32;
  if (row >= rows) return;
  const float* from = x + (long long)row * columns;
  const float log2e = 1.44269504f;
  float most = -3.402823466e38f, sum = 0;
  for (int j = lane; j < columns; j += 32) most = ix_max(most, from[j]);
  most = ix_warp_max(most);
  for (int j = lane; j < columns; j += 32) sum += ix_exp2(log2e * (from[j] - most));
  const float scale = 1 / ix_warp_sum(sum);
  for (int j = 2 * lane; j < columns; j += 64)
    y[((long long)row * columns + j) / 2] = ix_pack_bf16(scale * ix_exp2(log2e * (from[j] - most)),
                                                         scale * ix_exp2(log2e * (from[j + 1] - most)));
}
"""


@dataclass(frozen=True, slots=True)
class Family:
    """A kernel whose figures are kept.  `spills` says that it may spill; then nobody looks."""

    name: str
    kernel: str
    text: str  # without the primitives
    options: tuple[str, ...] = ()
    spills: bool = False


def _product(kind: str, number: str, *more: str) -> Family:
    multiply = "multiply" if kind == "tf32" else f"ix_mma_{kind}"
    options = (f"-DNUMBER={number}", f"-DMULTIPLY={multiply}", *more)
    name = f"product_{kind}" + ("_transposed" if more else "")
    return Family(name, "product", ROUNDED * (kind == "tf32") + PRODUCT, options)


FAMILIES = (
    _product("bf16", "ix_u16"),
    _product("bf16", "ix_u16", "-DTRANSPOSE"),
    _product("f16", "ix_u16"),
    _product("tf32", "float"),
    Family("softmax", "softmax", SOFTMAX),
)
