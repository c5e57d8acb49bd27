"""Where a value is 0 or −∞ for sure: conditions on positions, found from masks through exponentials and products.

A tile on which such a condition fails everywhere adds nothing to a sum or a maximum.  Where a value is divided by the
sum of its row, that holds if no row is masked as a whole, for then all of the row is NaN: the conditions have to hold
somewhere in each row, whatever the extents.  A zero that a condition makes counts as 0 beside an infinite factor, too.
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
        """Conditions each of which makes the product 0 where it fails; of E (V / Z) those of (E / Z) V."""
        found = []
        for n, instance in enumerate(instances):
            zeros = self.zero(instance)
            for other in (*instances[:n], *instances[n + 1 :]) if zeros else ():
                divisor = self._divisor(other)
                zeros = zeros if divisor is None else _in_each_row(zeros, instance, divisor)
            found.append(zeros)
        return _union(found)

    def _divisor(self, instance: Instance) -> Instance | None:
        """The array that the value was divided by, here or where it was stored."""
        operation, operands = instance.value.operation, instance.value.operands
        if not isinstance(operation, Map) or operation.function not in ("divide", "reciprocal"):
            return None
        return at(operands[-1], naming_of(instance, self.walked)) if operands[-1].labels else None

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
            return self._selected(parts[1][1], conditions(first), parts[2][0].number())
        if function == "exp":
            return self.lowest(first), ()
        if function in _KEEP_ZERO:
            return self.zero(first), self.lowest(first) if function == "as_real" else ()
        if function == "multiply":
            return self.product([i for _, i in parts]), self._scaled(parts)
        if function == "divide":
            return _in_each_row(self.zero(first), first, parts[1][1]), ()
        if function in ("add", "subtract"):
            (_, left), (_, right) = parts
            zeros = tuple(c for c in self.zero(left) if c in self.zero(right))
            if function == "add":
                return zeros, _union([self.lowest(left), self.lowest(right)])
            finite = right.value.operation == Reduce("shift")
            return zeros, self.lowest(left) if finite else _in_each_row(self.lowest(left), left, right)
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


def _in_each_row(found: Conditions, value: Instance, row: Instance) -> Conditions:
    """The conditions, if they hold together somewhere along the axes that the row lacks, wherever it is."""
    across = [x for x in value.free if x not in row.free]
    if not across or not found:
        return found
    if len(across) > 1:
        return ()
    (axis,) = across
    places = [(), *((x,) for x in row.free if x.space == axis.space)]  # position 0, or that of another axis
    return found if any(all(_holds(c, axis, place) for c in found) for place in places) else ()


def _holds(condition: Condition, axis: Index, place: tuple[Index, ...]) -> bool:
    """Whether the condition holds for all positions of the other axes, with `axis` put where `place` is, or at 0."""
    terms: dict[Index, int] = {}
    for coefficient, x in condition.form.terms:
        for y in place if x == axis else (x,):
            terms[y] = terms.get(y, 0) + coefficient
    return condition.form.offset >= 0 and all(c >= 0 for c in terms.values())


def _union(parts: list[Conditions]) -> Conditions:
    return tuple(dict.fromkeys(c for part in parts for c in part))
