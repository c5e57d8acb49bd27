"""How a value changes with a row maximum m that is subtracted before exponentials: like exp(−k m), or otherwise.

A sum of degree k can run beside the maximum itself: when the maximum grows from m to n, what was summed so far is
multiplied by exp(k (m − n)).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ...ir.elementwise import SELECTING
from ...ir.graph import Contract, Map, Operand, Reduce, Value
from ...ir.index import Index
from .instance import Instance, at, is_rename, naming_of, operands_of


@dataclass
class Degrees:
    """Degrees in one statistic.  `inside`: which values are computed in place; `walked`: axes with tiles."""

    stat: Instance
    inside: Callable[[Value], bool]
    walked: tuple[Index, ...]
    _degrees: dict[Instance, float | None] = field(default_factory=dict)
    _slopes: dict[Instance, float | None] = field(default_factory=dict)

    def of(self, instance: Instance) -> float | None:
        """k such that the value is exp(−k · stat) times what the statistic does not change; None if there is none."""
        if instance == self.stat:
            return None
        if instance not in self._degrees:
            self._degrees[instance] = self._degree(instance) if self.inside(instance.value) else 0
        return self._degrees[instance]

    def slope(self, instance: Instance) -> float | None:
        """s such that the value is s · stat plus what the statistic does not change; None if there is none."""
        if instance == self.stat:
            return 1
        if instance not in self._slopes:
            self._slopes[instance] = self._slope(instance) if self.inside(instance.value) else 0
        return self._slopes[instance]

    def product(self, operands: list[Instance]) -> float | None:
        """The degree of a product."""
        found = [self.of(o) for o in operands]
        return None if None in found else sum(d for d in found if d)

    def _parts(self, instance: Instance) -> list[tuple[Operand, Instance]]:
        naming = naming_of(instance, self.walked)
        return [(o, at(o, naming)) for o in instance.value.operands]

    def _degree(self, instance: Instance) -> float | None:
        operation = instance.value.operation
        if is_rename(instance.value):
            return self.of(operands_of(instance, self.walked)[0])
        if isinstance(operation, Contract) or (isinstance(operation, Reduce) and operation.operation == "sum"):
            return self.product([i for _, i in self._parts(instance)])
        if isinstance(operation, Map):
            return self._of_map(operation.function, self._parts(instance))
        inner = operands_of(instance, self.walked)
        return 0 if all(self.of(i) == 0 for i in inner) else None

    def _of_map(self, function: str, parts: list[tuple[Operand, Instance]]) -> float | None:
        if function == "exp":
            slope = self.slope(parts[0][1])
            return -slope if slope is not None and slope == int(slope) else None
        found = [self.of(i) for _, i in parts]
        if None in found:
            return None
        degrees = [d for d in found if d is not None]
        if function == "multiply":
            return sum(degrees)
        if function == "divide":
            return degrees[0] - degrees[1]
        if function in ("negative", "as_real", "reciprocal", "square"):
            return degrees[0] * {"reciprocal": -1, "square": 2}.get(function, 1)
        if function in ("add", "subtract", "masked", "where"):
            mask = SELECTING.get(function)  # of degree 0: truths have no other
            alike = {d for n, (d, (o, _)) in enumerate(zip(degrees, parts)) if n != mask and o.number() != 0}
            return alike.pop() if len(alike) == 1 else None
        return 0 if not any(degrees) else None

    def _slope(self, instance: Instance) -> float | None:
        operation = instance.value.operation
        if is_rename(instance.value):
            return self.slope(operands_of(instance, self.walked)[0])
        parts = [] if not isinstance(operation, Map) else self._parts(instance)
        slopes = (
            [self.slope(i) for _, i in parts] if parts else [self.of(i) for i in operands_of(instance, self.walked)]
        )
        if None in slopes:
            return None
        found = [s for s in slopes if s is not None]
        if not any(found):
            return 0
        function = operation.function if isinstance(operation, Map) else ""
        if function in ("add", "subtract"):
            return found[0] + (found[1] if function == "add" else -found[1])
        if function in ("negative", "as_real"):
            return -found[0] if function == "negative" else found[0]
        if function == "multiply":
            numbers = [o.number() for o, _ in parts]
            for number, slope in zip(numbers, reversed(found)):
                if number is not None:
                    return number * slope
        return None
