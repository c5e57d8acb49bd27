"""Makes a graph anew, value by value: what a pass over graphs is written with."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..ir.graph import Graph, Operand, Output, Value
from ..ir.index import Space
from .builder import Builder

Rewrite = Callable[["Rebuild", Value], "Operand | None"]
"""The operand that takes the place of an old value, labelled by the old value's axes; None to copy it."""


class Rebuild:
    """Old values to new ones.  `build` makes values; `new` says what an old operand has become."""

    def __init__(self, graph: Graph, sizes: Mapping[Space, int]) -> None:
        self.graph = graph
        self.build = Builder(sizes)
        self._new: dict[int, Operand] = {}
        self._names: dict[int, str] = {}
        self._makers: dict[int, str] = {}

    def new(self, old: Operand) -> Operand:
        """The new operand in the place of an old one, labelled as that is."""
        found = self._new[old.value.number]
        label = dict(zip(old.value.axes, old.labels))
        return Operand(found.value, tuple(label[x] for x in found.labels))

    def copied(self, value: Value) -> Operand:
        """The value's operation on what its operands have become."""
        return self.build.make(value.operation, [self.new(o) for o in value.operands], value.axes, value.kind)

    def run(self, rewrite: Rewrite) -> Graph:
        """The graph with `rewrite` applied to each value in order; names go on to what takes a value's place."""
        for old in self.graph:
            found = rewrite(self, old)
            self.put(old, self.copied(old) if found is None else found)
        return self.finish()

    def put(self, old: Value, found: Operand) -> None:
        """`found`, labelled by the old value's axes (it may lack some), takes the old value's place."""
        maker = self.graph.makers[old.number]
        for number in range(len(self._makers), len(self.build.values)):
            self._makers[number] = maker
        self._new[old.number] = found
        name = self.graph.names.get(old.number)
        if name is not None and not found.value.is_inline:
            self._names.setdefault(found.value.number, name)

    def finish(self) -> Graph:
        """The new graph, without what no output needs."""
        outputs = tuple(Output(o.name, self.new(o.operand), o.axes) for o in self.graph.outputs)
        return Graph(needed(self.build.values, outputs), outputs, self._names, self._makers)


def needed(values: list[Value], outputs: tuple[Output, ...] | list[Output]) -> tuple[Value, ...]:
    """Dead code elimination: the values that some output depends on, in the order in which they were made."""
    found: set[int] = set()
    stack = [o.operand.value for o in outputs]
    while stack:
        value = stack.pop()
        if value.number not in found:
            found.add(value.number)
            stack += [o.value for o in value.operands]
    return tuple(v for v in values if v.number in found)
