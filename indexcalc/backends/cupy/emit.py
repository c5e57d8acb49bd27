"""CuPy's spelling: NumPy's, but for what CuPy has elsewhere."""

from __future__ import annotations

from .. import helpers
from ..numpy.emit import array_helpers, array_in_place, array_maps, array_operations
from ..spelling import Spelling

CUPY = Spelling(
    name="cupy",
    title="CuPy",
    module="cp",
    imports=("import cupy as cp",),
    preamble=("real = {floating}.dtype",),
    default_real="cp.float64",
    decorator="",
    maps=array_maps("cp") | {"sign": "cp.sign({0})"},
    in_place=array_in_place("cp"),
    operations=array_operations("cp") | {"argmax": "cp.argmax({0}, axis={1})"},
    helpers={
        **array_helpers("cp"),
        "add_repeated": helpers.ADD_REPEATED_CUPY,
        "scatter_add": helpers.spelled(helpers.SCATTER_ADD_CUPY, "cp"),
        "erf": "",
    },
    needs={
        "add_repeated": ("import cupyx",),
        "erf": ("from cupyx.scipy.special import erf",),
        "scatter_add": ("import math", "import cupyx"),
        "scatter_windows": ("import itertools",),
    },
)
