"""Which values are better never stored: those larger than everything that they are made of, and what is made of them.

Values that are connected form a cluster.  Its members are what the cluster gives to the rest of the graph.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

from ...ir.graph import Contract, Gather, Graph, Map, Reduce, Value, View
from ...ir.index import Index, Space
from .instance import is_recomputed, is_rename

MEMBER_REDUCTIONS = frozenset({"sum", "prod", "max", "min", "shift"})


@dataclass(frozen=True)
class Cluster:
    """`virtual`: values that a kernel makes piece by piece.  `members`: what others read of them, in the graph's order.

    A virtual value among the members is one that has to be stored after all.
    """

    virtual: tuple[Value, ...]
    members: tuple[Value, ...]

    @property
    def values(self) -> tuple[Value, ...]:
        """All of them, each once."""
        return tuple({v.number: v for v in (*self.virtual, *self.members)}.values())

    @property
    def key(self) -> tuple[int, ...]:
        return tuple(v.number for v in self.members)


def size(axes: tuple[Index, ...], sizes: Mapping[Space, int]) -> int:
    """Representative number of elements."""
    return prod(sizes[x.space] for x in axes)


def clusters(graph: Graph, sizes: Mapping[Space, int]) -> list[Cluster]:
    """The clusters of virtual values, in the order of their first values."""
    found = _candidates(graph, sizes)
    readers = _readers(graph)
    outputs = {o.operand.value.number for o in graph.outputs}
    roots = _Roots()
    for value in graph:
        joined = [o.value.number for o in value.operands if o.value.number in found]
        if value.number in found:
            joined.append(value.number)
        if value.number in found or is_member(value):
            roots.join(joined)
    groups: dict[int, list[Value]] = {}
    for value in graph:
        if value.number in found:
            groups.setdefault(roots.of(value.number), []).append(value)
    clusters = []
    for virtual in groups.values():
        numbers = {v.number for v in virtual}
        stored = {
            v.number
            for v in virtual
            if v.number in outputs or any(r.number not in numbers and not is_member(r) for r in readers[v.number])
        }
        readers_of_all = {r.number for v in virtual for r in readers[v.number] if r.number not in numbers}
        members = tuple(v for v in graph if v.number in stored or (v.number in readers_of_all and is_member(v)))
        if members and _streams(virtual, sizes, found):
            clusters.append(Cluster(tuple(virtual), members))
    return clusters


def is_member(value: Value) -> bool:
    """Whether a kernel can make it from virtual values although it is stored."""
    operation = value.operation
    if isinstance(operation, Reduce):
        return operation.operation in MEMBER_REDUCTIONS
    return isinstance(operation, Contract) and all(len(o.label_set) == len(o.labels) for o in value.operands)


def _candidates(graph: Graph, sizes: Mapping[Space, int]) -> dict[int, int]:
    """Number of a virtual value: size of the largest stored value that it is made of."""
    found: dict[int, int] = {}
    for value in graph:
        arrays = [o.value for o in value.operands if o.is_array]
        largest = max((found.get(a.number, size(a.axes, sizes)) for a in arrays), default=0)
        virtual = [a for a in arrays if a.number in found]
        if not is_recomputed(value) or not value.axes or value.kind == "number":
            continue
        if isinstance(value.operation, (View, Gather)) and arrays[0].number in found and not is_rename(value):
            continue  # only what is stored can be read at other places
        mine = size(value.axes, sizes)
        follows = virtual and (isinstance(value.operation, Map) or is_rename(value))
        if (arrays and mine > largest) or follows:
            found[value.number] = largest
    return found


def _streams(virtual: list[Value], sizes: Mapping[Space, int], leaves: Mapping[int, int]) -> bool:
    """Whether something grows here that no stored value of the same size is read with, or grows by a contraction.

    An outer product of two vectors that scales a stored matrix is no reason for a kernel.
    """
    if not any(isinstance(v.operation, (Map, Contract)) for v in virtual):
        return False  # views cost nothing as they are
    largest = max(size(v.axes, sizes) for v in virtual)
    if all(leaves[v.number] < largest for v in virtual):
        return True
    return any(isinstance(v.operation, Contract) and size(v.axes, sizes) > leaves[v.number] for v in virtual)


def _readers(graph: Graph) -> dict[int, list[Value]]:
    readers: dict[int, list[Value]] = {v.number: [] for v in graph}
    for value in graph:
        for operand in value.operands:
            if value not in readers[operand.value.number]:
                readers[operand.value.number].append(value)
    return readers


class _Roots:
    """Union and find over the numbers of values."""

    def __init__(self) -> None:
        self._up: dict[int, int] = {}

    def of(self, number: int) -> int:
        while self._up.setdefault(number, number) != number:
            self._up[number] = self._up[self._up[number]]
            number = self._up[number]
        return number

    def join(self, numbers: list[int]) -> None:
        for number in numbers[1:]:
            self._up[self.of(number)] = self.of(numbers[0])
