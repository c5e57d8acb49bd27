"""The BLAS library for matrix products: the wheel scipy-openblas32, else the one that NumPy brings along, else none."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Any

PREFIX = "scipy_"
ROUTINES = ("sgemm", "dgemm", "cgemm", "zgemm")


class Table(ctypes.Structure):
    """`struct Blas` of support/blas.hpp."""

    _fields_ = [*((name, ctypes.c_void_p) for name in ROUTINES), ("wide", ctypes.c_int64)]


@dataclass
class Blas:
    """Pointers to its matrix products.  Its own threads stay asleep: emitted code divides the work itself.

    `shared`: whether others in this process use the library too, and its number of threads is put back after a run.
    """

    library: ctypes.CDLL
    suffix: str
    shared: bool
    _lock: Lock = field(default_factory=Lock)
    _runs: int = 0
    _before: int = 1

    def table(self) -> Table:
        pointers = [ctypes.cast(self._symbol(f"cblas_{n}"), ctypes.c_void_p).value for n in ROUTINES]
        return Table(*pointers, 1 if self.suffix else 0)

    def _symbol(self, name: str) -> Any:
        return getattr(self.library, f"{PREFIX}{name}{self.suffix}")

    @contextmanager
    def one_thread(self) -> Iterator[None]:
        """While a run is under way, the library's calls stay in the thread that makes them."""
        if not self.shared:
            yield
            return
        with self._lock:
            if self._runs == 0:
                self._before = self._symbol("openblas_get_num_threads")()
                self._symbol("openblas_set_num_threads")(1)
            self._runs += 1
        try:
            yield
        finally:
            with self._lock:
                self._runs -= 1
                if self._runs == 0:
                    self._symbol("openblas_set_num_threads")(self._before)


@cache
def find_blas() -> Blas | None:
    """The library, loaded; None where there is none."""
    for package, folder, pattern, suffix in (
        ("scipy_openblas32", "lib", "libscipy_openblas.*", ""),
        ("numpy", "../numpy.libs", "libscipy_openblas64_*", "64_"),
    ):
        spec = find_spec(package)
        if spec is None or spec.origin is None:
            continue
        for path in sorted((Path(spec.origin).parent / folder).glob(pattern)):
            library = ctypes.CDLL(str(path))
            if all(hasattr(library, f"{PREFIX}cblas_{name}{suffix}") for name in ROUTINES):
                found = Blas(library, suffix, shared=package == "numpy")
                if not found.shared:
                    found._symbol("openblas_set_num_threads")(1)
                return found
    return None
