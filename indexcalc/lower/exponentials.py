"""Recognises quotients of exponentials by their sums."""

from __future__ import annotations

from ..ir.graph import Map, Operand, Reduce
from .estimate import inside


def quotient_by_sum(operand: Operand) -> tuple[Operand, Operand, Operand] | None:
    """(x, m, Z) of an operand exp(x − m) / Z with Z = Σ exp(x − m), where m is the shift of each sum."""
    if operand.value.operation != Map("divide"):
        return None
    above, total = inside(operand)
    if above.value.operation != Map("exp") or total.value.operation != Reduce("sum"):
        return None
    (argument,) = inside(above)
    (summed,) = total.value.operands
    place = dict(zip(total.value.axes, total.labels))
    if summed.value is not above.value or any(place.get(x, y) != y for x, y in zip(summed.labels, above.labels)):
        return None
    if argument.value.operation != Map("subtract"):
        return None
    x, shift = inside(argument)
    kept = shift.label_set <= total.label_set
    return (x, shift, total) if kept and shift.value.operation == Reduce("shift") else None
