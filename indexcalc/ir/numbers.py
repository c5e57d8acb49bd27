"""Exact numbers as text that reads back to the same number."""

from __future__ import annotations

from fractions import Fraction

from .expr import Number

SHORT = 12  # digits up to which a decimal is easier to read than a fraction
ZEROS = 4  # zeros behind the point up to which they are written out


def decimal_text(value: Fraction) -> str | None:
    """The exact decimal of a positive fraction, or None where it does not end within a few digits.

    >>> decimal_text(Fraction(1, 2)), decimal_text(Fraction(1, 100000)), decimal_text(Fraction(1, 3))
    ('0.5', '1e-5', None)
    """
    twos, rest = _divide_out(value.denominator, 2)
    fives, rest = _divide_out(rest, 5)
    places = max(twos, fives)
    if rest != 1 or places > 4 * SHORT:
        return None
    digits = str(value.numerator * 10**places // value.denominator)
    if len(digits) > SHORT:
        return None
    if places - len(digits) >= ZEROS:
        return f"{digits[0]}.{digits[1:]}".rstrip(".") + f"e-{places - len(digits) + 1}"
    digits = digits.rjust(places + 1, "0")
    return f"{digits[:-places]}.{digits[-places:]}"


def _divide_out(n: int, prime: int) -> tuple[int, int]:
    times = 0
    while n % prime == 0:
        n //= prime
        times += 1
    return times, n


def magnitude_text(value: Number) -> str:
    """Text of |value|: `2`, `0.5`, `1/3`, `inf`.

    >>> magnitude_text(-2), magnitude_text(Fraction(-1, 3)), magnitude_text(float("-inf"))
    ('2', '1/3', 'inf')
    """
    if isinstance(value, float):
        return "inf"
    if isinstance(value, int):
        return str(abs(value))
    size = Fraction(abs(value))
    return decimal_text(size) or f"{size.numerator}/{size.denominator}"
