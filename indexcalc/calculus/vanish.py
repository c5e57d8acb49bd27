"""Sums of the user's own definitions that are zero whatever the inputs: Σ of what a mean was taken from.

Σ_c x̂[t, c] is 0 where x̂ = (x − mean x) / σ.  Found by writing definitions out, a level at a time, until the sum
simplifies to 0.
"""

from __future__ import annotations

from ..ir.build import MINUS_ONE, ZERO, index_sum, multiply, power
from ..ir.expr import Access, Expr, IndexReduce, IndexSum, Product
from ..ir.program import Program
from ..ir.walk import subexpressions, substitute, transform
from ..rewrite.engine import simplify_expression
from ..rewrite.measure import nodes
from ..rewrite.rules import SIMPLIFY
from ..rewrite.terms import extent_of

LEVELS = 4
LONGEST = 400  # nodes of a sum that is written out


def without_vanishing_sums(e: Expr, forward: Program) -> Expr:
    """The expression without the terms that have a factor Σ of a definition which always vanishes."""
    found = {p for p in subexpressions(e) if isinstance(p, IndexSum) and _vanishes(p, forward)}

    def visit(p: Expr) -> Expr:
        gone = (
            p in found or (isinstance(p, Product) and ZERO in p.factors) or (isinstance(p, IndexSum) and p.body == ZERO)
        )
        return ZERO if gone else p

    return transform(e, visit) if found else e


def _vanishes(e: IndexSum, forward: Program) -> bool:
    """Whether it sums a definition of the user's, by itself, and comes to nothing."""
    own = forward.definitions
    if not isinstance(e.body, Access) or e.body.tensor not in own:
        return False
    now: Expr = e
    for _ in range(LEVELS):
        reads = {p.tensor for p in subexpressions(now) if isinstance(p, Access)} & own.keys()
        if not reads or nodes(now) > LONGEST:
            return False
        now = simplify_expression(transform(now, lambda p: _opened(p, forward)), SIMPLIFY)[0]
        if now == ZERO or (isinstance(now, Product) and now.factors[0] == ZERO):
            return True  # 0 / σ: wherever the definition has a value at all, σ is not 0
    return False


def _opened(p: Expr, forward: Program) -> Expr:
    """A definition's formula in its place, means written as sums."""
    define = forward.definitions.get(p.tensor) if isinstance(p, Access) else None
    if define is None or not isinstance(p, Access):
        return p
    return transform(substitute(define.body, dict(zip(define.indices, p.slots))), _mean_as_sum)


def _mean_as_sum(p: Expr) -> Expr:
    if not isinstance(p, IndexReduce) or p.operation != "mean" or any(i.space.extent is None for i in p.indices):
        return p
    return multiply(index_sum(p.body, p.indices), *(power(extent_of(i.space), MINUS_ONE) for i in p.indices))
