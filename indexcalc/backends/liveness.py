"""When a value is last used, and which values share memory: what tells whether a buffer may be written over."""

from __future__ import annotations

from collections.abc import Sequence

from ..ir.graph import Graph, Input, Operand, Range, Value


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

    def overwritable(self, operand: Operand, at: Value, others: Sequence[Operand]) -> bool:
        """Whether `at` may write its result into the operand: ours, dead after it, of the result's shape and kind."""
        value = operand.value
        if isinstance(value.operation, (Input, Range)) or value.is_inline or value.is_view:
            return False
        if value.kind != at.kind or not at.axes or operand.labels != at.axes:
            return False
        if self.last[value.number] != self.place[at.number]:
            return False
        # The same buffer read through other labels would be half old and half new.
        return all(self.root[o.value.number] != value.number or o.labels == operand.labels for o in others)

    def dies(self, at: Value) -> list[int]:
        """Numbers of the roots whose last use is `at`."""
        roots = dict.fromkeys(self.root[o.value.number] for o in at.operands)
        return [r for r in roots if self.last[r] == self.place[at.number]]
