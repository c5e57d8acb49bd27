"""Compiled programs at run time: NumPy arrays in, NumPy arrays out, without copies of what fits as it is."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any
from weakref import finalize

import numpy as np

from ...diagnostics import fail
from ..cache import SHARED, cached
from ..numpy.pool import POOL
from ..numpy.runtime import NumpyLibrary
from .blas import Blas, find_blas
from .emitted import CppEmitted
from .toolchain import FAST, compile_to, find_compiler, key_of

SCALARS = {
    "float32": "float",
    "float64": "double",
    "complex64": "Complex<float>",
    "complex128": "Complex<double>",
}
REAL = {"complex64": "float32", "complex128": "float64"}


class CppLibrary(NumpyLibrary):
    """Answers for the arrays of the cpp backend, which are NumPy's."""

    floating = frozenset(SCALARS)


LIBRARY = CppLibrary()


class ArrayRef(ctypes.Structure):
    """`struct ArrayRef` of support/core.hpp."""

    _fields_ = [("data", ctypes.c_void_p), ("strides", ctypes.c_void_p)]


class Home:
    """The process in which a compiled function ran first.

    OpenMP's threads begin there and do not come along into a process that is forked from it, where every region with
    more than one thread would wait for them: also those of functions that are compiled there.
    """

    def __init__(self) -> None:
        self._process: int | None = None

    def threads(self) -> int:
        """What a run is told here: 0, as many as OpenMP says, or 1."""
        if self._process is None:
            self._process = os.getpid()
        return 0 if os.getpid() == self._process else 1


HOME = Home()
"""Of this process's threads, which all compiled functions share."""


class Compiled:
    """A text's function in a loaded library.  When it goes, so does the memory that waits there for its next run."""

    def __init__(self, emitted: CppEmitted, library: ctypes.CDLL, name: str = "run") -> None:
        self.emitted = emitted
        self.blas: Blas | None = None
        if hasattr(library, "set_blas"):
            self.blas = find_blas()
            if self.blas is not None:
                library.set_blas(ctypes.byref(self.blas.table()))
        if hasattr(library, "release"):
            finalize(self, library.release).atexit = False  # then all memory goes
        self._function = getattr(library, name)
        self._function.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int]

    def call(self, arrays: list[Any], sizes: list[int], results: list[Any]) -> int:
        """The code that `run` returns."""
        extents = (ctypes.c_int64 * max(1, len(sizes)))(*sizes)
        given, made = _references(arrays), _references(results)
        threads = HOME.threads()
        if self.blas is None:
            return int(self._function(extents, given, made, threads))
        with self.blas.one_thread():
            return int(self._function(extents, given, made, threads))


def compiled(source: str, flags: tuple[str, ...] = FAST) -> ctypes.CDLL:
    """The text as a loaded library: from the cache, or compiled now."""
    compiler = find_compiler()
    key = key_of(source, compiler, flags)
    return ctypes.CDLL(str(cached(key, SHARED, lambda target: compile_to(source, target, compiler, flags))))


def _references(arrays: list[Any]) -> ctypes.Array[ArrayRef]:
    """One ArrayRef for each array, with strides in elements, which live as long as what is returned."""
    ranks = sum(a.ndim for a in arrays)
    strides = (ctypes.c_int64 * max(1, ranks))(*(s // a.itemsize for a in arrays for s in a.strides))
    found = (ArrayRef * max(1, len(arrays)))()
    at = ctypes.addressof(strides)
    for reference, array in zip(found, arrays):
        reference.data = array.ctypes.data
        reference.strides = at
        at += 8 * array.ndim
    found.kept = strides  # type: ignore[attr-defined]
    return found


class CppProgram:
    """The `run` of a program: compiled for each type of inputs when that first comes."""

    def __init__(self, compiled_for: Callable[[str], Compiled]) -> None:
        self._compiled_for = compiled_for
        self._compiled: dict[str, Compiled] = {}
        self._lock = Lock()  # so that threads that come together compile once

    def __call__(self, inputs: Mapping[str, Any], sizes: Mapping[str, int]) -> dict[str, Any]:
        floating = [str(a.dtype) for a in inputs.values() if a.dtype.kind in "fc"]
        dtype = floating[0] if floating else "float64"
        compiled = self.compiled(dtype)
        emitted = compiled.emitted
        arrays = [_usable(inputs[name], rows) for name, rows in zip(emitted.inputs, emitted.rows)]
        results = []
        for result in emitted.results:
            shape = [n if isinstance(n, int) else sizes[n] for n in result.shape]
            results.append(POOL.empty(shape, REAL.get(dtype, dtype) if result.is_real else dtype))
        code = compiled.call(arrays, [sizes[key] for key in emitted.extents], results)
        if code:
            _stopped(code)
        return {result.name: array for result, array in zip(emitted.results, results)}

    def compiled(self, dtype: str) -> Compiled:
        """The program for floating arrays of this type."""
        with self._lock:
            if dtype not in self._compiled:
                self._compiled[dtype] = self._compiled_for(SCALARS[dtype])
            return self._compiled[dtype]


def _usable(array: Any, rows: bool) -> Any:
    """The array itself where pointer arithmetic reaches its elements, and, with `rows`, its last axis has no gaps.

    Integers become int64.
    """
    if array.dtype.kind in "iu" and array.dtype != np.int64:
        return array.astype(np.int64)
    gaps = rows and array.ndim and array.shape[-1] > 1 and array.strides[-1] != array.itemsize
    if gaps or not array.flags.aligned or any(s % array.itemsize for s in array.strides):
        return array.copy("C")
    return array


def _stopped(code: int) -> None:
    """Raises what the code of `run` says."""
    if code == 1:
        raise np.linalg.LinAlgError("Singular matrix")
    if code == 2:
        raise IndexError("a position lies outside of its axis")
    raise fail("IX959", "there is not enough memory for the program's temporaries", hint="make the arrays smaller")


def load(emitted: CppEmitted) -> CppProgram:
    """The program that a text was emitted for."""
    find_compiler()  # or an error before there is anything to run

    def compiled_for(scalar: str) -> Compiled:
        assert emitted.again is not None
        text = emitted.again(scalar)
        return Compiled(text, compiled(text.source))

    return CppProgram(compiled_for)
