"""C++'s spelling of elementwise functions.  What loops is written by the other files of this folder."""

from __future__ import annotations

from ...lower.target import LAPTOP, Target
from ..spelling import INFIX, Spelling

_SAME = (
    "exp",
    "log",
    "sqrt",
    "sin",
    "cos",
    "tan",
    "tanh",
    "sinh",
    "cosh",
    "erf",
    "sigmoid",
    "softplus",
    "relu",
    "sign",
)

CPP = Spelling(
    name="cpp",
    title="C++",
    module="",
    imports=(),
    preamble=(),
    default_real="double",
    decorator="",
    maps={
        **INFIX,
        **{name: f"ix::{name}({{0}})" for name in _SAME},
        "abs": "ix::absolute({0})",
        "as_real": "real({0})",
        "inside": "ix::checked({0}, {1}, &code)",
        "logical_not": "!{0}",
        "maximum": "ix::maximum({0}, {1})",
        "minimum": "ix::minimum({0}, {1})",
        "power": "ix::power({0}, {1})",
        "reciprocal": "real(1) / {0}",
        "square": "ix::square({0})",
        "where": "{0} ? {1} : {2}",
    },
    in_place={},
    operations={},
    helpers={},
    real_part="ix::real_part({0})",
    target=Target(machine=LAPTOP),
)
