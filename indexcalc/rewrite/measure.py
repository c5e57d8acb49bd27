"""Measures that rules decrease, by name.  Repeated use of a rule ends because its measure is a natural number."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..ir.expr import Delta, Derivative, Expr, IndexReduce, IndexSum, LeviCivita, Literal, Power, Product, Sum
from ..ir.walk import children, slot_indices, slots_of, subexpressions


def nodes(e: Expr) -> int:
    """Nodes of the expression."""
    return sum(1 for _ in subexpressions(e))


def deltas(e: Expr) -> int:
    """Kronecker deltas, counted with their exponents."""
    total = 0
    stack = [(e, 1)]
    while stack:
        now, times = stack.pop()
        if isinstance(now, Delta):
            total += times
        if isinstance(now, Power) and isinstance(now.exponent, Literal) and isinstance(now.exponent.value, int):
            times *= max(1, now.exponent.value)
        stack += [(part, times) for part in children(now)]
    return total


def epsilons(e: Expr) -> int:
    """Levi-Civita symbols."""
    return sum(isinstance(p, LeviCivita) for p in subexpressions(e))


def summed_nodes(e: Expr) -> int:
    """Nodes that stand under a sum, once for each index summed over them."""
    return sum(nodes(p.body) * len(p.indices) for p in subexpressions(e) if isinstance(p, IndexSum))


def sums(e: Expr) -> int:
    """Indices that are summed over."""
    return sum(len(p.indices) for p in subexpressions(e) if isinstance(p, IndexSum))


def differentiated_nodes(e: Expr) -> int:
    """Nodes that stand under each derivative, with exponential weight: two derivatives of parts weigh less than one of
    the whole."""
    return sum(3 ** nodes(p.body) for p in subexpressions(e) if isinstance(p, Derivative))


def means(e: Expr) -> int:
    """Means over indices."""
    return sum(isinstance(p, IndexReduce) and p.operation == "mean" for p in subexpressions(e))


def buried_deltas(e: Expr) -> int:
    """Deltas that stand in a sum which is a factor, once for each such sum around them."""
    total = 0
    for p in subexpressions(e):
        if isinstance(p, Product):
            total += sum(deltas(f) for f in p.factors if isinstance(f, Sum))
    return total


def factors(e: Expr) -> int:
    """Factors of products and terms of sums, counted once each."""
    return sum(len(children(p)) for p in subexpressions(e) if isinstance(p, (Product, Sum)))


def index_names(e: Expr) -> int:
    """Index names in slots, later names weighing more."""
    return sum(_rank(i.name) for p in subexpressions(e) for i in slot_indices(slots_of(p)))


def _rank(name: str) -> int:
    return int.from_bytes(name.encode(), "big") + 1


MEASURES: Mapping[str, Callable[[Expr], int]] = {
    "nodes": nodes,
    "deltas": deltas,
    "epsilons": epsilons,
    "sums": sums,
    "means": means,
    "summed nodes": summed_nodes,
    "differentiated nodes": differentiated_nodes,
    "buried deltas": buried_deltas,
    "factors": factors,
    "index names": index_names,
}
