"""What several rule families ask of terms: their coefficient, equality up to dummy names, whether they are finite."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import permutations

from ..ir.build import ONE, multiply, number
from ..ir.expr import (
    Access,
    Affine,
    Apply,
    Binder,
    Compare,
    Constant,
    Delta,
    Derivative,
    Expr,
    Extent,
    GeneralizedDelta,
    Index,
    IndexMap,
    IndexSum,
    IndexValue,
    LeviCivita,
    Literal,
    Logic,
    Number,
    Partial,
    Power,
    Product,
    Slot,
    Space,
    Sum,
)
from ..ir.walk import children, slots_of, subexpressions

SEARCHED = 4  # dummies of one binder that are tried in every order; more keep the order they have
INDICATORS = (Delta, Compare, Logic)
_BOUNDED = ("sigmoid", "tanh", "erf", "sign", "sin", "cos")


def factors_of(e: Expr) -> tuple[Expr, ...]:
    """The factors of a product, or the expression alone."""
    return e.factors if isinstance(e, Product) else (e,)


def divides(e: Expr) -> bool:
    """A divisor, which reads better behind what it divides."""
    return isinstance(e, Power) and isinstance(e.exponent, Literal) and e.exponent.value < 0


def extent_of(space: Space) -> Expr:
    """The number of values of a space whose extent is known: by name or as a number."""
    return number(space.extent) if isinstance(space.extent, int) else Extent(space)


def split_coefficient(e: Expr) -> tuple[Number, Expr]:
    """The number in front, looked for inside a sum over indices too, and the rest.

    >>> from indexcalc.ir.expr import Space
    >>> x = Access("x", (Index("i", Space("n")),))
    >>> split_coefficient(IndexSum(Product((Literal(2), x)), x.slots))[0]
    2
    """
    if isinstance(e, IndexSum):
        coefficient, rest = split_coefficient(e.body)
        return coefficient, IndexSum(rest, e.indices) if coefficient != 1 else e
    if isinstance(e, Literal):
        return e.value, ONE
    if isinstance(e, Product):
        inner: Number = 1
        others: list[Expr] = []
        for factor in e.factors:
            part, left = split_coefficient(factor) if isinstance(factor, (Literal, IndexSum)) else (1, factor)
            inner = inner * part
            others.append(left)
        return inner, multiply(*others)
    return 1, e


def key(e: Expr, names: dict[Index, str] | None = None) -> str:
    """Text that is equal for terms that differ in dummy names and in the order of factors and terms only."""
    names = names or {}
    if isinstance(e, Binder):
        return _binder_key(e, names)
    if isinstance(e, (Sum, Product)):
        return f"{type(e).__name__}({','.join(sorted(key(c, names) for c in children(e)))})"
    if isinstance(e, Delta):
        return f"Delta({','.join(sorted(_slot_key(s, names) for s in (e.left, e.right)))})"
    slots = ",".join(_slot_key(s, names) for s in ((e.index,) if isinstance(e, Partial) else slots_of(e)))
    parts = ",".join(key(c, names) for c in children(e))
    return f"{_head(e)}[{slots}]({parts})"


def _head(e: Expr) -> str:
    """Whatever of a node is neither a child nor a slot."""
    if isinstance(e, Derivative):
        return f"Derivative:{e.wrt.tensor}:{e.wrt.variance}"
    if isinstance(e, GeneralizedDelta):
        return f"GeneralizedDelta:{len(e.upper)}"
    own = []
    for value in e.fields:
        if isinstance(value, (Expr, Index)) or (isinstance(value, tuple) and value):
            continue
        own.append(repr(value))
    return f"{type(e).__name__}:{':'.join(own)}"


def _slot_key(slot: Slot, names: dict[Index, str]) -> str:
    if isinstance(slot, Index):
        return names.get(slot) or f"{slot.name}:{slot.space.name}"
    if isinstance(slot, Affine):
        return "+".join(sorted(f"{c}*{_slot_key(p, names)}" for c, p in slot.terms)) + f"+{slot.offset}"
    return str(slot) if isinstance(slot, int) else key(slot, names)  # type: ignore[arg-type]


def _binder_key(e: Binder, names: dict[Index, str]) -> str:
    indices: tuple[Index, ...] = e.indices
    body: Expr = e.body
    if isinstance(e, IndexMap):  # its indices are free outside: they keep their names
        along = ",".join(sorted(_slot_key(i, names) for i in indices))
        return f"{e.operation}{e.count}[{along}]({key(body, names)})"
    depth = len(names)
    orders: Iterable[tuple[Index, ...]] = permutations(indices) if len(indices) <= SEARCHED else [indices]
    head = type(e).__name__ + getattr(e, "operation", "")
    texts = []
    for order in orders:
        inner = {**names, **{i: f"#{depth + n}:{i.space.name}" for n, i in enumerate(order)}}
        texts.append(key(body, inner))
    return f"{head}[{len(indices)}]({min(texts)})"


def finite(e: Expr) -> bool:
    """Whether `e` is a finite number for all finite inputs, so that 0 · e is 0 and e − e is 0."""
    if isinstance(e, Literal):
        return not isinstance(e.value, float)
    if isinstance(e, (Access, Constant, Extent, IndexValue, LeviCivita, GeneralizedDelta, *INDICATORS)):
        return True
    if isinstance(e, Power):
        exponent = e.exponent.value if isinstance(e.exponent, Literal) else None
        return isinstance(exponent, int) and exponent >= 0 and finite(e.base)
    if isinstance(e, Apply):
        return e.function in _BOUNDED and all(map(finite, e.arguments))
    if isinstance(e, (Sum, Product, IndexSum)):
        return all(map(finite, children(e)))
    return False


def substitutable(e: Expr, old: Index, new: Slot) -> bool:
    """Whether `new` may take the place of `old` everywhere in `e`: not where something runs along `old` and already
    has `new` (softmax[j](S[i, j]) at j = i has no spelling), and not where `old` must stay an index."""
    return not any(_resists(part, old, new) for part in subexpressions(e))


def _resists(part: Expr, old: Index, new: Slot) -> bool:
    if isinstance(part, IndexMap):
        if old in part.indices:
            return not isinstance(new, Index) or new in part.free
        coming = frozenset() if isinstance(new, int) else new.free
        return old in part.body.free and not coming.isdisjoint(part.indices)
    return isinstance(part, Partial) and part.index == old and not isinstance(new, Index)
