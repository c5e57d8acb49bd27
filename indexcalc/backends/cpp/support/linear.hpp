// LU factors with partial pivoting, and what follows from them.  Matrices are n × n without gaps, row by row.
#include <utility>

static inline float pivot_size(float x) { return std::fabs(x); }
static inline double pivot_size(double x) { return std::fabs(x); }
static inline float modulus(float x) { return std::fabs(x); }
static inline double modulus(double x) { return std::fabs(x); }
static inline float direction(float x) { return ix::sign(x); }
static inline double direction(double x) { return ix::sign(x); }

// a becomes L and U; rows[i] is the row of the matrix that came to place i.  False where a pivot is 0; `odd`: whether the
// number of exchanges is odd.
template <class T>
static bool factorise(T* a, int64_t* rows, int64_t n, bool* odd) {
  bool regular = true;
  *odd = false;
  for (int64_t i = 0; i < n; ++i) rows[i] = i;
  for (int64_t k = 0; k < n; ++k) {
    int64_t best = k;
    for (int64_t i = k + 1; i < n; ++i)
      if (pivot_size(a[i * n + k]) > pivot_size(a[best * n + k])) best = i;
    if (best != k) {
      for (int64_t j = 0; j < n; ++j) std::swap(a[k * n + j], a[best * n + j]);
      std::swap(rows[k], rows[best]);
      *odd = !*odd;
    }
    if (pivot_size(a[k * n + k]) == 0) {
      regular = false;
      continue;
    }
#pragma omp parallel for if ((n - k) * (n - k) > PARALLEL)
    for (int64_t i = k + 1; i < n; ++i) {
      const T scale = a[i * n + k] / a[k * n + k];
      a[i * n + k] = scale;
      for (int64_t j = k + 1; j < n; ++j) a[i * n + j] -= scale * a[k * n + j];
    }
  }
  return regular;
}

// A dense copy of a matrix, factorised.
template <class T>
struct Factors {
  Scratch<T> a;
  Scratch<int64_t> rows;
  bool odd = false, regular = false, made;
  Factors(const T* source, int64_t down, int64_t right, int64_t n) : a(n * n), rows(n), made(a.data && rows.data) {
    if (!made) return;
    for (int64_t i = 0; i < n; ++i)
      for (int64_t j = 0; j < n; ++j) a.data[i * n + j] = source[i * down + j * right];
    regular = factorise(a.data, rows.data, n, &odd);
  }
};

template <class T>
static int inverse(T* out, int64_t out_down, int64_t out_right, const T* source, int64_t down, int64_t right, int64_t n) {
  const Factors<T> f(source, down, right, n);
  Scratch<T> x(n * n);
  if (!f.made || !x.data) return RUN_MEMORY;
  if (!f.regular) return RUN_SINGULAR;
  const T* a = f.a.data;
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < n; ++j) x.data[i * n + j] = f.rows.data[i] == j ? T(1) : T(0);
#pragma omp parallel for if (n * n > PARALLEL)
  for (int64_t block = 0; block < (n + 63) / 64; ++block) {
    const int64_t first = block * 64, last = first + 64 < n ? first + 64 : n;
    for (int64_t i = 0; i < n; ++i)
      for (int64_t k = 0; k < i; ++k) {
        const T scale = a[i * n + k];
        for (int64_t j = first; j < last; ++j) x.data[i * n + j] -= scale * x.data[k * n + j];
      }
    for (int64_t i = n - 1; i >= 0; --i) {
      for (int64_t k = i + 1; k < n; ++k) {
        const T scale = a[i * n + k];
        for (int64_t j = first; j < last; ++j) x.data[i * n + j] -= scale * x.data[k * n + j];
      }
      for (int64_t j = first; j < last; ++j) x.data[i * n + j] = x.data[i * n + j] / a[i * n + i];
    }
  }
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < n; ++j) out[i * out_down + j * out_right] = x.data[i * n + j];
  return RUN_OK;
}

template <class T>
static int determinant(T* out, const T* source, int64_t down, int64_t right, int64_t n) {
  const Factors<T> f(source, down, right, n);
  if (!f.made) return RUN_MEMORY;
  T product = f.odd ? T(-1) : T(1);
  for (int64_t i = 0; i < n; ++i) product *= f.a.data[i * n + i];
  *out = product;
  return RUN_OK;
}

// The sum of the logarithms of the pivots' sizes, and the logarithm of their sign: NaN where that is negative.
template <class T>
static int log_determinant(T* out, const T* source, int64_t down, int64_t right, int64_t n) {
  const Factors<T> f(source, down, right, n);
  if (!f.made) return RUN_MEMORY;
  T sign = f.odd ? T(-1) : T(1), sum = T(0);
  for (int64_t i = 0; i < n; ++i) {
    const T pivot = f.a.data[i * n + i];
    sign *= direction(pivot);
    sum += std::log(modulus(pivot));
  }
  *out = ix::log(sign) + sum;
  return RUN_OK;
}
