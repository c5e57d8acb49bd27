"""The C++ elementwise functions against extended precision, and against the C library where results are special."""

import ctypes

import numpy as np
import pytest

from indexcalc.backends.cpp.support import header

from .compiling import compiled

NAMES = ("exp", "log", "tanh", "sigmoid", "softplus", "erf", "sign", "relu", "shown")
LOOP = """
extern "C" void {name}_{short}(const {real}* x, {real}* y, int64_t n) {{
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) y[i] = ix::{name}(x[i]);
}}
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    formats = (("float", "f"), ("double", "d"))
    loops = [LOOP.format(name=name, real=real, short=short) for name in NAMES for real, short in formats]
    return compiled(header("vmath") + "".join(loops), tmp_path_factory.mktemp("vmath"), "-Wall", "-Wextra")


def run(library, name, x):
    y = np.empty_like(x)
    function = getattr(library, f"{name}_{'f' if x.dtype == np.float32 else 'd'}")
    function(ctypes.c_void_p(x.ctypes.data), ctypes.c_void_p(y.ctypes.data), ctypes.c_int64(x.size))
    return y


def erf(x):
    """By its series, and beyond 3 by the continued fraction of erfc: 1e-16 in extended precision."""
    near = np.minimum(np.abs(x), 3)
    term = total = near
    for n in range(1, 80):
        term = -term * near**2 / n
        total = total + term / (2 * n + 1)
    series = total * 2 / np.sqrt(np.longdouble(np.pi) + np.longdouble(1.2246467991473532e-16))
    far = np.maximum(np.abs(x), 3)
    fraction = far
    for n in range(120, 0, -1):
        fraction = far + n / (2 * fraction)
    tail = 1 - np.exp(-(far**2)) / fraction / np.sqrt(np.longdouble(np.pi))
    return np.sign(x) * np.where(np.abs(x) < 3, series, tail)


EXACT = {
    "exp": np.exp,
    "log": np.log,
    "tanh": np.tanh,
    "sigmoid": lambda x: np.where(x < 0, np.exp(-np.abs(x)), 1) / (1 + np.exp(-np.abs(x))),
    "softplus": lambda x: np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x))),
    "erf": erf,
    "sign": np.sign,
    "relu": lambda x: np.where(x <= 0, 0, x),
    "shown": lambda x: np.where(np.isinf(x), 0, x),
}


def samples(name, dtype):
    """Usual numbers, tiny ones, and every place where a result overflows, vanishes or is not a number."""
    rng = np.random.default_rng(0)
    info = np.finfo(dtype)
    wide = float(np.log(info.max)) * 1.3 if name in ("exp", "sigmoid", "softplus") else 30.0
    tiny = 10.0 ** rng.uniform(np.log10(float(info.smallest_subnormal)), 0, 30000)
    x = np.concatenate([rng.uniform(-wide, wide, 60000), rng.uniform(-1, 1, 30000), tiny, -tiny]).astype(dtype)
    special = [0.0, -0.0, np.inf, -np.inf, np.nan, 1, -1, info.tiny, info.smallest_subnormal, info.max, -info.max]
    edges = [np.log(info.max), np.log(info.tiny), np.log(info.smallest_subnormal)]
    near = [np.nextafter(dtype(e), dtype(s)) for e in edges for s in (-np.inf, np.inf)]
    large = (10.0 ** rng.uniform(0, np.log10(float(info.max)), 3000)).astype(dtype)
    return np.concatenate([x, large, -large, np.array([*special, *edges, *near], dtype)])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", NAMES)
def test_functions_are_right_to_three_units_in_the_last_place(library, name, dtype):
    x = samples(name, dtype)
    with np.errstate(all="ignore"):
        exact = EXACT[name](x.astype(np.longdouble))
        rounded = exact.astype(dtype)
        found = run(library, name, x)
        special = ~np.isfinite(rounded) | (rounded == 0)
        np.testing.assert_array_equal(found[special], rounded[special])
        off = np.abs(found.astype(np.longdouble) - exact)[~special] / np.spacing(np.abs(rounded[~special]))
    worst = np.argmax(off)
    assert off[worst] <= 3, (x[~special][worst], found[~special][worst], rounded[~special][worst])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_zeros_keep_their_sign(library, dtype):
    x = np.array([0.0, -0.0], dtype)
    for name in ("tanh", "erf"):
        assert list(np.signbit(run(library, name, x))) == [False, True]
