"""What runs beside other threads and in forked processes, where threads of the parent are not there."""

import ctypes
import os
import signal
import subprocess
import sys
from threading import Thread

import pytest

from indexcalc.backends.cpp.runtime import Compiled
from indexcalc.backends.cpp.support import header
from tests.backends.cpp.batch import skip_without_compiler

from .compiling import compiled

PATIENCE = 20  # seconds for what takes a few milliseconds

FORKED = f"""
import os, signal, sys
import numpy as np
import indexcalc as ic

def run(text, dtype):
    function = ic.compile(ic.parse(text), "cpp")
    def call():
        x = np.arange(1 << 18).astype(dtype)
        assert (function(x=x)["y"] == 2 * x).all()
    return function, call

function, call = run("y[i] = 2 x[i]", "float64")
call()
child = os.fork()
if child == 0:
    signal.alarm({PATIENCE})
    x = np.arange(1 << 18).astype("float32")
    if sys.argv[1] == "same":
        call()
    elif sys.argv[1] == "type":
        assert (function(x=x)["y"] == 2 * x).all()
    else:
        run("y[j] = x[j] + x[j]", "float64")[1]()
    os._exit(0)
sys.exit(os.waitpid(child, 0)[1])
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.parametrize("what", ["same", "type", "other"])
def test_a_forked_process_waits_for_no_thread_of_its_parent(what):
    """It runs the same function, the same for another type, which is compiled there, and a function of its own."""
    skip_without_compiler()
    environment = os.environ | {"OMP_NUM_THREADS": "2"}
    done = subprocess.run([sys.executable, "-c", FORKED, what], env=environment, timeout=120)
    assert done.returncode == 0, f"ended by {signal.SIGALRM.name}" if done.returncode else ""


def in_time(call):
    """What the call returns; fails where it waits for ever."""
    found = []
    thread = Thread(target=lambda: found.append(call()), daemon=True)
    thread.start()
    thread.join(PATIENCE)
    assert found, "still waits"
    return found[0]


PIECES = """
extern "C" int same_twice(int locked) {
  if (locked) kept_lock = 1;
  int64_t bytes = KEPT_LEAST, again = KEPT_LEAST;
  void* const first = take_piece(&bytes);
  if (!first) return -1;
  std::memset(first, 7, bytes);
  give_piece(first, bytes);
  void* const second = take_piece(&again);
  if (!second) return -1;
  std::memset(second, 7, again);
  int held = 0;
  for (const Kept& piece : kept) held += piece.data != nullptr;
  give_piece(second, again);
  kept_lock = 0;
  return 10 * held + (first == second);
}
"""


def test_pieces_are_had_without_a_thread_that_holds_the_lock(tmp_path):
    library = compiled(header("core") + PIECES, tmp_path)
    assert library.same_twice(0) == 1  # the piece that was given back serves again
    assert in_time(lambda: library.same_twice(1)) in (10, 11)  # the one that is kept stays untouched


LIBRARY = """
static int calls = 0;
static void fake(int, int, int, int32_t, int32_t, int32_t, double, const double*, int32_t, const double*, int32_t,
                 double, double* c, int32_t) { ++calls; c[0] = -1; }
extern "C" double product(int64_t lda, int64_t wide) {
  blas.dgemm = reinterpret_cast<void*>(fake);
  blas.wide = wide;
  const double a = 3, b = 5;
  double c = 0;
  gemm<double>(false, false, 1, 1, 1, 1.0, &a, lda, &b, 1, 0.0, &c, 1);
  return c;
}
"""


def test_numbers_that_a_library_cannot_take_never_reach_it(tmp_path):
    product = compiled(header("core") + header("blas") + LIBRARY, tmp_path).product
    product.restype, product.argtypes = ctypes.c_double, [ctypes.c_int64, ctypes.c_int64]
    assert product(1, 0) == product(2**31 - 1, 0) == -1  # the library's
    assert product(2**31, 0) == product(2**32 + 1, 0) == 15


TAKE = """
extern "C" int refused(int64_t elements) {
  Memory memory;
  return memory.take<double>(elements) == nullptr;
}
"""


def test_a_size_beyond_all_numbers_is_no_memory(tmp_path):
    refused = compiled(header("core") + header("memory") + TAKE, tmp_path).refused
    refused.argtypes = [ctypes.c_int64]
    assert [refused(n) for n in (0, 10, -1, -(2**63), 2**62, 2**60 - 1)] == [0, 0, 1, 1, 1, 1]


WAITS = """
extern "C" int run(const int64_t* n, const ArrayRef*, ArrayRef*, int) {
  const Scratch<double> scratch(KEPT_LEAST);
  const Lease lease;
  return lease.memory->take<double>(n[0]) == nullptr || scratch.data == nullptr;
}
extern "C" int64_t waits() {
  int64_t held = resting ? resting->held : 0;
  for (const Kept& piece : kept) held += piece.bytes;
  return held;
}
"""


def test_memory_that_waits_goes_with_the_function(tmp_path):
    library = compiled(header("core") + header("memory") + WAITS, tmp_path)
    library.waits.restype = ctypes.c_int64
    size = 1 << 20
    for _ in range(2):  # a function may come back to the same library
        function = Compiled(None, library)
        assert function.call([], [size], []) == function.call([], [size], []) == 0
        assert library.waits() == 8 * (size + (1 << 16))
        del function
        assert library.waits() == 0
