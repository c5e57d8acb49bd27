"""The factors of a summed product, sorted by what they are: a number, scalars, deltas, reciprocals, the rest."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from ..diagnostics import fail
from ..ir.expr import Delta, Expr, Extent, IndexSum, Literal, Number, Power, Product, Sum
from ..ir.index import Index, Space
from ..ir.walk import fresh_index, substitute

MAX_EXACT = 2**53  # up to here a float holds every integer


@dataclass
class Factors:
    """Σ over `bound` of coefficient · Π scalars · Π deltas · Π plain / Π divisors.

    `shares`: those of the scalars that divide by the extent of an index over whose values they are summed.
    """

    bound: list[Index]
    taken: set[str]
    coefficient: Number = 1
    scalars: list[Expr] = field(default_factory=list)
    shares: list[Expr] = field(default_factory=list)
    deltas: list[Delta] = field(default_factory=list)
    divisors: list[Expr] = field(default_factory=list)
    plain: list[Expr] = field(default_factory=list)

    def add(self, factor: Expr) -> None:
        """File one factor; products and sums inside are merged into this one, their indices renamed apart."""
        stack = [(factor, frozenset(i.space for i in self.bound))]  # with the spaces that are summed over around it
        while stack:
            now, around = stack.pop()
            if isinstance(now, Product):
                stack += [(f, around) for f in reversed(now.factors)]
            elif isinstance(now, IndexSum) and not isinstance(now.body, Sum):
                stack.append((self._opened(now), around.union(i.space for i in now.indices)))
            elif isinstance(now, Literal):
                self.coefficient = self.coefficient * now.value
            else:
                self._file(now, around)

    def _opened(self, inner: IndexSum) -> Expr:
        renamed = {}
        for index in inner.indices:
            renamed[index] = fresh = fresh_index(index, self.taken)
            self.taken.add(fresh.name)
            self.bound.append(fresh)
        return substitute(inner.body, dict(renamed))

    def _file(self, factor: Expr, around: frozenset[Space]) -> None:
        if isinstance(factor, Delta):
            self.deltas.append(factor)
        elif (share := share_of(factor)) is not None and share.space in around:
            self.shares.append(factor)
        elif isinstance(factor, Extent) or not factor.free:
            self.scalars.append(factor)
        elif isinstance(factor, Power) and factor.exponent == Literal(-1):
            self.divisors.append(factor.base)
        else:
            self.plain.append(factor)


def share_of(factor: Expr) -> Extent | None:
    """The extent by a power of which a factor divides."""
    negative = False
    while isinstance(factor, Power) and isinstance(factor.exponent, Literal):
        negative ^= factor.exponent.value < 0
        factor = factor.base
    return factor if negative and isinstance(factor, Extent) else None


def factors_of(body: Expr, bound: tuple[Index, ...], taken: frozenset[str]) -> Factors:
    """The factors of `body`, summed over `bound`."""
    found = Factors(list(bound), {*taken, *(i.name for i in bound), *(i.name for i in body.free)})
    found.add(body)
    return found


def as_float(value: Number) -> int | float:
    """A number as Python writes it: an integer that a float holds exactly stays one."""
    if isinstance(value, int) and abs(value) <= MAX_EXACT:
        return value
    try:
        return value.numerator / value.denominator if isinstance(value, Fraction) else float(value)
    except OverflowError:
        raise fail("IX949", "a number too large for floating point", hint="scale the formula") from None
