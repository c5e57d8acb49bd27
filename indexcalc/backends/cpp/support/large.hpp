// Matrix products so large that a library, which packs both operands, is faster than our own.
namespace ix {

constexpr int64_t LARGE = 1 << 28;  // multiplications from which it is

// The thread's part of C = A B, or, to `add`, of C += A B.
template <class T>
static void large_product(const Team& team, int64_t m, int64_t n, int64_t k, Matrix<const T> a, Matrix<const T> b,
                          Matrix<T> c, bool add) {
  take_part<T>(team, m, n, a, b, c);
  if (BlasType<T>::gemm() == nullptr || m * n * k < LARGE) return product<T>(m, n, k, a, b, c, add);
  if (c.column != 1) {  // the transposed product
    const Matrix<const T> left = turned(b);
    const int64_t rows = n;
    b = turned(a), a = left, c = turned(c), n = m, m = rows;
  }
  const auto is_rows = [](int64_t rows, int64_t columns, int64_t by_row, int64_t by_column) {
    return rows > 1 && columns > 1 && by_column == 1 && by_row >= columns;
  };
  const bool ta = !is_rows(m, k, a.row, a.column), tb = !is_rows(k, n, b.row, b.column);
  const bool fits = (!ta || is_rows(k, m, a.column, a.row)) && (!tb || is_rows(n, k, b.column, b.row));
  if (!fits || !is_rows(m, n, c.row, c.column)) return product<T>(m, n, k, a, b, c, add);
  gemm<T>(ta, tb, m, n, k, T(1), a.at, ta ? a.column : a.row, b.at, tb ? b.column : b.row, T(add), c.at, c.row);
}

}  // namespace ix
