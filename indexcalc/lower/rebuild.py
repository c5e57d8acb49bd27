"""Makes a graph anew, value by value: what a pass over graphs is written with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from ..ir.graph import (
    Along,
    Contract,
    Form,
    Gather,
    Graph,
    MatrixFunction,
    Operand,
    Operation,
    Output,
    Reduce,
    Scatter,
    Value,
    View,
)
from ..ir.index import Index, Space
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
        self._ahead = list(graph.anew)
        self._anew: list[int] = []

    def new(self, old: Operand) -> Operand:
        """The new operand in the place of an old one, labelled as that is."""
        found = self._new[old.value.number]
        label = dict(zip(old.value.axes, old.labels))
        return Operand(found.value, tuple(label[x] for x in found.labels))

    def copied(self, value: Value) -> Operand:
        """The value's operation on what its operands have become, whose axes may lie in another order now."""
        operands = [self.new(o) for o in value.operands]
        axes = axes_of(value.operation, operands, value.axes)
        operation = value.operation
        if isinstance(operation, View) and operands[0].labels != value.operands[0].labels:
            form = dict(zip(value.operands[0].labels, operation.forms))
            operation, axes = _turned(operation, [form[x] for x in operands[0].labels], axes)
        return self.build.make(operation, operands, axes, value.kind)

    def run(self, rewrite: Rewrite) -> Graph:
        """The graph with `rewrite` applied to each value in order; names go on to what takes a value's place.

        Equal values become one, but for those that the graph makes `anew`.
        """
        for old in self.graph:
            self._cross(old)
            found = rewrite(self, old)
            self.put(old, self.copied(old) if found is None else found)
        return self.finish()

    def _cross(self, old: Value) -> None:
        """Where values are made again from this one on, share nothing with what was made before."""
        while self._ahead and old.number >= self._ahead[0]:
            self._ahead.pop(0)
            self._anew.append(len(self.build.values))
            self.build.forget()

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
        return Graph(needed(self.build.values, outputs), outputs, self._names, self._makers, tuple(self._anew))


def _turned(view: View, forms: Sequence[Form], axes: tuple[Index, ...]) -> tuple[View, tuple[Index, ...]]:
    """The view by its forms in the order of the source's axes now, its own axes in the order in which they move."""
    moved = [k for form in forms for k, weight in enumerate(form.coefficients) if weight]
    order = tuple(dict.fromkeys([*moved, *range(len(axes))]))
    turned = tuple(replace(f, coefficients=tuple(f.coefficients[k] for k in order)) for f in forms)
    return replace(view, forms=turned), tuple(axes[k] for k in order)


def axes_of(operation: Operation, operands: Sequence[Operand], axes: tuple[Index, ...]) -> tuple[Index, ...]:
    """The axes in the order in which the operation gives them; `axes` where it takes any order."""
    first = operands[0].labels if operands else ()
    if isinstance(operation, Contract):
        left, right = (o.label_set for o in operands)
        batch = [x for x in axes if x in left and x in right]
        return (*batch, *(x for x in axes if x not in right), *(x for x in axes if x not in left))
    if isinstance(operation, Reduce):
        return tuple(x for x in first if x in axes)
    if isinstance(operation, Along):
        if len(operation.indices) > 1:
            return (*(x for x in first if x not in operation.indices), *operation.indices)
        return tuple(x for x in first if x in axes)
    if isinstance(operation, Gather):
        along = dict.fromkeys(x for o in operands[1:] for x in o.labels)
        return (*along, *(x for x in first if x not in operation.indices))
    if isinstance(operation, Scatter) and operation.has_base:
        return operands[-1].labels
    if isinstance(operation, MatrixFunction):
        return first[::-1] if axes else ()
    return axes


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
