// Copies and matrix products of tiles.
namespace ix {

static inline int64_t smaller(int64_t x, int64_t y) { return x < y ? x : y; }
static inline int64_t larger(int64_t x, int64_t y) { return x > y ? x : y; }
static inline int64_t floor(int64_t x, int64_t by) { return x >= 0 ? x / by : -((-x + by - 1) / by); }
static inline int64_t ceiling(int64_t x, int64_t by) { return -floor(-x, by); }

// Elements from one row of a tile to the next: a little more than it needs, so that rows fall on different cache sets.
static inline int64_t row_length(int64_t count) { return count < 64 ? count : (count + 15) / 16 * 16 + 16; }
// Bytes in whole cache lines.
static inline int64_t whole_lines(int64_t bytes) { return (bytes + 63) / 64 * 64; }

#pragma omp declare reduction(nan_max : float, double : omp_out = maximum(omp_out, omp_in)) initializer(omp_priv = -INFINITY)
#pragma omp declare reduction(nan_min : float, double : omp_out = minimum(omp_out, omp_in)) initializer(omp_priv = INFINITY)

// to[...] = from[...] for arrays of any strides.
template <class T>
static void copy(int rank, const int64_t* size, const T* from, const int64_t* from_strides, T* to,
                 const int64_t* to_strides) {
  if (rank == 0) {
    *to = *from;
  } else if (rank == 1) {
    for (int64_t k = 0; k < size[0]; ++k) to[k * to_strides[0]] = from[k * from_strides[0]];
  } else {
    for (int64_t k = 0; k < size[0]; ++k)
      copy(rank - 1, size + 1, from + k * from_strides[0], from_strides + 1, to + k * to_strides[0], to_strides + 1);
  }
}

// to[...] += from[...]
template <class T>
static void add(int rank, const int64_t* size, const T* from, const int64_t* from_strides, T* to,
                const int64_t* to_strides) {
  if (rank == 0) {
    *to += *from;
  } else {
    for (int64_t k = 0; k < size[0]; ++k)
      add(rank - 1, size + 1, from + k * from_strides[0], from_strides + 1, to + k * to_strides[0], to_strides + 1);
  }
}

// Whether the rows or the columns of a matrix are contiguous and do not overlap, so that a library takes it as it is.
static inline bool is_matrix(int64_t rows, int64_t columns, int64_t by_row, int64_t by_column) {
  const bool plain = (by_column == 1 || columns <= 1) && (by_row >= columns || rows <= 1);
  const bool turned = (by_row == 1 || rows <= 1) && (by_column >= rows || columns <= 1);
  return plain || turned;
}

// Extents too small for blocks of vectors, whose loops are padded to SMALL; positions that are packed at a time.
enum : int64_t { SMALL = 4, CHUNK = 512 };

// C (+)= A B for an inner extent k of at most SMALL, where rows of C are contiguous: sums of k rows of B.
template <class T>
static void thin_product(int64_t m, int64_t n, int64_t k, Matrix<const T> a, Matrix<const T> b, Matrix<T> c, bool add) {
  T panel[SMALL][CHUNK];
  for (int64_t j0 = 0; j0 < n; j0 += CHUNK) {
    const int64_t width = smaller(CHUNK, n - j0);
    for (int64_t p = 0; p < SMALL; ++p)
      for (int64_t j = 0; j < width; ++j) panel[p][j] = p < k ? b.at[p * b.row + (j0 + j) * b.column] : T(0);
    for (int64_t i = 0; i < m; ++i) {
      T x[SMALL], *row = c.at + i * c.row + j0;
      for (int64_t p = 0; p < SMALL; ++p) x[p] = p < k ? a.at[i * a.row + p * a.column] : T(0);
#pragma omp simd
      for (int64_t j = 0; j < width; ++j) {
        const T sum = x[0] * panel[0][j] + x[1] * panel[1][j] + x[2] * panel[2][j] + x[3] * panel[3][j];
        row[j] = add ? row[j] + sum : sum;
      }
    }
  }
}

// C += A B for n <= SMALL columns of C, where rows of A are contiguous: scalar products beside each other.
template <class T>
static void narrow_product(int64_t m, int64_t n, int64_t k, Matrix<const T> a, Matrix<const T> b, Matrix<T> c) {
  T panel[SMALL][CHUNK];
  for (int64_t k0 = 0; k0 < k; k0 += CHUNK) {
    const int64_t depth = smaller(CHUNK, k - k0);
    for (int64_t j = 0; j < SMALL; ++j)
      for (int64_t p = 0; p < depth; ++p) panel[j][p] = j < n ? b.at[(k0 + p) * b.row + j * b.column] : T(0);
    for (int64_t i = 0; i < m; ++i) {
      const T* row = a.at + i * a.row + k0;
      T s0 = 0, s1 = 0, s2 = 0, s3 = 0;
#pragma omp simd reduction(+ : s0, s1, s2, s3)
      for (int64_t p = 0; p < depth; ++p) {
        s0 += row[p] * panel[0][p];
        s1 += row[p] * panel[1][p];
        s2 += row[p] * panel[2][p];
        s3 += row[p] * panel[3][p];
      }
      const T sum[SMALL] = {s0, s1, s2, s3};
      for (int64_t j = 0; j < n; ++j) c.at[i * c.row + j * c.column] += sum[j];
    }
  }
}

// C += A B for n <= SMALL columns of C, where columns of A are contiguous: multiples of each added up.
template <class T>
static void narrow_sum(int64_t m, int64_t n, int64_t k, Matrix<const T> a, Matrix<const T> b, Matrix<T> c) {
  T sum[SMALL][CHUNK];
  for (int64_t i0 = 0; i0 < m; i0 += CHUNK) {
    const int64_t height = smaller(CHUNK, m - i0);
    std::memset(sum, 0, sizeof sum);
    for (int64_t p = 0; p < k; ++p) {
      const T* column = a.at + i0 + p * a.column;
      T x[SMALL];
      for (int64_t j = 0; j < SMALL; ++j) x[j] = j < n ? b.at[p * b.row + j * b.column] : T(0);
#pragma omp simd
      for (int64_t i = 0; i < height; ++i) {
        sum[0][i] += column[i] * x[0];
        sum[1][i] += column[i] * x[1];
        sum[2][i] += column[i] * x[2];
        sum[3][i] += column[i] * x[3];
      }
    }
    for (int64_t j = 0; j < n; ++j)
      for (int64_t i = 0; i < height; ++i) c.at[(i0 + i) * c.row + j * c.column] += sum[j][i];
  }
}

template <class T>
static void narrow(int64_t m, int64_t n, int64_t k, Matrix<const T> a, Matrix<const T> b, Matrix<T> c, bool add) {
  if (!add)
    for (int64_t i = 0; i < m; ++i)
      for (int64_t j = 0; j < n; ++j) c.at[i * c.row + j * c.column] = T(0);
  if (a.column == 1)
    narrow_product(m, n, k, a, b, c);
  else
    narrow_sum(m, n, k, a, b, c);
}

template <class T>
static Matrix<T> turned(Matrix<T> a) {
  return {a.at, a.column, a.row};
}

// C (+)= A B for any strides, slowly.
template <class T>
static void plain_product(int64_t m, int64_t n, int64_t k, Matrix<const T> a, Matrix<const T> b, Matrix<T> c, bool add) {
  for (int64_t i = 0; i < m; ++i)
    for (int64_t j = 0; j < n; ++j) {
      T sum = add ? c.at[i * c.row + j * c.column] : T(0);
      for (int64_t p = 0; p < k; ++p) sum += a.at[i * a.row + p * a.column] * b.at[p * b.row + j * b.column];
      c.at[i * c.row + j * c.column] = sum;
    }
}

// C = A B, or, to `add`, C += A B, where A is m × k and B is k × n.  Rows or columns of each should be contiguous,
// and are wherever axes of tiles are.
template <class T>
static void product(int64_t m, int64_t n, int64_t k, Matrix<const T> a, Matrix<const T> b, Matrix<T> c, bool add) {
  if (m == 0 || n == 0) return;
  const bool few_rows = k > SMALL && m <= SMALL && n > SMALL, few_columns = k > SMALL && n <= SMALL;
  const bool by_columns = !few_columns && c.column != 1 && n != 1;
  if (few_rows || by_columns) {  // the transposed product
    const Matrix<const T> left = turned(b);
    const int64_t rows = n;
    b = turned(a), a = left, c = turned(c), n = m, m = rows;
  }
  if ((few_rows || few_columns) && (a.column == 1 || a.row == 1)) return narrow(m, n, k, a, b, c, add);
  if (k > 0 && k <= SMALL && c.column == 1) return thin_product(m, n, k, a, b, c, add);
  if (c.column != 1 && n != 1) return plain_product(m, n, k, a, b, c, add);
  multiply<T>(m, n, k, a, b, c.at, c.row, add);
}

}  // namespace ix
