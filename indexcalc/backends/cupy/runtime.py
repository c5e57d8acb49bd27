"""CuPy at run time."""

from __future__ import annotations

from typing import Any

import cupy as cp


class CupyLibrary:
    """Answers for CuPy arrays."""

    title = "CuPy"
    convert = "cupy.asarray(…)"
    floating = frozenset(("float16", "float32", "float64"))
    failures: tuple[type[Exception], ...] = ()

    def is_array(self, x: object) -> bool:
        return isinstance(x, cp.ndarray)

    def plain(self, x: Any) -> Any:
        return x

    def signature(self, x: Any) -> object | None:
        return (x.shape, x.dtype, x.device.id) if isinstance(x, cp.ndarray) else None

    def shape(self, x: Any) -> tuple[int, ...]:
        return tuple(x.shape)

    def dtype(self, x: Any) -> str:
        return str(x.dtype)

    def device(self, x: Any) -> str:
        return f"cuda:{x.device.id}"

    def of_number(self, value: complex, like: Any | None) -> Any:
        return cp.asarray(value, dtype=cp.float64 if like is None else like.dtype)

    def widened(self, x: Any, dtype: str) -> Any:
        return x.astype(dtype)

    def unwritable(self, x: Any) -> str:
        return ""

    def overlap(self, x: Any, y: Any) -> bool:
        return bool(cp.may_share_memory(x, y))

    def write(self, x: Any, value: Any) -> None:
        x[...] = value

    def free_memory(self, like: Any | None) -> int | None:
        return int(cp.cuda.runtime.memGetInfo()[0]) + int(cp.get_default_memory_pool().free_bytes())

    def bounds(self, x: Any) -> tuple[int, int]:
        return int(x.min()), int(x.max())


LIBRARY = CupyLibrary()
