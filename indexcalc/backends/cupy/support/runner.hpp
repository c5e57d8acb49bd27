// A block of CUDA threads on one thread of the system: who runs next, who waits for what, and what went wrong.
#include <stdarg.h>

namespace runner {

enum : int { WARP = 32, WARPS = 32, GROUP = 128, BARRIERS = 16 };
enum Order : int { FORWARD = 0, BACKWARD = 1, RANDOM = 2 };
enum Report : int { FINE = 0, DEADLOCK = 1, TIME = 2, DIVERGENCE = 3, OUTSIDE = 4, STOPPED = 5, MEMORY = 6 };
enum State : int { READY, AT_BARRIER, IN_COLLECTIVE, WAITING, EXITED };

typedef bool (*Condition)(void* argument);
typedef void (*Function)(void** arguments, uint32_t present);

// What a launch is told, and what it tells; as in backends/cupy/runner/kernels.py.
struct Settings {
  uint32_t grid[3], block[3];
  uint64_t shared, seed;
  int32_t order, lazy, workers;
  double seconds;
};
struct Outcome {
  int32_t report, line;
  int32_t block[3], thread[3];  // thread: -1 where it is none's alone
  char text[1024];
};

// A copy that was begun and not performed: `read` bytes, and zeros up to `bytes`.
struct Copy {
  void* to;
  const void* from;
  int bytes, read, group;
};

struct Thread {
  Context context;
  uint3 index;
  int number, lane, warp;
  State state;
  const char* at;  // what it waits for, and the line that it waits in
  int line;
  int result[3];  // of a barrier: how many predicates hold, whether all, whether any
  Condition condition;
  void* argument;
  Copy* copies;
  int copy_count, copy_room, group;  // group: the one that copies are added to
};

struct Barrier {
  int arrived, expected, line;  // expected: 0 for all threads that have not exited
  int holding;                  // predicates
  const char* name;
  uint32_t waiting[WARPS];
};

// Lanes of one warp that came to an operation that they do together.
struct Collective {
  uint32_t mask, arrived;
  const char* name;
  Function function;
  void* arguments[WARP];
};
struct GroupCollective {
  int arrived;
  const char* name;
  Function function;
  void* arguments[GROUP];
};

struct Block {
  Thread threads[WARPS * WARP];
  uint32_t ready[WARPS], alive[WARPS];
  int thread_count, warp_count, alive_count, waiting_count;  // waiting_count: for conditions
  uint3 index;
  dim3 size, grid;
  const Settings* settings;
  uint64_t random;
  Barrier barriers[BARRIERS];
  Collective open[WARPS][WARP];  // each lane is in one at most
  int open_count[WARPS];
  GroupCollective groups[WARPS / 4];
  Context main;
  Stacks stacks;
  char* shared;
  size_t shared_bytes;
  void (*body)(void**);
  void** arguments;
  Outcome outcome;
  volatile bool running;  // on a thread's own stack, so that `main` can be gone back to
  volatile bool guarded;  // in what may not be left half done
  volatile bool expired;
};

static thread_local Block* block = nullptr;
static thread_local Thread* self = nullptr;

// Ends the block: back to the one who runs it, with what went wrong at a thread, or at none's in particular.
[[noreturn]] static void stop_at(const Thread* thread, int line, Report report, const char* format, va_list values) {
  Outcome& outcome = block->outcome;
  outcome.report = report;
  outcome.line = line;
  const uint3 at = block->index;
  outcome.block[0] = int(at.x), outcome.block[1] = int(at.y), outcome.block[2] = int(at.z);
  outcome.thread[0] = thread ? int(thread->index.x) : -1;
  outcome.thread[1] = thread ? int(thread->index.y) : -1;
  outcome.thread[2] = thread ? int(thread->index.z) : -1;
  vsnprintf(outcome.text, sizeof outcome.text, format, values);
  block->running = false;
  static thread_local Context left;
  change(left, block->main);
  abort();
}
[[noreturn]] static void stop(Report report, int line, const char* format, ...) {
  va_list values;
  va_start(values, format);
  stop_at(self, line, report, format, values);
}
[[noreturn]] static void stop_block(Report report, int line, const char* format, ...) {
  va_list values;
  va_start(values, format);
  stop_at(nullptr, line, report, format, values);
}

// Text that is put together piece by piece and cut where it becomes too long.
struct Text {
  char text[900];
  int length = 0;
  void add(const char* format, ...) {
    va_list values;
    va_start(values, format);
    if (length < int(sizeof text)) length += vsnprintf(text + length, sizeof text - length, format, values);
    va_end(values);
  }
};

static inline uint64_t drawn(uint64_t below) {
  uint64_t& x = block->random;
  x ^= x >> 12, x ^= x << 25, x ^= x >> 27;
  return (x * 0x2545F4914F6CDD1Dull >> 32) % below;
}
static inline bool in_random_order() { return block->settings->order == RANDOM; }

static inline int picked(uint32_t lanes) {
  if (block->settings->order == FORWARD) return __builtin_ctz(lanes);
  if (block->settings->order == BACKWARD) return 31 - __builtin_clz(lanes);
  for (uint64_t skip = drawn(uint64_t(__builtin_popcount(lanes))); skip; --skip) lanes &= lanes - 1;
  return __builtin_ctz(lanes);
}

// A thread that can go on: of this warp where there is one, so that a warp stays together; null where there is none.
static Thread* next_ready(int warp) {
  const int count = block->warp_count, step = block->settings->order == BACKWARD ? count - 1 : 1;
  if (in_random_order() && drawn(8) == 0) warp = int(drawn(uint64_t(count)));
  for (int n = 0; n < count; ++n, warp = (warp + step) % count)
    if (block->ready[warp]) return &block->threads[warp * WARP + picked(block->ready[warp])];
  return nullptr;
}

static inline void set_ready(int warp, uint32_t lanes) {
  block->ready[warp] |= lanes;
  for (uint32_t rest = lanes; rest; rest &= rest - 1) block->threads[warp * WARP + __builtin_ctz(rest)].state = READY;
}

// Asks those who wait for a condition whether it holds; a condition may perform what it waits for, in its thread's name.
static bool woken() {
  if (!block->waiting_count) return false;
  Thread* const mine = self;
  bool any = false;
  for (int n = 0; n < block->thread_count; ++n) {
    Thread& thread = block->threads[n];
    if (thread.state != WAITING) continue;
    self = &thread;
    if (!thread.condition(thread.argument)) continue;
    set_ready(thread.warp, 1u << thread.lane);
    --block->waiting_count;
    any = true;
  }
  self = mine;
  return any;
}

[[noreturn]] static void nobody_goes_on();

static Thread* following(int warp) {
  if (block->expired) stop(TIME, self->line, "%s", self->at);
  if (in_random_order() && drawn(4) == 0) woken();
  Thread* found = next_ready(warp);
  if (!found && woken()) found = next_ready(warp);
  if (!found) nobody_goes_on();
  return found;
}

static inline void enter(Thread* mine, Thread* other) {
  if (mine == other) return;
  self = other;
  change(mine->context, other->context);
}

// The thread that runs waits, and others go on until somebody makes it ready again.
static void suspend(State state, const char* at, int line) {
  Thread* const mine = self;
  mine->state = state, mine->at = at, mine->line = line;
  block->ready[mine->warp] &= ~(1u << mine->lane);
  enter(mine, following(mine->warp));
}

// Others first, though the thread itself could go on: what a loop that waits for memory to change has to call.
static void pause(const char* at, int line) {
  Thread* const mine = self;
  mine->at = at, mine->line = line;
  if (block->expired) stop(TIME, line, "%s", at);
  woken();
  block->ready[mine->warp] &= ~(1u << mine->lane);
  Thread* const other = next_ready((mine->warp + 1) % block->warp_count);
  block->ready[mine->warp] |= 1u << mine->lane;
  if (other) enter(mine, other);
}

// In random order others may come first wherever threads can see what they do to each other.
static inline void perhaps_pause(const char* at, int line) {
  if (in_random_order() && drawn(4) == 0) pause(at, line);
}

// Waits until the condition holds, which is asked again whenever nobody else can go on.
static inline void wait_until(Condition condition, void* argument, const char* name, int line = __builtin_LINE()) {
  if (condition(argument)) return;
  self->condition = condition, self->argument = argument;
  ++block->waiting_count;
  suspend(WAITING, name, line);
}

static inline void describe(Text& text, const Thread& thread) {
  text.add("thread (%u, %u, %u) at %s in line %d", thread.index.x, thread.index.y, thread.index.z, thread.at, thread.line);
}

// Two lanes of one warp that are in different barriers or collectives, as no lanes of a warp may be for good.
static void find_divergence() {
  for (int warp = 0; warp < block->warp_count; ++warp) {
    const Thread* first = nullptr;
    for (uint32_t rest = block->alive[warp]; rest; rest &= rest - 1) {
      const Thread& thread = block->threads[warp * WARP + __builtin_ctz(rest)];
      if (!first) first = &thread;
      if (thread.at == first->at || strcmp(thread.at, first->at) == 0) continue;
      Text text;
      describe(text, *first);
      text.add(", ");
      describe(text, thread);
      self = const_cast<Thread*>(&thread);
      stop(DIVERGENCE, thread.line, "lanes of warp %d do not come together: %s", warp, text.text);
    }
  }
}

[[noreturn]] static void nobody_goes_on() {
  const int exited = block->thread_count - block->alive_count;
  bool waiting = false;
  const Thread* first = nullptr;
  Text text;
  int told = 0;
  for (int n = 0; n < block->thread_count; ++n) {
    const Thread& thread = block->threads[n];
    if (thread.state == EXITED) continue;
    waiting = waiting || thread.state == WAITING;
    if (!first) first = &thread;
    if (++told > 4) continue;
    text.add(told > 1 ? ", " : "");
    describe(text, thread);
  }
  if (told > 4) text.add(", and %d more", told - 4);
  if (exited) text.add("; %d of %d threads have exited", exited, block->thread_count);
  self = const_cast<Thread*>(first);
  if (!waiting) find_divergence();
  for (int id = 0; id < BARRIERS; ++id) {
    const Barrier& barrier = block->barriers[id];
    if (exited && barrier.arrived && barrier.expected)
      stop(DIVERGENCE, barrier.line, "barrier %d waits for %d threads, and %d came: %s", id, barrier.expected,
           barrier.arrived, text.text);
  }
  stop(DEADLOCK, first->line, "%s", text.text);
}

}  // namespace runner
