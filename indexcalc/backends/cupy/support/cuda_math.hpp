// Functions of numbers that device code calls beside those of <math.h>.  Approximations are computed exactly.
namespace runner {

template <class To, class From>
static inline To bits(From value) {
  static_assert(sizeof(To) == sizeof(From), "bits stay as they are");
  To found;
  memcpy(&found, &value, sizeof found);
  return found;
}

}  // namespace runner

#define RUNNER_LEAST(T)                                       \
  static inline T min(T a, T b) { return b < a ? b : a; }     \
  static inline T max(T a, T b) { return a < b ? b : a; }
RUNNER_LEAST(int)
RUNNER_LEAST(unsigned)
RUNNER_LEAST(long)
RUNNER_LEAST(unsigned long)
RUNNER_LEAST(long long)
RUNNER_LEAST(unsigned long long)
#undef RUNNER_LEAST
static inline float min(float a, float b) { return fminf(a, b); }
static inline float max(float a, float b) { return fmaxf(a, b); }
static inline double min(double a, double b) { return fmin(a, b); }
static inline double max(double a, double b) { return fmax(a, b); }
static inline unsigned min(unsigned a, int b) { return min(a, unsigned(b)); }
static inline unsigned min(int a, unsigned b) { return min(unsigned(a), b); }
static inline unsigned max(unsigned a, int b) { return max(a, unsigned(b)); }
static inline unsigned max(int a, unsigned b) { return max(unsigned(a), b); }

// the C library has these names for its own, a newer one more of them
#define rsqrtf(x) (1.0f / sqrtf(x))
#define rsqrt(x) (1.0 / sqrt(x))
#define __expf(x) expf(x)
#define __exp10f(x) powf(10.0f, x)
#define __logf(x) logf(x)
#define __log2f(x) log2f(x)
#define __log10f(x) log10f(x)
#define __powf(x, y) powf(x, y)
#define __sinf(x) sinf(x)
#define __cosf(x) cosf(x)
#define __tanf(x) tanf(x)
#define __sincosf(x, sine, cosine) (void(*(sine) = sinf(x)), void(*(cosine) = cosf(x)))
static inline float __fdividef(float x, float y) { return x / y; }
static inline float fdividef(float x, float y) { return x / y; }
static inline float __saturatef(float x) { return x > 0.0f ? (x < 1.0f ? x : 1.0f) : 0.0f; }

static inline float __fadd_rn(float x, float y) { return x + y; }
static inline float __fsub_rn(float x, float y) { return x - y; }
static inline float __fmul_rn(float x, float y) {
  volatile float product = x * y;  // never part of a multiply-add
  return product;
}
static inline float __fmaf_rn(float x, float y, float z) { return fmaf(x, y, z); }
static inline float __fdiv_rn(float x, float y) { return x / y; }
static inline float __frcp_rn(float x) { return 1.0f / x; }
static inline float __fsqrt_rn(float x) { return sqrtf(x); }
static inline float __frsqrt_rn(float x) { return float(1.0 / sqrt(double(x))); }
static inline double __dmul_rn(double x, double y) {
  volatile double product = x * y;
  return product;
}
static inline double __dadd_rn(double x, double y) { return x + y; }
static inline double __fma_rn(double x, double y, double z) { return fma(x, y, z); }

static inline int __float_as_int(float x) { return runner::bits<int>(x); }
static inline unsigned __float_as_uint(float x) { return runner::bits<unsigned>(x); }
static inline float __int_as_float(int x) { return runner::bits<float>(x); }
static inline float __uint_as_float(unsigned x) { return runner::bits<float>(x); }
static inline long long __double_as_longlong(double x) { return runner::bits<long long>(x); }
static inline double __longlong_as_double(long long x) { return runner::bits<double>(x); }
static inline int __float2int_rn(float x) { return int(nearbyintf(x)); }
static inline int __float2int_rz(float x) { return int(x); }
static inline int __float2int_rd(float x) { return int(floorf(x)); }
static inline int __float2int_ru(float x) { return int(ceilf(x)); }
static inline float __int2float_rn(int x) { return float(x); }
static inline float __uint2float_rn(unsigned x) { return float(x); }

static inline int __popc(unsigned x) { return __builtin_popcount(x); }
static inline int __popcll(unsigned long long x) { return __builtin_popcountll(x); }
static inline int __clz(int x) { return x ? __builtin_clz(unsigned(x)) : 32; }
static inline int __clzll(long long x) { return x ? __builtin_clzll((unsigned long long)(x)) : 64; }
static inline int __ffs(int x) { return __builtin_ffs(x); }
static inline int __ffsll(long long x) { return __builtin_ffsll(x); }
static inline unsigned __brev(unsigned x) {
  unsigned found = 0;
  for (int n = 0; n < 32; ++n) found |= (x >> n & 1u) << (31 - n);
  return found;
}
static inline unsigned __byte_perm(unsigned x, unsigned y, unsigned selector) {
  const unsigned long long both = (unsigned long long)(y) << 32 | x;
  unsigned found = 0;
  for (int n = 0; n < 4; ++n) found |= unsigned(both >> 8 * (selector >> 4 * n & 7) & 0xFF) << 8 * n;
  return found;
}
static inline unsigned __funnelshift_l(unsigned low, unsigned high, unsigned by) {
  return unsigned(((unsigned long long)(high) << 32 | low) << (by & 31) >> 32);
}
static inline unsigned __funnelshift_r(unsigned low, unsigned high, unsigned by) {
  return unsigned(((unsigned long long)(high) << 32 | low) >> (by & 31));
}
static inline int __mulhi(int x, int y) { return int((long long)(x) * y >> 32); }
static inline unsigned __umulhi(unsigned x, unsigned y) { return unsigned((unsigned long long)(x) * y >> 32); }
