"""Matrix products of tiles against NumPy's, for shapes about the sizes of blocks and panels, and for any strides."""

import ctypes
import platform

import numpy as np
import pytest

from indexcalc.backends.cpp.support import header

from .compiling import compiled

DOOR = """
extern "C" void run_{real}(int64_t m, int64_t n, int64_t k, const {real}* a, int64_t ar, int64_t ac, const {real}* b,
                           int64_t br, int64_t bc, {real}* c, int64_t cr, int add) {{
  ix::multiply<{real}>(m, n, k, {{a, ar, ac}}, {{b, br, bc}}, c, cr, add);
}}
"""
TYPES = {"float": np.float32, "double": np.float64}
PROCESSORS = ["native", *(["x86-64", "x86-64-v3"] if platform.machine() == "x86_64" else [])]


@pytest.fixture(scope="module", params=PROCESSORS)
def library(request, tmp_path_factory):
    text = "\n".join([header("core"), header("product"), *(DOOR.format(real=real) for real in TYPES)])
    return compiled(text, tmp_path_factory.mktemp("products"), "-O1", f"-march={request.param}")


def laid_out(random, shape, dtype, how):
    """Whole numbers, so that products are exact, in an array of this layout."""
    values = random.integers(-3, 4, shape).astype(dtype)
    rows, columns = shape
    if how == "rows":
        return values
    if how == "columns":
        return values.T.copy().T
    if how == "far":  # rows a multiple of 1024 bytes apart
        room = np.zeros((rows, -(-columns // 256) * 256), dtype)
    else:
        room = np.zeros((2 * rows, 3 * columns), dtype)[::-2, ::3]
    room[:, :columns] = values
    return room[:, :columns]


def multiplied(library, a, b, start, add):
    """C = A B or start + A B, in rows that lie a little apart, whose gaps must stay as they are."""
    (m, k), n = a.shape, b.shape[1]
    real = next(name for name, dtype in TYPES.items() if dtype == a.dtype)
    room = np.full((m, n + 3), 77, a.dtype)
    room[:, :n] = start
    places = []
    for x in (a, b):
        places += [ctypes.c_void_p(x.ctypes.data), *(ctypes.c_int64(s // x.itemsize) for s in x.strides)]
    sizes = [ctypes.c_int64(x) for x in (m, n, k)]
    library[f"run_{real}"](*sizes, *places, ctypes.c_void_p(room.ctypes.data), ctypes.c_int64(n + 3), ctypes.c_int(add))
    assert (room[:, n:] == 77).all()
    return room[:, :n]


SHAPES = [(1, 1, 1), (3, 5, 2), (12, 32, 16), (13, 33, 17), (27, 16, 300), (485, 40, 20), (50, 150, 257), (500, 161, 9)]
LAYOUTS = [("rows", "rows"), ("columns", "columns"), ("rows", "far"), ("far", "columns"), ("apart", "apart")]


@pytest.mark.parametrize("real", TYPES)
@pytest.mark.parametrize("layout", LAYOUTS, ids="-".join)
def test_products_are_numpys(library, real, layout):
    random = np.random.default_rng(5)
    for m, n, k in SHAPES:
        a = laid_out(random, (m, k), TYPES[real], layout[0])
        b = laid_out(random, (k, n), TYPES[real], layout[1])
        start = random.integers(-3, 4, (m, n)).astype(TYPES[real])
        for add in (0, 1):
            expected = a @ b + (start if add else 0)
            assert np.array_equal(multiplied(library, a, b, start, add), expected), (m, n, k, add)


def test_without_terms_the_product_is_nothing(library):
    a, b = np.zeros((20, 0)), np.zeros((0, 40))
    assert (multiplied(library, a, b, 5.0, 0) == 0).all()
    assert (multiplied(library, a, b, 5.0, 1) == 5).all()


def test_infinities_stay_where_they_are(library):
    a, b = np.ones((14, 20)), np.ones((20, 35))
    a[13, 3], b[2, 34] = np.inf, np.nan
    assert np.array_equal(multiplied(library, a, b, 0.0, 0), a @ b, equal_nan=True)
