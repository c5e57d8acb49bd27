// CUDA's atomic operations, on shared and global memory alike.  In random order other threads may come first.
namespace runner {

template <class T>
struct Exactly {
  typedef T Type;
};
template <class T>
using Given = typename Exactly<T>::Type;  // so that the pointer alone decides the type, as in CUDA's overloads

template <size_t bytes>
struct Word;
template <>
struct Word<2> {
  typedef uint16_t Type;
};
template <>
struct Word<4> {
  typedef uint32_t Type;
};
template <>
struct Word<8> {
  typedef uint64_t Type;
};

// *at = next(*at) as one step; what was there before.
template <class T, class Next>
static inline T update(T* at, Next next, const char* name, int line) {
  typedef typename Word<sizeof(T)>::Type Bits;
  perhaps_pause(name, line);
  Bits* const word = reinterpret_cast<Bits*>(at);
  Bits before = __atomic_load_n(word, __ATOMIC_RELAXED), after;
  T value;
  do {
    memcpy(&value, &before, sizeof value);
    const T made = next(value);
    memcpy(&after, &made, sizeof after);
  } while (!__atomic_compare_exchange_n(word, &before, after, true, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED));
  return value;
}

}  // namespace runner

#define RUNNER_ATOMIC(name, expression)                                                               \
  template <class T>                                                                                  \
  static inline T name(T* at, runner::Given<T> given, int line = __builtin_LINE()) {                  \
    return runner::update(at, [given](T now) -> T { return expression; }, #name, line);               \
  }
RUNNER_ATOMIC(atomicAdd, now + given)
RUNNER_ATOMIC(atomicSub, now - given)
RUNNER_ATOMIC(atomicMin, given < now ? given : now)
RUNNER_ATOMIC(atomicMax, given > now ? given : now)
RUNNER_ATOMIC(atomicAnd, now & given)
RUNNER_ATOMIC(atomicOr, now | given)
RUNNER_ATOMIC(atomicXor, now ^ given)
RUNNER_ATOMIC(atomicInc, now >= given ? T(0) : T(now + 1))
RUNNER_ATOMIC(atomicDec, now == 0 || now > given ? given : T(now - 1))
#undef RUNNER_ATOMIC

// Locks are made of these two, and who asks in a loop has to let their holder go on.
template <class T>
static inline T atomicExch(T* at, runner::Given<T> given, int line = __builtin_LINE()) {
  runner::pause("atomicExch", line);
  return runner::update(at, [given](T) { return given; }, "atomicExch", line);
}
template <class T>
static inline T atomicCAS(T* at, runner::Given<T> expected, runner::Given<T> given, int line = __builtin_LINE()) {
  runner::pause("atomicCAS", line);
  return runner::update(at, [&](T now) { return now == expected ? given : now; }, "atomicCAS", line);
}
