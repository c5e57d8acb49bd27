"""What functions and methods of array libraries do, as far as index notation says it.  One row a function."""

from __future__ import annotations

from collections.abc import Mapping

from ...python.functions import NUMPY_LIKE
from ...python.module import Module

# Function or method by its last name -> the language's elementwise function.
ELEMENTWISE: Mapping[str, str] = {
    "exp": "exp", "log": "log", "sqrt": "sqrt", "abs": "abs", "absolute": "abs", "sign": "sign", "sin": "sin",
    "cos": "cos", "tan": "tan", "tanh": "tanh", "sinh": "sinh", "cosh": "cosh", "sigmoid": "sigmoid", "relu": "relu",
    "silu": "silu", "swish": "silu", "softplus": "softplus", "erf": "erf",
}  # fmt: skip
# Two operands that broadcast.
BINARY: Mapping[str, str] = {
    "add": "+", "subtract": "-", "sub": "-", "multiply": "*", "mul": "*", "divide": "/", "true_divide": "/",
    "div": "/", "power": "**", "pow": "**",
}  # fmt: skip
EXTREMES: Mapping[str, str] = {"maximum": "max", "minimum": "min"}
MATMUL = frozenset(("matmul", "bmm", "mm", "mv"))
# Along axes that go away (or stay with size 1).
REDUCTIONS: Mapping[str, str] = {
    "sum": "sum", "mean": "mean", "prod": "prod", "amax": "max", "amin": "min", "logsumexp": "logsumexp",
}  # fmt: skip
# Along one axis that stays.
MAPS: Mapping[str, str] = {"softmax": "softmax", "cumsum": "cumsum"}
# The value stays what it is.
SAME = frozenset(
    (
        "contiguous", "clone", "detach", "float", "double", "half", "bfloat16", "to", "astype", "cpu", "cuda", "type",
        "type_as", "copy", "asarray", "as_tensor", "ascontiguousarray",
    )
)  # fmt: skip
PERMUTATIONS = frozenset(("permute", "transpose", "swapaxes", "swapdims", "moveaxis", "movedim", "t"))
NEW_AXIS = frozenset(("unsqueeze", "expand_dims"))
# Attributes that permute.
TRANSPOSES = frozenset(("T", "mT"))
# Modules whose functions take the array as their first argument, by customary names; anything else before the dot is an
# array.  See `libraries_of`.
LIBRARIES = frozenset(
    ("np", "numpy", "jnp", "torch", "F", "tf", "cp", "cupy", "jax", "math", "nn", "xp", "special", "functional", "lax")
)


def libraries_of(module: Module) -> frozenset[str]:
    """The names of a file that stand for such modules: what it imports from them, and the customary ones.

    >>> from indexcalc.python.read import read_module
    >>> found = libraries_of(read_module("import numpy as mine; from model import xp"))
    >>> "mine" in found, "torch" in found, "xp" in found
    (True, True, False)
    """
    imports = module.operations.imports
    own = {name for name, full in imports.items() if full.partition(".")[0] in (*NUMPY_LIKE, "math", "scipy")}
    return frozenset(own | (LIBRARIES - imports.keys()))
