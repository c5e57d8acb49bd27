// Matrix products of one thread: a BLAS library's where one was given at load time, else our own loops.

// Pointers to cblas_?gemm, or null.  `wide`: whether their integers have 64 bits.
struct Blas {
  void* sgemm;
  void* dgemm;
  void* cgemm;
  void* zgemm;
  int64_t wide;
};
static Blas blas = {nullptr, nullptr, nullptr, nullptr, 0};

// Names the library; called once, before any run.
extern "C" void set_blas(const Blas* given) { blas = *given; }

// How a scalar type reaches the library: the pointer, and numbers by value or, where they are complex, by address.
template <class T>
struct BlasType {
  static void* gemm() { return nullptr; }
  typedef const void* Scalar;
  static Scalar pass(const T& x) { return &x; }
};
template <>
struct BlasType<float> {
  static void* gemm() { return blas.sgemm; }
  typedef float Scalar;
  static Scalar pass(const float& x) { return x; }
};
template <>
struct BlasType<double> {
  static void* gemm() { return blas.dgemm; }
  typedef double Scalar;
  static Scalar pass(const double& x) { return x; }
};
template <class T, class I>
static void blas_gemm(bool ta, bool tb, int64_t m, int64_t n, int64_t k, T alpha, const T* a, int64_t lda, const T* b,
                      int64_t ldb, T beta, T* c, int64_t ldc) {
  typedef typename BlasType<T>::Scalar S;
  typedef void (*Gemm)(int, int, int, I, I, I, S, const T*, I, const T*, I, S, T*, I);
  const int row_major = 101, plain = 111, transposed = 112;
  const Gemm gemm = reinterpret_cast<Gemm>(BlasType<T>::gemm());
  gemm(row_major, ta ? transposed : plain, tb ? transposed : plain, I(m), I(n), I(k), BlasType<T>::pass(alpha), a,
       I(lda), b, I(ldb), BlasType<T>::pass(beta), c, I(ldc));
}

// The same by loops: B in packed panels of 16 columns, 4 rows at a time.
template <class T>
static void loops_gemm(bool ta, bool tb, int64_t m, int64_t n, int64_t k, T alpha, const T* a, int64_t lda, const T* b,
                       int64_t ldb, T beta, T* c, int64_t ldc) {
  constexpr int64_t depth = 256;
  constexpr int wide = 16, high = 4;
  for (int64_t i = 0; i < m; ++i)
    for (int64_t j = 0; j < n; ++j) c[i * ldc + j] = beta == T(0) ? T(0) : beta * c[i * ldc + j];
  alignas(64) T panel[depth * wide];
  for (int64_t p0 = 0; p0 < k; p0 += depth) {
    const int64_t deep = k - p0 < depth ? k - p0 : depth;
    for (int64_t j0 = 0; j0 < n; j0 += wide) {
      const int columns = n - j0 < wide ? int(n - j0) : wide;
      for (int64_t p = 0; p < deep; ++p)
        for (int j = 0; j < wide; ++j)
          panel[p * wide + j] = j >= columns ? T(0) : tb ? b[(j0 + j) * ldb + p0 + p] : b[(p0 + p) * ldb + j0 + j];
      for (int64_t i0 = 0; i0 < m; i0 += high) {
        const int rows = m - i0 < high ? int(m - i0) : high;
        T sum[high][wide] = {};
        for (int64_t p = 0; p < deep; ++p)
          for (int r = 0; r < high; ++r) {
            const int64_t i = i0 + (r < rows ? r : 0);
            const T x = ta ? a[(p0 + p) * lda + i] : a[i * lda + p0 + p];
            for (int j = 0; j < wide; ++j) sum[r][j] += x * panel[p * wide + j];
          }
        for (int r = 0; r < rows; ++r)
          for (int j = 0; j < columns; ++j) c[(i0 + r) * ldc + j0 + j] += alpha * sum[r][j];
      }
    }
  }
}

// C = alpha · A B + beta · C, row-major, in the calling thread; C is not read where beta is 0.
// A is m × k with rows lda apart, or, where `ta`, stored as k × m; so is B, k × n, by `tb`.
template <class T>
static void gemm(bool ta, bool tb, int64_t m, int64_t n, int64_t k, T alpha, const T* a, int64_t lda, const T* b,
                 int64_t ldb, T beta, T* c, int64_t ldc) {
  const bool fits = blas.wide || (m | n | k | lda | ldb | ldc) <= INT32_MAX;  // none is negative
  if (BlasType<T>::gemm() == nullptr || !fits || m == 0 || n == 0 || k == 0) {
    loops_gemm(ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
  } else if (blas.wide) {
    blas_gemm<T, int64_t>(ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
  } else {
    blas_gemm<T, int32_t>(ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
  }
}
