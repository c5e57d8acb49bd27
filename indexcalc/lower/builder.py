"""Makes the values of a graph, each once: equal operations up to the names of their labels are one value (CSE)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from ..ir.elementwise import COMPARING, EXACT, MASKS, common_kind, result_kind
from ..ir.graph import Broadcast, Input, Kind, Map, Number, Operand, Operation, Range, Size, Value
from ..ir.index import Index, Space

COMPARISONS = {"<": "less", "<=": "less_equal", ">": "greater", ">=": "greater_equal", "==": "equal", "!=": "not_equal"}
_PAIRS = (("less", "greater_equal"), ("less_equal", "greater"), ("equal", "not_equal"))
OPPOSITE = dict(_PAIRS) | {b: a for a, b in _PAIRS}
COMMUTATIVE = frozenset({"add", "multiply", "maximum", "minimum", "logical_and", "logical_or"})


class Builder:
    """The table of values of one graph.  `sizes`: representative extents, by which alternatives are compared."""

    def __init__(self, sizes: Mapping[Space, int]) -> None:
        self.sizes = sizes
        self.order: tuple[Index, ...] = ()  # of the indices of the statement at hand: what is made takes it if it can
        self.values: list[Value] = []
        self.found_again: set[int] = set()  # numbers of values that were asked for after they were made
        self._table: dict[object, Value] = {}

    def forget(self) -> None:
        """Make again what is asked for from here on, but for inputs, numbers and ranges."""
        lasting = (Input, Number, Size, Range)
        self._table = {key: value for key, value in self._table.items() if isinstance(value.operation, lasting)}

    def make(self, operation: Operation, operands: Sequence[Operand], axes: Sequence[Index], kind: Kind) -> Operand:
        """The operand for the operation's value, labelled by `axes`."""
        numbers: dict[Index, int] = {}
        for operand in operands:
            for label in operand.labels:
                numbers.setdefault(label, len(numbers))
        for axis in axes:
            numbers.setdefault(axis, len(numbers))
        inside = tuple((o.value.number, tuple(numbers[x] for x in o.labels)) for o in operands)
        along = tuple(numbers[i] for i in getattr(operation, "indices", ()))
        plain: object = operation if not along else (type(operation).__name__, *_plain_fields(operation))
        if isinstance(operation, Number):
            plain = "number", repr(operation.value)  # 0.0 and -0.0 compare equal
        key = (plain, along, inside, tuple((numbers[a], a.space) for a in axes), kind)
        found = self._table.get(key)
        if found is None:
            found = Value(len(self.values), operation, tuple(operands), tuple(axes), kind)
            self._table[key] = found
            self.values.append(found)
        else:
            self.found_again.add(found.number)
        return Operand(found, tuple(axes))

    def number(self, value: float) -> Operand:
        return self.make(Number(value), (), (), "int" if isinstance(value, int) else "number")

    def size(self, space: Space) -> Operand:
        return self.number(space.extent) if isinstance(space.extent, int) else self.make(Size(space), (), (), "int")

    def range(self, index: Index) -> Operand:
        return self.make(Range(), (), (index,), "int")

    def extent(self, labels: Iterable[Index]) -> int:
        """Representative number of elements."""
        return math.prod(self.sizes[i.space] for i in labels)

    def map(self, function: str, *operands: Operand) -> Operand:
        """An elementwise function; operands are cast as it needs, the result takes the largest operand's axis order."""
        if function == "where":
            return self._where(*operands)
        if function in COMPARING and not any(o.labels for o in operands):
            operands = tuple(self.floating(o) for o in operands)
        elif function in COMPARING or function in EXACT:
            operands = self._one_kind(operands, allow_masks=function == "multiply")
        elif function in MASKS:
            operands = tuple(self.mask(o) for o in operands)
        elif function in ("divide", "power"):
            weak = any(o.is_array and o.kind in ("float", "real") for o in operands)
            operands = tuple(self.floating(o, weak=weak) for o in operands)
        else:
            operands = tuple(self.floating(o) for o in operands)
        if function in COMMUTATIVE:  # so that a + b and b + a are one value
            operands = tuple(sorted(operands, key=lambda o: (not o.is_array, o.value.number)))
        kind = result_kind(function, [o.kind for o in operands])
        return self.make(Map(function), operands, self.aligned(operands), kind)

    def _where(self, condition: Operand, then: Operand, other: Operand) -> Operand:
        """A selection; beside an array of the result's size, it is that array with some elements overwritten."""
        mask = self.mask(condition)
        then, other = self._one_kind((then, other), allow_masks=False)
        if not then.is_array and not other.is_array:
            then, other = self.floating(then), self.floating(other)
        axes, kind = self.aligned((other, then, mask)), common_kind((then.kind, other.kind))
        if other.is_array and other.label_set >= then.label_set:
            return self.make(Map("masked"), (other, mask, then), axes, kind)
        if then.is_array and then.label_set >= other.label_set:
            return self.make(Map("masked"), (then, self.negated(mask), other), axes, kind)
        return self.make(Map("where"), (mask, then, other), axes, kind)

    def negated(self, mask: Operand) -> Operand:
        """not mask; of a comparison of integers, the opposite comparison (of floats not: NaN fails both)."""
        operation, operands = mask.value.operation, mask.value.operands
        if isinstance(operation, Map) and operation.function in OPPOSITE and all(o.kind == "int" for o in operands):
            labels = dict(zip(mask.value.axes, mask.labels))
            renamed = [Operand(o.value, tuple(labels[x] for x in o.labels)) for o in operands]
            return self.map(OPPOSITE[operation.function], *renamed)
        return self.map("logical_not", mask)

    def aligned(self, operands: Sequence[Operand]) -> tuple[Index, ...]:
        """The union of the labels: in the order of the operand that has them all, else in the statement's."""
        ordered = sorted(operands, key=lambda o: -len(o.labels))
        found: dict[Index, None] = {}
        lead = ordered[0].labels
        union = frozenset(lead).union(*(o.label_set for o in ordered))
        if len(union) > len(lead) and union <= frozenset(self.order):
            return tuple(x for x in self.order if x in union)
        last = tuple(x for x in lead if x not in self.order)
        alike = all(o.labels[-len(last) :] == last for o in operands)
        if len(union) > len(lead) and alike and union <= frozenset(self.order).union(last):
            # What is to be summed lies innermost in all: so it stays, and the rest has the statement's order.
            return (*(x for x in self.order if x in union), *last)
        # Labels that the leading operand lacks come first, so that its own axes stay innermost.
        for operand in ordered[1:]:
            for label in operand.labels:
                if label not in lead:
                    found.setdefault(label)
        for label in lead:
            found.setdefault(label)
        return tuple(found)

    def _one_kind(self, operands: Sequence[Operand], *, allow_masks: bool) -> tuple[Operand, ...]:
        """Integers stay integers among themselves; beside anything else they are cast, so that nothing widens."""
        if all(o.kind == "int" for o in operands):
            return tuple(operands)
        floats = any(o.kind in ("float", "real") and o.is_array for o in operands)
        if allow_masks and floats:
            return tuple(o if o.kind == "bool" else self.floating(o, weak=True) for o in operands)
        return tuple(self.floating(o, weak=floats) for o in operands)

    def floating(self, operand: Operand, *, weak: bool = False) -> Operand:
        """The operand as a floating-point array; where `weak`, a plain number may stay one."""
        if operand.is_array and operand.kind in ("float", "real"):
            return operand
        if weak and not operand.is_array:
            return operand
        return self.make(Map("as_real"), (operand,), operand.labels, "real")

    def mask(self, operand: Operand) -> Operand:
        return operand if operand.kind == "bool" else self.map("not_equal", operand, self.number(0))

    def numeric(self, operand: Operand) -> Operand:
        """The operand as numbers: a mask as 0 and 1."""
        return self.floating(operand) if operand.kind == "bool" else operand

    def broadcast(self, operand: Operand, labels: Iterable[Index]) -> Operand:
        """The operand with these labels too."""
        missing = tuple(i for i in dict.fromkeys(labels) if i not in operand.label_set)
        if not missing:
            return operand
        array = self.floating(operand)
        return self.make(Broadcast(), (array,), (*missing, *array.labels), array.kind)


def _plain_fields(operation: Operation) -> tuple[object, ...]:
    return tuple(getattr(operation, f) for f in operation.__dataclass_fields__ if f != "indices")
