"""Estimates by which passes compare forms of a graph: seconds at representative extents, and who uses what."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from ..ir.elementwise import SLOW
from ..ir.graph import Contract, Gather, Graph, Input, Map, Operand, Value
from ..ir.index import Index, Space
from .target import LAPTOP, Machine

ITEM = 4  # bytes of a number; only ratios matter


def extent(labels: Iterable[Index], sizes: Mapping[Space, int]) -> int:
    """Representative number of elements."""
    return math.prod(sizes[i.space] for i in labels)


def seconds(value: Value, sizes: Mapping[Space, int], machine: Machine | None = None) -> float:
    """What one operation takes, its operands and result being arrays in memory: arithmetic or traffic, the larger."""
    operation, on = value.operation, machine or LAPTOP
    if isinstance(operation, Input) or value.is_inline or value.is_view:
        return 0.0
    made = extent(value.axes, sizes)
    read = {o.value.number: extent(o.labels, sizes) for o in value.operands}
    if isinstance(operation, Gather):  # of the source what is taken
        read[value.operands[0].value.number] = made
    traffic = ITEM * (made + sum(read.values())) / on.bandwidth
    if isinstance(operation, Contract):
        every = {label: None for o in value.operands for label in o.labels}
        return max(traffic, 2 * extent(every, sizes) / on.matmul)
    if isinstance(operation, Map) and operation.function in SLOW:
        return max(traffic, made / on.exponentials)
    return traffic


def unstored(graph: Graph, sizes: Mapping[Space, int], machine: Machine | None) -> float:
    """Elements above which a kernel makes a value where it is used: more than any input and output has, and than fit
    into fast memory.  ∞ without kernels."""
    if machine is None:
        return math.inf
    given = [extent(v.axes, sizes) for v in graph if isinstance(v.operation, Input)]
    return max([machine.cache // ITEM, *given, *(extent(o.axes, sizes) for o in graph.outputs)])


class Uses:
    """The values that read each value of a graph, and which values are outputs."""

    def __init__(self, graph: Graph) -> None:
        self.users: dict[int, list[Value]] = {v.number: [] for v in graph}
        for value in graph:
            for number in dict.fromkeys(o.value.number for o in value.operands):
                self.users[number].append(value)
        self.outputs = {o.operand.value.number for o in graph.outputs}

    def __getitem__(self, value: Value) -> list[Value]:
        return self.users[value.number]

    def only(self, value: Value) -> Value | None:
        """The only user of a value that is no output."""
        users = self.users[value.number]
        return users[0] if len(users) == 1 and value.number not in self.outputs else None

    def dying(self, candidates: Iterable[Value], gone: Iterable[int]) -> set[int]:
        """Numbers of those of the candidates that nothing needs once the values `gone` read others."""
        left = set(gone)
        found: set[int] = set()
        for value in sorted({c.number: c for c in candidates}.values(), key=lambda v: -v.number):  # users come later
            if value.number not in self.outputs and all(u.number in left for u in self.users[value.number]):
                found.add(value.number)
                left.add(value.number)
        return found


def depends(value: Value, on: Value) -> bool:
    """Whether one value is, or is computed from, another one."""
    stack, seen = [value], set[int]()
    while stack:
        now = stack.pop()
        if now is on:
            return True
        if now.number > on.number and now.number not in seen:
            seen.add(now.number)
            stack += [o.value for o in now.operands]
    return False


def inside(operand: Operand) -> list[Operand]:
    """The operands of a value that sums nothing, labelled as its axes are here."""
    label = dict(zip(operand.value.axes, operand.labels))
    return [Operand(o.value, tuple(label[x] for x in o.labels)) for o in operand.value.operands]
