"""Where a value is 0 or −∞ for sure: conditions on positions, found from masks through exponentials and products.

A tile on which such a condition fails everywhere adds nothing to a sum or a maximum.  A division keeps the zeros of its
numerator, as if the divisor were not 0: a row that is masked as a whole is NaN in its own results, and spreads it only
over the tiles that are visited.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ...ir.graph import Contract, Map, Operand, Reduce, Value
from ...ir.index import Index
from ...ir.kernel import Condition
from .affine import conditions
from .instance import Instance, at, is_rename, naming_of, operands_of

Conditions = tuple[Condition, ...]
_KEEP_ZERO = frozenset({"negative", "as_real", "square", "abs", "tanh", "sin", "sinh", "relu"})


@dataclass
class Neutral:
    """`inside`: which values are computed in place rather than loaded; `walked`: the axes with tiles."""

    inside: Callable[[Value], bool]
    walked: tuple[Index, ...]
    _known: dict[Instance, tuple[Conditions, Conditions]] = field(default_factory=dict)

    def zero(self, instance: Instance) -> Conditions:
        """Conditions each of which makes the value 0 where it fails."""
        return self._of(instance)[0]

    def lowest(self, instance: Instance) -> Conditions:
        """Conditions each of which makes the value −∞ where it fails."""
        return self._of(instance)[1]

    def product(self, instances: list[Instance]) -> Conditions:
        """Conditions each of which makes the product 0 where it fails."""
        return _union([self.zero(i) for i in instances])

    def _of(self, instance: Instance) -> tuple[Conditions, Conditions]:
        if not self.inside(instance.value):
            return (), ()
        if instance not in self._known:
            self._known[instance] = self._find(instance)
        return self._known[instance]

    def _find(self, instance: Instance) -> tuple[Conditions, Conditions]:
        operation = instance.value.operation
        if is_rename(instance.value):
            return self._of(operands_of(instance, self.walked)[0])
        naming = naming_of(instance, self.walked)
        parts = [(o, at(o, naming)) for o in instance.value.operands]
        if isinstance(operation, Map):
            return self._map(operation.function, parts)
        if isinstance(operation, Contract) or (isinstance(operation, Reduce) and operation.operation == "sum"):
            kept = set(instance.free)
            found = self.product([i for _, i in parts])
            return tuple(c for c in found if all(x in kept for _, x in c.form.terms)), ()
        return (), ()

    def _map(self, function: str, parts: list[tuple[Operand, Instance]]) -> tuple[Conditions, Conditions]:
        first = parts[0][1]
        if function == "masked":
            return self._selected(first, conditions(parts[1][1], wanted=False), parts[2][0].number())
        if function == "where":
            mask, (then, kept), (other, left) = parts[0][1], parts[1], parts[2]
            if other.number() is not None:
                return self._selected(kept, conditions(mask), other.number())
            return self._selected(left, conditions(mask, wanted=False), then.number())
        if function == "exp":
            return self.lowest(first), ()
        if function in _KEEP_ZERO:
            return self.zero(first), self.lowest(first) if function == "as_real" else ()
        if function == "multiply":
            return self.product([i for _, i in parts]), self._scaled(parts)
        if function == "divide":
            return self.zero(first), ()
        if function in ("add", "subtract"):
            (_, left), (_, right) = parts
            zeros = tuple(c for c in self.zero(left) if c in self.zero(right))
            lowest = self.lowest(left) if function == "subtract" else _union([self.lowest(left), self.lowest(right)])
            return zeros, lowest
        return (), ()

    def _scaled(self, parts: list[tuple[Operand, Instance]]) -> Conditions:
        """−∞ times a positive number."""
        for (number, _), (_, other) in (parts, parts[::-1]):
            value = number.number()
            if value is not None and value > 0:
                return self.lowest(other)
        return ()

    def _selected(self, source: Instance, kept: Conditions | None, fill: float | None) -> tuple[Conditions, Conditions]:
        """The source where the conditions hold, else `fill`."""
        zero, lowest = self._of(source)
        own = kept or ()
        if fill == 0:
            return _union([own, zero]), ()
        if fill == float("-inf"):
            return (), _union([own, lowest])
        return (), ()


def _union(parts: list[Conditions]) -> Conditions:
    return tuple(dict.fromkeys(c for part in parts for c in part))
