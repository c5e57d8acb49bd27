"""The Levi-Civita symbol ε."""

from __future__ import annotations

from ...ir.build import ZERO
from ...ir.expr import Expr, LeviCivita
from ..rule import Context, rule


@rule(
    "epsilon-repeated",
    title="an index twice in ε",
    on=LeviCivita,
    law=r"\varepsilon_{iik} = 0",
    decreases="epsilons",
    example=("eps[i, i, 1]", "0"),
    given="index i : n(3)",
    left="i",
)
def epsilon_repeated(node: LeviCivita, context: Context) -> Expr | None:
    """ε changes its sign when two slots are exchanged, so that it is zero where they are equal."""
    return ZERO if len(set(node.slots)) < len(node.slots) else None


RULES = (epsilon_repeated,)
