"""NumPy at run time."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from ..memory import free_host_memory


def _is_masked(x: object) -> bool:
    """Whether it is a masked array, of which there are none before `numpy.ma` was loaded, which takes 15 ms."""
    return "numpy.ma" in sys.modules and isinstance(x, np.ma.MaskedArray)


class NumpyLibrary:
    """Answers for NumPy arrays."""

    title = "NumPy"
    convert = "numpy.asarray(…)"
    floating = frozenset(("float16", "float32", "float64", "complex64", "complex128"))
    failures = (np.linalg.LinAlgError,)

    def is_array(self, x: object) -> bool:
        # A masked array's mask would be lost; a scalar like np.float64(2) is a number, whatever its precision.
        return isinstance(x, np.ndarray) and (type(x) is np.ndarray or not _is_masked(x))

    def plain(self, x: Any) -> Any:
        return np.asarray(x)

    def signature(self, x: Any) -> object | None:
        return (x.shape, x.dtype) if type(x) is np.ndarray else None

    def shape(self, x: Any) -> tuple[int, ...]:
        return tuple(x.shape)

    def dtype(self, x: Any) -> str:
        return str(x.dtype)

    def device(self, x: Any) -> str:
        return "cpu"

    def of_number(self, value: complex, like: Any | None) -> Any:
        return np.asarray(value, dtype=None if like is None or isinstance(value, complex) else like.dtype)

    def widened(self, x: Any, dtype: str) -> Any:
        return x.astype(dtype)

    def unwritable(self, x: Any) -> str:
        if not x.flags.writeable:
            return "is read-only"
        shared = x.size and any(n > 1 and not s for n, s in zip(x.shape, x.strides))
        return "has elements that share memory" if shared else ""

    def overlap(self, x: Any, y: Any) -> bool:
        try:
            return bool(np.shares_memory(x, y, max_work=1000))  # type: ignore[arg-type]
        except np.exceptions.TooHardError:
            return True

    def write(self, x: Any, value: Any) -> None:
        np.copyto(x, value)

    def free_memory(self, like: Any | None) -> int | None:
        return free_host_memory()

    def bounds(self, x: Any) -> tuple[int, int]:
        return int(x.min()), int(x.max())


LIBRARY = NumpyLibrary()
