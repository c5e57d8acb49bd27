"""Reads an operand at given positions: by new names where a position is just an axis, else by a gather."""

from __future__ import annotations

from collections.abc import Mapping

from ..ir.graph import Gather, Operand, Range
from ..ir.index import Index
from .builder import Builder

Positions = Mapping[Index, Operand]
"""For some labels of an operand, the integers that take their place."""


def read_at(build: Builder, operand: Operand, positions: Positions) -> Operand:
    """The operand with positions in the place of those of these labels that it has.

    Labels of positions that the operand has itself are those of the same element: they have to be in `positions`, too.
    """
    own = {x: positions[x] for x in operand.labels if x in positions}
    renamed = {x: p.labels[0] for x, p in own.items() if _is_axis(x, p, own)}
    source = Operand(operand.value, tuple(renamed.get(x, x) for x in operand.labels))
    gathered = {x: p for x, p in own.items() if x not in renamed}
    if not gathered:
        return source
    along = tuple(dict.fromkeys(x for p in gathered.values() for x in p.labels))
    rest = tuple(x for x in source.labels if x not in gathered)
    return build.make(Gather(tuple(gathered)), (source, *gathered.values()), (*along, *rest), source.kind)


def _is_axis(index: Index, position: Operand, own: Positions) -> bool:
    """Whether the position is a whole axis by another name, which no other position goes along."""
    if not isinstance(position.value.operation, Range) or position.labels[0].space != index.space:
        return False
    return all(position.labels[0] not in p.labels for x, p in own.items() if x != index)
