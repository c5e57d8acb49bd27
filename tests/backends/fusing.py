"""NumPy with kernels, whatever the backend of that name makes today."""

from __future__ import annotations

from dataclasses import replace

from indexcalc.backends.base import BACKENDS
from indexcalc.backends.numpy.emit import NUMPY
from indexcalc.lower.target import INTERPRETED, Target

SPELLING = replace(NUMPY, target=Target(machine=INTERPRETED, keeps=True))
BACKEND = replace(BACKENDS["numpy"], spelling=f"{__name__}:SPELLING")

# A machine for which tiles are worth it whatever their size: it computes in no time and reads slowly.
SLOW = replace(INTERPRETED, bandwidth=1e6, matmul=1e13, exponentials=1e12, step=1e-12)
TILING_SPELLING = replace(NUMPY, target=Target(machine=SLOW, keeps=True))
TILING = replace(BACKENDS["numpy"], spelling=f"{__name__}:TILING_SPELLING")
