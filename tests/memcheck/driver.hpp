// Reads calls from a file, makes them, and compares what they put out.  Each array lies in memory of exactly its size.
#include <dlfcn.h>
#include <cstdio>
#include <string>
#include <vector>

enum Kind : int64_t { FLOAT64, FLOAT32, INT64, BOOL };

// An array as the file has it: its bytes, where its first element is among them, and strides in elements.
struct Given {
  int64_t kind = 0, first = 0, bytes = 0;
  std::vector<int64_t> strides;
  char* data = nullptr;
  ArrayRef reference() const { return {data + first, strides.data()}; }
};

struct Reader {
  std::FILE* file;
  void raw(void* to, int64_t bytes) {
    if (bytes && std::fread(to, 1, size_t(bytes), file) != size_t(bytes)) std::abort();
  }
  int64_t number() {
    int64_t found;
    raw(&found, 8);
    return found;
  }
  std::vector<int64_t> numbers() {
    std::vector<int64_t> found;
    found.resize(size_t(number()));
    for (int64_t& x : found) x = number();
    return found;
  }
  std::string text() {
    std::string found;
    found.resize(size_t(number()));
    raw(&found[0], int64_t(found.size()));
    return found;
  }
  Given array() {
    Given found;
    found.kind = number();
    found.strides = numbers();
    found.first = number();
    found.bytes = number();
    found.data = static_cast<char*>(std::malloc(size_t(found.bytes)));
    raw(found.data, found.bytes);
    return found;
  }
};

template <class T>
static bool near(const char* found, const char* wanted, int64_t bytes, double tolerance) {
  const T *x = reinterpret_cast<const T*>(found), *y = reinterpret_cast<const T*>(wanted);
  bool fine = true;
  for (int64_t n = 0; n < bytes / int64_t(sizeof(T)); ++n) {
    const double a = double(x[n]), b = double(y[n]);
    if (a != b && !(a != a && b != b) && !(std::fabs(a - b) <= tolerance * (1 + std::fabs(b)))) fine = false;
  }
  return fine;
}

static bool agrees(int64_t kind, const char* found, const char* wanted, int64_t bytes, double tolerance) {
  if (kind == FLOAT64) return near<double>(found, wanted, bytes, tolerance);
  if (kind == FLOAT32) return near<float>(found, wanted, bytes, tolerance);
  if (kind == INT64) return near<int64_t>(found, wanted, bytes, 0);
  return near<uint8_t>(found, wanted, bytes, 0);
}

static void load_blas(const char* path, const char* suffix) {
  void* library = dlopen(path, RTLD_NOW);
  if (!library) std::abort();
  const std::string end = suffix;
  void* found[4];
  for (int n = 0; n < 4; ++n) {
    found[n] = dlsym(library, ("scipy_cblas_" + std::string(1, "sdcz"[n]) + "gemm" + end).c_str());
    if (!found[n]) std::abort();
  }
  typedef void (*Set)(int);
  reinterpret_cast<Set>(dlsym(library, ("scipy_openblas_set_num_threads" + end).c_str()))(1);
  const Blas table = {found[0], found[1], found[2], found[3], end.empty() ? 0 : 1};
  set_blas(&table);
}

static int call(int64_t function, const int64_t* sizes, const ArrayRef* in, ArrayRef* out, int threads);

// One call of the file, with this many threads.  What it says of outputs comes last, behind what the tool says.
static bool run_one(Reader& reader, int threads) {
  const std::string name = reader.text();
  const int64_t function = reader.number();
  const std::vector<int64_t> sizes = reader.numbers();
  double tolerance;
  reader.raw(&tolerance, 8);
  std::vector<Given> inputs, outputs;
  inputs.resize(size_t(reader.number()));
  for (Given& each : inputs) each = reader.array();
  outputs.resize(size_t(reader.number()));
  for (Given& each : outputs) each = reader.array();
  std::vector<ArrayRef> in(inputs.size() + 1), out(outputs.size() + 1);
  for (size_t n = 0; n < inputs.size(); ++n) in[n] = inputs[n].reference();
  std::vector<char*> made;
  for (size_t n = 0; n < outputs.size(); ++n) {
    made.push_back(static_cast<char*>(std::malloc(size_t(outputs[n].bytes))));
    out[n] = {made[n], outputs[n].strides.data()};
  }
  const int64_t* extents = sizes.data();
  std::fprintf(stderr, "%s in %d threads\n", name.c_str(), threads);
  const int status = call(function, extents, in.data(), out.data(), threads);
  bool fine = status == 0;
  for (size_t n = 0; fine && n < outputs.size(); ++n)
    if (!agrees(outputs[n].kind, made[n], outputs[n].data, outputs[n].bytes, tolerance)) {
      std::fprintf(stderr, "  output %d differs\n", int(n));
      fine = false;
    }
  if (status) std::fprintf(stderr, "  status %d\n", status);
  for (char* each : made) std::free(each);
  for (Given& each : inputs) std::free(each.data);
  for (Given& each : outputs) std::free(each.data);
  return fine;
}

// main FILE THREADS [BLAS SUFFIX]
int main(int count, char** words) {
  if (count > 4) load_blas(words[3], words[4]);
  Reader reader{std::fopen(words[1], "rb")};
  if (!reader.file) return 2;
  int wrong = 0;
  const int64_t calls = reader.number();
  for (int64_t n = 0; n < calls; ++n) wrong += !run_one(reader, std::atoi(words[2]));
  std::fclose(reader.file);
  std::fprintf(stderr, "%d calls, %d of them wrong\n", int(calls), wrong);
  return wrong ? 1 : 0;
}
