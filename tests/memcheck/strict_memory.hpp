// Stands for support/memory.hpp: nothing serves twice, and what is given back is freed at once, so that it is seen
// where a step reads memory that is no longer its own, or that nobody has written.
struct Memory {
  enum : int { ROOM = 4096 };
  void* pieces[ROOM];
  int count = 0;

  ~Memory() {
    for (int n = 0; n < count; ++n) std::free(pieces[n]);
  }

  template <class T>
  T* take(int64_t elements) {
    if (count == ROOM) std::abort();
    pieces[count] = aligned_memory(elements * int64_t(sizeof(T)));
    return static_cast<T*>(pieces[count++]);
  }

  void give(const void* data) {
    for (int n = 0; n < count; ++n)
      if (pieces[n] == data) {
        std::free(pieces[n]);
        pieces[n] = pieces[--count];
        return;
      }
    std::abort();  // it was not taken, or given back before
  }
};

struct Lease {
  Memory* memory;
  Lease() : memory(new Memory) {}
  ~Lease() { delete memory; }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
};
