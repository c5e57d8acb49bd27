// What kernels ask of the machine, as PTX for NVRTC: sm_80 and up.  Another text with the same names may stand in for this one.
// "Lane" is a thread's place in its warp, 0 to 31.  In fragments of matrices, g = lane / 4 and t = lane % 4.
// A pair is two numbers of 16 bits in one register; the low half is the one that comes first in memory.
// Titles in brackets are those of sections of the PTX ISA.

typedef unsigned short ix_u16;
typedef unsigned int ix_u32;

// ---- Numbers of 16 and 19 bits [Data Movement and Conversion Instructions: cvt] ----
// Rounding is to nearest, ties to even; what is too large becomes infinity; NaN stays NaN.

__device__ __forceinline__ ix_u32 ix_pack_bf16(float low, float high) {
  ix_u32 pair;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(high), "f"(low));  // cvt takes the upper half first
  return pair;
}

__device__ __forceinline__ ix_u32 ix_pack_f16(float low, float high) {
  ix_u32 pair;
  asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(high), "f"(low));
  return pair;
}

__device__ __forceinline__ ix_u16 ix_to_bf16(float x) {
  ix_u16 bits;
  asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(bits) : "f"(x));
  return bits;
}

__device__ __forceinline__ ix_u16 ix_to_f16(float x) {
  ix_u16 bits;
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(bits) : "f"(x));
  return bits;
}

// bf16 is the upper half of a float, so that no conversion is needed.
__device__ __forceinline__ float ix_from_bf16(ix_u16 bits) { return __uint_as_float(ix_u32(bits) << 16); }

__device__ __forceinline__ float ix_from_f16(ix_u16 bits) {
  float x;
  asm("cvt.f32.f16 %0, %1;" : "=f"(x) : "h"(bits));
  return x;
}

__device__ __forceinline__ float ix_low_bf16(ix_u32 pair) { return __uint_as_float(pair << 16); }
__device__ __forceinline__ float ix_high_bf16(ix_u32 pair) { return __uint_as_float(pair & 0xffff0000u); }
__device__ __forceinline__ float ix_low_f16(ix_u32 pair) { return ix_from_f16(ix_u16(pair)); }
__device__ __forceinline__ float ix_high_f16(ix_u32 pair) { return ix_from_f16(ix_u16(pair >> 16)); }

// A float with 10 bits behind the point, as ix_mma_tf32 reads it: to nearest, ties away from zero.  The product itself would cut.
__device__ __forceinline__ ix_u32 ix_to_tf32(float x) {
  ix_u32 bits;
  asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(bits) : "f"(x));
  return bits;
}

// ---- Functions of one instruction [Floating Point Instructions: ex2, lg2, tanh, max] ----

// 2^x within 2 units in the last place.  Denormal numbers count as zero, as argument and as result; 2^-inf = 0.
__device__ __forceinline__ float ix_exp2(float x) {
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}

// log2 x within 2^-22, absolutely where x is near 1 and relatively elsewhere.  Denormal numbers count as zero: -inf.
__device__ __forceinline__ float ix_log2(float x) {
  float y;
  asm("lg2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}

// tanh x with a relative error of 2^-11: enough for what becomes a number of 16 bits, too little for float results.
__device__ __forceinline__ float ix_tanh(float x) {
  float y;
  asm("tanh.approx.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}

// The larger one; NaN if one is NaN, where fmaxf would drop it.
__device__ __forceinline__ float ix_max(float a, float b) {
  float larger;
  asm("max.NaN.f32 %0, %1, %2;" : "=f"(larger) : "f"(a), "f"(b));
  return larger;
}

// ---- Fragments from shared memory [Warp-level matrix load instruction: ldmatrix] ----

__device__ __forceinline__ ix_u32 ix_shared_address(const void* place) { return ix_u32(__cvta_generic_to_shared(place)); }

// Four matrices of 8 rows of 16 bytes each.  Lane 8 i + r gives the address of row r of matrix i, a multiple of 16.
// Then word[i] of a lane is 32-bit word t of row g of matrix i: columns 2 t and 2 t + 1 of numbers of 16 bits, column t of floats.
// All lanes of the warp take part.
__device__ __forceinline__ void ix_ldmatrix(ix_u32 (&word)[4], const void* row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(word[0]), "=r"(word[1]), "=r"(word[2]), "=r"(word[3])
               : "r"(ix_shared_address(row))
               : "memory");
}

// The same for the transposed matrices of 8 by 8 numbers of 16 bits: word[i] holds column g of rows 2 t and 2 t + 1.
__device__ __forceinline__ void ix_ldmatrix_transposed(ix_u32 (&word)[4], const void* row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(word[0]), "=r"(word[1]), "=r"(word[2]), "=r"(word[3])
               : "r"(ix_shared_address(row))
               : "memory");
}

// ---- Products of a warp, C += A B [Multiply-and-Accumulate Instruction: mma] ----
// All lanes take part.  C is 16 by 8: c[0] and c[1] are row g, columns 2 t and 2 t + 1; c[2] and c[3] the same of row g + 8.
// The sums' order, and how far they are rounded in between, is the machine's.

// A is 16 by 16: a[0] holds row g, columns 2 t and 2 t + 1; a[1] row g + 8; a[2] and a[3] the same rows, 8 columns on.
// B is 16 by 8: b0 holds column g, rows 2 t and 2 t + 1; b1 the same column, 8 rows on.
// [Matrix Fragments for mma.m16n8k16 with floating point type]
__device__ __forceinline__ void ix_mma_bf16(float (&c)[4], const ix_u32 (&a)[4], ix_u32 b0, ix_u32 b1) {
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

__device__ __forceinline__ void ix_mma_f16(float (&c)[4], const ix_u32 (&a)[4], ix_u32 b0, ix_u32 b1) {
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

// A is 16 by 8 of what ix_to_tf32 gives: a[0] is row g, column t; a[1] row g + 8; a[2] and a[3] the same rows, 4 columns on.
// B is 8 by 8: b0 is column g, row t; b1 the same column, 4 rows on.
// [Matrix Fragments for mma.m16n8k8]
__device__ __forceinline__ void ix_mma_tf32(float (&c)[4], const ix_u32 (&a)[4], ix_u32 b0, ix_u32 b1) {
  asm volatile(
      "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

// ---- Copies from global to shared memory beside the computation [Non-bulk copy: cp.async] ----

// 16 bytes: the first `bytes` of them (0 to 16) from `from`, the rest zero.  Both addresses are multiples of 16, also where
// nothing is read.  The thread's copies are there when it has waited for their group; for other threads' copies wait at a
// barrier, too.
__device__ __forceinline__ void ix_copy16(void* to, const void* from, int bytes = 16) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;"
               :
               : "r"(ix_shared_address(to)), "l"(__cvta_generic_to_global(from)), "r"(bytes)
               : "memory");
}

// Ends a group of this thread's copies.
__device__ __forceinline__ void ix_copy_commit() { asm volatile("cp.async.commit_group;" : : : "memory"); }

// Waits until at most the N newest groups of this thread are unfinished.
template <int N>
__device__ __forceinline__ void ix_copy_wait() {
  asm volatile("cp.async.wait_group %0;" : : "n"(N) : "memory");
}

// ---- Additions to global memory that others add to as well [red, atom] ----
// In no certain order, so that the last digits may differ from run to run.

__device__ __forceinline__ void ix_atomic_add(float* sum, float x) {
  asm volatile("red.global.add.f32 [%0], %1;" : : "l"(__cvta_generic_to_global(sum)), "f"(x) : "memory");
}

// Pairs, at multiples of 4 bytes: each half is added and rounded by itself, and the two are two additions.
__device__ __forceinline__ void ix_atomic_add_f16(ix_u32* sum, ix_u32 pair) {
  asm volatile("red.global.add.noftz.f16x2 [%0], %1;" : : "l"(__cvta_generic_to_global(sum)), "r"(pair) : "memory");
}

__device__ __forceinline__ void ix_atomic_add_bf16(ix_u32* sum, ix_u32 pair) {
#if __CUDA_ARCH__ >= 900
  asm volatile("red.global.add.noftz.bf16x2 [%0], %1;" : : "l"(__cvta_generic_to_global(sum)), "r"(pair) : "memory");
#else
  // There is neither this addition in memory nor one in registers, but sum * 1 + pair.
  ix_u32 found = *reinterpret_cast<volatile ix_u32*>(sum), before;
  do {
    before = found;
    ix_u32 after;
    asm("fma.rn.bf16x2 %0, %1, %2, %3;" : "=r"(after) : "r"(before), "r"(0x3f803f80u), "r"(pair));
    found = atomicCAS(sum, before, after);
  } while (found != before);
#endif
}
