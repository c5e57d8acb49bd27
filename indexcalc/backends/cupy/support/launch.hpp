// A launch: blocks one after the other on each thread of the system, their reports, and the time limit.
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>

#include <new>
#include <type_traits>

namespace runner {

// What a kernel's parameter is; as in backends/cupy/runner/arguments.py.
enum Kind : int { SIGNED, UNSIGNED, FLOATING, POINTER, OTHER };
struct Parameter {
  int32_t kind, bytes, pointee, pointee_bytes, writable;  // pointee: its kind; OTHER and 0 bytes for void
};

template <class T>
static constexpr int kind_of() {
  return std::is_pointer<T>::value          ? POINTER
         : std::is_floating_point<T>::value ? FLOATING
         : !std::is_integral<T>::value      ? OTHER
         : std::is_signed<T>::value         ? SIGNED
                                            : UNSIGNED;
}
template <class T>
struct Size {
  enum : int { bytes = sizeof(T) };
};
template <>
struct Size<void> {
  enum : int { bytes = 0 };
};

template <class T>
static Parameter parameter() {
  using Pointee = typename std::remove_pointer<T>::type;
  using Plain = typename std::remove_cv<Pointee>::type;
  if (!std::is_pointer<T>::value) return {kind_of<T>(), int(sizeof(T)), OTHER, 0, 0};
  return {POINTER, int(sizeof(T)), kind_of<Plain>(), Size<Plain>::bytes, !std::is_const<Pointee>::value};
}

template <class... Parameters>
static int described(void (*)(Parameters...), Parameter* found, int room) {
  const Parameter all[] = {parameter<Parameters>()..., Parameter()};
  for (int n = 0; n < int(sizeof...(Parameters)) && n < room; ++n) found[n] = all[n];
  return int(sizeof...(Parameters));
}

template <class Kernel, Kernel* kernel>
struct Call;
template <class... Parameters, void (*kernel)(Parameters...)>
struct Call<void(Parameters...), kernel> {
  template <int... n>
  struct Numbers {};
  template <int n, int... rest>
  struct Upto : Upto<n - 1, n - 1, rest...> {};
  template <int... rest>
  struct Upto<0, rest...> {
    typedef Numbers<rest...> Type;
  };
  template <int... n>
  static void apply(void** values, Numbers<n...>) {
    (void)values;
    kernel(*static_cast<typename std::remove_cv<Parameters>::type*>(values[n])...);
  }
  static void run(void** values) { apply(values, typename Upto<int(sizeof...(Parameters))>::Type()); }
};

// Where every CUDA thread begins, and ends.
static void begin() {
  block->running = true;
  block->body(block->arguments);
  Thread* const mine = self;
  mine->state = EXITED;
  block->ready[mine->warp] &= ~(1u << mine->lane);
  block->alive[mine->warp] &= ~(1u << mine->lane);
  --block->alive_count;
  leave_collectives();
  if (block->alive_count == 0) {
    check_guards(0);
    block->running = false;
    change(mine->context, block->main);
  }
  self = following(mine->warp);
  change(mine->context, self->context);
  abort();
}

static void prepare_threads(Block& b) {
  b.alive_count = b.thread_count, b.waiting_count = 0;
  memset(b.ready, 0, sizeof b.ready);
  memset(b.barriers, 0, sizeof b.barriers);
  memset(b.open_count, 0, sizeof b.open_count);
  for (GroupCollective& group : b.groups) group.arrived = 0;
  for (int n = 0; n < b.thread_count; ++n) {
    Thread& thread = b.threads[n];
    const unsigned place = unsigned(n);
    thread.index = {place % b.size.x, place / b.size.x % b.size.y, place / (b.size.x * b.size.y)};
    thread.number = n, thread.lane = n % WARP, thread.warp = n / WARP;
    thread.state = READY, thread.at = "its start", thread.line = 0;
    thread.copy_count = 0, thread.group = 0;
    b.ready[thread.warp] |= 1u << thread.lane;
    prepare(thread.context, b.stacks.end(size_t(n)), b.stacks.room(), begin);
  }
  memcpy(b.alive, b.ready, sizeof b.alive);
}

static bool run_block(Block& b, uint64_t number) {
  const uint64_t x = b.grid.x, y = b.grid.y;
  b.index = {unsigned(number % x), unsigned(number / x % y), unsigned(number / (x * y))};
  b.random = (b.settings->seed * 0x9E3779B97F4A7C15ull ^ (number + 1) * 0xD1B54A32D192ED03ull) | 1;
  prepare_threads(b);
  poison_shared();
  self = next_ready(b.settings->order == BACKWARD ? b.warp_count - 1 : 0);
  change(b.main, self->context);
  return b.outcome.report == FINE;
}

// What the threads of the system share.
struct Launch {
  const Settings* settings;
  void (*body)(void**);
  void** arguments;
  Outcome* outcome;
  uint64_t blocks, next, factor;
  Block* running[64];
  pthread_t threads[64];
  int active;
  volatile bool expired;
  pthread_mutex_t lock;
  pthread_cond_t ended;
};

// Blocks in their order, backward, or in one that the seed decides: a multiple modulo their number.
static uint64_t in_order(const Launch& launch, uint64_t n) {
  if (launch.settings->order == FORWARD) return n;
  if (launch.settings->order == BACKWARD) return launch.blocks - 1 - n;
  return uint64_t((unsigned __int128)(n)*launch.factor % launch.blocks);
}
static uint64_t coprime(uint64_t seed, uint64_t blocks) {
  for (uint64_t factor = seed * 0x9E3779B97F4A7C15ull % blocks + 1;; ++factor) {
    uint64_t a = factor, b = blocks;
    while (b) {
      const uint64_t rest = a % b;
      a = b, b = rest;
    }
    if (a == 1) return factor;
  }
}

static void run_blocks(Launch& launch, Block& b) {
  block = &b;
  for (;;) {
    const uint64_t n = __atomic_fetch_add(&launch.next, 1, __ATOMIC_RELAXED);
    if (n >= launch.blocks) break;
    if (launch.expired) {
      b.outcome.report = TIME;
      break;
    }
    b.body = launch.body;
    if (!run_block(b, in_order(launch, n))) __atomic_store_n(&launch.next, launch.blocks, __ATOMIC_RELAXED);
    if (b.outcome.report != FINE) break;
  }
  block = nullptr, self = nullptr;
}

static Block* made_block(const Launch& launch) {
  Block* b = static_cast<Block*>(calloc(1, sizeof(Block)));
  if (!b) return nullptr;
  const Settings& s = *launch.settings;
  b->settings = &s;
  b->size = dim3(s.block[0], s.block[1], s.block[2]);
  b->grid = dim3(s.grid[0], s.grid[1], s.grid[2]);
  b->thread_count = int(s.block[0] * s.block[1] * s.block[2]);
  b->warp_count = (b->thread_count + WARP - 1) / WARP;
  b->arguments = launch.arguments;
  if (make_shared(*b) && b->stacks.make(size_t(b->thread_count))) return b;
  b->outcome.report = MEMORY;
  return b;
}
static void free_block(Block* b) {
  for (Thread& thread : b->threads) free(thread.copies);
  free(b->shared);
  b->stacks.~Stacks();
  free(b);
}

// One thread of the system: its blocks, and what went wrong in them unless another one was first.
static void* work(void* given) {
  Launch& launch = *static_cast<Launch*>(given);
  Block* const b = made_block(launch);
  pthread_mutex_lock(&launch.lock);
  if (!b) {
    launch.outcome->report = MEMORY;
    --launch.active;
    pthread_cond_broadcast(&launch.ended);
    pthread_mutex_unlock(&launch.lock);
    return nullptr;
  }
  int place = 0;
  while (launch.running[place]) ++place;
  launch.running[place] = b, launch.threads[place] = pthread_self();
  b->expired = launch.expired;
  pthread_mutex_unlock(&launch.lock);
  if (b->outcome.report == FINE) run_blocks(launch, *b);
  pthread_mutex_lock(&launch.lock);
  if (b->outcome.report != FINE && launch.outcome->report == FINE) *launch.outcome = b->outcome;
  launch.running[place] = nullptr;
  --launch.active;
  pthread_cond_broadcast(&launch.ended);
  pthread_mutex_unlock(&launch.lock);
  free_block(b);
  return nullptr;
}

// Time is over, and this thread of the system is in a CUDA thread: it leaves it where it is.
static void interrupted(int) {
  const int before = errno;
  if (block && block->running && !block->guarded && block->expired) stop(TIME, self->line, "%s", "");
  errno = before;
}

// Waits for the end of the launch, and makes it come where time is over.  A loop that calls nothing of ours can only be
// interrupted by a signal: SIGURG, which does nothing where nobody asks for it.
static void* watch(void* given) {
  Launch& launch = *static_cast<Launch*>(given);
  timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  const double end = double(until.tv_sec) + 1e-9 * double(until.tv_nsec) + launch.settings->seconds;
  until.tv_sec = time_t(end), until.tv_nsec = long((end - double(until.tv_sec)) * 1e9);
  struct sigaction ours = {}, before;
  ours.sa_handler = interrupted;
  ours.sa_flags = SA_NODEFER | SA_RESTART;
  pthread_mutex_lock(&launch.lock);
  while (launch.active > 0) {
    if (pthread_cond_timedwait(&launch.ended, &launch.lock, &until) != ETIMEDOUT || launch.active == 0) continue;
    sigaction(SIGURG, &ours, launch.expired ? nullptr : &before);
    launch.expired = true;
    for (int n = 0; n < launch.settings->workers; ++n)
      if (launch.running[n]) {
        launch.running[n]->expired = true;
        pthread_kill(launch.threads[n], SIGURG);
      }
    until.tv_nsec += 20000000;  // and again, for what was not to be interrupted just then
    until.tv_sec += until.tv_nsec / 1000000000, until.tv_nsec %= 1000000000;
  }
  if (launch.expired) sigaction(SIGURG, &before, nullptr);
  pthread_mutex_unlock(&launch.lock);
  return nullptr;
}

static void launched(void (*body)(void**), void** arguments, const Settings* settings, Outcome* outcome) {
  memset(outcome, 0, sizeof *outcome);
  Launch launch = {};
  launch.settings = settings, launch.body = body, launch.arguments = arguments, launch.outcome = outcome;
  launch.blocks = uint64_t(settings->grid[0]) * settings->grid[1] * settings->grid[2];
  launch.factor = coprime(settings->seed, launch.blocks);
  launch.active = settings->workers;
  pthread_mutex_init(&launch.lock, nullptr);
  pthread_cond_init(&launch.ended, nullptr);
  pthread_t watcher, others[64];
  int made = 1;
  const bool watched = pthread_create(&watcher, nullptr, watch, &launch) == 0;
  while (watched && made < settings->workers && pthread_create(&others[made], nullptr, work, &launch) == 0) ++made;
  pthread_mutex_lock(&launch.lock);
  launch.active -= settings->workers - made;  // those that could not be made
  pthread_mutex_unlock(&launch.lock);
  if (watched)
    work(&launch);
  else
    outcome->report = MEMORY;
  if (watched) pthread_join(watcher, nullptr);
  for (int n = 1; n < made; ++n) pthread_join(others[n], nullptr);
  pthread_cond_destroy(&launch.ended);
  pthread_mutex_destroy(&launch.lock);
}

}  // namespace runner

#define RUNNER_KERNEL(name)                                                                                          \
  extern "C" __attribute__((visibility("default"))) int runner_describe_##name(runner::Parameter* found, int room) { \
    return runner::described(&name, found, room);                                                                    \
  }                                                                                                                  \
  extern "C" __attribute__((visibility("default"))) void runner_launch_##name(                                       \
      void** arguments, const runner::Settings* settings, runner::Outcome* outcome) {                                \
    runner::launched(&runner::Call<decltype(name), &name>::run, arguments, settings, outcome);                       \
  }
