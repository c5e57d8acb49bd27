"""Walks over expressions: children, rebuilding, capture-free substitution, indices in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from operator import attrgetter
from typing import Any

from ..diagnostics import fail
from .build import add, index_sum, multiply, power
from .expr import (
    Access,
    Affine,
    Apply,
    Binder,
    Compare,
    Delta,
    Derivative,
    Expr,
    GeneralizedDelta,
    Index,
    IndexMap,
    IndexReduce,
    IndexSum,
    IndexValue,
    LeviCivita,
    Logic,
    MatrixApply,
    Partial,
    Power,
    Product,
    Slot,
    Sum,
    Where,
    substitute_slot,
)  # fmt: skip


def _body(e: Binder | Partial | Derivative) -> tuple[Expr, ...]:
    return (e.body,)


# By class: every walk asks each node for both, and a table answers in a third of the time of a chain of questions.
_CHILDREN: Mapping[type[Expr], Callable[[Any], tuple[Expr, ...]]] = {
    Sum: attrgetter("terms"),
    Product: attrgetter("factors"),
    Apply: attrgetter("arguments"),
    Logic: attrgetter("arguments"),
    Power: attrgetter("base", "exponent"),
    Compare: attrgetter("left", "right"),
    Where: attrgetter("condition", "then", "other"),
    IndexSum: _body,
    IndexReduce: _body,
    IndexMap: _body,
    Partial: _body,
    Derivative: _body,
}
_SLOTS: Mapping[type[Expr], Callable[[Any], tuple[Slot, ...]]] = {
    Access: attrgetter("slots"),
    LeviCivita: attrgetter("slots"),
    MatrixApply: attrgetter("slots"),
    Delta: attrgetter("left", "right"),
    GeneralizedDelta: lambda e: e.upper + e.lower,
    IndexValue: lambda e: (e.index,),
    Derivative: lambda e: e.wrt.slots,
}


def children(e: Expr) -> tuple[Expr, ...]:
    """Direct sub-expressions (not those inside slots)."""
    find = _CHILDREN.get(type(e))
    return find(e) if find is not None else ()


def rebuild(e: Expr, new: tuple[Expr, ...]) -> Expr:
    """`e` with its children replaced, in canonical form."""
    if isinstance(e, Sum):
        return add(*new)
    if isinstance(e, Product):
        return multiply(*new)
    if isinstance(e, Apply):
        return Apply(e.function, new)
    if isinstance(e, Logic):
        return Logic(e.operator, new)
    if isinstance(e, Power):
        return power(*new)
    if isinstance(e, Compare):
        return Compare(e.operator, *new)
    if isinstance(e, Where):
        return Where(*new)
    if isinstance(e, IndexSum):
        return index_sum(new[0], e.indices)
    if isinstance(e, IndexReduce):
        return IndexReduce(e.operation, new[0], e.indices)
    if isinstance(e, IndexMap):
        return IndexMap(e.operation, new[0], e.indices, e.count)
    if isinstance(e, Partial):
        return Partial(new[0], e.index)
    if isinstance(e, Derivative):
        return Derivative(new[0], e.wrt)
    return e


def slots_of(e: Expr) -> tuple[Slot, ...]:
    """The slots of a leaf."""
    find = _SLOTS.get(type(e))
    return find(e) if find is not None else ()


def with_slots(e: Expr, slots: tuple[Slot, ...]) -> Expr:
    """A leaf with other slots.  The value of an index that became a number or an affine form is spelled out."""
    if isinstance(e, Access):
        return e.with_slots(slots)
    if isinstance(e, LeviCivita):
        return LeviCivita(slots)
    if isinstance(e, MatrixApply):
        return MatrixApply(e.function, e.tensor, slots)
    if isinstance(e, Delta):
        return Delta(*slots)
    if isinstance(e, GeneralizedDelta):
        return GeneralizedDelta(slots[: len(e.upper)], slots[len(e.upper) :])
    if isinstance(e, IndexValue):
        return slot_value(slots[0])
    return e


def slot_value(slot: Slot) -> Expr:
    """What a slot stands for, as a number."""
    from .build import lift

    if isinstance(slot, Index):
        return IndexValue(slot)
    if isinstance(slot, int):
        return lift(slot)
    if isinstance(slot, Affine):
        return add(*(multiply(lift(c), slot_value(p)) for c, p in slot.terms), lift(slot.offset))
    assert isinstance(slot, Expr)
    return slot


def subexpressions(e: Expr) -> Iterator[Expr]:
    """Every expression inside `e`, itself first, gathers in slots included; depth first, no recursion."""
    stack = [e]
    while stack:
        now = stack.pop()
        yield now
        kind = type(now)
        if kind in _CHILDREN:
            stack += reversed(_CHILDREN[kind](now))
        if kind in _SLOTS:
            for slot in _SLOTS[kind](now):
                if type(slot) is Access:
                    stack.append(slot)
                elif type(slot) is Affine:
                    stack += [p for _, p in slot.terms if isinstance(p, Expr)]


def slot_indices(slots: Iterable[Slot]) -> list[Index]:
    """Every index written in the slots, gathers and affine forms included, in order, repetitions kept."""
    found: list[Index] = []
    for slot in slots:
        if isinstance(slot, Index):
            found.append(slot)
        elif isinstance(slot, Affine):
            found += slot_indices(part for _, part in slot.terms)
        elif isinstance(slot, Access):
            found += slot_indices(slot.slots)
    return found


def indices_in(e: Expr) -> Iterator[Index]:
    """Every index that the expression writes, bound ones included, in order of appearance, repetitions kept."""
    for part in subexpressions(e):
        if isinstance(part, Binder):
            yield from part.indices
        elif isinstance(part, Partial):
            yield part.index
        yield from slot_indices(slots_of(part))


def free_in_order(e: Expr) -> tuple[Index, ...]:
    """Free indices by first appearance."""
    found: dict[Index, None] = {}
    for part in subexpressions(e):
        for index in slot_indices(slots_of(part)):
            if index in e.free:
                found.setdefault(index)
    for index in sorted(e.free - found.keys(), key=lambda i: i.name):
        found.setdefault(index)
    return tuple(found)


def bound_in_order(e: Expr) -> tuple[Index, ...]:
    """Indices that some binder inside binds."""
    found: dict[Index, None] = {}
    for part in subexpressions(e):
        if isinstance(part, Binder) and not part.keeps:
            for index in part.indices:
                found.setdefault(index)
    return tuple(found)


def tensors_in(e: Expr) -> frozenset[str]:
    """Names of the tensors read."""
    return frozenset(p.tensor for p in subexpressions(e) if isinstance(p, (Access, MatrixApply)))


def fresh_index(like: Index, taken: Iterable[Index] | Iterable[str]) -> Index:
    """`like`, with as many primes as make its name differ from those taken."""
    names = {t.name if isinstance(t, Index) else t for t in taken}
    name = like.name
    while name in names:
        name += "'"
    return Index(name, like.space)


def substitute(e: Expr, mapping: dict[Index, Slot]) -> Expr:
    """Replace free indices by slots everywhere; bound indices are renamed apart where they would capture."""
    mapping = {k: v for k, v in mapping.items() if k in e.free}
    if not mapping:
        return e
    if isinstance(e, Binder):
        return _substitute_binder(e, mapping)
    if isinstance(e, Partial):
        new = mapping.get(e.index, e.index)
        return Partial(substitute(e.body, mapping), new if isinstance(new, Index) else e.index)
    if isinstance(e, Derivative):
        wrt = e.wrt.with_slots(tuple(substitute_slot(s, mapping) for s in e.wrt.slots))
        return Derivative(substitute(e.body, mapping), wrt)
    parts = children(e)
    if parts:
        return rebuild(e, tuple(substitute(p, mapping) for p in parts))
    return with_slots(e, tuple(substitute_slot(s, mapping) for s in slots_of(e)))


def _substitute_binder(e: Binder, mapping: dict[Index, Slot]) -> Expr:
    indices: tuple[Index, ...] = e.indices
    body: Expr = e.body
    if e.keeps:  # softmax[j] and its like: the index is renamed with the body where it can be
        new = tuple(mapping.get(i, i) for i in indices)
        images = (mapping.get(i, i) for i in body.free - set(indices))
        others = frozenset[Index]().union(*(s.free for s in images if not isinstance(s, int)))
        if not all(isinstance(i, Index) for i in new) or len(set(new)) < len(new) or not others.isdisjoint(new):
            # softmax[j](S[i, j]) at j = i or at j = 0 has no spelling
            operation: str = e.operation  # type: ignore[attr-defined]
            hint = f"define {operation}[…](…) in a line of its own, and use the defined tensor's slots"
            raise fail("IX930", f"an index that `{operation}` runs along cannot take this value here", hint=hint)
        return IndexMap(e.operation, substitute(body, mapping), new, e.count)  # type: ignore[attr-defined,arg-type]
    incoming = frozenset[Index]().union(*(s.free for s in mapping.values() if not isinstance(s, int)))
    renamed: dict[Index, Slot] = {}
    taken = incoming | body.free | frozenset(indices)
    for index in indices:
        if index in incoming:
            renamed[index] = fresh = fresh_index(index, taken)
            taken |= {fresh}
    new_indices = tuple(renamed.get(i, i) for i in indices)
    new_body = substitute(body, {**mapping, **renamed})
    if isinstance(e, IndexSum):
        return IndexSum(new_body, new_indices)  # type: ignore[arg-type]
    return IndexReduce(e.operation, new_body, new_indices)  # type: ignore[attr-defined,arg-type]


def transform(e: Expr, visit: Callable[[Expr], Expr]) -> Expr:
    """Bottom-up: children first, then `visit` on the rebuilt node."""
    parts = children(e)
    new = tuple(transform(p, visit) for p in parts)
    return visit(rebuild(e, new) if any(a is not b for a, b in zip(new, parts)) else e)
