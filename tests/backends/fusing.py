"""NumPy with kernels, whatever the backend of that name makes today."""

from __future__ import annotations

from dataclasses import replace

from indexcalc.backends.base import BACKENDS
from indexcalc.backends.numpy.emit import NUMPY
from indexcalc.lower.target import INTERPRETED, Target

SPELLING = replace(NUMPY, target=Target(machine=INTERPRETED))
BACKEND = replace(BACKENDS["numpy"], spelling=f"{__name__}:SPELLING")
