// The product of two arrays summed over some axes: matrix products over views, packed only where no stride is 1.

// An axis of a contraction: its extent, and how far it moves in the left and right operand and the result; 0 in those
// that lack it.
enum Role : int { BATCH, ROW, COLUMN, SUMMED };
struct Axis {
  Role role;
  int64_t extent, left, right, out;
};

enum : int { MAX_AXES = 32 };

static inline bool is_small(int64_t m, int64_t n, int64_t k) { return m * n * k <= 2048 || m == 1 || n == 1; }

// A matrix as gemm wants it: rows `lead` apart, or transposed.  `packed` holds the copy where one had to be made.
template <class T>
struct Matrix {
  const T* data;
  int64_t lead;
  bool transposed;
};

static inline bool fits(int64_t far, int64_t near, int64_t extent) {
  return near == 1 && far >= (extent > 1 ? extent : 1) && far <= INT32_MAX;
}

// The rows × columns matrix with these strides, copied to `room` if neither stride is 1 or it is not laid out in order.
template <class T>
static Matrix<T> matrix(const T* data, int64_t rows, int64_t columns, int64_t down, int64_t right, T* room) {
  if (fits(down, right, columns)) return {data, down, false};
  if (fits(right, down, rows)) return {data, right, true};
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < columns; ++j) room[i * columns + j] = data[i * down + j * right];
  return {room, columns, false};
}

static inline bool needs_room(int64_t rows, int64_t columns, int64_t down, int64_t right) {
  return !fits(down, right, columns) && !fits(right, down, rows);
}

// out[r] (+)= Σ_k left[r, k] right[r, k].
template <class T>
static void inner_products(const Axis& r, const Axis& k, const T* left, const T* right, T* out, bool add) {
  const bool along = (k.left == 1 || k.left == 0) && (k.right == 1 || k.right == 0);
  if (along || r.extent == 1) {
    for (int64_t i = 0; i < r.extent; ++i) {
      const T *a = left + i * r.left, *b = right + i * r.right;
      constexpr int lanes = 32;
      T partial[lanes] = {}, sum = T(0);
      int64_t p = 0;
      if (k.left == 1 && k.right == 1)
        for (; p + lanes <= k.extent; p += lanes)
          for (int l = 0; l < lanes; ++l) partial[l] += a[p + l] * b[p + l];
      for (; p < k.extent; ++p) sum += a[p * k.left] * b[p * k.right];
      for (int l = 0; l < lanes; ++l) sum += partial[l];
      out[i * r.out] = add ? out[i * r.out] + sum : sum;
    }
    return;
  }
  if (!add)
    for (int64_t i = 0; i < r.extent; ++i) out[i * r.out] = T(0);
  for (int64_t p = 0; p < k.extent; ++p) {
    const T *a = left + p * k.left, *b = right + p * k.right;
    if (r.left == 1 && r.right == 0 && r.out == 1) {
      const T x = *b;
#pragma omp simd
      for (int64_t i = 0; i < r.extent; ++i) out[i] += a[i] * x;
    } else if (r.left == 0 && r.right == 1 && r.out == 1) {
      const T x = *a;
#pragma omp simd
      for (int64_t i = 0; i < r.extent; ++i) out[i] += x * b[i];
    } else {
#pragma omp simd
      for (int64_t i = 0; i < r.extent; ++i) out[i * r.out] += a[i * r.left] * b[i * r.right];
    }
  }
}

template <class T>
static void small_product(const Axis& m, const Axis& n, const Axis& k, const T* left, const T* right, T* out, bool add) {
  if (m.extent == 1 || n.extent == 1) {
    inner_products(m.extent == 1 ? n : m, k, left, right, out, add);
    return;
  }
  for (int64_t i = 0; i < m.extent; ++i)
    inner_products(n, k, left + i * m.left, right, out + i * m.out, add);
}

// One matrix product of the axes m, n and k; `room` as large as `room_for` says.
template <class T>
static void matrix_product(const Axis& m, const Axis& n, const Axis& k, const T* left, const T* right, T* out, bool add,
                           T* room) {
  if (is_small(m.extent, n.extent, k.extent)) {
    small_product(m, n, k, left, right, out, add);
    return;
  }
  const Matrix<T> a = matrix(left, m.extent, k.extent, m.left, k.left, room);
  if (a.data == room) room += m.extent * k.extent;
  const Matrix<T> b = matrix(right, k.extent, n.extent, k.right, n.right, room);
  if (b.data == room) room += k.extent * n.extent;
  const T beta = add ? T(1) : T(0);
  if (fits(m.out, n.out, n.extent)) {
    gemm<T>(a.transposed, b.transposed, m.extent, n.extent, k.extent, T(1), a.data, a.lead, b.data, b.lead, beta, out, m.out);
  } else if (fits(n.out, m.out, m.extent)) {
    gemm<T>(!b.transposed, !a.transposed, n.extent, m.extent, k.extent, T(1), b.data, b.lead, a.data, a.lead, beta, out, n.out);
  } else {
    gemm<T>(a.transposed, b.transposed, m.extent, n.extent, k.extent, T(1), a.data, a.lead, b.data, b.lead, T(0), room, n.extent);
    for (int64_t i = 0; i < m.extent; ++i)
      for (int64_t j = 0; j < n.extent; ++j) {
        T& place = out[i * m.out + j * n.out];
        place = add ? place + room[i * n.extent + j] : room[i * n.extent + j];
      }
  }
}

static inline int64_t room_for(const Axis& m, const Axis& n, const Axis& k) {
  if (is_small(m.extent, n.extent, k.extent)) return 0;
  int64_t room = 0;
  if (needs_room(m.extent, k.extent, m.left, k.left)) room += m.extent * k.extent;
  if (needs_room(k.extent, n.extent, k.right, n.right)) room += k.extent * n.extent;
  if (needs_room(m.extent, n.extent, m.out, n.out)) room += m.extent * n.extent;
  return room;
}

static inline bool follow(const Axis& outer, const Axis& inner) {
  return outer.role == inner.role && outer.left == inner.left * inner.extent &&
         outer.right == inner.right * inner.extent && outer.out == inner.out * inner.extent;
}

// Axes of extent 1 are dropped and those that lie one behind the other in all arrays become one.  Returns the new number.
static inline int simplified(Axis* axes, int count) {
  int kept = 0;
  for (int n = 0; n < count; ++n)
    if (axes[n].extent != 1) axes[kept++] = axes[n];
  for (bool again = true; again;) {
    again = false;
    for (int a = 0; a < kept && !again; ++a)
      for (int b = 0; b < kept && !again; ++b)
        if (a != b && follow(axes[a], axes[b])) {
          axes[b].extent *= axes[a].extent;
          axes[a] = axes[--kept];
          again = true;
        }
  }
  return kept;
}

// Takes the longest axis of the role out of the list, or one of extent 1.
static inline Axis longest(Axis* axes, int* count, Role role) {
  int best = -1;
  for (int n = 0; n < *count; ++n)
    if (axes[n].role == role && (best < 0 || axes[n].extent > axes[best].extent)) best = n;
  if (best < 0) return {role, 1, 0, 0, 0};
  const Axis found = axes[best];
  axes[best] = axes[--*count];
  return found;
}

// What a place of the loops around the matrix products adds to the three pointers.
struct Offset {
  int64_t left = 0, right = 0, out = 0;
};
static inline Offset offset_of(const Axis* axes, int count, int64_t place) {
  Offset found;
  for (int n = 0; n < count; ++n) {
    const int64_t at = place % axes[n].extent;
    place /= axes[n].extent;
    found.left += at * axes[n].left;
    found.right += at * axes[n].right;
    found.out += at * axes[n].out;
  }
  return found;
}

// A piece of an axis, and where the three pointers stand at its start.
static inline Axis piece_of(const Axis& axis, int64_t piece, int64_t pieces, Offset* moved) {
  const int64_t unit = 16, units = (axis.extent + unit - 1) / unit;
  const int64_t first = units * piece / pieces * unit, end = units * (piece + 1) / pieces * unit;
  Axis found = axis;
  found.extent = (end < axis.extent ? end : axis.extent) - first;
  moved->left += first * axis.left;
  moved->right += first * axis.right;
  moved->out += first * axis.out;
  return found;
}

// out = Σ left · right over the SUMMED axes.  Every element of the result is one thread's, in an order that does not depend
// on what the others do.  False where there was no memory.
template <class T>
static bool contract(const Axis* given, int count, const T* left, const T* right, T* out) {
  Axis axes[MAX_AXES];
  std::memcpy(axes, given, count * sizeof(Axis));
  bool nothing = false;
  int64_t work = 1;
  for (int n = 0; n < count; ++n) {
    if (axes[n].extent == 0 && axes[n].role != SUMMED) return true;
    nothing = nothing || axes[n].extent == 0;
    work *= axes[n].extent;
  }
  count = simplified(axes, count);
  Axis k = longest(axes, &count, SUMMED), m = longest(axes, &count, ROW), n = longest(axes, &count, COLUMN);
  if (m.extent == 1 && n.extent == 1) m = longest(axes, &count, BATCH);
  Axis loops[MAX_AXES], sums[MAX_AXES];
  int loop_count = 0, sum_count = 0;
  int64_t outside = 1, inside = 1;
  for (int at = 0; at < count; ++at) {
    if (axes[at].role == SUMMED) {
      sums[sum_count++] = axes[at];
      inside *= axes[at].extent;
    } else {
      loops[loop_count++] = axes[at];
      outside *= axes[at].extent;
    }
  }
  if (nothing) k.extent = 0, inside = 1, sum_count = 0;
  const int threads = work > PARALLEL && !inside_parallel() ? thread_count() : 1;
  const bool by_rows = m.extent >= n.extent;
  const int64_t longer = by_rows ? m.extent : n.extent;
  int64_t pieces = outside >= 4 * threads ? 1 : (threads + outside - 1) / outside * (outside % threads ? 2 : 1);
  if (pieces > (longer + 63) / 64) pieces = (longer + 63) / 64;
  if (threads == 1) pieces = 1;
  bool ok = true;
#pragma omp parallel if (threads > 1)
  {
    Scratch<T> room(room_for(m, n, k));
    if (!room.data) {
#pragma omp atomic write
      ok = false;
    }
#pragma omp for schedule(dynamic, 1)
    for (int64_t task = 0; task < outside * pieces; ++task) {
      if (!room.data) continue;
      Offset start = offset_of(loops, loop_count, task / pieces);
      const Axis part = piece_of(by_rows ? m : n, task % pieces, pieces, &start);
      if (part.extent <= 0) continue;
      for (int64_t at = 0; at < inside; ++at) {
        const Offset more = offset_of(sums, sum_count, at);
        matrix_product(by_rows ? part : m, by_rows ? n : part, k, left + start.left + more.left,
                       right + start.right + more.right, out + start.out, at > 0, room.data);
      }
    }
  }
  return ok;
}
