// CUDA's names: qualifiers, places in the grid, barriers, operations of a warp, asynchronous copies, loads.
#define INDEXCALC_RUNNER 1  // for a text that has to tell where it runs

#define __global__
#define __device__
#define __host__
#define __constant__ static
#define __grid_constant__
#define __launch_bounds__(...)
#define __forceinline__ inline __attribute__((always_inline))
#define __noinline__ __attribute__((noinline))
#define __align__(bytes) __attribute__((aligned(bytes)))

#define threadIdx (runner::self->index)
#define blockIdx (runner::block->index)
#define blockDim (runner::block->size)
#define gridDim (runner::block->grid)
#define warpSize 32

static inline void __syncthreads(int line = __builtin_LINE()) { runner::barrier(0, 0, false, "__syncthreads", line); }
static inline int __syncthreads_count(int predicate, int line = __builtin_LINE()) {
  runner::barrier(0, 0, predicate != 0, "__syncthreads_count", line);
  return runner::self->result[0];
}
static inline int __syncthreads_and(int predicate, int line = __builtin_LINE()) {
  runner::barrier(0, 0, predicate != 0, "__syncthreads_and", line);
  return runner::self->result[1];
}
static inline int __syncthreads_or(int predicate, int line = __builtin_LINE()) {
  runner::barrier(0, 0, predicate != 0, "__syncthreads_or", line);
  return runner::self->result[2];
}
static inline void __barrier_sync(unsigned id, int line = __builtin_LINE()) {
  runner::barrier(int(id), 0, false, "__barrier_sync", line);
}
static inline void __barrier_sync_count(unsigned id, unsigned count, int line = __builtin_LINE()) {
  runner::barrier(int(id), int(count), false, "__barrier_sync_count", line);
}
static inline void __syncwarp(unsigned mask = ~0u, int line = __builtin_LINE()) {
  runner::warp_collective(mask, nullptr, "__syncwarp", nullptr, line);
}
static inline void __threadfence_block() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
static inline void __threadfence() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
static inline void __threadfence_system() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
static inline void __nanosleep(unsigned, int line = __builtin_LINE()) { runner::pause("__nanosleep", line); }
[[noreturn]] static inline void __trap(int line = __builtin_LINE()) { runner::stop(runner::STOPPED, line, "__trap"); }
#undef assert
#define assert(condition) ((condition) ? void() : runner::stop(runner::STOPPED, __LINE__, "assert(%s)", #condition))

namespace runner {

template <class T>
struct Shuffled {
  T mine, found;
  int source;
};

// Every lane takes the value of its source; that of a lane which is not there is undefined, here poison.
template <class T>
static void exchange(void** lanes, uint32_t present) {
  for (uint32_t rest = present; rest; rest &= rest - 1) {
    Shuffled<T>& lane = *static_cast<Shuffled<T>*>(lanes[__builtin_ctz(rest)]);
    if (present >> lane.source & 1)
      lane.found = static_cast<Shuffled<T>*>(lanes[lane.source])->mine;
    else
      memset(&lane.found, 0xFF, sizeof(T));
  }
}

template <class T>
static inline T shuffled(unsigned mask, T value, int source, const char* name, int line) {
  static_assert(std::is_trivially_copyable<T>::value && (sizeof(T) == 4 || sizeof(T) == 8), "a shuffle takes 4 or 8 bytes");
  Shuffled<T> lane = {value, value, source};
  warp_collective(mask, &lane, name, exchange<T>, line);
  return lane.found;
}

static inline void check_width(int width, int line) {
  if (width <= 0 || width > WARP || (width & (width - 1))) stop(STOPPED, line, "a shuffle of width %d", width);
}

struct Vote {
  bool holds;
  unsigned found;
};
static inline void vote(void** lanes, uint32_t present) {
  unsigned ballot = 0;
  for (uint32_t rest = present; rest; rest &= rest - 1)
    ballot |= unsigned(static_cast<Vote*>(lanes[__builtin_ctz(rest)])->holds) << __builtin_ctz(rest);
  for (uint32_t rest = present; rest; rest &= rest - 1) static_cast<Vote*>(lanes[__builtin_ctz(rest)])->found = ballot;
}
static inline void vote_all(void** lanes, uint32_t present) {
  vote(lanes, present);
  for (uint32_t rest = present; rest; rest &= rest - 1) {
    Vote& lane = *static_cast<Vote*>(lanes[__builtin_ctz(rest)]);
    lane.found = lane.found == present;
  }
}
static inline unsigned voted(unsigned mask, bool holds, Function function, const char* name, int line) {
  Vote lane = {holds, 0};
  warp_collective(mask, &lane, name, function, line);
  return lane.found;
}

// All lanes get By::combine of all values, in the order of the lanes.
template <class T, class By>
static void reduce(void** lanes, uint32_t present) {
  T result = *static_cast<T*>(lanes[__builtin_ctz(present)]);
  for (uint32_t rest = present & (present - 1); rest; rest &= rest - 1)
    result = By::combine(result, *static_cast<T*>(lanes[__builtin_ctz(rest)]));
  for (uint32_t rest = present; rest; rest &= rest - 1) *static_cast<T*>(lanes[__builtin_ctz(rest)]) = result;
}

template <class T>
struct Matched {
  T value;
  unsigned found;
};
template <class T>
static void match(void** lanes, uint32_t present) {
  for (uint32_t rest = present; rest; rest &= rest - 1) {
    Matched<T>& lane = *static_cast<Matched<T>*>(lanes[__builtin_ctz(rest)]);
    lane.found = 0;
    for (uint32_t others = present; others; others &= others - 1) {
      const int other = __builtin_ctz(others);
      if (memcmp(&lane.value, &static_cast<Matched<T>*>(lanes[other])->value, sizeof(T)) == 0) lane.found |= 1u << other;
    }
  }
}

}  // namespace runner

template <class T>
static inline T __shfl_sync(unsigned mask, T value, int source, int width = 32, int line = __builtin_LINE()) {
  runner::check_width(width, line);
  const int lane = runner::self->lane;
  return runner::shuffled(mask, value, (lane & ~(width - 1)) | (source & (width - 1)), "__shfl_sync", line);
}
template <class T>
static inline T __shfl_up_sync(unsigned mask, T value, unsigned by, int width = 32, int line = __builtin_LINE()) {
  runner::check_width(width, line);
  const int lane = runner::self->lane, source = by < 32 ? lane - int(by) : -1;
  return runner::shuffled(mask, value, source < (lane & ~(width - 1)) ? lane : source, "__shfl_up_sync", line);
}
template <class T>
static inline T __shfl_down_sync(unsigned mask, T value, unsigned by, int width = 32, int line = __builtin_LINE()) {
  runner::check_width(width, line);
  const int lane = runner::self->lane, source = by < 32 ? lane + int(by) : 32;
  return runner::shuffled(mask, value, source > (lane | (width - 1)) ? lane : source, "__shfl_down_sync", line);
}
template <class T>
static inline T __shfl_xor_sync(unsigned mask, T value, int by, int width = 32, int line = __builtin_LINE()) {
  runner::check_width(width, line);
  const int lane = runner::self->lane, source = (lane ^ by) & 31;
  return runner::shuffled(mask, value, source > (lane | (width - 1)) ? lane : source, "__shfl_xor_sync", line);
}

static inline unsigned __ballot_sync(unsigned mask, int holds, int line = __builtin_LINE()) {
  return runner::voted(mask, holds != 0, runner::vote, "__ballot_sync", line);
}
static inline int __any_sync(unsigned mask, int holds, int line = __builtin_LINE()) {
  return runner::voted(mask, holds != 0, runner::vote, "__any_sync", line) != 0;
}
static inline int __all_sync(unsigned mask, int holds, int line = __builtin_LINE()) {
  return int(runner::voted(mask, holds != 0, runner::vote_all, "__all_sync", line));
}
template <class T>
static inline unsigned __match_any_sync(unsigned mask, T value, int line = __builtin_LINE()) {
  runner::Matched<T> lane = {value, 0};
  runner::warp_collective(mask, &lane, "__match_any_sync", runner::match<T>, line);
  return lane.found;
}

#define RUNNER_REDUCE(T, name, expression)                                                  \
  static inline T name(unsigned mask, T value, int line = __builtin_LINE()) {               \
    struct Pair {                                                                           \
      static T combine(T a, T b) { return expression; }                                     \
    };                                                                                      \
    runner::warp_collective(mask, &value, #name, runner::reduce<T, Pair>, line);            \
    return value;                                                                           \
  }
RUNNER_REDUCE(unsigned, __reduce_add_sync, a + b)
RUNNER_REDUCE(unsigned, __reduce_min_sync, a < b ? a : b)
RUNNER_REDUCE(unsigned, __reduce_max_sync, a > b ? a : b)
RUNNER_REDUCE(int, __reduce_add_sync, a + b)
RUNNER_REDUCE(int, __reduce_min_sync, a < b ? a : b)
RUNNER_REDUCE(int, __reduce_max_sync, a > b ? a : b)
RUNNER_REDUCE(unsigned, __reduce_and_sync, a & b)
RUNNER_REDUCE(unsigned, __reduce_or_sync, a | b)
RUNNER_REDUCE(unsigned, __reduce_xor_sync, a ^ b)
#undef RUNNER_REDUCE

// <cuda_pipeline.h>
static inline void __pipeline_memcpy_async(void* to, const void* from, size_t bytes, size_t zeros = 0,
                                           int line = __builtin_LINE()) {
  if (bytes != 4 && bytes != 8 && bytes != 16)
    runner::stop(runner::STOPPED, line, "an asynchronous copy of %zu bytes: there are those of 4, 8 and 16", bytes);
  if ((uintptr_t(to) | uintptr_t(from)) % bytes)
    runner::stop(runner::STOPPED, line, "an asynchronous copy of %zu bytes that is not aligned to them", bytes);
  runner::copy_later(to, from, int(bytes), int(bytes) - int(zeros), line);
}
static inline void __pipeline_commit() { runner::commit_copies(); }
static inline void __pipeline_wait_prior(int groups) { runner::wait_for_copies(groups); }

#define RUNNER_LOAD(name)            \
  template <class T>                 \
  static inline T name(const T* at) { \
    return *at;                      \
  }
#define RUNNER_STORE(name)                                    \
  template <class T>                                          \
  static inline void name(T* at, runner::Given<T> value) {    \
    *at = value;                                              \
  }
RUNNER_LOAD(__ldg)
RUNNER_LOAD(__ldca)
RUNNER_LOAD(__ldcg)
RUNNER_LOAD(__ldcs)
RUNNER_LOAD(__ldcv)
RUNNER_LOAD(__ldlu)
RUNNER_STORE(__stwb)
RUNNER_STORE(__stcg)
RUNNER_STORE(__stcs)
RUNNER_STORE(__stwt)
#undef RUNNER_LOAD
#undef RUNNER_STORE
