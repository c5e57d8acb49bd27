"""Running the NumPy text of one kernel."""

import numpy as np

from indexcalc.backends.emitter import helper_lines
from indexcalc.backends.numpy.emit import NUMPY

THRESHOLD = "effort < 1 << 19"


def kernel_source(kernel):
    """A stand-alone text, and the spaces whose extents its function takes."""
    assert NUMPY.kernel is not None
    text = NUMPY.kernel(kernel, "kernel_0")
    code = "\n".join(text.lines)
    return "\n".join([*NUMPY.imports, *helper_lines(NUMPY, code), "", "", code]) + "\n", text.spaces


def numpy_kernel(kernel, threaded=False):
    """The function, called with inputs, extents by space and a dtype.  `threaded`: even small work in threads."""
    source, spaces = kernel_source(kernel)
    if threaded:
        assert THRESHOLD in source
        source = source.replace(THRESHOLD, "effort < 0")
    scope = {}
    exec(compile(source, "<kernel>", "exec"), scope)
    return lambda inputs, extents, dtype=np.float64: scope["kernel_0"](
        *inputs, *(extents[s] for s in spaces), np.dtype(dtype)
    )


def run_numpy(kernel, inputs, extents, dtype=np.float64, threaded=False):
    """The outputs."""
    return numpy_kernel(kernel, threaded)(inputs, extents, dtype)
