"""Kernels take the places of their members in a graph; what they make in between is dropped."""

from __future__ import annotations

import heapq
from collections.abc import Sequence

from ...ir.graph import Fused, Graph, Operand, Part, Value
from ..passes import Context
from ..rebuild import Rebuild
from .build import Built


def spliced(graph: Graph, kernels: Sequence[Built], context: Context) -> Graph:
    """The graph with the kernels, which `can_run`, in the places of what they make."""
    rebuild = Rebuild(graph, context.sizes)
    for unit in _ordered(graph, kernels) or ():
        if isinstance(unit, Value):
            rebuild.put(unit, rebuild.copied(unit))
            continue
        operands = [rebuild.new(Operand(v, v.axes)) for v in unit.inputs]
        makers = tuple(graph.makers[v.number] for v in unit.origins)
        fused = rebuild.build.make(Fused(unit.kernel, makers), operands, (), "float")
        for number, value in enumerate(unit.outputs):
            rebuild.put(value, rebuild.build.make(Part(number), (fused,), value.axes, value.kind))
    return rebuild.finish()


def with_kernels(graph: Graph, chosen: Sequence[Sequence[Built]], context: Context) -> Graph:
    """The graph with the kernels, less those that cannot run with the ones before them."""
    kept = [b for found in chosen for b in found]
    if not can_run(graph, kept):  # two kernels may each need a part of what the other gives
        kept = []
        for found in chosen:
            if can_run(graph, [*kept, *found]):
                kept += found
    return spliced(graph, kept, context) if kept else graph


def can_run(graph: Graph, kernels: Sequence[Built]) -> bool:
    """Whether an order of execution exists."""
    return _ordered(graph, kernels) is not None


def _ordered(graph: Graph, kernels: Sequence[Built]) -> list[Value | Built] | None:
    """Values that are still needed and kernels, each behind what it reads, else in the graph's order."""
    made = {v.number: n for n, built in enumerate(kernels) for v in built.outputs}
    needed: dict[int, Value | Built] = {}  # by place: a value's number, or −1 − a kernel's
    reads: dict[int, list[int]] = {}
    stack = [o.operand.value for o in graph.outputs]
    while stack:
        value = stack.pop()
        place = -1 - made[value.number] if value.number in made else value.number
        if place in needed:
            continue
        unit: Value | Built = kernels[-1 - place] if place < 0 else value
        needed[place] = unit
        operands = list(unit.inputs) if isinstance(unit, Built) else [o.value for o in unit.operands]
        reads[place] = sorted({-1 - made[v.number] if v.number in made else v.number for v in operands})
        stack += operands
    rank = {p: min(v.number for v in u.outputs) if isinstance(u, Built) else u.number for p, u in needed.items()}
    waiting = {place: len(found) for place, found in reads.items()}
    readers: dict[int, list[int]] = {place: [] for place in needed}
    for place, found in reads.items():
        for other in found:
            readers[other].append(place)
    ready = [(rank[p], p) for p, n in waiting.items() if n == 0]
    heapq.heapify(ready)
    order: list[Value | Built] = []
    while ready:
        _, place = heapq.heappop(ready)
        order.append(needed[place])
        for reader in readers[place]:
            waiting[reader] -= 1
            if waiting[reader] == 0:
                heapq.heappush(ready, (rank[reader], reader))
    return order if len(order) == len(needed) else None
