// What the vector functions lack: the C library's other functions, powers, and positions that are checked.
namespace ix {
using std::cos;
using std::cosh;
using std::sin;
using std::sinh;
using std::sqrt;
using std::tan;

template <class T>
static inline T real_part(const T& x) {
  return x;
}
template <class T>
static inline T square(const T& x) {
  return x * x;
}
static inline float absolute(float x) { return std::fabs(x); }
static inline double absolute(double x) { return std::fabs(x); }
static inline float power(float x, float y) { return std::pow(x, y); }
static inline double power(double x, double y) { return std::pow(x, y); }

// Notes why a run stops; from any thread.
static inline void stopped(int why, int* code) { __atomic_store_n(code, why, __ATOMIC_RELAXED); }

// A position, noted as outside of an axis of this extent where it is; then 0.
static inline int64_t checked(int64_t position, int64_t extent, int* code) {
  if (uint64_t(position) < uint64_t(extent)) return position;
  stopped(RUN_OUTSIDE, code);
  return 0;
}
}  // namespace ix
