"""The error function that the NumPy text carries along, against the C library's."""

from __future__ import annotations

import math

import numpy as np
import pytest

from indexcalc.backends import compile_program
from indexcalc.elaborate.read import read_program

EDGES = [0.0, -0.0, 1e-300, 0.84375, 1.25, 1 / 0.35, 6.0, 30.0, math.inf, -math.inf]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_within_two_ulp(dtype: type) -> None:
    f = compile_program(read_program("y[i] = erf(x[i])"))
    around = [np.nextafter(dtype(e), dtype(s), dtype=dtype) for e in EDGES for s in (-9, 9)]
    x = np.concatenate([np.linspace(-7, 7, 20001), np.array(EDGES), np.array(around)]).astype(dtype)
    found = f(x=x)["y"]
    exact = np.array([math.erf(v) for v in x.astype(float)])
    assert found.dtype == dtype
    assert np.all(np.abs(found - exact) <= 2 * np.spacing(np.abs(exact).astype(dtype)))
    assert np.isnan(f(x=np.array([math.nan], dtype))["y"]).all()
    assert f(x=np.zeros(0, dtype))["y"].shape == (0,)
