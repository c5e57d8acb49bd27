"""The BLAS library for products of whole arrays: Intel's where its wheel is installed, else OpenBLAS from the wheel
scipy-openblas32 or as NumPy brings it along, else none.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from sysconfig import get_path
from threading import Lock
from typing import Any

ROUTINES = ("sgemm", "dgemm", "cgemm", "zgemm")


class Table(ctypes.Structure):
    """`struct Blas` of support/blas.hpp."""

    _fields_ = [*((name, ctypes.c_void_p) for name in ROUTINES), ("wide", ctypes.c_int64)]


@dataclass
class Blas:
    """Pointers to its matrix products.  Its own threads stay asleep: emitted code divides the work itself.

    `name`: how it spells its functions; `wide`: whether their integers have 64 bits; `shared`: whether others in this
    process use the library too, and its number of threads is put back after a run.
    """

    library: ctypes.CDLL
    name: str
    wide: bool = False
    shared: bool = False
    _lock: Lock = field(default_factory=Lock)
    _runs: int = 0
    _before: int = 1

    def table(self) -> Table:
        pointers = [ctypes.cast(self._symbol(f"cblas_{n}"), ctypes.c_void_p).value for n in ROUTINES]
        return Table(*pointers, int(self.wide))

    def _symbol(self, name: str) -> Any:
        return getattr(self.library, self.name.format(name))

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
    return _mkl() or find_openblas()


def find_openblas() -> Blas | None:
    """OpenBLAS, loaded; None where there is none."""
    return _openblas("scipy_openblas32", "lib", "libscipy_openblas.*", "scipy_{}", wide=False) or _openblas(
        "numpy", "../numpy.libs", "libscipy_openblas64_-*", "scipy_{}64_", wide=True
    )


SEQUENTIAL, NARROW = 1, 0  # MKL's numbers for a library of one thread, and for integers of 32 bits


def _mkl() -> Blas | None:
    """Intel's library from its wheel, a tenth faster on processors with AVX-512.

    It is left alone where somebody in this process already has it with threads of its own or with wide integers.
    """
    for path in sorted((Path(get_path("data")) / "lib").glob("libmkl_rt.so*")):
        library = ctypes.CDLL(str(path))
        layers = library.MKL_Set_Interface_Layer(NARROW), library.MKL_Set_Threading_Layer(SEQUENTIAL)
        if layers == (NARROW, SEQUENTIAL):
            return Blas(library, "{}")
    return None


def _openblas(package: str, folder: str, pattern: str, name: str, *, wide: bool) -> Blas | None:
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        return None
    for path in sorted((Path(spec.origin).parent / folder).glob(pattern)):
        found = Blas(ctypes.CDLL(str(path)), name, wide, shared=package == "numpy")
        if all(hasattr(found.library, name.format(f"cblas_{routine}")) for routine in ROUTINES):
            if not found.shared:
                found._symbol("openblas_set_num_threads")(1)
            return found
    return None
