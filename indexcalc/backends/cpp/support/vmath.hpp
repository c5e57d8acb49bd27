// Elementwise functions without branches, so that loops over them become vector code without -ffast-math.
//
// exp, log, tanh, sigmoid and softplus, and erf of floats, are polynomials after an argument reduction.  They stay within
// 3 units in the last place and give NaN, infinities, zeros and subnormal results where the C library does.  The other
// functions are the C library's, one call for each element.
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

namespace ix {

#define IX_INLINE static inline __attribute__((always_inline))

template <class To, class From>
IX_INLINE To bits(From x) {
  static_assert(sizeof(To) == sizeof(From), "the same bits, read as another type");
  To y;
  std::memcpy(&y, &x, sizeof y);
  return y;
}

// Figures of the two formats, with unsigned integers of the same size.
template <class T>
struct Format;
template <>
struct Format<float> {
  typedef uint32_t word;
  static constexpr int mantissa = 23;
  static constexpr word bias = 127, one = bias << mantissa, root_half = 0x3f3504f3;
  static constexpr float up = 8388608.0f, round = 1.5f * up;  // adding `round` leaves the nearest integer in the low bits
  static constexpr float ln2_high = 0.693145752f, ln2_low = 1.42860677e-6f;
  static constexpr float exp_low = -104.0f, exp_high = 89.0f;  // beyond: 0 and infinity
  static constexpr float tanh_high = 20.0f;                    // 2 |x| beyond it: 1
  static constexpr float smallest_normal = 1.17549435e-38f;
};
template <>
struct Format<double> {
  typedef uint64_t word;
  static constexpr int mantissa = 52;
  static constexpr word bias = 1023, one = bias << mantissa, root_half = 0x3fe6a09e667f3bcd;
  static constexpr double up = 4503599627370496.0, round = 1.5 * up;
  static constexpr double ln2_high = 0.69314718036912382, ln2_low = 1.9082149292705877e-10;
  static constexpr double exp_low = -746.0, exp_high = 710.0;
  static constexpr double tanh_high = 44.0;
  static constexpr double smallest_normal = 2.2250738585072014e-308;
};

// (exp(r) - 1 - r) / r^2 for |r| <= log(2) / 2
IX_INLINE float exp_tail(float r) {
  return 0.5f + r * (0.166665733819f + r * (0.0416665501103f + r * (0.00836377387441f + r * 0.0013926926614f)));
}
IX_INLINE double exp_tail(double r) {
  double p = 2.76213386691429238e-7 + r * 2.5101346928350340198e-8;
  p = 2.7557266418612303703e-6 + r * p;
  p = 2.4801518641395993583e-5 + r * p;
  p = 0.00019841269864380513295 + r * p;
  p = 0.0013888888918939167785 + r * p;
  p = 0.0083333333333297934996 + r * p;
  p = 0.041666666666620638584 + r * p;
  p = 0.16666666666666667534 + r * p;
  return 0.5000000000000001128 + r * p;
}

// 2^k, for an exponent of the normal range
template <class T>
IX_INLINE T power_of_two(typename Format<T>::word k) {
  return bits<T>(typename Format<T>::word(k + Format<T>::bias) << Format<T>::mantissa);
}

// p with exp(x) = (1 + p) 2^k, for an x at which k is in the range of exponents or little beyond
template <class T>
IX_INLINE T exp_reduced(T x, typename Format<T>::word& k) {
  typedef Format<T> F;
  const T shifted = x * T(1.4426950408889634) + F::round;
  const T n = shifted - F::round;
  k = bits<typename F::word>(shifted) - bits<typename F::word>(T(F::round));
  const T r = (x - n * F::ln2_high) - n * F::ln2_low;
  return r + r * r * exp_tail(r);
}

template <class T>
IX_INLINE T exp(T x) {
  typedef Format<T> F;
  const T above = x < F::exp_low ? F::exp_low : x;  // NaN stays
  const T within = above > F::exp_high ? F::exp_high : above;
  typename F::word k;
  const T p = exp_reduced(within, k);
  // In two steps, since 2^k may be too large or subnormal where the result is not.
  const typename F::word half = ((k + 4 * F::bias) >> 1) - 2 * F::bias;
  return (T(1) + p) * power_of_two<T>(half) * power_of_two<T>(k - half);
}

// exp(x) - 1 for 0 <= x <= tanh_high
template <class T>
IX_INLINE T exp_minus_one(T x) {
  typename Format<T>::word k;
  const T p = exp_reduced(x, k);
  const T scale = power_of_two<T>(k);
  return p * scale + (scale - T(1));
}

// (2 atanh(s) / s - 2) / s^2 as a function of z = s^2
IX_INLINE float log_tail(float z) {
  return 0.666666665451f + z * (0.40000129427f + z * (0.285499685913f + z * 0.233534276037f));
}
IX_INLINE double log_tail(double z) {
  double p = 0.15329500754204177124 + z * 0.1464362860190979757;
  p = 0.18182956608063458865 + z * p;
  p = 0.22222210199264211533 + z * p;
  p = 0.2857142863176433463 + z * p;
  p = 0.39999999999886612948 + z * p;
  return 0.66666666666666701417 + z * p;
}

// log(1 + f) + n log(2), for 1 + f between the square roots of 1/2 and 2
template <class T>
IX_INLINE T log_reduced(T f, T n) {
  typedef Format<T> F;
  const T s = f / (T(2) + f), z = s * s;
  const T half_square = T(0.5) * f * f;
  const T tail = s * (half_square + z * log_tail(z));
  return n * F::ln2_high - ((half_square - (tail + n * F::ln2_low)) - f);
}

template <class T>
IX_INLINE T log(T x) {
  typedef Format<T> F;
  typedef typename F::word word;
  const bool subnormal = x < F::smallest_normal;
  const word b = bits<word>(subnormal ? x * F::up : x);
  const word exponent = (b + (F::one - F::root_half)) >> F::mantissa;  // of x / sqrt(1/2), from 0 on
  const T m = bits<T>(b - ((exponent - F::bias) << F::mantissa));
  const T n = bits<T>(bits<word>(T(F::up)) + exponent) - (F::up + T(F::bias));  // converts an integer by adding its bits
  const T found = log_reduced(m - T(1), subnormal ? n - T(F::mantissa) : n);
  const T infinity = bits<T>(word(2 * F::bias + 1) << F::mantissa);
  const T end = x == T(0) ? -infinity : x < T(0) ? bits<T>(word(4 * F::bias + 3) << (F::mantissa - 1)) : x;
  return x > T(0) && x < infinity ? found : end;
}

template <class T>
IX_INLINE T tanh(T x) {
  typedef Format<T> F;
  const T twice = T(2) * std::fabs(x);
  const T e = exp_minus_one(twice > F::tanh_high ? F::tanh_high : twice);
  return std::copysign(e / (e + T(2)), x);
}

// 1 / (1 + exp(-x)) without overflow
template <class T>
IX_INLINE T sigmoid(T x) {
  const T e = ix::exp(-std::fabs(x));
  return (x < T(0) ? e : T(1)) / (T(1) + e);
}

// log(1 + exp(x)) without overflow
template <class T>
IX_INLINE T softplus(T x) {
  const T u = ix::exp(-std::fabs(x));
  const bool large = u > T(0.41421356237309505);  // then log(1 + u) = log(2) + log((1 + u) / 2)
  const T f = large ? T(0.5) * (u - T(1)) : u;
  return (x < T(0) ? T(0) : x) + log_reduced(f, large ? T(1) : T(0));
}

IX_INLINE float erf(float x) {
  const float a = std::fabs(x), z = a * a;
  float p = -0.000801686428717f + z * 7.87587506269e-5f;
  p = 0.00518908742343f + z * p;
  p = -0.0268542120106f + z * p;
  p = 0.112835947152f + z * p;
  p = -0.376126266667f + z * p;
  p = 1.12837916585f + z * p;
  // beyond 1: 1 - exp(-q), where q is fitted to -log(erfc)
  const float y = a > 4.0f ? 4.0f : a;
  float q = -0.0004413592549f + y * 2.168872239e-05f;
  q = 0.004204679062f + y * q;
  q = -0.02520858301f + y * q;
  q = 0.1084191107f + y * q;
  q = 0.633219381f + y * q;
  q = 1.129578692f + y * q;
  q = -0.0001880988953f + y * q;
  const float far = 1.0f - ix::exp(-q);
  return std::copysign(a < 1.0f ? a * p : far, x);
}
IX_INLINE double erf(double x) { return std::erf(x); }

template <class T>
IX_INLINE T sign(T x) {
  return x > T(0) ? T(1) : x < T(0) ? T(-1) : x;
}
template <class T>
IX_INLINE T relu(T x) {
  return x <= T(0) ? T(0) : x;
}
// NaN where either is NaN
template <class T>
IX_INLINE T maximum(T x, T y) {
  return ((y > x) | (y != y)) ? y : x;
}
template <class T>
IX_INLINE T minimum(T x, T y) {
  return ((y < x) | (y != y)) ? y : x;
}
// What is subtracted before an exponential for this maximum: 0 where it is infinite
template <class T>
IX_INLINE T shown(T top) {
  return std::fabs(top) <= std::numeric_limits<T>::max() || top != top ? top : T(0);
}

}  // namespace ix
