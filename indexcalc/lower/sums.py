"""n-ary sums: terms of one shape first, small before large, −1 as a subtraction, one-hot terms added in place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..ir.build import multiply
from ..ir.expr import Access, Delta, Expr, IndexSum, Literal, Product, Sum
from ..ir.graph import Operand
from ..ir.index import Index, Slot
from .builder import Builder
from .collect import collect
from .deltas import add_at

if TYPE_CHECKING:
    from .expressions import Lowering


def lower_sum(low: Lowering, e: Sum, wanted: Sequence[Index] = ()) -> Operand:
    """The sum of the terms."""
    spots, terms = _spots(e)
    parts = [_part(low, t, wanted) for t in collect(terms)]
    result = added(low.build, parts)
    for index, slot, amount in spots:
        base = low.build.floating(low.build.numeric(result))
        base = low.build.broadcast(base, e.free)
        result = add_at(low, base, index, slot, low.lower(amount))
    return result


def _part(low: Lowering, term: Expr, wanted: Sequence[Index]) -> tuple[bool, Operand]:
    """(subtracted, operand) of a term: its sign is taken out where it is −1 times the rest."""
    turned = _turned(term)
    if turned is not None:
        return True, low.build.numeric(low.lower(turned, wanted))
    return False, low.build.numeric(low.lower(term, wanted))


def _turned(term: Expr) -> Expr | None:
    """−term, where the term begins with a negative number, also behind a Σ."""
    if isinstance(term, IndexSum):
        inner = _turned(term.body)
        return None if inner is None else IndexSum(inner, term.indices)
    if isinstance(term, Product) and isinstance(term.factors[0], Literal):
        value = term.factors[0].value
        if not isinstance(value, float) and value < 0:
            return multiply(Literal(-value), *term.factors[1:])
    return None


def added(build: Builder, parts: Sequence[tuple[bool, Operand]]) -> Operand:
    """Signed parts, summed within each set of labels, then from the smallest set to the largest."""
    groups: dict[frozenset[Index], list[tuple[bool, Operand]]] = {}
    for part in parts:
        groups.setdefault(part[1].label_set, []).append(part)
    totals = [(labels, _signed_sum(build, group)) for labels, group in sorted(groups.items(), key=lambda g: len(g[0]))]
    roots: list[tuple[bool, Operand]] = []
    for n, (labels, part) in enumerate(totals):
        # A small term joins the smallest later one that spans it: a + b[j] is added up before it meets S[i, j].
        into = next((m for m in range(n + 1, len(totals)) if totals[m][0] >= labels), None)
        if into is None:
            roots.append(part)
        else:
            totals[into] = (totals[into][0], _signed_sum(build, (totals[into][1], part)))
    return build.numeric(_unsigned(build, _signed_sum(build, roots)))


def _signed_sum(build: Builder, parts: Sequence[tuple[bool, Operand]]) -> tuple[bool, Operand]:
    """The sum of signed operands; the result may itself be one to be subtracted."""
    ordered = sorted(parts, key=lambda p: p[0])  # what is added comes first, so that fewer signs are turned
    negative, total = ordered[0]
    for sign, operand in ordered[1:]:
        total = build.map("subtract" if sign != negative else "add", total, operand)
    return negative, total


def _unsigned(build: Builder, part: tuple[bool, Operand]) -> Operand:
    return build.map("negative", part[1]) if part[0] else part[1]


def _spots(e: Sum) -> tuple[list[tuple[Index, Slot, Expr]], list[Expr]]:
    """(spots, other terms).  A spot is amount · δ(index, slot) beside a term that spans the whole sum."""
    spots: list[tuple[Index, Slot, Expr]] = []
    others: list[Expr] = []
    for term in e.terms:
        found = _spot(term)
        whole = any(t.free == e.free for t in e.terms if t is not term and _spot(t) is None)
        if found is not None and whole:
            spots.append(found)
        else:
            others.append(term)
    return spots, others


def _spot(term: Expr) -> tuple[Index, Slot, Expr] | None:
    factors = term.factors if isinstance(term, Product) else (term,)
    deltas = [f for f in factors if isinstance(f, Delta)]
    if len(deltas) != 1:
        return None
    rest = multiply(*(f for f in factors if f is not deltas[0]))
    for index, slot in ((deltas[0].left, deltas[0].right), (deltas[0].right, deltas[0].left)):
        if not isinstance(index, Index) or isinstance(slot, int) or index in slot.free or index in rest.free:
            continue
        if isinstance(slot, Index) and slot.space == index.space:
            return index, slot, rest
        if not isinstance(slot, Index) and isinstance(slot, Access):
            return index, slot, rest
    return None
