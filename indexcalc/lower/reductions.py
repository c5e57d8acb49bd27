"""Reductions and maps along indices, the exponential ones shifted so that they cannot overflow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..diagnostics import fail
from ..ir.build import index_sum, lift, multiply, power, sqrt
from ..ir.expr import Expr, Extent, IndexMap, IndexReduce
from ..ir.graph import Along, Kind, Operand, Reduce
from ..ir.index import Index
from .contraction import reduce_to

if TYPE_CHECKING:
    from .expressions import Lowering


def lower_reduce(low: Lowering, e: IndexReduce) -> Operand:
    """mean, prod, max, min, logsumexp, norm, var or argmax."""
    if e.operation == "mean":
        return low.lower(_mean(e.body, e.indices))
    if e.operation == "norm":
        return low.lower(sqrt(index_sum(power(e.body, lift(2)), e.indices)))
    if e.operation == "var":
        centred = e.body - IndexReduce("mean", e.body, e.indices)
        return low.lower(_mean(power(centred, lift(2)), e.indices))
    operand = _spanning(low, e.body, e.indices)
    kept = [x for x in operand.labels if x not in e.indices]
    if e.operation == "logsumexp" and "logsumexp" not in low.native:
        return _logsumexp(low, operand, e.indices, kept)
    if e.operation == "argmax":
        if len(e.indices) > 1:
            raise fail("IX902", "argmax over several indices has no single value", hint="take argmax over one index")
        return low.build.make(Along("argmax", e.indices), (operand,), kept, "int")
    return reduce_to(low.build, e.operation, operand, kept)


def _mean(body: Expr, indices: tuple[Index, ...]) -> Expr:
    return multiply(index_sum(body, indices), *(power(Extent(i.space), lift(-1)) for i in indices))


def _spanning(low: Lowering, body: Expr, indices: tuple[Index, ...]) -> Operand:
    """The body as a floating-point array that has all of the indices."""
    return low.build.broadcast(low.build.floating(low.lower(body)), indices)


def _exponentials(low: Lowering, x: Operand, indices: tuple[Index, ...]) -> tuple[Operand, Operand, Operand]:
    """(shift, exp(x − shift), its sum along the indices).  Shared by softmax and logsumexp of the same x."""
    build = low.build
    kept = [i for i in x.labels if i not in indices]
    shift = build.make(Reduce("shift"), (x,), kept, "real")
    raised = build.map("exp", build.map("subtract", x, shift))
    return shift, raised, reduce_to(build, "sum", raised, kept)


def _logsumexp(low: Lowering, x: Operand, indices: tuple[Index, ...], kept: list[Index]) -> Operand:
    shift, _, total = _exponentials(low, x, indices)
    return low.build.map("add", low.build.map("log", total), shift)


def lower_map(low: Lowering, e: IndexMap) -> Operand:
    """softmax, cumsum or topk (a mask)."""
    operand = _spanning(low, e.body, e.indices)
    if e.operation == "cumsum":  # along several indices: along each in turn
        for index in e.indices:
            operand = low.build.make(Along("cumsum", (index,)), (operand,), operand.labels, operand.kind)
        return operand
    if e.operation == "softmax" and "softmax" not in low.native:
        _, raised, total = _exponentials(low, operand, e.indices)
        return low.build.map("divide", raised, total)
    axes = operand.labels
    if len(e.indices) > 1:  # merged into one axis, so they come last
        axes = (*(x for x in axes if x not in e.indices), *e.indices)
    kind: Kind = "bool" if e.operation == "topk" else operand.kind
    return low.build.make(Along(e.operation, e.indices, e.count), (operand,), axes, kind)
