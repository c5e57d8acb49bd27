"""The demo: what indexcalc does, shown on causal attention and on a small language model."""

from __future__ import annotations

import os

# As the libraries that NumPy may be built on call it.
_THREADS = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS")


def use_one_blas_thread() -> None:
    """Ask for one thread in matrix products, unless the user has decided; to be called before NumPy is loaded.

    The demo's matrices are small.  Two threads gain a fifth there on an idle machine; on a busy one they wait for each
    other ten times as long as they work.
    """
    for variable in _THREADS:
        os.environ.setdefault(variable, "1")
