"""What of a graph gets memory, what is computed where it is read, and until when memory is needed."""

from __future__ import annotations

from ...ir.graph import (
    Broadcast,
    Contract,
    Fused,
    Gather,
    Graph,
    Input,
    Map,
    MatrixFunction,
    Part,
    Range,
    Reduce,
    Scatter,
    ScatterWindows,
    Value,
    View,
)  # fmt: skip

MAX_OPERATIONS = 40  # in the body of one loop
MAX_REPEATED = 6  # operations on positions that every reader computes for itself


def is_alias(value: Value) -> bool:
    """Whether the value is only another way to look at its first operand's memory."""
    operation = value.operation
    if isinstance(operation, Gather):
        return not any(position.labels for position in value.operands[1:])
    return isinstance(operation, Broadcast) or (isinstance(operation, View) and not operation.padded)


class Plan:
    """`stored`: numbers of the values that get memory.  `last`: the place of the last reader of one, or of an input.

    What is neither stored nor an alias is computed within the loop of what reads it.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.readers: dict[int, list[tuple[Value, int]]] = {v.number: [] for v in graph}
        for value in graph:
            for n, operand in enumerate(value.operands):
                self.readers[operand.value.number].append((value, n))
        self._given = {o.operand.value.number for o in graph.outputs}
        self.weight: dict[int, int] = {}
        self.stored: set[int] = set()
        self.root: dict[int, int] = {}
        self._reads: dict[int, frozenset[int]] = {}
        for value in graph:
            self._place(value)
        self.last = self._last_uses()

    def looped(self) -> frozenset[int]:
        """Numbers of the inputs that loops read.  A library's call or a kernel takes any strides as well as others."""
        found = {self.root[n] for n in self._given if n in self.root}
        for value in self.graph:
            if not self.is_inline(value) and not isinstance(value.operation, (Contract, Fused, MatrixFunction)):
                found |= self._reads[value.number] if not is_alias(value) else frozenset()
        return frozenset(found)

    def is_inline(self, value: Value) -> bool:
        """Whether it is computed where it is read."""
        return value.number not in self.stored and value.number not in self.root

    def reads(self, value: Value) -> frozenset[int]:
        """Numbers of the stored values and inputs that computing it reads."""
        return self._reads[value.number]

    def _place(self, value: Value) -> None:
        number = value.number
        inside = [o.value for o in value.operands]
        if isinstance(value.operation, Input):
            self.root[number] = number
        elif is_alias(value):
            self.root[number] = self.root[inside[0].number]
        self.weight[number] = 1 + sum(self.weight[v.number] for v in inside if self.is_inline(v))
        found: set[int] = set()
        for v in inside if not isinstance(value.operation, Part) else []:  # whose memory the kernel's run takes
            found |= self._reads[v.number] if self.is_inline(v) else {self.root[v.number]}
        self._reads[number] = frozenset(found)
        if number not in self.root and not self._may_be_inline(value):
            self.stored.add(number)
            self.root[number] = number

    def _may_be_inline(self, value: Value) -> bool:
        operation, readers = value.operation, self.readers[value.number]
        if value.is_inline:
            return True
        if value.number in self._given or any(not _takes_text(r, n) for r, n in readers):
            return False
        if isinstance(operation, Range):
            return True
        pointwise = isinstance(operation, Map) or (isinstance(operation, View) and operation.padded)
        if not pointwise and not isinstance(operation, Gather):
            return False
        weight = self.weight[value.number]
        if weight <= MAX_REPEATED and not self._reads[value.number]:
            return True
        first = readers[0][0]
        if weight > MAX_OPERATIONS or any(r is not first for r, _ in readers):
            return False
        labels = {first.operands[n].labels for _, n in readers}
        return len(labels) == 1 and _walks(first) == frozenset(labels.pop())

    def _last_uses(self) -> dict[int, int]:
        last: dict[int, int] = {}
        for place, value in enumerate(self.graph.values):
            if not self.is_inline(value):
                last |= dict.fromkeys(self._reads[value.number], place)
        end = len(self.graph.values)
        return last | {self.root[n]: end for n in self._given if n in self.root}


def _takes_text(reader: Value, n: int) -> bool:
    """Whether operand n may be computed in the reader's loop instead of lying in memory."""
    operation = reader.operation
    if isinstance(operation, (Map, Reduce, ScatterWindows)):
        return True
    if isinstance(operation, Gather):
        return n > 0
    if isinstance(operation, Scatter):
        return n <= len(operation.indices)
    return False


def _walks(reader: Value) -> frozenset[object]:
    """The labels of the loops in which a reader computes its operands."""
    if isinstance(reader.operation, (Map, Gather)):
        return frozenset(reader.axes)
    return frozenset(x for o in reader.operands for x in o.labels)
