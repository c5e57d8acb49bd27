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


def waits_for_itself(kernels: Sequence[Built]) -> bool:
    """Whether a kernel reads what is made, through others or values between them, of what it gives.

    Only values between the first and the last that the kernels give are looked at, however large the graph is.
    """
    made = {v.number: n for n, built in enumerate(kernels) for v in built.outputs}
    first = min(made, default=0)
    reads: list[set[int]] = []
    for built in kernels:
        found: set[int] = set()
        seen: set[int] = set()
        stack = list(built.inputs)
        while stack:
            value = stack.pop()
            if value.number in made:
                found.add(made[value.number])
            elif value.number >= first and value.number not in seen:
                seen.add(value.number)
                stack += [o.value for o in value.operands]
        reads.append(found)
    left = set(range(len(kernels)))
    while left:
        free = {n for n in left if not reads[n] & left}
        if not free:
            return True
        left -= free
    return False


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
