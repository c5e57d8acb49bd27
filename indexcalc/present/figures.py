"""Figures about a derivation: how much the derived statements cost beside the forward program."""

from __future__ import annotations

from collections.abc import Mapping

from ..calculus.cost import sizes_by_role
from ..cost.work import Meter
from ..diagnostics import IndexCalcError
from ..ir.index import Space
from ..ir.program import Program
from ..ir.signature import SizeTable
from ..ir.trace import Derivation
from ..lower.program import lower_at
from ..normal.atoms import workspace
from ..normal.enter import definitions_of
from .names import kept


def multiplication_ratio(derivation: Derivation, sizes: Mapping[str, int]) -> float | None:
    """Multiplications that the new statements add, over those of the forward program, as both are emitted at the sizes
    given and representative ones for the other spaces.

    None where the forward program has fewer than its inputs have elements (a logarithm, a maximum), so that the figure
    says nothing, or where the result cannot be counted.
    """
    forward, result = derivation.forward, derivation.result
    if result.recomputed:  # the notes count what is computed twice
        return None
    repeated = set(kept(derivation))
    try:
        spaces = _representative(result, _representative(forward, {}, sizes), sizes)
        own = sum(_multiplications(forward, spaces).values())
        if own < max(1, Meter(spaces, 1).inputs(forward.tensors)):
            return None
        return sum(n for name, n in _multiplications(result, spaces).items() if name not in repeated) / own
    except IndexCalcError:  # what cannot be emitted: the figure is left out, not guessed
        return None


def _representative(program: Program, known: Mapping[Space, int], sizes: Mapping[str, int]) -> dict[Space, int]:
    """A size for every space: those given and known, what follows from them by windows, else a guess by role."""
    with workspace():
        guesses = sizes_by_role(definitions_of(program), known)
    table = SizeTable(program)
    table.take_sizes(sizes)
    for space in table.spaces:
        table.solve_affine()
        if table.size(space) is None:
            table.assume(space, guesses.get(space, known.get(space, 1)), "a representative size")
    return {**known, **table.finish()}


def _multiplications(program: Program, sizes: Mapping[Space, int]) -> dict[str, int]:
    """Of each statement, by its name: what it is the first to need."""
    work = Meter(sizes, 1).by_definition(lower_at(program, sizes))
    return {name: each.multiplications for name, each in work.items()}
