"""A polynomial in the extents that no call's need of memory exceeds: what is kept of a graph beside its text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..ir.index import Space

if TYPE_CHECKING:
    from ..ir.graph import Graph, Value
    from ..ir.program import Program

ITEM = -1  # the place that stands for the bytes of a number


@dataclass(frozen=True, slots=True)
class Bound:
    """Bytes beside the inputs: Σ coefficient · Π factors, where a factor is the size of a space, or None for the bytes
    of a floating-point number."""

    terms: tuple[tuple[int, tuple[Space | None, ...]], ...]

    def at(self, sizes: Mapping[Space, int], item: int) -> int:
        """The bytes at these sizes."""
        total = 0
        for product, factors in self.terms:
            for factor in factors:
                product *= item if factor is None else sizes[factor]
            total += product
        return total


def memory_bound(
    program: Program, graph: Graph, spaces: Iterable[Space], threads: int, held: Callable[[Value], bool]
) -> Bound:
    """The bound of `memory_of` for these threads: of each product of extents the most that there is at one time."""
    from ..cost.peak import memory_of
    from ..cost.polynomial import Polynomial
    from ..cost.work import BoundingMeter

    named = {f"s{n}": space for n, space in enumerate(spaces)}
    sizes: dict[Space, Any] = {
        space: space.extent if isinstance(space.extent, int) else Polynomial.of(name) for name, space in named.items()
    }
    factors: dict[str, Space | None] = {**named, "item": None}
    meter = BoundingMeter(sizes, Polynomial.of("item"))  # type: ignore[arg-type]
    memory = memory_of(program, graph, meter, threads, held=held, largest=list)
    most: dict[tuple[Space | None, ...], int] = {}
    points: Any = memory.peak
    for point in points:
        for monomial, coefficient in (point - memory.inputs + Polynomial.of(0)).terms:
            product = tuple(factors[name] for name, power in monomial for _ in range(power))
            most[product] = max(most.get(product, 0), int(coefficient))
    return Bound(tuple((coefficient, product) for product, coefficient in most.items() if coefficient))


def bound_data(bound: Bound, spaces: Sequence[Space]) -> list[Any]:
    """The bound as JSON values; spaces by their place among these."""
    return [[n, [ITEM if s is None else spaces.index(s) for s in factors]] for n, factors in bound.terms]


def bound_of(data: list[Any], spaces: Sequence[Space]) -> Bound:
    """What `bound_data` wrote."""
    return Bound(tuple((int(n), tuple(None if k == ITEM else spaces[k] for k in places)) for n, places in data))
