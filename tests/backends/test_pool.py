"""Memory of results that nobody has any more serves again, and never while somebody has them."""

import gc
import threading

import numpy as np

import indexcalc as ic
from indexcalc.backends.numpy.pool import LEAST, MOST, Pool
from tests.backends.cpp.batch import skip_without_compiler

LARGE = (LEAST // 4, 4)


def test_a_view_keeps_its_memory():
    pool = Pool()
    first = pool.empty(LARGE, "float64")
    view = first[3:5].T
    view[...] = 7
    del first
    gc.collect()
    second = pool.empty(LARGE, "float64")
    second[...] = 1
    assert (view == 7).all() and not np.shares_memory(view, second)


def test_memory_serves_again():
    pool = Pool()
    first = pool.empty(LARGE, "float64")
    place = first.ctypes.data
    del first
    assert pool.empty(LARGE, "float32").ctypes.data == place  # half of it
    tenth = pool.empty((LEAST // 4,), "float32")
    assert tenth.ctypes.data != place


def test_arrays_are_as_numpy_makes_them():
    for shape, dtype in (((3, 4), "float32"), (LARGE, "complex64"), ((0, 5), "float64"), ((), "float64")):
        found, plain = Pool().empty(shape, dtype), np.empty(shape, dtype)
        assert (found.shape, found.dtype, found.strides, type(found)) == (
            plain.shape, plain.dtype, plain.strides, type(plain))  # fmt: skip
        assert found.flags.writeable and found.flags.c_contiguous


def test_what_waits_is_limited():
    pool = Pool()
    count = 3 * MOST // (64 * LEAST)
    arrays = [pool.empty((64 * LEAST,), "uint8") for _ in range(count)]
    del arrays
    assert 0 < pool.waiting <= MOST


def test_threads_never_share():
    pool, wrong = Pool(), []

    def work(number):
        for _ in range(50):
            array = pool.empty((LEAST,), "uint8")
            array[:] = number
            if not (array == number).all():
                wrong.append(number)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong


def test_nobody_waits_for_the_pool():
    """As where its lock is held by a thread that did not come along into a forked process."""
    pool, found = Pool(), []
    with pool._lock:
        thread = threading.Thread(target=lambda: found.append(pool.empty(LARGE, "float64").shape), daemon=True)
        thread.start()
        thread.join(20)
    assert found == [LARGE]


def test_results_of_two_calls_are_two_arrays():
    skip_without_compiler()
    run = ic.compile(ic.parse("y[i] = 2 x[i]"), "cpp")
    x = np.ones(LEAST)
    first, second = run(x=x)["y"], run(x=3 * x)["y"]
    assert (first == 2).all() and (second == 6).all()
