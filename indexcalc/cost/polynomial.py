"""Polynomials in extents, exact: what counts are where sizes are missing.

They take the place of numbers in `work.py` and `peak.py`, which only add, subtract and multiply.  SymPy would do, but
takes half a second to import and prints 2*D*H*L**2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Union

Monomial = tuple[tuple[str, int], ...]
"""Names with their powers, sorted by name."""
Number = Union[int, "Polynomial"]

_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Polynomial:
    """Coefficients by monomial; none is 0.

    >>> n, d = Polynomial.of("L"), Polynomial.of("D")
    >>> print(2 * n * n * d + 3 * n - 1)
    2 D L² + 3 L - 1
    >>> (n * n).at({"L": 5})
    25
    """

    terms: tuple[tuple[Monomial, Fraction], ...]

    @staticmethod
    def of(value: str | int) -> Polynomial:
        """A variable, or a number."""
        if isinstance(value, str):
            return Polynomial(((((value, 1),), Fraction(1)),))
        return _made({(): Fraction(value)})

    def __add__(self, other: Number) -> Polynomial:
        found = dict(self.terms)
        for monomial, coefficient in _polynomial(other).terms:
            found[monomial] = found.get(monomial, Fraction(0)) + coefficient
        return _made(found)

    def __mul__(self, other: Number) -> Polynomial:
        found: dict[Monomial, Fraction] = {}
        for a, x in self.terms:
            for b, y in _polynomial(other).terms:
                powers = dict(a)
                for name, power in b:
                    powers[name] = powers.get(name, 0) + power
                key = tuple(sorted(powers.items()))
                found[key] = found.get(key, Fraction(0)) + x * y
        return _made(found)

    __radd__ = __add__
    __rmul__ = __mul__

    def __sub__(self, other: Number) -> Polynomial:
        return self + -1 * _polynomial(other)

    def __rsub__(self, other: Number) -> Polynomial:
        return other + -1 * self

    def __pow__(self, power: int) -> Polynomial:
        found = Polynomial.of(1)
        for _ in range(power):
            found = found * self
        return found

    def __floordiv__(self, other: int) -> Polynomial:
        """Division of what is divisible for all extents."""
        return _made({monomial: coefficient / other for monomial, coefficient in self.terms})

    def at(self, sizes: Mapping[str, int]) -> int:
        """The value for these extents."""
        total = Fraction(0)
        for monomial, coefficient in self.terms:
            for name, power in monomial:
                coefficient = coefficient * sizes[name] ** power
            total += coefficient
        assert total.denominator == 1
        return int(total)

    def is_at_most(self, other: Polynomial) -> bool:
        """Whether that shows for all extents from the coefficients alone."""
        return all(coefficient >= 0 for _, coefficient in (other - self).terms)

    def __str__(self) -> str:
        return self._text(" ", lambda name, power: name + (str(power).translate(_RAISED) if power > 1 else ""))

    @property
    def code(self) -> str:
        """As Python and SymPy read it.

        >>> (2 * Polynomial.of("L") ** 2 + 1).code
        '2*L**2 + 1'
        """
        return self._text("*", lambda name, power: f"{name}**{power}" if power > 1 else name)

    def _text(self, times: str, power_text: Callable[[str, int], str]) -> str:
        ordered = sorted(self.terms, key=lambda t: _order(t[0]))
        text = ""
        for monomial, coefficient in ordered:
            size = abs(coefficient)
            factors = [power_text(name, power) for name, power in monomial]
            if size != 1 or not factors:
                factors.insert(0, f"{int(size):,}" if times == " " and size.denominator == 1 else str(size))
            sign = "-" if coefficient < 0 else "+"
            word = times.join(factors)
            text = f"{text} {sign} {word}" if text else (f"-{word}" if coefficient < 0 else word)
        return text or "0"


@dataclass(frozen=True)
class Largest:
    """The largest of some polynomials, none of which is at most another."""

    among: tuple[Polynomial, ...]

    def at(self, sizes: Mapping[str, int]) -> int:
        return max(p.at(sizes) for p in self.among)

    def __str__(self) -> str:
        return str(self.among[0]) if len(self.among) == 1 else f"max({', '.join(map(str, self.among))})"

    @property
    def code(self) -> str:
        texts = [p.code for p in self.among]
        return texts[0] if len(texts) == 1 else f"Max({', '.join(texts)})"


def largest(values: Iterable[Number]) -> Largest:
    """The largest, without those that are at most another one for all extents."""
    kept: list[Polynomial] = []
    for value in dict.fromkeys(map(_polynomial, values)):
        if not any(value.is_at_most(k) for k in kept):
            kept = [k for k in kept if not k.is_at_most(value)] + [value]
    return Largest(tuple(kept))


def _order(monomial: Monomial) -> tuple[int, int, Monomial]:
    """High degrees first, among them high powers."""
    powers = [power for _, power in monomial]
    return -sum(powers), -max(powers, default=0), monomial


def _polynomial(value: Number) -> Polynomial:
    return value if isinstance(value, Polynomial) else Polynomial.of(value)


def _made(terms: Mapping[Monomial, Fraction]) -> Polynomial:
    return Polynomial(tuple(sorted((m, c) for m, c in terms.items() if c)))
