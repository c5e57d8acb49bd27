"""NumPy standing in for CuPy: only the names that CuPy 13 has, so that emitted text cannot use more."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

NAMES = """
abs add arange argmax argsort asarray broadcast_to copyto cos cosh cumsum divide dot exp expand_dims flip float64 inf
iscomplexobj isinf log log1p matmul max maximum min minimum multiply nan ndarray negative power prod sign sin sinh sqrt
square subtract sum tan tanh where zeros zeros_like
"""


def install(monkeypatch: pytest.MonkeyPatch) -> None:
    """`import cupy` and `import cupyx` give the stand-ins until the test ends."""
    cupy: Any = ModuleType("cupy")
    for name in NAMES.split():
        setattr(cupy, name, getattr(np, name))
    cupy.linalg = SimpleNamespace(inv=np.linalg.inv, det=np.linalg.det, slogdet=np.linalg.slogdet)
    cupy.lib = SimpleNamespace(stride_tricks=np.lib.stride_tricks)
    cupyx: Any = ModuleType("cupyx")
    cupyx.scatter_add = np.add.at
    special: Any = ModuleType("cupyx.scipy.special")
    special.erf = np.vectorize(__import__("math").erf, otypes=[float])
    scipy: Any = ModuleType("cupyx.scipy")
    scipy.special, cupyx.scipy = special, scipy
    for module in (cupy, cupyx, scipy, special):
        monkeypatch.setitem(sys.modules, module.__name__, module)
