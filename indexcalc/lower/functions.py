"""Elementwise functions: primitives that every array library has, and those built from them without overflow."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ..diagnostics import fail
from ..ir.expr import Apply
from ..ir.functions import BUILTIN
from ..ir.graph import Operand

if TYPE_CHECKING:
    from .expressions import Lowering

PRIMITIVE = frozenset(
    {"exp", "log", "abs", "sign", "sin", "cos", "tan", "tanh", "sinh", "cosh", "sigmoid", "softplus", "erf", "relu"}
)
"""Each backend spells these; the others are built from them."""


def lower_function(low: Lowering, e: Apply) -> Operand:
    """A built-in or declared function of its arguments."""
    arguments = [low.lower(a) for a in e.arguments]
    declared = low.functions.get(e.function)
    if declared is not None:
        return low.call(declared, [low.build.numeric(a) for a in arguments])
    if e.function in PRIMITIVE:
        return low.build.map(e.function, arguments[0])
    if e.function in ("max", "min"):
        return _extreme(low, "maximum" if e.function == "max" else "minimum", arguments)
    if e.function == "silu":
        return low.build.map("multiply", arguments[0], low.build.map("sigmoid", arguments[0]))
    if e.function == "gelu":
        return _gelu(low, arguments[0])
    known = ", ".join(sorted({*BUILTIN, *low.functions}))
    raise fail("IX902", f"no backend knows the function `{e.function}`", hint=f"known: {known}")


def _extreme(low: Lowering, name: str, arguments: list[Operand]) -> Operand:
    result = arguments[0]
    for argument in arguments[1:]:
        result = low.build.map(name, result, argument)
    return result


def _gelu(low: Lowering, x: Operand) -> Operand:
    """x (1 + erf(x / √2)) / 2."""
    build = low.build
    erf = build.map("erf", build.map("multiply", build.floating(x), build.number(math.sqrt(0.5))))
    half = build.map("multiply", build.map("add", erf, build.number(1)), build.number(0.5))
    return build.map("multiply", build.floating(x), half)
