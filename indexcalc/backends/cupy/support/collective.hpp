// What threads of a block do together: barriers, operations of a warp and of a warpgroup, and copies that are waited for.
namespace runner {

static void check_guards(int line);

static void complete(Barrier& barrier, int line) {
  check_guards(line);
  const int all = barrier.holding == barrier.arrived, any = barrier.holding > 0;
  for (int warp = 0; warp < block->warp_count; ++warp) {
    for (uint32_t rest = barrier.waiting[warp]; rest; rest &= rest - 1) {
      int* result = block->threads[warp * WARP + __builtin_ctz(rest)].result;
      result[0] = barrier.holding, result[1] = all, result[2] = any;
    }
    set_ready(warp, barrier.waiting[warp]);
  }
  self->result[0] = barrier.holding, self->result[1] = all, self->result[2] = any;
  barrier = Barrier();
}

static inline bool is_complete(const Barrier& barrier) {
  return barrier.arrived && barrier.arrived == (barrier.expected ? barrier.expected : block->alive_count);
}

static void check_arrival(const Barrier& barrier, int id, int expected, const char* name, int line) {
  if (id < 0 || id >= BARRIERS) stop(STOPPED, line, "there is no barrier %d: they are 0 to %d", id, BARRIERS - 1);
  if (expected % WARP || expected < 0)
    stop(STOPPED, line, "a barrier of %d threads: it takes whole warps of %d", expected, WARP);
  if (!barrier.arrived) return;
  if (barrier.expected != expected)
    stop(DIVERGENCE, line, "barrier %d waits for %d threads in line %d, and for %d here", id,
         barrier.expected ? barrier.expected : block->alive_count, barrier.line, expected ? expected : block->alive_count);
  // a barrier of the whole block is one place of the text; warps may come to a named one from different places
  if (!expected && (barrier.line != line || strcmp(barrier.name, name) != 0))
    stop(DIVERGENCE, line, "some threads are at %s in line %d, others at %s in line %d", barrier.name, barrier.line, name,
         line);
}

// Arrives at a barrier of `expected` threads, or, for 0, of all that have not exited, and waits for them if it `waits`.
// The thread's `result` then holds how many predicates hold, whether all do, and whether any does.
static void barrier(int id, int expected, bool predicate, const char* name, int line, bool waits = true) {
  check_arrival(block->barriers[id & (BARRIERS - 1)], id, expected, name, line);
  perhaps_pause(name, line);
  Barrier& barrier = block->barriers[id];
  check_arrival(barrier, id, expected, name, line);
  barrier.expected = expected, barrier.line = line, barrier.name = name;
  barrier.holding += predicate;
  ++barrier.arrived;
  if (is_complete(barrier)) return complete(barrier, line);
  if (!waits) return;
  barrier.waiting[self->warp] |= 1u << self->lane;
  suspend(AT_BARRIER, name, line);
}

static void finish(int warp, int place) {
  Collective& collective = block->open[warp][place];
  if (collective.function) collective.function(collective.arguments, collective.arrived);
  set_ready(warp, collective.arrived);
  collective = block->open[warp][--block->open_count[warp]];
}

static inline bool is_complete(int warp, const Collective& collective) {
  return collective.arrived == (collective.mask & block->alive[warp]);
}

// Lanes of `mask` come together, whatever way they came; the last one performs the function on all arguments, by lane.
// Lanes that have exited, or never were, are not waited for: `present` says which there are.
static void warp_collective(uint32_t mask, void* argument, const char* name, Function function,
                            int line = __builtin_LINE()) {
  const int warp = self->warp;
  const uint32_t bit = 1u << self->lane;
  if (!(mask & bit)) stop(DIVERGENCE, line, "lane %d is not in the mask 0x%08x of its %s", self->lane, mask, name);
  perhaps_pause(name, line);
  int place = 0;
  while (place < block->open_count[warp] && block->open[warp][place].mask != mask) ++place;
  Collective& collective = block->open[warp][place];
  if (place == block->open_count[warp]) {
    ++block->open_count[warp];
    collective.mask = mask, collective.arrived = 0, collective.name = name, collective.function = function;
    memset(collective.arguments, 0, sizeof collective.arguments);
  } else if (strcmp(collective.name, name) != 0) {
    const Thread& other = block->threads[warp * WARP + __builtin_ctz(collective.arrived)];
    stop(DIVERGENCE, line, "lanes of warp %d are in different operations: %s in line %d, lane %d in %s", warp, name, line,
         other.lane, collective.name);
  }
  collective.arrived |= bit;
  collective.arguments[self->lane] = argument;
  if (is_complete(warp, collective)) return finish(warp, place);
  suspend(IN_COLLECTIVE, name, line);
}

// The four warps of a warpgroup come together, all 128 lanes; the last one performs the function.
static void warpgroup_collective(void* argument, const char* name, Function function, int line = __builtin_LINE()) {
  const int first = self->warp / 4 * 4;
  for (int warp = first; warp < first + 4; ++warp)
    if (warp >= block->warp_count || block->alive[warp] != ~0u)
      stop(DIVERGENCE, line, "%s takes the 128 threads of a warpgroup, and some have exited or never were", name);
  perhaps_pause(name, line);
  GroupCollective& group = block->groups[first / 4];
  if (!group.arrived)
    group.name = name, group.function = function;
  else if (strcmp(group.name, name) != 0)
    stop(DIVERGENCE, line, "threads of warpgroup %d are in different operations: %s and %s", first / 4, group.name, name);
  group.arguments[self->number - first * WARP] = argument;
  if (++group.arrived < GROUP) return suspend(IN_COLLECTIVE, name, line);
  if (group.function) group.function(group.arguments, ~0u);
  group.arrived = 0;
  for (int warp = first; warp < first + 4; ++warp) set_ready(warp, ~0u);
}

// A thread that exits is not waited for any more.
static void leave_collectives() {
  const int warp = self->warp;
  for (int place = block->open_count[warp] - 1; place >= 0; --place)
    if (is_complete(warp, block->open[warp][place])) finish(warp, place);
  const GroupCollective& group = block->groups[warp / 4];
  if (group.arrived) stop(DIVERGENCE, self->line, "a thread of warpgroup %d exits, others wait in %s", warp / 4, group.name);
  for (Barrier& barrier : block->barriers)
    if (!barrier.expected && is_complete(barrier)) complete(barrier, barrier.line);
}

static inline void perform(const Copy& copy) {
  memcpy(copy.to, copy.from, size_t(copy.read));
  memset(static_cast<char*>(copy.to) + copy.read, 0, size_t(copy.bytes - copy.read));
}

// Begins a copy of `read` bytes, with zeros behind them up to `bytes`: performed at once, or, lazily, by the wait that needs it.
static void copy_later(void* to, const void* from, int bytes, int read, int line = __builtin_LINE()) {
  if (read < 0 || read > bytes) stop(STOPPED, line, "an asynchronous copy of %d bytes reads %d", bytes, read);
  const Copy copy = {to, from, bytes, read, self->group};
  if (!block->settings->lazy) return perform(copy);
  if (self->copy_count == self->copy_room) {
    block->guarded = true;
    const int room = self->copy_room ? 2 * self->copy_room : 8;
    void* const wider = realloc(self->copies, size_t(room) * sizeof(Copy));
    block->guarded = false;
    if (!wider) stop(MEMORY, line, "there is not enough memory for asynchronous copies");
    self->copies = static_cast<Copy*>(wider), self->copy_room = room;
  }
  self->copies[self->copy_count++] = copy;
}

// The thread's copies since the last call are a group of their own.
static inline void commit_copies() { ++self->group; }

// All groups but the last `pending` ones have arrived.
static void wait_for_copies(int pending) {
  int done = 0;
  while (done < self->copy_count && self->copies[done].group < self->group - pending) perform(self->copies[done++]);
  self->copy_count -= done;
  memmove(self->copies, self->copies + done, size_t(self->copy_count) * sizeof(Copy));
}

}  // namespace runner
