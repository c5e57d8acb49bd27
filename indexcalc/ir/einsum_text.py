"""The einsum string of a contraction: `A[i, j] B[j, k]` is "ij,jk->ik"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count
from string import ascii_letters
from typing import TypeAlias

from .expr import Access, Expr, Index, IndexSum, Product
from .walk import free_in_order

# An index, and which of the sums that bind it: Σ x[i] · Σ y[i] has two different ones.
Axis: TypeAlias = tuple[Index, int]


def einsum_text(e: Expr, output: Sequence[Index] | None = None) -> str | None:
    """The string whose operands are the accesses in order and whose output is `output`, by default `e.free_indices`, or
    None.

    >>> from indexcalc.ir.expr import Space
    >>> i, row = Index("i", Space("n")), Index("row", Space("n"))
    >>> einsum_text(IndexSum(Product((Access("A", (row, i)), Access("x", (i,)))), (i,)))
    'ai,i->a'
    """
    operands = _operands(e, {}, count(1))
    if operands is None:
        return None
    kept = [(i, 0) for i in (free_in_order(e) if output is None else output)]
    if not {i for i, _ in kept} <= e.free:
        return None  # einsum repeats nothing along an index that no operand has
    letters = _letters([*kept, *(axis for operand in operands for axis in operand)])
    if letters is None:
        return None
    inputs = ",".join("".join(letters[axis] for axis in operand) for operand in operands)
    return f"{inputs}->{''.join(letters[axis] for axis in kept)}"


def _operands(e: Expr, bound: Mapping[Index, int], serial: count[int]) -> list[list[Axis]] | None:
    """The axes of each access in a product of accesses and sums of such, or None for anything else."""
    if isinstance(e, Access):
        axes = [(s, bound.get(s, 0)) for s in e.slots if isinstance(s, Index)]
        return [axes] if len(axes) == len(e.slots) else None
    if isinstance(e, Product):
        found: list[list[Axis]] = []
        for factor in e.factors:
            part = _operands(factor, bound, serial)
            if part is None:
                return None
            found += part
        return found
    if isinstance(e, IndexSum):
        own = {i: next(serial) for i in e.indices}
        part = _operands(e.body, {**bound, **own}, serial)
        if part is None or not all(any((i, n) in operand for operand in part) for i, n in own.items()):
            return None  # einsum cannot sum over an index that no operand has
        return part
    return None


def _letters(axes: list[Axis]) -> dict[Axis, str] | None:
    """Each axis' letter: its index's own name where that is one, else a letter that nothing is called by."""
    named = {axis[0].name for axis in axes}
    unused = [letter for letter in ascii_letters if letter not in named]
    found: dict[Axis, str] = {}
    for axis in axes:
        name = axis[0].name
        if len(name) == 1 and name in ascii_letters and name not in found.values():
            found.setdefault(axis, name)
    rest = [axis for axis in dict.fromkeys(axes) if axis not in found]
    if len(rest) > len(unused):
        return None  # more axes than letters
    return found | dict(zip(rest, unused))
