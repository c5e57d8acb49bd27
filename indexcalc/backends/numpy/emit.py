"""NumPy's spelling."""

from __future__ import annotations

from ...ir.kernel import Kernel
from ...lower.target import ARRAY_KERNELS
from .. import helpers
from ..spelling import INFIX, KernelText, Spelling
from .erf import ERF
from .kernel import kernel_text
from .kernel_helpers import KERNEL_HELPERS, KERNEL_NEEDS

_OUT = {
    "add": "add", "subtract": "subtract", "multiply": "multiply", "divide": "divide", "negative": "negative",
    "exp": "exp", "log": "log", "sqrt": "sqrt", "square": "square", "sin": "sin", "cos": "cos", "tan": "tan",
    "tanh": "tanh", "sinh": "sinh", "cosh": "cosh", "maximum": "maximum", "minimum": "minimum", "power": "power",
}  # fmt: skip


def array_maps(module: str) -> dict[str, str]:
    """Elementwise functions as NumPy and CuPy both have them."""
    same = ("exp", "log", "sqrt", "square", "sin", "cos", "tan", "tanh", "sinh", "cosh")
    return {
        **INFIX,
        **{name: f"{module}.{name}({{0}})" for name in same},
        **{name: f"{module}.{name}({{0}}, {{1}})" for name in ("maximum", "minimum", "power")},
        "abs": "absolute({0})",
        "as_real": f"{module}.asarray({{0}}, dtype=real)",
        "erf": "erf({0})",
        "inside": "inside({0}, {1})",
        "relu": f"{module}.maximum({{0}}, 0.0)",
        "sigmoid": "sigmoid({0})",
        "sign": f"{module}.sign({{0}}.real)",
        "softplus": "softplus({0})",
        "where": f"{module}.where({{0}}, {{1}}, {{2}})",
    }


def array_in_place(module: str) -> dict[str, str]:
    """Functions with `out=`, as NumPy and CuPy both have them."""
    found = {name: f"{module}.{spelled}({{0}}, out={{1}})" for name, spelled in _OUT.items()}
    found["reciprocal"] = f"{module}.divide(1.0, {{0}}, out={{1}})"
    found["relu"] = f"{module}.maximum({{0}}, 0.0, out={{1}})"
    return found


def array_operations(module: str) -> dict[str, str]:
    """The other operations, as NumPy and CuPy both have them."""
    return {
        "add_at": "add_at({0}, {1}, {2}, {3})",
        "add_repeated": "add_repeated({0}, {1}, {2}, {3})",
        "argmax": f"{module}.argmax({{0}}.real, axis={{1}})",
        "broadcast": f"{module}.broadcast_to({{0}}, {{1}})",
        "copy": "{0}.copy()",
        "cumsum": f"{module}.cumsum({{0}}, axis={{1}})",
        "det": f"{module}.linalg.det({{0}})",
        "dot": f"{module}.dot({{0}}, {{1}})",
        "inv": f"{module}.linalg.inv({{0}})",
        "logdet": "logdet({0})",
        "masked": "masked({0}, {1}, {2})",
        "matmul": f"{module}.matmul({{0}}, {{1}})",
        "max": f"{module}.max({{0}}, axis={{1}})",
        "min": f"{module}.min({{0}}, axis={{1}})",
        "prod": f"{module}.prod({{0}}, axis={{1}})",
        "range": f"{module}.arange({{0}})",
        "reshape": "{0}.reshape({1})",
        "reversed_cumsum": f"{module}.flip({module}.cumsum({module}.flip({{0}}, {{1}}), axis={{1}}), {{1}})",
        "scalar": f"{module}.asarray({{0}})",
        "scatter": "scatter_add({0}, {1}, {2})",
        "scatter_windows": "scatter_windows({0}, {1}, {2})",
        "shift": "shift_of({0}, {1})",
        "strided": "strided({0}, {1}, {2})",
        "sum": f"{module}.sum({{0}}, axis={{1}})",
        "topk": "topk_mask({0}, {1}, {2})",
        "transpose": "{0}.transpose({1})",
        "windows": "windows({0}, {1}, {2})",
    }


def array_helpers(module: str) -> dict[str, str]:
    """Helper functions, as NumPy and CuPy both run them."""
    texts = {
        "absolute": helpers.ABSOLUTE,
        "add_at": helpers.ADD_AT,
        "inside": helpers.INSIDE,
        "logdet": helpers.LOGDET,
        "masked": helpers.MASKED,
        "scatter_windows": helpers.SCATTER_WINDOWS,
        "shift_of": helpers.SHIFT_OF,
        "sigmoid": helpers.SIGMOID,
        "softplus": helpers.SOFTPLUS,
        "strided": helpers.STRIDED,
        "topk_mask": helpers.TOPK_MASK,
        "windows": helpers.WINDOWS,
    }
    return {name: helpers.spelled(text, module) for name, text in texts.items()}


_MAPS = array_maps("np")


def _kernel(kernel: Kernel, name: str) -> KernelText:
    return kernel_text(kernel, name, _MAPS)


NUMPY = Spelling(
    name="numpy",
    title="NumPy",
    module="np",
    imports=("import numpy as np",),
    preamble=("real = {floating}.real.dtype", "floating = {floating}.dtype"),
    default_real="np.float64",
    decorator='@np.errstate(all="ignore")',
    maps=_MAPS,
    in_place=array_in_place("np"),
    operations={
        **array_operations("np"),
        "einsum": "np.einsum({0!r}, {1}, {2})",  # of columns 40 times as fast as matmul, of rows as fast
    },
    helpers={
        **array_helpers("np"),
        "add_repeated": helpers.spelled(helpers.ADD_REPEATED, "np"),
        "erf": ERF,
        "scatter_add": helpers.spelled(helpers.SCATTER_ADD, "np"),
        **KERNEL_HELPERS,
    },
    needs={
        "erf": ("import math",),
        "scatter_add": ("import math",),
        "scatter_windows": ("import itertools",),
        **KERNEL_NEEDS,
    },
    real_part="{0}.real",
    target=ARRAY_KERNELS,
    kernel=_kernel,
)
