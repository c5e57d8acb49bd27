"""Σ_s [s ≤ t] f(s) as a running sum: n steps where a product with the mask takes n²."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from ..ir.build import index_sum, multiply
from ..ir.expr import Compare, Expr, IndexValue, Literal, Power
from ..ir.graph import Along, Operand
from ..ir.index import Index
from .factors import Factors

if TYPE_CHECKING:
    from .expressions import Lowering

MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


class Run(NamedTuple):
    """The sum over `summed` of what lies on one side of `limit`, `operator` standing between the two."""

    summed: Index
    limit: Index
    operator: str


def running_sum(low: Lowering, found: Factors, wanted: Sequence[Index]) -> Operand | None:
    """The product's sum as a running one, where a comparison of a summed index with a free one is the only factor that
    the free one stands in.  It arises as the derivative of cumsum."""
    for n, factor in enumerate(found.plain):
        run = _run(factor, found.bound)
        if run is None:
            continue
        others: list[Expr] = [*found.plain[:n], *found.plain[n + 1 :], *found.deltas]
        others += [Power(d, Literal(-1)) for d in found.divisors]
        if any(run.limit in o.free for o in others) or not any(run.summed in o.free for o in others):
            continue
        body = multiply(Literal(found.coefficient), *found.scalars, *found.shares, *others)
        rest = index_sum(body, [i for i in found.bound if i != run.summed])
        order = [run.summed if i == run.limit else i for i in wanted]
        return _along(low, low.build.floating(low.build.numeric(low.lower(rest, order))), run)
    return None


def _run(factor: Expr, bound: Sequence[Index]) -> Run | None:
    if not isinstance(factor, Compare) or factor.operator not in MIRRORED:
        return None
    if not isinstance(factor.left, IndexValue) or not isinstance(factor.right, IndexValue):
        return None
    left, right = factor.left.index, factor.right.index
    if left.space != right.space or (left in bound) == (right in bound):
        return None
    return Run(left, right, factor.operator) if left in bound else Run(right, left, MIRRORED[factor.operator])


def _along(low: Lowering, terms: Operand, run: Run) -> Operand:
    terms = low.build.broadcast(terms, (run.summed,))  # a definition may not depend on its index: equal terms
    operation = "cumsum" if run.operator in ("<", "<=") else "reversed_cumsum"
    total = low.build.make(Along(operation, (run.summed,)), (terms,), terms.labels, terms.kind)
    if run.operator in ("<", ">"):  # without the limit itself
        total = low.build.map("subtract", total, terms)
    return Operand(total.value, tuple(run.limit if i == run.summed else i for i in total.labels))
