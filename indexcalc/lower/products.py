"""Products and their sums: coefficients, deltas, contraction, division."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..ir.expr import Apply, Delta, Expr, Literal, Power, Product, Sum
from ..ir.graph import Operand
from ..ir.index import Index
from ..ir.walk import free_in_order
from .contraction import contract, product, scaled
from .deltas import mask_of, remove_bound, scatter, scatter_targets
from .factors import Factors, as_float, factors_of, share_of
from .running import running_sum

if TYPE_CHECKING:
    from .expressions import Lowering


def lower_product(low: Lowering, body: Expr, bound: tuple[Index, ...], wanted: Sequence[Index] = ()) -> Operand:
    """Σ over `bound` of a product; `wanted` is the wished order of the result's axes."""
    found = factors_of(body, bound, frozenset(i.name for i in wanted))
    free = body.free - frozenset(bound)
    out = [i for i in wanted if i in free]
    out += [i for i in free_in_order(body) if i in free and i not in out]
    running = running_sum(low, found, out)
    if running is not None:
        return running
    operands, divisors = _operands(low, found, frozenset(out))
    scalars, shares, behind = _scalars(low, found)
    everything = [*(finite for _, finite in shares), *behind]
    deltas, operands = remove_bound(low, found.deltas, operands, found.bound)
    targets, masks = scatter_targets(deltas, found.bound)
    operands += [mask_of(low, d) for d in masks]
    if targets:
        return scatter(low, targets, operands, found.bound, [*scalars, *everything], divisors)
    _multiply_missing(low, found.bound, operands, scalars)
    if not found.bound:
        return _elementwise(low, operands, divisors, [*scalars, *everything])
    result = contract(low.build, [*operands], out, scalars, shares)
    if behind:
        result = scaled(low.build, result, contract(low.build, (), (), behind))
    return _divided(low, result, divisors)


def _operands(low: Lowering, found: Factors, out: frozenset[Index]) -> tuple[list[Operand], list[Operand]]:
    """(factors, divisors): a divisor as large as the result divides at the end, a smaller one is inverted first."""
    operands: list[Operand] = []
    for factor in found.plain:
        operands += low.squares(factor, found.bound)
    divisors = []
    for factor in found.divisors:
        operand = low.build.floating(low.lower(factor))
        if operand.label_set == out and out:
            divisors.append(operand)
        else:
            operands.append(low.build.map("reciprocal", operand))
    return operands, divisors


def _scalars(low: Lowering, found: Factors) -> tuple[list[Operand], list[tuple[Operand, Operand]], list[Operand]]:
    """(factors without labels, shares of a sum, each with what is finite where the sum has no terms, factors that have
    to stay behind the sum since they are infinite then)."""
    spaces = {i.space for i in found.bound}
    outside = [s for s in found.scalars if (extent := share_of(s)) is not None and extent.space in spaces]
    behind = [low.build.numeric(low.lower(s)) for s in outside]
    scalars = [low.build.numeric(low.lower(s)) for s in found.scalars if s not in outside]
    for number in (as_float(found.coefficient),):
        if number != 1:
            scalars.insert(0, low.build.number(number))
    shares = []
    for share in found.shares:
        shares.append((low.lower(share), low.lower(_at_least_one(share))))
    return scalars, shares, behind


def _at_least_one(share: Expr) -> Expr:
    """The same power of the extent, or of 1 where that is 0."""
    if isinstance(share, Power):
        return Power(_at_least_one(share.base), share.exponent)
    return Apply("max", (share, Literal(1)))


def _multiply_missing(low: Lowering, bound: list[Index], operands: list[Operand], scalars: list[Operand]) -> None:
    """An index that no factor has multiplies by its extent."""
    have = frozenset[Index]().union(*(o.label_set for o in operands))
    for index in [i for i in bound if i not in have]:
        scalars.append(low.build.size(index.space))
        bound.remove(index)


def _elementwise(low: Lowering, operands: list[Operand], divisors: list[Operand], scalars: list[Operand]) -> Operand:
    """A product without a sum: equal shapes first, small before large, scalars into the smallest."""
    build = low.build
    work = sorted(operands, key=lambda o: len(o.labels))
    numerator: Operand | None = None
    if work:
        work = _scaled_smallest(low, work, scalars)
        numerator = work[0]
        for operand in work[1:]:
            numerator = product(build, numerator, operand)
    elif scalars:
        numerator = contract(build, (), (), scalars)
    if numerator is None:
        numerator = build.number(1)
    return _divided(low, numerator, divisors)


def _scaled_smallest(low: Lowering, work: list[Operand], scalars: list[Operand]) -> list[Operand]:
    if not scalars:
        return work
    factor = contract(low.build, (), (), scalars)
    return [scaled(low.build, work[0], factor), *work[1:]]


def _divided(low: Lowering, numerator: Operand, divisors: list[Operand]) -> Operand:
    for divisor in divisors:
        if numerator.number() == 1:
            numerator = low.build.map("reciprocal", divisor)
        else:
            numerator = low.build.map("divide", numerator, divisor)
    return numerator


def is_split(body: Sum, bound: Sequence[Index]) -> bool:
    """Whether Σ (a + b) is better as Σ a + Σ b: some term is a product no factor of which spans what the sum spans."""
    for term in body.terms:
        if isinstance(term, Product) and not any(f.free >= body.free for f in term.factors):
            return any(not f.free.isdisjoint(bound) for f in term.factors)
        if isinstance(term, Delta) or (isinstance(term, Product) and any(isinstance(f, Delta) for f in term.factors)):
            return True
    return False
