// Matrix products of one thread, of tiles above all: B in packed panels, a block of C in registers, A read where it lies.
// A library packs A too, which costs more than it saves where C has few columns.
namespace ix {

// A matrix a[i * row + k * column].
template <class T>
struct Matrix {
  T* at;
  int64_t row, column;
};

// A block of C has HEIGHT rows of ACROSS vectors: with one vector of A and ACROSS of B just as many as there are registers.
#if defined(__AVX512F__)
enum : int { VECTOR = 64, HEIGHT = 12 };
#elif defined(__AVX__)
enum : int { VECTOR = 32, HEIGHT = 6 };
#elif defined(__aarch64__)
enum : int { VECTOR = 16, HEIGHT = 12 };
#else
enum : int { VECTOR = 16, HEIGHT = 6 };
#endif
enum : int { ACROSS = 2, SQUARE = 16 };
// Rows of a panel of B, which stay in the first cache; rows of A that are multiplied by a panel before the next is packed;
// how many columns of A ahead are asked for where each is a cache line of its own.
enum : int64_t { DEPTH = 256, BAND = 480, PADDING = 16, FAR = 1024, AHEAD = 12 };

template <class T>
struct Vectors {
  typedef T Vector __attribute__((vector_size(VECTOR), aligned(alignof(T)), may_alias));
  typedef T Part __attribute__((vector_size(SQUARE), aligned(alignof(T)), may_alias));
  enum : int { lanes = VECTOR / int(sizeof(T)), width = ACROSS * lanes, side = SQUARE / int(sizeof(T)) };
};

// C (+)= A B for `rows` rows of A and a panel of B; `along`: the columns of A follow each other.
template <class T, int rows, bool along>
__attribute__((noinline)) static void block(int64_t k, Matrix<const T> a, const T* panel, T* c, int64_t c_row, bool add) {
  typedef typename Vectors<T>::Vector Vector;
  constexpr int lanes = Vectors<T>::lanes, width = Vectors<T>::width;
  const T* const at = a.at;
  const int64_t row = a.row, column = along ? 1 : a.column;
#pragma GCC unroll 16
  for (int i = 0; i < rows; ++i)
    for (int j = 0; j < ACROSS; ++j) __builtin_prefetch(c + i * c_row + j * lanes, 1);
  Vector sum[rows][ACROSS] = {};
  for (int64_t p = 0; p < k; ++p) {
    if (!along) {
      __builtin_prefetch(at + (p + AHEAD) * column);
      __builtin_prefetch(at + (p + AHEAD) * column + rows - 1);
    }
    Vector b[ACROSS];
#pragma GCC unroll 2
    for (int j = 0; j < ACROSS; ++j) b[j] = *reinterpret_cast<const Vector*>(panel + p * width + j * lanes);
#pragma GCC unroll 16
    for (int i = 0; i < rows; ++i) {
      const T x = at[i * row + p * column];
#pragma GCC unroll 2
      for (int j = 0; j < ACROSS; ++j) sum[i][j] += x * b[j];
    }
  }
#pragma GCC unroll 16
  for (int i = 0; i < rows; ++i)
#pragma GCC unroll 2
    for (int j = 0; j < ACROSS; ++j) {
      Vector& to = *reinterpret_cast<Vector*>(c + i * c_row + j * lanes);
      to = add ? to + sum[i][j] : sum[i][j];
    }
}

// The same where only the first `columns` of the panel are wanted.
template <class T, int rows>
static void edge(int64_t k, Matrix<const T> a, const T* panel, int64_t columns, T* c, int64_t c_row, bool add) {
  constexpr int width = Vectors<T>::width;
  if (columns == width && a.column == 1) return block<T, rows, true>(k, a, panel, c, c_row, add);
  if (columns == width) return block<T, rows, false>(k, a, panel, c, c_row, add);
  T found[rows * width];
  block<T, rows, false>(k, a, panel, found, width, false);
  for (int i = 0; i < rows; ++i)
    for (int64_t j = 0; j < columns; ++j) {
      T& to = c[i * c_row + j];
      to = add ? to + found[i * width + j] : found[i * width + j];
    }
}

// to[j * to_row + i] = from[i * row + j] for a square of 16 bytes by 16 bytes.
template <class T>
static inline void turn(const T* from, int64_t row, T* to, int64_t to_row) {
  for (int i = 0; i < Vectors<T>::side; ++i)
    for (int j = 0; j < Vectors<T>::side; ++j) to[j * to_row + i] = from[i * row + j];
}
#if defined(__has_builtin)
#if __has_builtin(__builtin_shufflevector)
static inline void turn(const float* from, int64_t row, float* to, int64_t to_row) {
  typedef Vectors<float>::Part Part;
  const Part a = *reinterpret_cast<const Part*>(from), b = *reinterpret_cast<const Part*>(from + row);
  const Part c = *reinterpret_cast<const Part*>(from + 2 * row), d = *reinterpret_cast<const Part*>(from + 3 * row);
  const Part ab = __builtin_shufflevector(a, b, 0, 4, 1, 5), ab2 = __builtin_shufflevector(a, b, 2, 6, 3, 7);
  const Part cd = __builtin_shufflevector(c, d, 0, 4, 1, 5), cd2 = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  *reinterpret_cast<Part*>(to) = __builtin_shufflevector(ab, cd, 0, 1, 4, 5);
  *reinterpret_cast<Part*>(to + to_row) = __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
  *reinterpret_cast<Part*>(to + 2 * to_row) = __builtin_shufflevector(ab2, cd2, 0, 1, 4, 5);
  *reinterpret_cast<Part*>(to + 3 * to_row) = __builtin_shufflevector(ab2, cd2, 2, 3, 6, 7);
}
static inline void turn(const double* from, int64_t row, double* to, int64_t to_row) {
  typedef Vectors<double>::Part Part;
  const Part a = *reinterpret_cast<const Part*>(from), b = *reinterpret_cast<const Part*>(from + row);
  *reinterpret_cast<Part*>(to) = __builtin_shufflevector(a, b, 0, 2);
  *reinterpret_cast<Part*>(to + to_row) = __builtin_shufflevector(a, b, 1, 3);
}
#endif
#endif

// k rows of `columns` of B side by side, followed by zeros.
template <class T>
static void pack(int64_t k, int64_t columns, Matrix<const T> b, T* panel) {
  constexpr int width = Vectors<T>::width, side = Vectors<T>::side;
  int64_t p = 0;
  if (columns == width && b.column == 1)
    for (; p < k; ++p) std::memcpy(panel + p * width, b.at + p * b.row, width * sizeof(T));
  if (columns == width && b.row == 1)
    for (; p + side <= k; p += side)
      for (int j = 0; j < width; j += side) turn(b.at + p + j * b.column, b.column, panel + p * width + j, width);
  for (; p < k; ++p)
    for (int j = 0; j < width; ++j) panel[p * width + j] = j < columns ? b.at[p * b.row + j * b.column] : T(0);
}

// Rows (or columns) that lie so far apart that few of them fit the first cache together, copied closer: `room` has place.
template <class T>
static Matrix<const T> closer(int64_t rows, int64_t k, Matrix<const T> a, T* room) {
  if (a.column == 1) {
    for (int64_t i = 0; i < rows; ++i) std::memcpy(room + i * (DEPTH + PADDING), a.at + i * a.row, k * sizeof(T));
    return {room, DEPTH + PADDING, 1};
  }
  for (int64_t p = 0; p < k; ++p) std::memcpy(room + p * (BAND + PADDING), a.at + p * a.column, rows * sizeof(T));
  return {room, 1, BAND + PADDING};
}

template <class T>
static Matrix<T> moved(Matrix<T> a, int64_t i, int64_t k) {
  return {a.at + i * a.row + k * a.column, a.row, a.column};
}

// C (+)= A B for a band of rows and a panel of B.
template <class T>
static void band(int64_t rows, int64_t k, Matrix<const T> a, const T* panel, int64_t columns, T* c, int64_t c_row, bool add) {
  int64_t i = 0;
  for (; i + HEIGHT <= rows; i += HEIGHT) edge<T, HEIGHT>(k, moved(a, i, 0), panel, columns, c + i * c_row, c_row, add);
  for (; i + 4 <= rows; i += 4) edge<T, 4>(k, moved(a, i, 0), panel, columns, c + i * c_row, c_row, add);
  for (; i < rows; ++i) edge<T, 1>(k, moved(a, i, 0), panel, columns, c + i * c_row, c_row, add);
}

// Asks the second cache for what the next panel is packed from.
template <class T>
static void ask(int64_t k, int64_t columns, Matrix<const T> b) {
  constexpr int line = 64 / int(sizeof(T));
  if (b.column == 1)
    for (int64_t p = 0; p < k; ++p)
      for (int64_t j = 0; j < columns; j += line) __builtin_prefetch(b.at + p * b.row + j, 0, 2);
  else if (b.row == 1)
    for (int64_t j = 0; j < columns; ++j)
      for (int64_t p = 0; p < k; p += line) __builtin_prefetch(b.at + j * b.column + p, 0, 2);
}

// C (+)= A B; `room` for a band of A, or null where A is read as it lies.
template <class T>
static void bands(int64_t m, int64_t n, int64_t k, Matrix<const T> a, Matrix<const T> b, T* c, int64_t c_row, bool add,
                  T* room) {
  constexpr int width = Vectors<T>::width;
  alignas(VECTOR) T panel[DEPTH * width];
  for (int64_t p = 0; p < k; p += DEPTH) {
    const int64_t depth = k - p < DEPTH ? k - p : DEPTH;
    for (int64_t i = 0; i < m; i += BAND) {
      const int64_t rows = m - i < BAND ? m - i : BAND;
      const Matrix<const T> own = room ? closer(rows, depth, moved(a, i, p), room) : moved(a, i, p);
      for (int64_t j = 0; j < n; j += width) {
        const int64_t columns = n - j < width ? n - j : width;
        pack(depth, columns, moved(b, p, j), panel);
        if (j + width < n) ask(depth, n - j - width < width ? n - j - width : int64_t(width), moved(b, p, j + width));
        band(rows, depth, own, panel, columns, c + i * c_row + j, c_row, add || p > 0);
      }
    }
  }
}

// C (+)= A B for any strides of A and B, where A is m × k and B is k × n, and elements of a row of C follow each other.
template <class T>
static void multiply(int64_t m, int64_t n, int64_t k, Matrix<const T> a, Matrix<const T> b, T* c, int64_t c_row, bool add) {
  if (k == 0 && !add)
    for (int64_t i = 0; i < m; ++i)
      for (int64_t j = 0; j < n; ++j) c[i * c_row + j] = T(0);
  const int64_t apart = a.column == 1 ? a.row : a.row == 1 ? a.column : 1;
  if (m <= HEIGHT || n <= 4 * Vectors<T>::width || apart * int64_t(sizeof(T)) % FAR != 0) {
    bands<T>(m, n, k, a, b, c, c_row, add, nullptr);
  } else {  // without memory for the copy it is only slower
    const Scratch<T> room((DEPTH + PADDING) * (BAND + PADDING));
    bands(m, n, k, a, b, c, c_row, add, room.data);
  }
}

}  // namespace ix
