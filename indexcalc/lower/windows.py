"""Reads through an affine form that may leave its range: what lies outside is 0, as Σ_s x[s] δ(s, form) says."""

from __future__ import annotations

from collections.abc import Collection

from ..ir.expr import Delta
from ..ir.graph import Operand
from ..ir.index import Affine, Index, Slot, affine_form
from ..ir.slots import linear_form
from .access import view
from .builder import Builder


def window(build: Builder, operand: Operand, index: Index, form: Affine) -> Operand:
    """The operand at `form` in the place of its label, 0 where that is no value of the label."""
    return view(build, operand, [form if x == index else x for x in operand.labels], padded=True)


def inside(build: Builder, index: Index, position: Operand) -> Operand:
    """1 where the position is a value of the index."""
    above = build.map("greater_equal", position, build.number(0))
    return build.map("logical_and", above, build.map("less", position, build.size(index.space)))


def solved(build: Builder, delta: Delta, bound: Collection[Index]) -> tuple[Index, Slot] | None:
    """(i, form) with δ = δ(i, form), for the summed index with the most values that stands with coefficient ±1.

    None where no summed index can be solved for, or integer tensors take part.
    """
    sides = [linear_form(s) for s in (delta.left, delta.right)]
    if any(terms is None for terms, _ in sides):
        return None
    weights: dict[Index, int] = {}
    for sign, (terms, _) in zip((1, -1), sides):
        for c, i in terms or ():
            weights[i] = weights.get(i, 0) + sign * c
    gap = sides[0][1] - sides[1][1]
    found = [i for i, c in weights.items() if i in bound and abs(c) == 1]
    if not found:
        return None
    index = max(found, key=lambda i: (build.sizes[i.space], i.name))
    sign = -weights[index]  # c i + rest = 0, so that i = −c rest
    form = affine_form([(sign * c, i) for i, c in weights.items() if i != index], sign * gap)
    return (index, form) if isinstance(form, Affine) else None
