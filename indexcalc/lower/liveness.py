"""When a value is last used, and which values share memory: what tells whether a buffer may be written over or freed.

Emitted text and `ic.cost` both read it, so that what is counted is what is done.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ..ir.graph import Graph, Input, Map, Operand, Range, Scatter, Value

COMMUTATIVE = frozenset({"add", "multiply", "maximum", "minimum"})
IN_PLACE = COMMUTATIVE | {
    "subtract", "divide", "negative", "reciprocal", "exp", "log", "sqrt", "square", "sin", "cos", "tan", "tanh", "sinh",
    "cosh", "power", "relu",
}  # fmt: skip
"""Elementwise functions that NumPy and CuPy can write into an operand."""


class Liveness:
    """Last uses by value number; a view counts as a use of what it looks at."""

    def __init__(self, graph: Graph) -> None:
        self.root: dict[int, int] = {}
        self.last: dict[int, int] = {}
        for place, value in enumerate(graph.values):
            own = value.number
            self.root[own] = self.root[value.operands[0].value.number] if value.is_view else own
            for operand in value.operands:
                self.last[self.root[operand.value.number]] = place
        for output in graph.outputs:
            self.last[self.root[output.operand.value.number]] = len(graph.values)
        self.place = {value.number: place for place, value in enumerate(graph.values)}
        self.rank = {value.number: len(value.axes) for value in graph.values}

    def taken_over(
        self, value: Value, in_place: Collection[str] = IN_PLACE, *, number_first: bool = True
    ) -> int | None:
        """The position of the operand whose buffer takes the value's result; None where it gets one of its own.

        `in_place`: the functions that can write into an operand; `number_first`: also behind a plain number.
        """
        operation, operands = value.operation, value.operands
        if isinstance(operation, Scatter) and operation.has_base:
            candidates = [len(operands) - 1]
        elif isinstance(operation, Map) and operation.function == "masked":
            plain = not operands[2].is_array
            candidates = [0] if plain or number_first else []
        elif isinstance(operation, Map) and operation.function in in_place:
            anywhere = operands[0].is_array or number_first or operation.function in COMMUTATIVE
            candidates = [n for n in range(len(operands)) if n == 0 or anywhere]
        else:
            candidates = []
        return next((n for n in candidates if self._overwritable(operands, n, value)), None)

    def _overwritable(self, operands: Sequence[Operand], n: int, at: Value) -> bool:
        """Whether `at` may write its result into operand n: ours, dead after it, of the result's shape and kind."""
        operand, others = operands[n], [o for m, o in enumerate(operands) if m != n]
        value = operand.value
        if isinstance(value.operation, (Input, Range)) or value.is_inline or value.is_view:
            return False
        if value.kind != at.kind or not at.axes or operand.labels != at.axes:
            return False
        if self.last[value.number] != self.place[at.number]:
            return False
        # The same buffer read through other labels would be half old and half new.
        return all(self.root[o.value.number] != value.number or o.labels == operand.labels for o in others)

    def freed(self, at: Value) -> list[int]:
        """Numbers of the roots that are freed after `at`, their last use; a buffer with one axis is not worth it."""
        roots = dict.fromkeys(self.root[o.value.number] for o in at.operands)
        return [r for r in roots if self.last[r] == self.place[at.number] and self.rank[r] > 1]
