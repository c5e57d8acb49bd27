"""A tensor on its way into a program: an expression, and what each of its dimensions runs over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import prod
from typing import TypeAlias

from ..ir.expr import Access, Expr, IndexMap, IndexReduce, IndexSum, Literal, MatrixApply, Where
from ..ir.index import Index
from ..ir.walk import subexpressions

# The indices that a dimension runs over, the slowest first, as in mixed radix: 4*h + d is (h, d).  A dimension of
# size 1 has none, and so a broadcast is an index that is missing.
Axis: TypeAlias = tuple[Index, ...]


@dataclass(frozen=True, slots=True)
class Value:
    """One component of a tensor, written in the indices of `axes`.

    An index stands in one axis only; one that the expression lacks is a broadcast.  `hint` is a name for it.
    """

    expr: Expr
    axes: tuple[Axis, ...] = ()
    hint: str = ""

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(map(axis_size, self.axes))

    @property
    def rank(self) -> int:
        return len(self.axes)

    @property
    def is_plain(self) -> bool:
        """A tensor's component or a number: it may be written wherever it is used."""
        return isinstance(self.expr, (Access, Literal, MatrixApply)) or not self.reads

    @property
    def is_guarded(self) -> bool:
        """A component where a condition on indices holds, else a number: a padded tensor's."""
        e = self.expr
        return (
            isinstance(e, Where)
            and isinstance(e.then, Access)
            and isinstance(e.other, Literal)
            and not reads(e.condition)
        )

    @property
    def is_pointwise(self) -> bool:
        """No sum and no reduction inside."""
        return not any(isinstance(p, (IndexSum, IndexReduce, IndexMap)) for p in subexpressions(self.expr))

    @property
    def is_brief(self) -> bool:
        """Short, and quick to compute: it may be written twice."""
        return self.is_plain or (self.is_pointwise and self.weight <= 4)

    @property
    def reads(self) -> bool:
        """Whether any tensor is read: a mask made of index values reads none."""
        return reads(self.expr)

    @property
    def weight(self) -> int:
        """How long the expression is."""
        return sum(1 for _ in subexpressions(self.expr))


def reads(e: Expr) -> bool:
    """Whether an expression reads any tensor."""
    return any(isinstance(p, (Access, MatrixApply)) for p in subexpressions(e))


def extent(index: Index) -> int:
    """The number of an index's values."""
    size = index.space.extent
    assert isinstance(size, int)
    return size


def axis_size(axis: Axis) -> int:
    """
    >>> from indexcalc.ir.index import Space
    >>> axis_size((Index("h", Space("heads", 2)), Index("d", Space("width", 4)))), axis_size(())
    (8, 1)
    """
    return prod(map(extent, axis))


def strides(sizes: Sequence[int]) -> tuple[int, ...]:
    """How far one step of each part leads in the whole.

    >>> strides((2, 3, 4))
    (12, 4, 1)
    """
    return tuple(prod(sizes[k + 1 :]) for k in range(len(sizes)))


def cuts(axis: Axis) -> frozenset[int]:
    """The strides at which an axis is cut, its size included."""
    sizes = tuple(map(extent, axis))
    return frozenset((*strides(sizes), prod(sizes), 1))


def sizes_between(boundaries: frozenset[int]) -> tuple[int, ...] | None:
    """The radices that cut an axis at all the boundaries; None where one does not divide the next.

    >>> sizes_between(frozenset((1, 4, 8))), sizes_between(frozenset((1, 4, 6, 12)))
    ((2, 4), None)
    """
    steps = sorted(boundaries)
    if any(above % below for below, above in pairwise(steps)):
        return None
    return tuple(above // below for below, above in pairwise(steps))[::-1]
