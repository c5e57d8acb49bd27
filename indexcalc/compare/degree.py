"""How large the degrees of a program's rational functions can be, for the chance of an accidental agreement."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

from ..ir.expr import Access, Binder, Expr, IndexSum, IndexValue, Literal, Power, Product, Space, Sum, Where
from ..ir.program import Program
from ..ir.walk import children


def degrees(program: Program, sizes: Mapping[Space, int]) -> dict[str, int]:
    """For each definition a bound on the degrees of numerator and denominator, in the inputs and in the values of
    functions that are no polynomials."""
    known: dict[str, int] = {}
    for d in program.definitions.values():
        known[d.name] = _degree(d.body, known, sizes)
    return known


def _degree(e: Expr, known: Mapping[str, int], sizes: Mapping[Space, int]) -> int:
    if isinstance(e, Access):
        return known.get(e.tensor, 1)
    parts = [_degree(p, known, sizes) for p in children(e)]
    if isinstance(e, (Sum, Product, Where)):
        return sum(parts)  # of fractions, the denominators multiply
    if isinstance(e, Power) and isinstance(e.exponent, Literal):
        return max(1, abs(int(e.exponent.value))) * max(parts)
    if isinstance(e, Binder):
        count = prod(sizes.get(i.space, 1) for i in e.indices)
        if isinstance(e, IndexSum):
            return count * sum(parts)
        return count * 2 * max(1, sum(parts))  # a variance squares
    return 0 if isinstance(e, (Literal, IndexValue)) else max(1, sum(parts))
