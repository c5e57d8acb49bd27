"""Powers: small integers as products, halves as roots, the rest as `power`."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from ..ir.expr import Literal, Power
from ..ir.graph import Operand
from .factors import as_float

if TYPE_CHECKING:
    from .expressions import Lowering

MAX_PRODUCT = 16  # powers up to this are products: exact, and much faster than a general power


def lower_power(low: Lowering, e: Power) -> Operand:
    """base ** exponent."""
    build = low.build
    exponent = e.exponent
    if not isinstance(exponent, Literal) or isinstance(exponent.value, float):
        return build.map("power", low.lower(e.base), low.lower(exponent))
    base = build.floating(low.lower(e.base))
    inverse, n = exponent.value < 0, abs(exponent.value)
    if isinstance(n, int) and n <= MAX_PRODUCT:
        raised = _integer(low, base, n)
    elif isinstance(n, Fraction) and n.denominator == 2 and n.numerator <= MAX_PRODUCT:
        root = build.map("sqrt", base)
        raised = _times(low, root, _integer(low, base, n.numerator // 2))
    else:
        return build.map("power", base, build.number(as_float(exponent.value)))
    return build.map("reciprocal", raised) if inverse else raised


def _integer(low: Lowering, base: Operand, n: int) -> Operand:
    """base ** n by repeated squaring."""
    result = low.build.number(1)
    while n:
        if n & 1:
            result = _times(low, result, base)
        n >>= 1
        if n:
            base = low.build.map("square", base)
    return result


def _times(low: Lowering, left: Operand, right: Operand) -> Operand:
    if left.number() == 1:
        return right
    return left if right.number() == 1 else low.build.map("multiply", left, right)
