"""What a value is made of in a kernel: the values computed on the way, and the stored ones that are read."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ...ir.graph import Value
from ...ir.index import Index
from .instance import Instance, Slot, naming_of, operands_at, operands_of


class Needs:
    """`virtual`: numbers of the values that a kernel computes wherever they are read."""

    def __init__(self, virtual: Collection[int]) -> None:
        self.virtual = frozenset(virtual)
        self._operands: dict[tuple[Instance, tuple[Index, ...]], tuple[Instance, ...]] = {}

    def inside(self, value: Value) -> bool:
        """Whether a kernel computes it wherever it is read."""
        return value.number in self.virtual

    def operands(self, instance: Instance, walked: tuple[Index, ...]) -> tuple[Instance, ...]:
        """`operands_of`, found once: groups of all styles ask for the same."""
        key = instance, walked
        found = self._operands.get(key)
        if found is None:
            found = self._operands[key] = operands_of(instance, walked)
        return found

    def reach(
        self, operands: list[Instance], walked: tuple[Index, ...]
    ) -> tuple[dict[Instance, None], dict[Instance, None]]:
        """(virtual instances, stored instances) that are computed or read on the way."""
        virtual: dict[Instance, None] = {}
        stored: dict[Instance, None] = {}
        todo = list(operands)
        while todo:
            found = todo.pop()
            todo += [s for s in found.slots if isinstance(s, Instance)]
            if not self.inside(found.value):
                stored.setdefault(found)
            elif found not in virtual:
                virtual[found] = None
                todo += self.operands(found, walked)
        return virtual, stored

    def of(
        self, value: Value, naming: Mapping[Index, Slot], walked: tuple[Index, ...]
    ) -> tuple[dict[Instance, None], dict[Instance, None]]:
        """The same for a value whose labels stand for these slots."""
        if self.inside(value):  # stored after all: it is read like any other
            return self.reach([Instance(value, tuple(naming[x] for x in value.axes))], walked)
        return self.reach(operands_at(value, naming), walked)

    def plain_naming(self, value: Value) -> dict[Index, Slot]:
        """What its labels are in a kernel of its own; of a virtual value, made in one piece, only those it keeps."""
        if self.inside(value):
            return {x: x for x in value.axes}
        return naming_of(Instance(value, value.axes), ())
