"""Resolved terms: every name understood and every occurrence counted, sums not yet decided, spaces not yet known.

This is the form between the syntax tree and `Expr`.  `references` and `expressions` make it, `summation` decides what
is summed where (`Term.sums`), `building` turns it into `Expr`.  An index is known by its key: its name, or a letter
with a serial number behind a NUL for the private letters of einsum and tr.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias, Union

from ..diagnostics import Span
from ..ir.expr import Expr


@dataclass(frozen=True, slots=True)
class IndexSlot:
    key: str
    span: Span
    mark: str = ""  # "^" or "_" where the position is written


@dataclass(frozen=True, slots=True)
class LiteralSlot:
    value: int
    span: Span
    mark: str = ""


@dataclass(frozen=True, slots=True)
class GatherSlot:
    """An integer tensor's component as a slot."""

    tensor: str
    slots: tuple[SlotTerm, ...]
    span: Span
    mark: str = ""


@dataclass(frozen=True, slots=True)
class AffineSlot:
    terms: tuple[tuple[int, IndexSlot | GatherSlot], ...]
    offset: int
    span: Span
    mark: str = ""


SlotTerm: TypeAlias = Union[IndexSlot, LiteralSlot, GatherSlot, AffineSlot]
Counts: TypeAlias = "dict[str, int]"


@dataclass(slots=True, eq=False)
class Term:
    """`counts`: how often each index that is not bound inside occurs in one term of this."""

    span: Span
    counts: Counts
    sums: tuple[str, ...] = field(default=(), init=False)


@dataclass(slots=True, eq=False)
class Leaf(Term):
    """kind: access, delta, generalised, eps, matrix, ones, value, extent, expr, or coordinate (the i of ∂_i).

    `name` is the tensor, matrix function's tensor, index key or extent; `detail` the matrix function; `split` how many
    slots are upper ones of a generalised delta.
    """

    kind: str
    name: str = ""
    slots: tuple[SlotTerm, ...] = ()
    detail: str = ""
    split: int = 0
    expr: Expr | None = None


@dataclass(slots=True, eq=False)
class Join(Term):
    """kind: sum, product, power, apply, where, compare, logic, partial, derivative.

    `operators`: "+" or "-" for each term of a sum; "" or "/" for each factor of a product; else the name.
    """

    kind: str
    parts: tuple[Term, ...]
    operators: tuple[str, ...] = ()


@dataclass(slots=True, eq=False)
class Bind(Term):
    """sum and the reductions remove their indices; softmax, cumsum and topk (`keeps`) leave them free."""

    operation: str
    keys: tuple[str, ...]
    body: Term
    keeps: bool = False
    count: int = 0


ADDING = frozenset({"product", "partial", "derivative"})  # their parts' counts add; elsewhere the maximum counts


def leaf_counts(slots: Iterable[SlotTerm]) -> Counts:
    """Occurrences in slots, gathers and affine forms included."""
    counts: Counts = {}
    for slot in slots:
        if isinstance(slot, IndexSlot):
            counts[slot.key] = counts.get(slot.key, 0) + 1
        elif not isinstance(slot, LiteralSlot):
            for inner in indices_in(slot):
                counts[inner.key] = counts.get(inner.key, 0) + 1
    return counts


def indices_in(slot: SlotTerm) -> Iterator[IndexSlot]:
    """The index occurrences in a slot, in order."""
    if isinstance(slot, IndexSlot):
        yield slot
    elif isinstance(slot, GatherSlot):
        for inner in slot.slots:
            yield from indices_in(inner)
    elif isinstance(slot, AffineSlot):
        for _, part in slot.terms:
            yield from indices_in(part)


def leaf(
    span: Span, kind: str, name: str = "", slots: tuple[SlotTerm, ...] = (), detail: str = "", split: int = 0
) -> Leaf:
    return Leaf(span, leaf_counts(slots), kind, name, slots, detail, split)


def constant(span: Span, expr: Expr) -> Leaf:
    """A number, or any expression without indices."""
    return Leaf(span, {}, "expr", expr=expr)


def join(span: Span, kind: str, parts: tuple[Term, ...], operators: tuple[str, ...] = ()) -> Join:
    """A join, its counts added up or compared."""
    if len(parts) == 1:
        return Join(span, parts[0].counts, kind, parts, operators)
    counts: Counts = {}
    if kind in ADDING:
        for part in parts:
            for key, n in part.counts.items():
                counts[key] = counts.get(key, 0) + n
    else:
        for part in parts:
            for key, n in part.counts.items():
                if counts.get(key, 0) < n:
                    counts[key] = n
    return Join(span, counts, kind, parts, operators)


def bind(span: Span, operation: str, keys: tuple[str, ...], body: Term, keeps: bool = False, count: int = 0) -> Bind:
    """A binder: its indices count not at all outside, or once where it keeps them."""
    counts = {k: n for k, n in body.counts.items() if k not in keys}
    if keeps:
        counts = {**dict.fromkeys(keys, 1), **counts}
    return Bind(span, counts, operation, keys, body, keeps, count)


def occurrences(term: Term, key: str) -> list[Term]:
    """The leaves and keeping binders that hold the index where it is not bound, in order."""
    found: list[Term] = []
    stack = [term]
    while stack:
        now = stack.pop()
        if key not in now.counts:
            continue
        if isinstance(now, Leaf):
            found.append(now)
        elif isinstance(now, Join):
            stack += reversed(now.parts)
        elif isinstance(now, Bind):
            if key in now.keys:
                found.append(now)
            else:
                stack.append(now.body)
    return found


def base_name(key: str) -> str:
    """The name that a key starts from.

    >>> base_name("k"), base_name("k\\0" + "3")
    ('k', 'k')
    """
    return key.partition("\0")[0]
