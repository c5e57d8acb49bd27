// Memory of a run: what is given back serves again, in this run and in the next.
struct Memory {
  struct Piece {
    char* data;
    int64_t bytes;
    bool free;
  };
  Piece* pieces = nullptr;
  int count = 0, room = 0;
  int64_t held = 0, lent = 0, most = 0;  // bytes of all pieces, of those in use, and of the most that were in use

  ~Memory() {
    for (int n = 0; n < count; ++n) std::free(pieces[n].data);
    std::free(pieces);
  }

  // The smallest free piece that is large enough and less than twice too large, else a new one; null where there is none.
  // Before one is made, large ones that are free are returned as far as more would be held than ever was in use: fresh
  // pages cost as much as a pass over them.
  template <class T>
  T* take(int64_t elements) {
    if (elements < 0 || elements > INT64_MAX / int64_t(sizeof(T))) return nullptr;
    const int64_t bytes = elements * int64_t(sizeof(T)) < ALIGNMENT ? ALIGNMENT : elements * int64_t(sizeof(T));
    int best = -1;
    for (int n = 0; n < count; ++n)
      if (pieces[n].free && pieces[n].bytes >= bytes && pieces[n].bytes / 2 <= bytes)
        if (best < 0 || pieces[n].bytes < pieces[best].bytes) best = n;
    if (best < 0) best = made(bytes);
    if (best < 0) return nullptr;
    pieces[best].free = false;
    lent += pieces[best].bytes;
    most = lent > most ? lent : most;
    return reinterpret_cast<T*>(pieces[best].data);
  }

  int made(int64_t bytes) {
    const int64_t enough = lent + bytes > most ? lent + bytes : most;
    for (int n = count - 1; n >= 0 && held + bytes > enough; --n)
      if (pieces[n].free && pieces[n].bytes >= HUGE_PAGE) {
        std::free(pieces[n].data);
        held -= pieces[n].bytes;
        pieces[n] = pieces[--count];
      }
    if (count == room) {
      const int more = room ? 2 * room : 16;
      void* wider = std::realloc(pieces, more * sizeof(Piece));
      if (!wider) return -1;
      pieces = static_cast<Piece*>(wider);
      room = more;
    }
    char* data = static_cast<char*>(aligned_memory(bytes));
    if (!data) return -1;
    pieces[count] = {data, bytes, false};
    held += bytes;
    return count++;
  }

  void give(const void* data) {
    for (int n = 0; n < count; ++n)
      if (pieces[n].data == data && !pieces[n].free) {
        pieces[n].free = true;
        lent -= pieces[n].bytes;
      }
  }
};

// The memory of the last run lent to the next.  A run beside another one makes its own.
static Memory* resting = nullptr;
enum : int64_t { RESTING_MOST = 1 << 28 };  // bytes that stay held between runs

struct Lease {
  Memory* memory;
  Lease() : memory(__atomic_exchange_n(&resting, nullptr, __ATOMIC_ACQ_REL)) {
    if (memory == nullptr) memory = new Memory;
  }
  ~Lease() {
    for (int n = 0; n < memory->count; ++n) memory->pieces[n].free = true;
    memory->lent = 0;
    Memory* none = nullptr;
    const bool rests = memory->held <= RESTING_MOST &&
                       __atomic_compare_exchange_n(&resting, &none, memory, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
    if (!rests) delete memory;
  }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
};

// Frees what waits for another run; called by who runs no more.  A run at the same time is not disturbed.
extern "C" void release() {
  delete __atomic_exchange_n(&resting, nullptr, __ATOMIC_ACQ_REL);
  const KeptLock lock;
  for (Kept& piece : kept)
    if (lock.mine) {
      std::free(piece.data);
      piece = {nullptr, 0};
    }
}
