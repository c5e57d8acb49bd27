"""Exact evaluation at random integers modulo a prime, in plain Python.

Polynomials that differ agree at a random point with a probability of at most degree / prime (Schwartz and Zippel), so
that agreement is as good as a proof at the sizes tried.  A function that is no polynomial is taken for an unknown one:
equal arguments give equal random values.  Where such programs agree, they are equal whatever the function is; where
they differ, nothing follows (`Modular.opaque`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import product as every
from typing import Any

from ..ir.conditions import on_indices
from ..ir.expr import (
    COMPARISONS,
    Access,
    Apply,
    Compare,
    Constant,
    Delta,
    Expr,
    Extent,
    GeneralizedDelta,
    Index,
    IndexMap,
    IndexReduce,
    IndexSum,
    IndexValue,
    LeviCivita,
    Literal,
    Logic,
    MatrixApply,
    Number,
    Power,
    Product,
    Slot,
    Space,
    Sum,
    Where,
)  # fmt: skip
from ..ir.index import Affine, parity
from ..ir.program import Program
from .draw import Draw, hashed

PRIME = 2**61 - 1
MAX_WORK = 400_000  # nodes evaluated for one comparison
MAX_INTEGER = 64  # largest power that is carried out

Point = dict[Index, int]


class Unsupported(Exception):
    """This evaluation has no meaning for some node, or would take too long; another way may decide."""


class Modular:
    """The values of a program at one draw, modulo `PRIME`."""

    def __init__(self, program: Program, sizes: Mapping[Space, int], draw: Draw) -> None:
        self.program, self.sizes, self.draw = program, sizes, draw
        self.definitions = program.definitions
        self.slot_sizes = {t.name: tuple(sizes.get(i.space, 0) for i in t.indices) for t in program.tensors}
        self.memory: dict[tuple[str, tuple[int, ...]], int] = {}
        self.opaque = 0  # how often an unknown function took part
        self.work = 0
        for d in self.definitions.values():  # in their order, so that no read goes deep
            if d.name not in program.outputs:
                for slots in self.points(d.indices):
                    self.component(d.name, slots)

    def points(self, indices: Sequence[Index]) -> Iterator[tuple[int, ...]]:
        """Every value of the indices."""
        return every(*(range(self.size(i.space)) for i in indices))

    def component(self, name: str, slots: tuple[int, ...]) -> int:
        """A component of an input or a definition."""
        key = (name, slots)
        found = self.memory.get(key)
        if found is None:
            found = self.memory[key] = self._found(name, slots)
        return found

    def _found(self, name: str, slots: tuple[int, ...]) -> int:
        if name in self.definitions:
            d = self.definitions[name]
            return self.value(d.body, dict(zip(d.indices, slots)))
        if any(not 0 <= s < n for s, n in zip(slots, self.slot_sizes.get(name, ()))):
            raise Unsupported(f"a slot of `{name}` leaves its range")
        return self.draw.component(name, slots) % PRIME

    def size(self, space: Space) -> int:
        found = self.sizes.get(space, space.extent)
        if not isinstance(found, int):
            raise Unsupported(f"the size of `{space.name}` is not known")
        return found

    def value(self, e: Expr, at: Point) -> int:
        """The value of an expression, its free indices being at this point."""
        self.work += 1
        if self.work > MAX_WORK:
            raise Unsupported("too many terms to evaluate")
        handler = _VALUE.get(type(e))
        if handler is None:
            raise Unsupported(f"`{e}` has no value before it is carried out")
        return handler(self, e, at)

    def unknown(self, name: str, *arguments: object) -> int:
        """A function of which nothing is known but that it is one."""
        self.opaque += 1
        return hashed(name, arguments) % PRIME

    # ---- slots ------------------------------------------------------------------------------------
    def slot(self, slot: Slot, at: Point) -> int:
        if isinstance(slot, Index):
            return at[slot]
        if isinstance(slot, int):
            return slot
        if isinstance(slot, Affine):
            return slot.offset + sum(c * self.slot(p, at) for c, p in slot.terms)
        assert isinstance(slot, Access)
        tensor = self.program.inputs.get(slot.tensor)
        if tensor is None or tensor.values is None:
            raise Unsupported(f"`{slot.tensor}` is computed and used as an index")
        return self.component(slot.tensor, self.slots(slot.slots, at)) % self.size(tensor.values)

    def slots(self, slots: Iterable[Slot], at: Point) -> tuple[int, ...]:
        return tuple(self.slot(s, at) for s in slots)

    def access(self, e: Access, at: Point) -> int:
        if e.variance:
            raise Unsupported("a metric raises and lowers slots")
        return self.component(e.tensor, self.slots(e.slots, at))

    # ---- algebra ----------------------------------------------------------------------------------
    def sum(self, e: Sum, at: Point) -> int:
        return sum(self.value(t, at) for t in e.terms) % PRIME

    def product(self, e: Product, at: Point) -> int:
        total = 1
        for f in sorted(e.factors, key=lambda f: not on_indices(f)):  # a condition that is 0 keeps others unread
            total = total * self.value(f, at) % PRIME
            if not total:
                break
        return total

    def power(self, e: Power, at: Point) -> int:
        base, exponent = self.value(e.base, at), e.exponent
        if not isinstance(exponent, Literal) or isinstance(exponent.value, float):
            return self.unknown("**", base, self.value(exponent, at))
        n = Fraction(exponent.value)
        if n.denominator > 1:
            base = self.unknown("root", n.denominator, base)
        return self.integer_power(base, n.numerator)

    def integer_power(self, base: int, n: int) -> int:
        if n < 0 and base == 0:
            raise Unsupported("division by zero")
        if abs(n) > MAX_INTEGER:
            return self.unknown("power", base, n)
        return pow(base, n, PRIME)

    def number(self, x: Number) -> int:
        if isinstance(x, float):
            return self.unknown("number", x)
        return Fraction(x).numerator * pow(Fraction(x).denominator, -1, PRIME) % PRIME

    def index_sum(self, e: IndexSum, at: Point) -> int:
        return sum(self.values(e.body, e.indices, at)) % PRIME

    def values(self, body: Expr, indices: Sequence[Index], at: Point) -> Iterator[int]:
        """The body's value at each value of the indices."""
        inner = dict(at)
        for point in self.points(indices):
            inner.update(zip(indices, point))
            yield self.value(body, inner)

    def reduce(self, e: IndexReduce, at: Point) -> int:
        found = list(self.values(e.body, e.indices, at))
        inverse = pow(len(found), -1, PRIME)
        if e.operation == "mean":
            return sum(found) * inverse % PRIME
        if e.operation == "prod":
            return prod_modulo(found)
        if e.operation == "var":
            mean = sum(found) * inverse
            return sum((x - mean) ** 2 for x in found) * inverse % PRIME
        if e.operation == "norm":
            return self.unknown("root", 2, sum(x * x for x in found) % PRIME)
        if e.operation == "logsumexp":
            return self.unknown("log", sum(self.unknown("exp", x) for x in found) % PRIME)
        ordered = found if e.operation == "argmax" else sorted(found)
        return self.unknown(e.operation, ordered)

    def index_map(self, e: IndexMap, at: Point) -> int:
        here = tuple(at[i] for i in e.indices)
        points = list(self.points(e.indices))
        found = list(self.values(e.body, e.indices, at))
        if e.operation == "softmax":
            terms = [self.unknown("exp", x) for x in found]
            return terms[points.index(here)] * self.integer_power(sum(terms) % PRIME, -1) % PRIME
        if e.operation == "cumsum":
            return sum(x for p, x in zip(points, found) if all(a <= b for a, b in zip(p, here))) % PRIME
        return self.unknown(e.operation, e.count, found, points.index(here))

    # ---- functions and conditions -----------------------------------------------------------------
    def function(self, e: Apply, at: Point) -> int:
        arguments = [self.value(a, at) for a in e.arguments]
        return self.unknown(e.function, sorted(arguments) if e.function in ("max", "min") else arguments)

    def matrix(self, e: MatrixApply, at: Point) -> int:
        tensor = self.definitions.get(e.tensor) or self.program.inputs[e.tensor]
        entries = [self.component(e.tensor, p) for p in self.points(tensor.indices)]
        return self.unknown(e.function, entries, self.slots(e.slots, at))

    def compare(self, e: Compare, at: Point) -> int:
        if on_indices(e):
            return int(COMPARISONS[e.operator](_integer(e.left, at, self), _integer(e.right, at, self)))
        return self.unknown(e.operator, self.value(e.left, at), self.value(e.right, at)) % 2

    def logic(self, e: Logic, at: Point) -> int:
        if e.operator == "not":
            return int(not self.value(e.arguments[0], at))
        found = (bool(self.value(a, at)) for a in e.arguments)
        return int(all(found) if e.operator == "and" else any(found))

    def where(self, e: Where, at: Point) -> int:
        return self.value(e.then if self.value(e.condition, at) else e.other, at)

    # ---- symbols ----------------------------------------------------------------------------------
    def delta(self, e: Delta, at: Point) -> int:
        return int(self.slot(e.left, at) == self.slot(e.right, at))

    def generalized_delta(self, e: GeneralizedDelta, at: Point) -> int:
        upper, lower = self.slots(e.upper, at), self.slots(e.lower, at)
        if sorted(upper) != sorted(lower) or len(set(upper)) < len(upper):
            return 0
        return parity([upper.index(s) for s in lower]) % PRIME

    def levi_civita(self, e: LeviCivita, at: Point) -> int:
        slots = self.slots(e.slots, at)
        return parity(slots) % PRIME if len(set(slots)) == len(slots) else 0


def prod_modulo(numbers: Iterable[int]) -> int:
    total = 1
    for x in numbers:
        total = total * x % PRIME
    return total


def _integer(e: Expr, at: Point, here: Modular) -> int | Fraction:
    """The value of a formula of indices, numbers and extents, as it is."""
    if isinstance(e, Literal) and not isinstance(e.value, float):
        return e.value
    if isinstance(e, IndexValue):
        return here.slot(e.index, at)
    if isinstance(e, Extent):
        return here.size(e.space)
    if isinstance(e, (Sum, Product)):
        found: int | Fraction = 0 if isinstance(e, Sum) else 1
        for part in e.terms if isinstance(e, Sum) else e.factors:
            value = _integer(part, at, here)
            found = found + value if isinstance(e, Sum) else found * value
        return found
    if isinstance(e, Power) and isinstance(e.exponent, Literal) and isinstance(e.exponent.value, int):
        base = _integer(e.base, at, here)
        if abs(e.exponent.value) <= MAX_INTEGER and (base or e.exponent.value > 0):
            return Fraction(base) ** e.exponent.value
    if isinstance(e, Apply) and e.function == "abs":
        inside = _integer(e.arguments[0], at, here)
        return inside if inside >= 0 else -inside
    raise Unsupported(f"the condition reads `{e}`")


_VALUE: dict[type[Expr], Callable[[Modular, Any, Point], int]] = {
    Literal: lambda here, e, at: here.number(e.value),
    Constant: lambda here, e, at: here.unknown("constant", e.name),
    Extent: lambda here, e, at: here.size(e.space),
    IndexValue: lambda here, e, at: here.slot(e.index, at),
    Access: Modular.access,
    Delta: Modular.delta,
    GeneralizedDelta: Modular.generalized_delta,
    LeviCivita: Modular.levi_civita,
    MatrixApply: Modular.matrix,
    Sum: Modular.sum,
    Product: Modular.product,
    Power: Modular.power,
    Apply: Modular.function,
    Compare: Modular.compare,
    Logic: Modular.logic,
    Where: Modular.where,
    IndexSum: Modular.index_sum,
    IndexReduce: Modular.reduce,
    IndexMap: Modular.index_map,
}
