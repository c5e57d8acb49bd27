// Threads that take the steps of a kernel together: each does its part of one, and they wait where a step needs others' parts.
namespace ix {

struct Team {
  int number, count;

  // Where the part of thread `who` of n positions begins: in whole cache lines where there are many.
  int64_t part(int64_t n, int who) const {
    const int64_t unit = n >= 64 * int64_t(count) ? 16 : 1, units = (n + unit - 1) / unit;
    return smaller(n, units * who / count * unit);
  }
  int64_t first(int64_t n) const { return part(n, number); }
  int64_t last(int64_t n) const { return part(n, number + 1); }

  void wait() const {
    if (count > 1) {
#pragma omp barrier
    }
  }
};

// The next of some jobs that no thread has begun.
static inline int64_t take(int64_t* begun) {
  int64_t mine;
#pragma omp atomic capture
  mine = (*begun)++;
  return mine;
}

// This thread's part of to[...] = from[...], of its first axis.
template <class T>
static void copy(const Team& team, int rank, const int64_t* size, const T* from, const int64_t* from_strides, T* to,
                 const int64_t* to_strides) {
  const int64_t first = rank ? team.first(size[0]) : 0, last = rank ? team.last(size[0]) : team.number == 0;
  for (int64_t k = first; k < last; ++k)
    copy(rank ? rank - 1 : 0, size + 1, from + (rank ? k * from_strides[0] : 0), from_strides + 1,
         to + (rank ? k * to_strides[0] : 0), to_strides + 1);
}

// This thread's part of C = A B: of the rows or the columns of C, whichever are more.
template <class T>
static void take_part(const Team& team, int64_t& m, int64_t& n, Matrix<const T>& a, Matrix<const T>& b, Matrix<T>& c) {
  int64_t& most = m >= n ? m : n;
  const int64_t first = team.first(most), count = team.last(most) - first;
  if (m >= n)
    a.at += first * a.row, c.at += first * c.row;
  else
    b.at += first * b.column, c.at += first * c.column;
  most = count;
}

// The thread's part of C = A B, or, to `add`, of C += A B.
template <class T>
static void product(const Team& team, int64_t m, int64_t n, int64_t k, Matrix<const T> a, Matrix<const T> b, Matrix<T> c,
                    bool add) {
  take_part<T>(team, m, n, a, b, c);
  product<T>(m, n, k, a, b, c, add);
}

}  // namespace ix
