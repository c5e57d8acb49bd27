"""Runs single kernels through their C++ text."""

import ctypes

import numpy as np

from indexcalc.backends.cpp.blas import find_blas
from indexcalc.backends.cpp.kernel import kernel_text
from indexcalc.backends.cpp.support import header
from indexcalc.ir.kernel_spaces import kernel_spaces

from .compiling import compiled

TYPES = {"int": np.int64, "bool": np.uint8}
DOOR = """
extern "C" int run_{name}(const int64_t* sizes, const ArrayRef* in, ArrayRef* out, int threads) {{
  const Threads limit(threads);
  return {name}(Extents{{sizes}}, in, out);
}}
"""


LATE = """
      static thread_local int turn = 0;
      const timespec rest = {0, (number + ++turn) % 3 * 20000};
      nanosleep(&rest, nullptr);
"""


class ArrayRef(ctypes.Structure):
    _fields_ = (("data", ctypes.c_void_p), ("strides", ctypes.POINTER(ctypes.c_int64)))


def source(kernels, eager):
    """The text of kernels, {name: (kernel, "float" or "double")}, with doors.

    `eager`: threads share work of any size, and go on at different times after they have waited for each other; the
    library multiplies matrices of any size.
    """
    found = [kernel_text(kernel, name, real) for name, (kernel, real) in kernels.items()]
    headers = dict.fromkeys(h for text in found for h in text.headers)
    texts = {h: header(h) for h in headers}
    if eager:
        texts["core"] = replaced(texts["core"], "PARALLEL = 1 << 15", "PARALLEL = -1")
        texts["team"] = replaced(texts["team"], "#pragma omp barrier\n", "#pragma omp barrier\n" + LATE)
        if "large" in texts:
            texts["large"] = replaced(texts["large"], "LARGE = 1 << 28", "LARGE = 0")
        texts = {"time": "#include <time.h>", **texts}
    return "\n".join([*texts.values(), *(t.text for t in found), *(DOOR.format(name=n) for n in kernels)])


def replaced(text, old, new):
    assert text.count(old) == 1, old
    return text.replace(old, new)


class Library:
    """Compiled kernels."""

    def __init__(self, kernels, folder, *flags, eager=False):
        self.kernels = kernels
        self.library = compiled(source(kernels, eager), folder, *flags)
        blas = find_blas() if eager and hasattr(self.library, "set_blas") else None
        if blas is not None:
            self.library.set_blas(ctypes.byref(blas.table()))

    def __call__(self, name, inputs, extents, threads=0):
        """The outputs for inputs and {space: extent}; `threads`: as many as there may be, 0 for all."""
        kernel, real = self.kernels[name]
        dtype = np.float32 if real == "float" else np.float64
        inputs = [np.asarray(x, TYPES.get(a.kind, dtype)) for x, a in zip(inputs, kernel.inputs)]
        outputs = []
        for array in kernel.outputs:
            outputs.append(np.full([extents[x.space] for x in array.axes], 77, TYPES.get(array.kind, dtype)))
        sizes = [extents[s] for s in kernel_spaces(kernel)]
        self.call(name, sizes, inputs, outputs, threads)
        return outputs

    def call(self, name, sizes, inputs, outputs, threads=0):
        status = self.library[f"run_{name}"](
            (ctypes.c_int64 * max(1, len(sizes)))(*sizes), _references(inputs), _references(outputs), threads
        )
        if status == 2:
            raise IndexError("a position lies outside of its axis")
        assert status == 0, status


def _references(arrays):
    found = []
    for a in arrays:
        assert all(s % a.itemsize == 0 for s in a.strides)
        strides = (ctypes.c_int64 * max(1, a.ndim))(*(s // a.itemsize for s in a.strides))
        found.append(ArrayRef(a.ctypes.data, ctypes.cast(strides, ctypes.POINTER(ctypes.c_int64))))
    return (ArrayRef * max(1, len(found)))(*found)
