"""Where along an axis conditions can hold: how far a loop has to walk.  Backends print it, `ic.cost` counts by it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .index import Index
from .kernel import Affine, Condition


@dataclass(frozen=True, slots=True)
class Limit:
    """factor · position + rest ≥ 0: a condition as it is seen along one axis, whose positions `rest` does not have.

    With r the value of `rest`, or the largest that it has at any position of the other axes, the condition can hold
    from ⌈−r / factor⌉ on where the factor is positive, up to ⌊r / −factor⌋ where it is negative, and, where it is 0,
    everywhere or nowhere as r ≥ 0 says.
    """

    factor: int
    rest: Affine


def limits(conditions: Iterable[Condition], axis: Index) -> tuple[Limit, ...]:
    """The conditions along an axis, in their order.

    >>> from .index import Space
    >>> i, j = Index("i", Space("seq")), Index("j", Space("seq"))
    >>> (limit,) = limits([Condition(Affine(((1, i), (-1, j)), 2))], j)
    >>> limit.factor, limit.rest.offset, [(c, x.name) for c, x in limit.rest.terms]
    (-1, 2, [(1, 'i')])
    """
    return tuple(_limit(condition.form, axis) for condition in conditions)


def _limit(form: Affine, axis: Index) -> Limit:
    rest = tuple((c, x) for c, x in form.terms if x != axis)
    return Limit(sum(c for c, x in form.terms if x == axis), Affine(rest, form.offset))
