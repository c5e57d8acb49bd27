"""Which values are better never stored: those larger than everything that they are made of, and what is made of them.

Values that are connected form a cluster.  Its members are what the cluster gives to the rest of the graph.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

from ...ir.graph import Broadcast, Contract, Gather, Graph, Map, Range, Reduce, Value, View
from ...ir.index import Index, Space
from ..compared import compared
from ..estimate import Uses
from .instance import is_recomputed, is_rename

MEMBER_REDUCTIONS = frozenset({"sum", "prod", "max", "min", "shift"})
DEEPEST = 48  # values in a row that are made of each other in one kernel: walks over what it computes go as deep


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
    found = _candidates(graph, sizes)[0]
    uses = Uses(graph)
    of_positions = _of_positions(graph)
    roots = _Roots()
    for value in graph:
        if value.number in found or is_member(value):
            joined = [o.value.number for o in value.operands if o.value.number in found]
            joined += [value.number] if value.number in found else []
            roots.join([n for n in joined if n not in of_positions])
    groups: dict[int, list[Value]] = {}
    for value in graph:
        if value.number in found and value.number not in of_positions:
            groups.setdefault(roots.of(value.number), []).append(value)
    clusters = []
    for own in groups.values():
        virtual = _with_positions(own, found.keys() & of_positions)
        numbers = {v.number for v in virtual}
        members = {r.number: r for v in own for r in uses[v] if r.number not in numbers and is_member(r)}
        for value in own:
            others = [r for r in uses[value] if r.number not in numbers and not is_member(r)]
            if others or value.number in uses.outputs:
                members[value.number] = value
        if any(n not in numbers for n in members) and any(isinstance(v.operation, (Map, Contract)) for v in own):
            clusters.append(Cluster(tuple(virtual), tuple(members[n] for n in sorted(members))))
    return clusters


def _of_positions(graph: Graph) -> set[int]:
    """Numbers of the values that are made of positions and numbers only: masks are no reason to share a kernel."""
    found: set[int] = set()
    for value in graph:
        made = isinstance(value.operation, (Map, View, Broadcast)) and all(
            o.value.number in found for o in value.operands
        )
        if made or isinstance(value.operation, Range) or value.is_inline:
            found.add(value.number)
    return found


def _with_positions(values: list[Value], offered: set[int]) -> list[Value]:
    """The values and those of the offered ones that they are made of, in order."""
    found = {v.number: v for v in values}
    stack = list(values)
    while stack:
        for operand in stack.pop().operands:
            value = operand.value
            if value.number in offered and value.number not in found:
                found[value.number] = value
                stack.append(value)
    return [found[n] for n in sorted(found)]


def is_member(value: Value) -> bool:
    """Whether a kernel can make it from virtual values although it is stored.

    Only sums are added up across tiles: a maximum of all there is has no axis whose tiles could be apart.
    """
    operation = value.operation
    if isinstance(operation, Reduce):
        return adds_up(value) or (operation.operation in MEMBER_REDUCTIONS and bool(value.axes))
    return isinstance(operation, Contract) and all(len(o.label_set) == len(o.labels) for o in value.operands)


def adds_up(value: Value) -> bool:
    """Whether parts of it, from tiles of what it sums, may be added."""
    return isinstance(value.operation, Contract) or value.operation == Reduce("sum")


def stored_to_compare(graph: Graph, sizes: Mapping[Space, int]) -> list[Value]:
    """Values that would be virtual, were they not compared with elements of themselves."""
    return _candidates(graph, sizes)[1]


def _candidates(graph: Graph, sizes: Mapping[Space, int]) -> tuple[dict[int, int], list[Value]]:
    """(number of a virtual value: size of the largest stored value that it is made of, values that may not be virtual).

    What a contraction made large stays virtual beside stored arrays of its size, as scores with a dropout mask do.  An
    outer product that scales a stored matrix is no reason to compute that matrix piece by piece.  What is compared with
    an element of itself is virtual only if it is made of stored values by elementwise functions alone, so that it is
    the same number wherever it is computed.
    """
    found: dict[int, int] = {}
    depth: dict[int, int] = {}
    contracted: set[int] = set()
    same = compared(graph)
    summed: set[int] = set()  # what a sum over virtual values, or one that is virtual, is part of
    refused: list[Value] = []
    for value in graph:
        arrays = [o.value for o in value.operands if o.is_array]
        depth[value.number] = 1 + max((depth[a.number] for a in arrays if a.number in found), default=0)
        sums = isinstance(value.operation, Contract) or value.operation in (Reduce("sum"), Reduce("prod"))
        if any(a.number in summed or (sums and a.number in found) for a in arrays):
            summed.add(value.number)
        if depth[value.number] > DEEPEST:
            continue
        if not arrays or not value.axes or not is_recomputed(value):
            continue
        virtual = [a.number for a in arrays if a.number in found]
        if isinstance(value.operation, (View, Gather)) and arrays[0].number in found and not is_rename(value):
            continue  # only what is stored can be read at other places
        largest = max(found.get(a.number, size(a.axes, sizes)) for a in arrays)
        grows = size(value.axes, sizes) > largest
        made = any(n in contracted for n in virtual)
        if grows or (virtual and is_rename(value)) or (made and isinstance(value.operation, Map)):
            if value.number in same and (sums or value.number in summed):
                refused.append(value)
                continue
            found[value.number] = largest
            if sums:
                summed.add(value.number)
            if made or isinstance(value.operation, Contract):
                contracted.add(value.number)
    return found, refused


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
