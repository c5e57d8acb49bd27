// CUDA's vector types and what makes them.  Those of two and four components are aligned as a whole, up to 16 bytes.
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RUNNER_VECTOR(T, name, two, four)                                                                 \
  struct name##1 {                                                                                        \
    T x;                                                                                                  \
  };                                                                                                      \
  struct alignas(two) name##2 {                                                                           \
    T x, y;                                                                                               \
  };                                                                                                      \
  struct name##3 {                                                                                        \
    T x, y, z;                                                                                            \
  };                                                                                                      \
  struct alignas(four) name##4 {                                                                          \
    T x, y, z, w;                                                                                         \
  };                                                                                                      \
  static inline name##1 make_##name##1(T x) { return {x}; }                                               \
  static inline name##2 make_##name##2(T x, T y) { return {x, y}; }                                       \
  static inline name##3 make_##name##3(T x, T y, T z) { return {x, y, z}; }                               \
  static inline name##4 make_##name##4(T x, T y, T z, T w) { return {x, y, z, w}; }

RUNNER_VECTOR(signed char, char, 2, 4)
RUNNER_VECTOR(unsigned char, uchar, 2, 4)
RUNNER_VECTOR(short, short, 4, 8)
RUNNER_VECTOR(unsigned short, ushort, 4, 8)
RUNNER_VECTOR(int, int, 8, 16)
RUNNER_VECTOR(unsigned, uint, 8, 16)
RUNNER_VECTOR(long long, longlong, 16, 16)
RUNNER_VECTOR(unsigned long long, ulonglong, 16, 16)
RUNNER_VECTOR(float, float, 8, 16)
RUNNER_VECTOR(double, double, 16, 16)
#undef RUNNER_VECTOR

struct dim3 {
  unsigned x, y, z;
  constexpr dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
};
