"""Figures about a derivation: how much the derived statements cost beside the forward program."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ..calculus.cost import CostModel, representative_sizes
from ..diagnostics import IndexCalcError
from ..ir.index import Space
from ..ir.program import Define, Program
from ..ir.signature import given_sizes
from ..ir.trace import Derivation
from ..normal.atoms import workspace
from ..normal.enter import definitions_of
from .names import kept


def multiplication_ratio(derivation: Derivation, sizes: Mapping[str, int]) -> float | None:
    """Multiplications of the new statements over those of the forward program, at the sizes given, representative ones
    for the other spaces; None where the forward program has none, or where the result cannot be counted."""
    forward, result = derivation.forward, derivation.result
    if result.recomputed:  # the normal form sees equal values once; the notes count what is computed twice
        return None
    try:
        with workspace():
            spaces = representative_sizes(definitions_of(result), given_sizes(result, sizes))
    except IndexCalcError:  # a derived form that has no normal form of its own: the figure is left out, not guessed
        return None
    repeated = set(kept(derivation))
    statements = tuple(s for s in result.statements if isinstance(s, Define) and s.name in repeated)
    again = replace(forward, statements=statements, outputs=tuple(s.name for s in statements))
    own = _multiplications(forward, spaces)
    return (_multiplications(result, spaces) - _multiplications(again, spaces)) / own if own else None


def _multiplications(program: Program, sizes: Mapping[Space, int]) -> float:
    with workspace():
        store = definitions_of(program)
        model = CostModel(sizes, store)
        return sum(model.definition(d)[0] for d in store.table.values() if not d.virtual)
