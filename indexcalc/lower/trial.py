"""Rebuilds a graph in which some values have another form, each only where that takes less time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from ..ir.graph import Graph, Operand, Value
from .estimate import Uses, seconds
from .passes import Context
from .rebuild import Rebuild

Build = Callable[[Value], Operand]


class Trial:
    """Other forms of the values `through.keys()`.

    `through`: by a value's number, the old values that its other form does without.  `read`: the numbers of those that
    some other form reads.  What nothing else needs counts as saved, shared by the forms that do without it.
    """

    def __init__(
        self, graph: Graph, uses: Uses, context: Context, through: Mapping[int, Sequence[Value]], read: Collection[int]
    ) -> None:
        self.made = Rebuild(graph, context.sizes)
        self._context = context
        self._through = {n: {v.number: v for v in values} for n, values in through.items()}
        inner = {v.number: v for values in through.values() for v in values if v.number not in read}
        self._dying = uses.dying(inner.values(), through)
        self._sharing = {n: sum(n in values for values in self._through.values()) for n in self._dying}
        self._extra: set[int] = set()  # new values that only a form counted here keeps alive

    def better(self, value: Value, build: Build) -> Operand | None:
        """The other form if it takes less time than the old one, else None."""
        doomed = [v for n, v in self._through[value.number].items() if n in self._dying]
        self._extra |= {self.made.new(Operand(v, v.axes)).value.number for v in doomed}
        before = self._seconds(value) + sum(self._seconds(v) / self._sharing[v.number] for v in doomed)
        start = len(self.made.build.values)
        result = build(value)
        fresh = self._needed(result.value, start)
        if sum(self._seconds(v) for v in fresh) >= before:
            self._extra |= set(range(start, len(self.made.build.values)))
            return None
        self._extra -= {v.number for v in fresh}
        return result

    def _seconds(self, value: Value) -> float:
        return seconds(value, self._context.sizes, self._context.target.machine)

    def _needed(self, value: Value, start: int) -> list[Value]:
        """What must be made for the value: new values, and those that would not be made otherwise."""
        found: dict[int, Value] = {}
        stack = [value]
        while stack:
            now = stack.pop()
            if now.number not in found and (now.number >= start or now.number in self._extra):
                found[now.number] = now
                stack += [o.value for o in now.operands]
        return list(found.values())
