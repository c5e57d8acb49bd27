// Contexts that are switched by hand, and the stacks that they run on.
#include <sys/mman.h>
#include <unistd.h>

#if defined(RUNNER_UCONTEXT) || !(defined(__x86_64__) || defined(__aarch64__))
#define RUNNER_BY_UCONTEXT 1
#include <ucontext.h>
#endif

namespace runner {

#if defined(RUNNER_BY_UCONTEXT)
// What is not running: all of its registers.  A switch asks the system for the signal mask, which takes most of its time.
struct Context {
  ucontext_t state;
};

static inline void change(Context& left, Context& entered) { swapcontext(&left.state, &entered.state); }

// A context that begins with `entry`, which never returns, on the stack that ends at `end`.
static void prepare(Context& context, char* end, size_t bytes, void (*entry)()) {
  getcontext(&context.state);
  context.state.uc_stack.ss_sp = end - bytes;
  context.state.uc_stack.ss_size = bytes;
  context.state.uc_link = nullptr;
  makecontext(&context.state, entry, 0);
}
#else
// What is not running: the top of its stack, where the registers lie that a call has to preserve.
struct Context {
  void* top;
};

extern "C" void runner_switch(void** left, void* entered) __asm__("runner_switch");

#if defined(__x86_64__)
enum : int { RETURN = 6, FRAME = 8 };  // the word that is jumped to, and how many there are; the last stays empty
__asm__(
    ".text\n"
    ".p2align 4\n"
    "runner_switch:\n"
    "  pushq %rbp\n  pushq %rbx\n  pushq %r12\n  pushq %r13\n  pushq %r14\n  pushq %r15\n"
    "  movq %rsp, (%rdi)\n"
    "  movq %rsi, %rsp\n"
    "  popq %r15\n  popq %r14\n  popq %r13\n  popq %r12\n  popq %rbx\n  popq %rbp\n"
    "  ret\n");
#else
enum : int { RETURN = 11, FRAME = 20 };
__asm__(
    ".text\n"
    ".p2align 4\n"
    "runner_switch:\n"
    "  sub sp, sp, #160\n"
    "  stp x19, x20, [sp, #0]\n  stp x21, x22, [sp, #16]\n  stp x23, x24, [sp, #32]\n"
    "  stp x25, x26, [sp, #48]\n  stp x27, x28, [sp, #64]\n  stp x29, x30, [sp, #80]\n"
    "  stp d8, d9, [sp, #96]\n  stp d10, d11, [sp, #112]\n  stp d12, d13, [sp, #128]\n  stp d14, d15, [sp, #144]\n"
    "  mov x2, sp\n"
    "  str x2, [x0]\n"
    "  mov sp, x1\n"
    "  ldp x19, x20, [sp, #0]\n  ldp x21, x22, [sp, #16]\n  ldp x23, x24, [sp, #32]\n"
    "  ldp x25, x26, [sp, #48]\n  ldp x27, x28, [sp, #64]\n  ldp x29, x30, [sp, #80]\n"
    "  ldp d8, d9, [sp, #96]\n  ldp d10, d11, [sp, #112]\n  ldp d12, d13, [sp, #128]\n  ldp d14, d15, [sp, #144]\n"
    "  add sp, sp, #160\n"
    "  ret\n");
#endif

static inline void change(Context& left, Context& entered) { runner_switch(&left.top, entered.top); }

// A context that begins with `entry`, which never returns, on the stack that ends at `end`.
static void prepare(Context& context, char* end, size_t, void (*entry)()) {
  void** top = reinterpret_cast<void**>(reinterpret_cast<uintptr_t>(end) & ~uintptr_t(15)) - FRAME;
  for (int n = 0; n < FRAME; ++n) top[n] = nullptr;
  top[RETURN] = reinterpret_cast<void*>(entry);
  context.top = top;
}
#endif

enum : size_t { STACK_BYTES = 256 << 10 };  // of addresses: only pages that are touched take memory

// Stacks side by side, each above a page that may not be touched, so that one that overflows stops the process.
struct Stacks {
  char* memory = nullptr;
  size_t stride = 0, count = 0;

  bool make(size_t wanted) {
    const size_t page = size_t(sysconf(_SC_PAGESIZE));
    stride = STACK_BYTES + page;
    void* found = mmap(nullptr, wanted * stride, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (found == MAP_FAILED) return false;
    memory = static_cast<char*>(found);
    count = wanted;
    for (size_t n = 0; n < count; ++n)
      if (mprotect(memory + n * stride, page, PROT_NONE) != 0) return false;
    return true;
  }
  ~Stacks() {
    if (memory) munmap(memory, count * stride);
  }
  // Where a stack ends: tops at the same place of all pages would share few lines of the cache.
  char* end(size_t n) const { return memory + (n + 1) * stride - n % 32 * 64; }
  size_t room() const { return STACK_BYTES - 32 * 64; }
};

}  // namespace runner
