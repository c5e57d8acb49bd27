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

// `count` elements that are freed when this goes out of scope.  `data` is null where there was no memory.
template <class T>
struct Scratch {
  T* data;
  explicit Scratch(int64_t count) : data(static_cast<T*>(aligned_memory(count * int64_t(sizeof(T))))) {}
  ~Scratch() { std::free(data); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
};
