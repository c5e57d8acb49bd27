"""What the form of a graph value proves of its elements: a lower bound, and that it is zero only where others are."""

from __future__ import annotations

import math
from collections.abc import Collection

from ..ir.graph import Broadcast, Contract, Gather, Map, Number, Operand, Range, Reduce, Size, Value, View
from ..ir.index import Space
from .estimate import inside

MAX_DEPTH = 40
FROM_ZERO = frozenset({"exp", "abs", "square", "sigmoid", "softplus", "relu"})
UNKNOWN = -math.inf


def lower_bound(operand: Operand, empty: Collection[Space] = ()) -> float:
    """What no element of a real operand is below, NaN apart; −∞ where its form does not show it.

    Extents count as at least 1, but for the spaces that may be `empty`.
    """
    return _bound(operand.value, empty, {}, MAX_DEPTH)


def _bound(value: Value, empty: Collection[Space], known: dict[int, float], depth: int) -> float:
    if value.number not in known:
        known[value.number] = UNKNOWN  # for those who look from too deep
        known[value.number] = _plain(value, empty)
        if known[value.number] == UNKNOWN and depth:
            known[value.number] = _composed(value, [_bound(o.value, empty, known, depth - 1) for o in value.operands])
    return known[value.number]


def _plain(value: Value, empty: Collection[Space]) -> float:
    operation = value.operation
    if isinstance(operation, Number):
        return operation.value
    if isinstance(operation, Size):
        return 0.0 if operation.space in empty else 1.0
    return 0.0 if value.kind == "bool" or isinstance(operation, Range) else UNKNOWN


def _composed(value: Value, bounds: list[float]) -> float:
    operation = value.operation
    if isinstance(operation, Contract):
        return 0.0 if value.operands[0] == value.operands[1] or min(bounds) >= 0 else UNKNOWN
    if isinstance(operation, Reduce):
        return 0.0 if operation.operation in ("sum", "prod") and bounds[0] >= 0 else UNKNOWN
    if isinstance(operation, (View, Gather, Broadcast)):
        padded = isinstance(operation, View) and operation.padded
        return min(0.0, bounds[0]) if padded else bounds[0]
    return _of_map(operation.function, bounds) if isinstance(operation, Map) else UNKNOWN


def _of_map(function: str, bounds: list[float]) -> float:
    if function == "add":
        return sum(bounds)
    if function == "multiply":
        return math.prod(bounds) if min(bounds) >= 0 else UNKNOWN
    if function in ("divide", "reciprocal"):
        return 0.0 if min(bounds) >= 0 else UNKNOWN
    if function in ("maximum", "minimum"):
        return max(bounds) if function == "maximum" else min(bounds)
    if function in ("masked", "where"):
        return min(bounds[0], bounds[2]) if function == "masked" else min(bounds[1:])
    if function == "sqrt":
        return math.sqrt(max(0.0, bounds[0]))
    if function == "as_real":
        return bounds[0]
    return 0.0 if function in FROM_ZERO else UNKNOWN


def is_nonnegative(operand: Operand) -> bool:
    """Whether no element is below zero."""
    return lower_bound(operand) >= 0


def normalises(divisor: Operand, numerator: Operand, depth: int = 4) -> bool:
    """Whether the divisor is the sum of the numerator, which has no negative element, over labels that it lacks, or not
    less than that: a divisor of zero then has numerators of zero only.  Sums in the divisor are opened `depth` deep."""
    operation = divisor.value.operation
    if isinstance(operation, Map) and operation.function in ("add", "maximum") and depth:
        parts = inside(divisor)
        return any(
            normalises(part, numerator, depth - 1) and all(is_nonnegative(o) for o in (*parts[:n], *parts[n + 1 :]))
            for n, part in enumerate(parts)
        )
    if not isinstance(operation, Reduce) or operation.operation != "sum":
        return False
    (summed,) = divisor.value.operands
    place = dict(zip(divisor.value.axes, divisor.labels))
    if summed.value is not numerator.value or not is_nonnegative(numerator):
        return False
    return all(place.get(x, y) == y for x, y in zip(summed.labels, numerator.labels))
