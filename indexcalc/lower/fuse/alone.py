"""What values cost as operations of their own, which kernels are weighed against."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from ...ir.elementwise import SLOW
from ...ir.graph import Contract, Map, Value
from ...ir.index import Space
from ..target import Machine
from .price import INTERPRETED_STEP, ITEM
from .rows import is_rowwise
from .virtual import size

ALONE = 1.2  # of the time that its traffic takes: an array operation on one thread, into fresh memory


def unfused(
    values: Sequence[Value], kept: Collection[int], sizes: Mapping[Space, int], machine: Machine
) -> tuple[float, int]:
    """(seconds, bytes stored in between) where each value is an operation of its own; those in `kept` are results."""
    seconds, between = 0.0, 0
    threads = machine.threads if machine.step > INTERPRETED_STEP else 1  # array libraries run such operations in one
    for value in values:
        if value.is_view:
            continue
        elements = size(value.axes, sizes)
        moved = ITEM * (elements + sum(size(o.value.axes, sizes) for o in value.operands))
        seconds += machine.step + ALONE * moved / machine.bandwidth
        operation = value.operation
        labels = tuple(dict.fromkeys(x for o in value.operands for x in o.labels))
        if isinstance(operation, Contract) and not is_rowwise(value):
            seconds += 2 * size(labels, sizes) / machine.matmul
        elif isinstance(operation, Map) and operation.function in SLOW:
            seconds += threads * elements / machine.exponentials
        if value.number not in kept:
            between += ITEM * elements
    return seconds, between
