// What every emitted source begins with: arrays, extents, errors, threads, memory.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#ifdef _OPENMP
#include <omp.h>
#endif
#if defined(__linux__)
#include <sys/mman.h>
#endif

// An array in memory.  Strides are in elements, one for each axis, and may be 0 or negative.
struct ArrayRef {
  void* data;
  const int64_t* strides;
};

// The extents that a function asks for, by place.
struct Extents {
  const int64_t* size;
  int64_t operator[](int place) const { return size[place]; }
};

// What a run returns: 0, or why it stopped.
enum : int { RUN_OK = 0, RUN_SINGULAR = 1, RUN_OUTSIDE = 2, RUN_MEMORY = 3 };

static inline int thread_count() {
#ifdef _OPENMP
  return omp_get_max_threads();
#else
  return 1;
#endif
}

static inline int thread_number() {
#ifdef _OPENMP
  return omp_get_thread_num();
#else
  return 0;
#endif
}

// Threads of the parallel region at hand.
static inline int team_size() {
#ifdef _OPENMP
  return omp_get_num_threads();
#else
  return 1;
#endif
}

static inline bool inside_parallel() {
#ifdef _OPENMP
  return omp_in_parallel();
#else
  return false;
#endif
}

// Threads of the parallel regions that the calling thread starts, for as long as this lives; 0 leaves them as they are.
struct Threads {
#ifdef _OPENMP
  int before = omp_get_max_threads();
  explicit Threads(int count) {
    if (count > 0) omp_set_num_threads(count);
  }
  ~Threads() { omp_set_num_threads(before); }
#else
  explicit Threads(int) {}
#endif
};

enum : int64_t { ALIGNMENT = 64, HUGE_PAGE = 1 << 21 };
constexpr int64_t PARALLEL = 1 << 15;  // elements below which a loop is not worth a second thread

// Memory on a cache line's boundary; large pieces in huge pages, whose first touch costs a tenth.  Null where there is none.
static inline void* aligned_memory(int64_t bytes) {
  const int64_t alignment = bytes >= 2 * HUGE_PAGE ? HUGE_PAGE : ALIGNMENT;
  const int64_t whole = ((bytes > 0 ? bytes : 1) + alignment - 1) / alignment * alignment;
  void* found = nullptr;
  if (bytes < 0 || posix_memalign(&found, alignment, whole) != 0) return nullptr;
#if defined(MADV_HUGEPAGE)
  if (alignment == HUGE_PAGE) madvise(found, whole, MADV_HUGEPAGE);
#endif
  return found;
}

// Pieces that were given back, for whoever asks next: the first touch of fresh pages costs as much as a pass over them.
struct Kept {
  void* data;
  int64_t bytes;
};
enum : int { KEPT_PIECES = 16 };
enum : int64_t { KEPT_LEAST = 1 << 16, KEPT_MOST = 1 << 26 };  // bytes of one piece, and of all of them
static Kept kept[KEPT_PIECES];
static char kept_lock = 0;

// Who does not have it soon does without: in a forked process the thread that has it may not be there.
struct KeptLock {
  bool mine = false;
  KeptLock() {
    for (int tries = 0; tries < 1000 && !mine; ++tries) mine = !__atomic_test_and_set(&kept_lock, __ATOMIC_ACQUIRE);
  }
  ~KeptLock() {
    if (mine) __atomic_clear(&kept_lock, __ATOMIC_RELEASE);
  }
};

// A piece of at least `bytes`, which becomes its size.  Null where there is no memory.
static inline void* take_piece(int64_t* bytes) {
  if (*bytes >= KEPT_LEAST) {
    const KeptLock lock;
    for (Kept& piece : kept)
      if (lock.mine && piece.bytes >= *bytes && piece.bytes / 2 <= *bytes) {
        const Kept found = piece;
        piece = {nullptr, 0};
        *bytes = found.bytes;
        return found.data;
      }
  }
  return aligned_memory(*bytes);
}

static inline void give_piece(void* data, int64_t bytes) {
  if (data != nullptr && bytes >= KEPT_LEAST) {
    const KeptLock lock;
    int64_t held = bytes;
    for (const Kept& piece : kept) held += lock.mine ? piece.bytes : 0;
    for (Kept& piece : kept)
      if (lock.mine && held <= KEPT_MOST && piece.data == nullptr) {
        piece = {data, bytes};
        return;
      }
  }
  std::free(data);
}

// `count` elements that are given back when this goes out of scope.  `data` is null where there was no memory.
template <class T>
struct Scratch {
  int64_t bytes;
  T* data;
  explicit Scratch(int64_t count) : bytes(count * int64_t(sizeof(T))), data(static_cast<T*>(take_piece(&bytes))) {}
  ~Scratch() { give_piece(data, bytes); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
};
