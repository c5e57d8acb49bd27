"""Elementwise meaning of the built-in functions, for real arrays and for the complex step.

A complex array stands for a real one that was moved by an imaginary step so small that it must not change any
decision: comparisons, selections and signs look at real parts.  Real input behaves as in NumPy: log and roots of
negative numbers are NaN, and they are NaN for a complex array with a negative real part too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import reduce

import numpy as np

from .value import Array


def zeros_like_real(x: Array) -> Array:
    return np.zeros(np.shape(x))


def nan_where_negative(x: Array, result: Array) -> Array:
    """`result`, and NaN where the real part of a complex x is negative, as for real input."""
    return np.where(x.real < 0, np.nan, result) if np.iscomplexobj(x) else result


def log(x: Array) -> Array:
    return nan_where_negative(x, np.log(x))


def absolute(x: Array) -> Array:
    """|x| by the sign of the real part: differentiable along the imaginary step, unlike the modulus."""
    return np.where(x.real < 0, -x, x)


def sign(x: Array) -> Array:
    signs: Array = np.sign(x.real)
    return signs


def relu(x: Array) -> Array:
    # Written as "not positive" so that NaN stays NaN.
    return np.where(x.real <= 0, 0.0, x)


def sigmoid(x: Array) -> Array:
    decayed = np.exp(-absolute(x))  # never overflows
    return np.asarray(np.where(x.real >= 0, 1.0, decayed) / (1.0 + decayed))


def softplus(x: Array) -> Array:
    return np.asarray(relu(x) + np.log1p(np.exp(-absolute(x))))


def silu(x: Array) -> Array:
    return times(x, sigmoid(x))


_real_erf = np.vectorize(math.erf, otypes=[float])


def erf(x: Array) -> Array:
    """The error function; along the imaginary step its first-order Taylor term."""
    value: Array = np.asarray(_real_erf(x.real)) if x.size else zeros_like_real(x)
    if not np.iscomplexobj(x):
        return value
    slope = 2.0 / math.sqrt(math.pi) * np.exp(-(x.real**2))
    return np.asarray(value + 1j * slope * x.imag)


def gelu(x: Array) -> Array:
    return times(0.5 * x, 1.0 + erf(x / math.sqrt(2.0)))


def maximum(*parts: Array) -> Array:
    """The part with the largest real part; the first of equal ones; NaN where any is NaN."""
    return reduce(lambda a, b: np.where((b.real > a.real) | np.isnan(b.real), b, a), parts)


def minimum(*parts: Array) -> Array:
    return reduce(lambda a, b: np.where((b.real < a.real) | np.isnan(b.real), b, a), parts)


FUNCTIONS: Mapping[str, Callable[..., Array]] = {
    "exp": np.exp,
    "log": log,
    "abs": absolute,
    "sign": sign,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "tanh": np.tanh,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "sigmoid": sigmoid,
    "relu": relu,
    "gelu": gelu,
    "silu": silu,
    "softplus": softplus,
    "erf": erf,
    "max": maximum,
    "min": minimum,
}

COMPARISONS: Mapping[str, Callable[[Array, Array], Array]] = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "==": np.equal,
    "!=": np.not_equal,
}


def compare(operator: str, left: Array, right: Array) -> Array:
    return COMPARISONS[operator](left.real, right.real).astype(float)


def logic(operator: str, parts: Sequence[Array]) -> Array:
    """and, or, not of nonzero tests, as 0.0 and 1.0."""
    truths: list[Array] = [p.real != 0 for p in parts]
    if operator == "not":
        return (~truths[0]).astype(float)
    joined: Array = reduce(np.logical_and if operator == "and" else np.logical_or, truths)
    return joined.astype(float)


def times(a: Array, b: Array) -> Array:
    """a · b.  A complex number here is a value and a step: where the step is 0, an infinite factor leaves it 0.

    Plain complex multiplication would make NaN of −inf · (2 + 0j).
    """
    if not np.iscomplexobj(a) and not np.iscomplexobj(b):
        return a * b
    if np.isfinite(a).all() and np.isfinite(b).all():
        return a * b
    real = a.real * b.real
    step = _scaled_step(a, b.real) + _scaled_step(b, a.real)
    result = np.empty(real.shape, complex)
    result.real, result.imag = real, step
    return result


def _scaled_step(x: Array, factor: Array) -> Array:
    return np.where(x.imag == 0, 0.0, x.imag * factor) if np.iscomplexobj(x) else zeros_like_real(x)


def power(base: Array, exponent: Array) -> Array:
    """base ** exponent with NumPy's real behaviour: NaN for a fractional power of a negative number."""
    if not np.iscomplexobj(base) and not np.iscomplexobj(exponent):
        return np.power(base, exponent)
    if exponent.ndim == 0 and not np.iscomplexobj(exponent):
        return _complex_power(base, float(exponent))
    whole = (exponent.imag == 0) & (exponent.real == np.round(exponent.real))
    return np.where((base.real < 0) & ~whole, np.nan, np.power(base.astype(complex), exponent))


def _complex_power(base: Array, n: float) -> Array:
    if n == 0:
        return np.ones_like(base)
    if n == round(n) and abs(n) <= 64:
        # Repeated multiplication: exact for small powers, and −inf and signs come out as in the real case.
        positive = reduce(times, [base] * int(abs(n)))
        return positive if n > 0 else np.true_divide(1.0, positive)
    if n in (0.5, -0.5):
        root = nan_where_negative(base, np.sqrt(base))
        return root if n > 0 else np.true_divide(1.0, root)
    raised: Array = np.power(base, n)
    return raised if n == round(n) else nan_where_negative(base, raised)
