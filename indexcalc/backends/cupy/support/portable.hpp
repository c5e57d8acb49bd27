// What is made of primitives and of CUDA's own functions, and so is one text for every machine; it stands behind primitives.hpp.

// Where chunk `chunk` of row `row` lies, in bytes, in a tile in shared memory whose rows have CHUNKS chunks of 16 bytes.  Any 8
// rows that follow each other have one chunk in 8 different eighths of the 32 banks, so that ix_ldmatrix reads a matrix at
// once.  Rows of an odd number of chunks have that by themselves.  Of others the places of a row's chunks are exchanged within
// groups of P, the largest power of 2 up to 8 that divides CHUNKS, by XOR with what 8 / P rows have in common.
template <int CHUNKS>
__device__ __forceinline__ ix_u32 ix_swizzle(ix_u32 row, ix_u32 chunk) {
  constexpr ix_u32 P = (CHUNKS & -CHUNKS) < 8 ? (CHUNKS & -CHUNKS) : 8;
  return 16 * (row * CHUNKS + (chunk ^ (row / (8 / P) % P)));
}

// The sum over each LANES lanes that follow each other, at every one of them, always in the same order.  The whole warp takes
// part; 4 lanes share a row of what ix_mma_* adds to.
template <int LANES = 32>
__device__ __forceinline__ float ix_warp_sum(float x) {
#pragma unroll
  for (int distance = LANES / 2; distance > 0; distance /= 2) x += __shfl_xor_sync(0xffffffffu, x, distance);
  return x;
}

// The same for the maximum, which is NaN where one of them is.
template <int LANES = 32>
__device__ __forceinline__ float ix_warp_max(float x) {
#pragma unroll
  for (int distance = LANES / 2; distance > 0; distance /= 2) x = ix_max(x, __shfl_xor_sync(0xffffffffu, x, distance));
  return x;
}
