"""Sums of products in a graph, opened: the factors behind multiplications, squares and signs, with what is summed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..ir.graph import Broadcast, Contract, Map, Operand, Reduce, Value
from ..ir.index import Index
from ..ir.walk import fresh_index
from .builder import Builder
from .contraction import contract
from .estimate import Uses, inside

MAX_FACTORS = 64
LINEAR = (Map("multiply"), Map("negative"))


@dataclass(frozen=True, slots=True)
class Opened:
    """coefficient · Σ over `bound` of Π factors, labelled by the axes of the value that it is.

    `through`: the values between that value and its factors, which the opened form does without.
    """

    coefficient: float
    factors: tuple[Operand, ...]
    bound: tuple[Index, ...]
    through: tuple[Value, ...]


def opened(value: Value, uses: Uses) -> Opened | None:
    """A sum of a product, also behind factors without labels if nothing else needs the bare sum; else None."""
    coefficient: float = 1
    factors: list[Operand] = []
    through: list[Value] = []
    core = Operand(value, value.axes)
    while core.value.operation in LINEAR:
        parts = inside(core)
        wide = [o for o in parts if o.labels]
        if len(wide) != 1 or uses.only(wide[0].value) is None or wide[0].kind not in ("float", "real"):
            return None
        coefficient = -coefficient if core.value.operation == Map("negative") else coefficient
        factors += [o for o in parts if not o.labels]
        core = wide[0]
        through.append(core.value)
    summed = core.value
    if not isinstance(summed.operation, Contract) and summed.operation != Reduce("sum"):
        return None
    label = dict(zip(summed.axes, core.labels))
    taken = {x.name for x in core.labels}
    for x in dict.fromkeys(x for o in summed.operands for x in o.labels):
        if x not in label:
            label[x] = fresh_index(x, taken) if x.name in taken else x
            taken.add(label[x].name)
    bound = tuple(x for own, x in label.items() if own not in summed.axes)
    for operand in summed.operands:
        sign, found, inner = factors_of(Operand(operand.value, tuple(label[x] for x in operand.labels)))
        coefficient *= sign
        factors += found
        through += inner
    return Opened(coefficient, tuple(factors), bound, tuple(through)) if len(factors) <= MAX_FACTORS else None


def factors_of(operand: Operand) -> tuple[float, list[Operand], list[Value]]:
    """(number, factors, values gone through) of an operand that is their product."""
    coefficient: float = 1
    factors: list[Operand] = []
    through: list[Value] = []
    stack = [operand]
    while stack and len(factors) + len(stack) <= MAX_FACTORS:
        now = stack.pop()
        operation = now.value.operation
        number = now.number()
        if number is not None:
            coefficient *= number
        elif isinstance(operation, Broadcast) or (operation in LINEAR and now.kind in ("float", "real")):
            coefficient = -coefficient if operation == Map("negative") else coefficient
            stack += reversed(inside(now))
            through.append(now.value)
        elif operation == Map("square"):
            stack += inside(now) * 2
            through.append(now.value)
        else:
            factors.append(now)
    return coefficient, [*factors, *reversed(stack)], through


def as_number(coefficient: float) -> float:
    """A whole number as an integer: it scales arrays without making them wider."""
    return int(coefficient) if float(coefficient).is_integer() and abs(coefficient) < 1 << 53 else coefficient


def sum_of_product(
    build: Builder, coefficient: float, factors: Sequence[Operand], bound: Sequence[Index], out: Sequence[Index]
) -> Operand:
    """coefficient · Σ over `bound` of Π factors, its axes in the order of `out` if that is free."""
    have = frozenset[Index]().union(*(o.label_set for o in factors))
    scalars = [build.number(coefficient)] if coefficient != 1 else []
    scalars += [o for o in factors if not o.labels]
    scalars += [build.size(x.space) for x in bound if x not in have]  # what no factor has counts its values
    return contract(build, [o for o in factors if o.labels], [x for x in out if x in have], scalars)
