"""Constructors that keep expressions canonical: flat sums and products, one leading number, merged exponents."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from ..diagnostics import fail
from ..limits import MAX_BITS
from .expr import Expr, Index, IndexSum, Literal, Number, Power, Product, Sum

ONE, ZERO, MINUS_ONE, HALF = Literal(1), Literal(0), Literal(-1), Literal(Fraction(1, 2))


def lowest(value: Number) -> Number:
    """An int where it is one: hashing and adding a Fraction costs ten times as much."""
    if isinstance(value, float):
        return value
    if max(value.numerator.bit_length(), value.denominator.bit_length()) > MAX_BITS:
        raise fail("IX009", f"a computed number has more than {MAX_BITS} binary digits", hint="scale the formula")
    return value.numerator if value.denominator == 1 else value


def number(value: Number) -> Literal:
    """A literal in lowest terms."""
    return Literal(lowest(value))


def integer_power(value: Number, n: int) -> Number:
    """value ** n, exact, and refused where it would be too large to compute."""
    if isinstance(value, float):
        return value**n
    if abs(n) * max(value.numerator.bit_length(), value.denominator.bit_length()) > 2 * MAX_BITS and abs(value) != 1:
        raise fail("IX009", f"a number to the power {n} has too many digits", hint="scale the formula")
    return lowest(Fraction(value) ** n)


def lift(value: Expr | Number) -> Expr:
    """An expression as it is, a number as a literal."""
    return value if isinstance(value, Expr) else number(value)


def add(*terms: Expr) -> Expr:
    """Flat sum of the terms; zeros are dropped, nothing else is done."""
    flat: list[Expr] = []
    for term in terms:
        flat += term.terms if isinstance(term, Sum) else (term,)
    flat = [t for t in flat if t != ZERO]
    if not flat:
        return ZERO
    return flat[0] if len(flat) == 1 else Sum(tuple(flat))


def multiply(*factors: Expr) -> Expr:
    """Flat product; numbers are multiplied and come first, a factor 1 is dropped.  0 · x keeps x (x may be inf).

    >>> multiply(number(2), number(3))
    Literal(6)
    """
    coefficient: Number = 1
    flat: list[Expr] = []
    for factor in factors:
        for part in factor.factors if isinstance(factor, Product) else (factor,):
            if isinstance(part, Literal):
                coefficient = coefficient * part.value
            else:
                flat.append(part)
    if coefficient != 1 or not flat:
        flat.insert(0, number(coefficient))
    return flat[0] if len(flat) == 1 else Product(tuple(flat))


def power(base: Expr, exponent: Expr) -> Expr:
    """base ** exponent; number ** integer is computed, (b ** m) ** n with an integer n becomes b ** (m n).

    >>> power(number(2), number(-2))
    Literal(Fraction(1, 4))
    """
    if exponent == ONE:
        return base
    if isinstance(exponent, Literal) and isinstance(exponent.value, int):
        n = exponent.value
        if isinstance(base, Literal) and not isinstance(base.value, float) and (base.value or n >= 0) and abs(n) <= 64:
            return Literal(integer_power(base.value, n))
        if (
            isinstance(base, Power)
            and isinstance(base.exponent, Literal)
            and not isinstance(base.exponent.value, float)
        ):
            return power(base.base, number(Fraction(base.exponent.value) * n))
    return Power(base, exponent)


def sqrt(x: Expr) -> Expr:
    return power(x, HALF)


def index_sum(body: Expr, indices: Iterable[Index]) -> Expr:
    """Σ over the indices, merged with a sum directly inside."""
    indices = tuple(indices)
    if not indices:
        return body
    if isinstance(body, IndexSum) and not set(indices) & set(body.indices):
        return IndexSum(body.body, indices + body.indices)
    return IndexSum(body, indices)
