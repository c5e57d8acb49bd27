"""Memory over the run of a graph: which arrays are there while each value is made."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from ..ir.graph import Fused, Graph, Input, Part, Value
from ..ir.program import Program
from ..lower.liveness import Liveness
from .work import Meter


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes of arrays: `inputs` all along, `during` each value's operation by its number, `peak` the most."""

    inputs: int
    during: dict[int, int]
    peak: int


def memory_of(
    program: Program,
    graph: Graph,
    meter: Meter,
    threads: int = 1,
    *,
    held: Callable[[Value], bool] = lambda _: True,
    largest: Callable[[Iterable[int]], Any] = max,
) -> Memory:
    """Arrays live from the operation that makes them to their last use, as the emitted text frees them.

    Inputs, results, and arrays with one axis stay to the end; an elementwise result may take over the buffer of an
    operand that nobody reads again.  A kernel holds its blocks while it runs, in each of the threads.  Numbers without
    axes are left out, and so is what a library allocates inside of one call.  Values that are not `held` take nothing.
    `largest` finds the peak, where sizes are no plain numbers.
    """
    alive = Liveness(graph)
    inputs = meter.inputs(program.tensors)
    now, during = inputs, {}

    def sized(value: Value) -> int:
        return 0 if _is_free(value) or not held(value) else meter.size(value)

    for value in graph:
        taken = alive.taken_over(value)
        if taken is not None and not (held(value) and held(value.operands[taken].value)):
            taken = None
        if taken is None and not isinstance(value.operation, Part):
            now += sized(value)
        during[value.number] = now
        if isinstance(value.operation, Fused):
            now += meter.results(value.operation.kernel)
            during[value.number] = now + meter.inside(value.operation.kernel, threads)
        reused = None if taken is None else value.operands[taken].value.number
        by_number = {alive.root[o.value.number]: o.value for o in value.operands}
        for root in alive.freed(value):
            if root != reused:
                now -= sized(_source(root, by_number[root]))
    now += _copies(graph, alive, meter)
    return Memory(inputs, during, largest([now, inputs, *during.values()]))


def _is_free(value: Value) -> bool:
    """Whether making it allocates nothing: an input is counted from the start, a view looks at its source."""
    return isinstance(value.operation, Input) or value.is_inline or value.is_view


def _source(root: int, value: Value) -> Value:
    """The value that a view looks at in the end."""
    while value.number != root:
        value = value.operands[0].value
    return value


def _copies(graph: Graph, alive: Liveness, meter: Meter) -> int:
    """Results that would share memory with an input or another result, or lack axes, are copied at the end."""
    given: set[int] = set()
    total = 0
    for output in graph.outputs:
        value = output.operand.value
        root = alive.root[value.number]
        is_shared = not value.is_inline and (_is_free(value) or root in given)
        if output.axes and (is_shared or len(output.axes) > len(output.operand.labels)):
            total += meter.item * meter.elements(output.axes)
        given.add(root)
    return total
