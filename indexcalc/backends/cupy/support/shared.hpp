// Shared memory of a block: its variables one after the other, then what a launch asks for, each with guard bytes behind it.
namespace runner {

enum : size_t { GUARD = 64, DYNAMIC_GUARD = 1024, DYNAMIC_ALIGNMENT = 1024 };
enum : int { PLACES = 4096, POISON = 0xFF };  // POISON: a NaN of every type, and -1

struct Place {
  const char* name;
  size_t first, bytes;
};
static Place places[PLACES];
static int place_count = 0;
static size_t places_end = 0;

// Where the variables of a declaration lie; called once for each before anything runs.
static size_t new_place(const char* name, size_t bytes, size_t alignment) {
  if (place_count == PLACES) abort();
  const size_t first = (places_end + alignment - 1) / alignment * alignment;
  places[place_count++] = {name, first, bytes};
  places_end = first + bytes + GUARD;
  return first;
}

template <class Variables>
struct Placed {
  static const size_t first;
};
template <class Variables>
const size_t Placed<Variables>::first = new_place(Variables::name(), sizeof(Variables), alignof(Variables));

template <class Variables>
static inline Variables& shared() {
  return *reinterpret_cast<Variables*>(block->shared + Placed<Variables>::first);
}

static inline size_t dynamic_first() { return (places_end + DYNAMIC_ALIGNMENT - 1) / DYNAMIC_ALIGNMENT * DYNAMIC_ALIGNMENT; }
static inline void* dynamic_shared() { return block->shared + dynamic_first(); }

static bool make_shared(Block& made) {
  const size_t bytes = dynamic_first() + made.settings->shared + DYNAMIC_GUARD;
  made.shared_bytes = (bytes + DYNAMIC_ALIGNMENT - 1) / DYNAMIC_ALIGNMENT * DYNAMIC_ALIGNMENT;
  void* found = nullptr;
  if (posix_memalign(&found, DYNAMIC_ALIGNMENT, made.shared_bytes) != 0) return false;
  made.shared = static_cast<char*>(found);
  return true;
}

static inline void poison_shared() { memset(block->shared, POISON, block->shared_bytes); }

// What was written behind a piece of shared memory ends the block, with the piece and the distance.
static void check_guard(const char* name, size_t first, size_t bytes, size_t guard, int line) {
  const unsigned char* end = reinterpret_cast<unsigned char*>(block->shared) + first + bytes;
  for (size_t n = 0; n < guard; ++n)
    if (end[n] != POISON)
      stop_block(OUTSIDE, line, "%s of %zu bytes was written to %zu bytes behind its end", name, bytes, n);
}
static void check_guards(int line) {
  for (int n = 0; n < place_count; ++n) check_guard(places[n].name, places[n].first, places[n].bytes, GUARD, line);
  check_guard("dynamic shared memory", dynamic_first(), block->settings->shared, DYNAMIC_GUARD, line);
}

}  // namespace runner
