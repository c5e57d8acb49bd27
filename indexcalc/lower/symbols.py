"""ε and the generalised δ."""

from __future__ import annotations

from itertools import combinations, permutations
from typing import TYPE_CHECKING

from ..diagnostics import fail
from ..ir.build import ONE, add, multiply, number
from ..ir.expr import Delta, Expr, GeneralizedDelta, LeviCivita
from ..ir.graph import Operand
from ..ir.index import parity
from ..limits import MAX_SYMMETRISED
from .access import position

if TYPE_CHECKING:
    from .expressions import Lowering


def levi_civita(low: Lowering, e: LeviCivita) -> Operand:
    """ε as the sign of Π_{a<b} (s_b − s_a): a permutation's sign, and 0 where two slots agree."""
    places = [position(low.build, s, low.lower) for s in e.slots]
    result: Operand | None = None
    for left, right in combinations(places, 2):
        difference = low.build.map("sign", low.build.map("subtract", right, left))
        result = difference if result is None else low.build.map("multiply", result, difference)
    return low.build.number(1) if result is None else result


def generalized_delta(low: Lowering, e: GeneralizedDelta) -> Operand:
    """det δ(upper, lower) as its sum over permutations."""
    if len(e.upper) > MAX_SYMMETRISED:
        raise fail("IX009", f"a generalised delta of rank {len(e.upper)}; the limit is {MAX_SYMMETRISED}")
    terms: list[Expr] = []
    for order in permutations(range(len(e.lower))):
        terms.append(multiply(number(parity(order)), *(Delta(u, e.lower[k]) for u, k in zip(e.upper, order))))
    return low.lower(add(*terms)) if terms else low.lower(ONE)
