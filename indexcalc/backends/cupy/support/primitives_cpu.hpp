// The functions of primitives.hpp for the CPU runner, whose text stands before this one.  What they give to each lane is the same;
// functions and sums are as exact as the CPU has them, and so closer to the formula than a GPU's.

typedef uint16_t ix_u16;
typedef uint32_t ix_u32;

namespace ix {

static inline ix_u32 bits_of(float x) {
  ix_u32 bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

static inline float float_of(ix_u32 bits) {
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

static inline bool is_denormal(float x) { return x != 0 && fabsf(x) < 1.17549435e-38f; }

}  // namespace ix

// ---- Numbers of 16 and 19 bits ----

static inline ix_u16 ix_to_bf16(float x) {
  const ix_u32 bits = ix::bits_of(x);
  return x != x ? 0x7fff : ix_u16((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

static inline ix_u16 ix_to_f16(float x) {
  const ix_u32 bits = ix::bits_of(x), sign = bits >> 16 & 0x8000, size = bits & 0x7fffffff;
  if (x != x) return 0x7fff;
  if (size >= 0x477ff000) return ix_u16(sign | 0x7c00);  // 65520, half a step above the largest number
  if (size < 0x38800000)  // below 2^-14, where steps are 2^-24 as in a float between 1/2 and 1, so that the addition rounds
    return ix_u16(sign | (ix::bits_of(ix::float_of(size) + 0.5f) - 0x3f000000));
  return ix_u16(sign | ((size + 0xfff + (size >> 13 & 1) - (112u << 23)) >> 13));  // exponents begin 112 later
}

static inline float ix_from_bf16(ix_u16 bits) { return ix::float_of(ix_u32(bits) << 16); }

static inline float ix_from_f16(ix_u16 bits) {
  const ix_u32 sign = ix_u32(bits & 0x8000) << 16, exponent = bits >> 10 & 31, digits = bits & 0x3ff;
  if (exponent == 31) return ix::float_of(sign | 0x7f800000 | digits << 13);
  if (exponent == 0) return ix::float_of(sign | ix::bits_of(float(digits) * 0x1p-24f));
  return ix::float_of(sign | (exponent + 112) << 23 | digits << 13);
}

static inline ix_u32 ix_pack_bf16(float low, float high) { return ix_to_bf16(low) | ix_u32(ix_to_bf16(high)) << 16; }
static inline ix_u32 ix_pack_f16(float low, float high) { return ix_to_f16(low) | ix_u32(ix_to_f16(high)) << 16; }
static inline float ix_low_bf16(ix_u32 pair) { return ix::float_of(pair << 16); }
static inline float ix_high_bf16(ix_u32 pair) { return ix::float_of(pair & 0xffff0000u); }
static inline float ix_low_f16(ix_u32 pair) { return ix_from_f16(ix_u16(pair)); }
static inline float ix_high_f16(ix_u32 pair) { return ix_from_f16(ix_u16(pair >> 16)); }
static inline ix_u32 ix_to_tf32(float x) { return x != x ? 0x7fffffff : (ix::bits_of(x) + 0x1000) & ~0x1fffu; }

// ---- Functions of one instruction ----

static inline float ix_exp2(float x) {
  const float y = exp2f(x);
  return ix::is_denormal(y) ? 0.0f : y;
}

static inline float ix_log2(float x) { return ix::is_denormal(x) ? -INFINITY : log2f(x); }
static inline float ix_tanh(float x) { return tanhf(x); }
static inline float ix_max(float a, float b) { return a != a || b != b ? NAN : a > b ? a : b; }

// ---- What the lanes of a warp do together ----

namespace ix {

struct Rows {
  const void* row;
  ix_u32* word;
  int line;
};

struct Product {
  float* c;
  const ix_u32* a;
  ix_u32 b0, b1;
  int line;
};

template <class Argument>
static void all_present(void** arguments, uint32_t present, const char* name) {
  if (present == ~0u) return;
  const Argument* any = static_cast<const Argument*>(arguments[__builtin_ctz(present)]);
  runner::stop(runner::DIVERGENCE, any->line, "%s takes all 32 lanes of a warp, and some have exited or never were", name);
}

template <bool TRANSPOSED>
static void load(void** arguments, uint32_t present) {
  all_present<Rows>(arguments, present, "ix_ldmatrix");
  for (int i = 0; i < 4; ++i) {
    ix_u16 matrix[8][8];
    for (int r = 0; r < 8; ++r) memcpy(matrix[r], static_cast<const Rows*>(arguments[8 * i + r])->row, 16);
    for (int lane = 0; lane < 32; ++lane) {
      const int g = lane / 4, t = lane % 4;
      const ix_u16 low = TRANSPOSED ? matrix[2 * t][g] : matrix[g][2 * t];
      const ix_u16 high = TRANSPOSED ? matrix[2 * t + 1][g] : matrix[g][2 * t + 1];
      static_cast<const Rows*>(arguments[lane])->word[i] = low | ix_u32(high) << 16;
    }
  }
}

static inline void start_load(ix_u32 (&word)[4], const void* row, const char* name, runner::Function load, int line) {
  if (reinterpret_cast<uintptr_t>(row) % 16)
    runner::stop(runner::STOPPED, line, "%s of a row whose address is no multiple of 16", name);
  Rows mine = {row, word, line};
  runner::warp_collective(~0u, &mine, name, load, line);
}

// The numbers in one word of a fragment: two of 16 bits, or one of 32.
struct Bf16 {
  static constexpr int COUNT = 2;
  static float number(ix_u32 word, int k) { return k ? ix_high_bf16(word) : ix_low_bf16(word); }
};
struct F16 {
  static constexpr int COUNT = 2;
  static float number(ix_u32 word, int k) { return k ? ix_high_f16(word) : ix_low_f16(word); }
};
struct Tf32 {
  static constexpr int COUNT = 1;
  static float number(ix_u32 word, int) { return float_of(word & ~0x1fffu); }  // what lies behind is not read
};

// C += A B: A is 16 by 8 COUNT, B 8 COUNT by 8.
template <class Type>
static void multiply(void** arguments, uint32_t present) {
  all_present<Product>(arguments, present, "ix_mma");
  constexpr int N = Type::COUNT, DEPTH = 8 * N;
  float a[16][DEPTH], b[DEPTH][8], c[16][8] = {};
  for (int lane = 0; lane < 32; ++lane) {
    const Product& mine = *static_cast<const Product*>(arguments[lane]);
    const int g = lane / 4, t = lane % 4;
    for (int k = 0; k < N; ++k) {
      for (int i = 0; i < 4; ++i) a[g + i % 2 * 8][N * t + k + i / 2 * 4 * N] = Type::number(mine.a[i], k);
      b[N * t + k][g] = Type::number(mine.b0, k);
      b[N * t + k + 4 * N][g] = Type::number(mine.b1, k);
    }
  }
  for (int i = 0; i < 16; ++i)
    for (int k = 0; k < DEPTH; ++k)
      for (int j = 0; j < 8; ++j) c[i][j] += a[i][k] * b[k][j];
  for (int lane = 0; lane < 32; ++lane) {
    const Product& mine = *static_cast<const Product*>(arguments[lane]);
    for (int i = 0; i < 4; ++i) mine.c[i] += c[lane / 4 + i / 2 * 8][lane % 4 * 2 + i % 2];
  }
}

static inline void start_product(float (&c)[4], const ix_u32 (&a)[4], ix_u32 b0, ix_u32 b1, const char* name,
                                 runner::Function multiply, int line) {
  Product mine = {c, a, b0, b1, line};
  runner::warp_collective(~0u, &mine, name, multiply, line);
}

}  // namespace ix

static inline void ix_ldmatrix(ix_u32 (&word)[4], const void* row, int line = __builtin_LINE()) {
  ix::start_load(word, row, "ix_ldmatrix", ix::load<false>, line);
}

static inline void ix_ldmatrix_transposed(ix_u32 (&word)[4], const void* row, int line = __builtin_LINE()) {
  ix::start_load(word, row, "ix_ldmatrix_transposed", ix::load<true>, line);
}

static inline void ix_mma_bf16(float (&c)[4], const ix_u32 (&a)[4], ix_u32 b0, ix_u32 b1, int line = __builtin_LINE()) {
  ix::start_product(c, a, b0, b1, "ix_mma_bf16", ix::multiply<ix::Bf16>, line);
}

static inline void ix_mma_f16(float (&c)[4], const ix_u32 (&a)[4], ix_u32 b0, ix_u32 b1, int line = __builtin_LINE()) {
  ix::start_product(c, a, b0, b1, "ix_mma_f16", ix::multiply<ix::F16>, line);
}

static inline void ix_mma_tf32(float (&c)[4], const ix_u32 (&a)[4], ix_u32 b0, ix_u32 b1, int line = __builtin_LINE()) {
  ix::start_product(c, a, b0, b1, "ix_mma_tf32", ix::multiply<ix::Tf32>, line);
}

// ---- Copies beside the computation, and additions that others add to as well ----

static inline void ix_copy16(void* to, const void* from, int bytes = 16, int line = __builtin_LINE()) {
  if (reinterpret_cast<uintptr_t>(to) % 16 || reinterpret_cast<uintptr_t>(from) % 16)
    runner::stop(runner::STOPPED, line, "ix_copy16 between addresses that are no multiples of 16");
  runner::copy_later(to, from, 16, bytes, line);
}

static inline void ix_copy_commit() { runner::commit_copies(); }

template <int N>
static inline void ix_copy_wait() {
  runner::wait_for_copies(N);
}

static inline void ix_atomic_add(float* sum, float x, int line = __builtin_LINE()) { atomicAdd(sum, x, line); }

// A float holds the sum of two numbers of 16 bits closely enough for rounding it again to be rounding once.
static inline void ix_atomic_add_bf16(ix_u32* sum, ix_u32 pair, int line = __builtin_LINE()) {
  const auto added = [pair](ix_u32 now) {
    return ix_pack_bf16(ix_low_bf16(now) + ix_low_bf16(pair), ix_high_bf16(now) + ix_high_bf16(pair));
  };
  runner::update(sum, added, "ix_atomic_add_bf16", line);
}

static inline void ix_atomic_add_f16(ix_u32* sum, ix_u32 pair, int line = __builtin_LINE()) {
  const auto added = [pair](ix_u32 now) {
    return ix_pack_f16(ix_low_f16(now) + ix_low_f16(pair), ix_high_f16(now) + ix_high_f16(pair));
  };
  runner::update(sum, added, "ix_atomic_add_f16", line);
}
