// The largest of a row, of equal ones the first; NaN is smaller than all numbers.
template <class T>
struct Ranked {
  T value;
  int64_t place;
};
template <class T>
static inline bool ahead(const Ranked<T>& a, const Ranked<T>& b) {
  if (a.value > b.value) return true;
  if (a.value < b.value) return false;
  const bool a_nan = a.value != a.value, b_nan = b.value != b.value;
  return a_nan != b_nan ? b_nan : a.place < b.place;
}
// Keeps the `room` foremost of what is offered, as a heap with the last of them on top.
template <class T>
struct Largest {
  Ranked<T>* heap;
  int64_t room, count = 0;
  Largest(Ranked<T>* heap, int64_t room) : heap(heap), room(room) {}
  void offer(T value, int64_t place) {
    const Ranked<T> found = {value, place};
    int64_t at;
    if (count < room) {
      for (at = count++; at > 0 && ahead(heap[(at - 1) / 2], found); at = (at - 1) / 2) heap[at] = heap[(at - 1) / 2];
    } else {
      if (room == 0 || !ahead(found, heap[0])) return;
      for (at = 0;;) {
        int64_t child = 2 * at + 1;
        if (child >= count) break;
        if (child + 1 < count && ahead(heap[child], heap[child + 1])) ++child;
        if (!ahead(found, heap[child])) break;
        heap[at] = heap[child];
        at = child;
      }
    }
    heap[at] = found;
  }
  bool keeps(T value, int64_t place) const {
    return count > 0 && !ahead(heap[0], Ranked<T>{value, place});
  }
};
