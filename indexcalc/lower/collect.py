"""Σ_f A W + Σ_f B W as Σ_f (A + B) W: one contraction instead of two, where a factor is shared.

Derivatives come as sums of monomials, so that x · silu(x W) has two products with the same W in its gradient.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..ir.build import add, multiply
from ..ir.expr import Access, Delta, Expr, IndexSum, Product
from ..ir.index import Index
from ..ir.walk import substitute

# A term seen as Σ_bound factor · rest, the bound indices in the order in which the factor has them.
Seen = tuple[int, tuple[Index, ...], Access, Expr]


def collect(terms: Sequence[Expr]) -> tuple[Expr, ...]:
    """The same sum, with summed products of one shared factor merged."""
    groups: dict[object, list[Seen]] = {}
    for n, term in enumerate(terms):
        for key, seen in _views(n, term):
            groups.setdefault(key, []).append(seen)
    merged: dict[int, Expr] = {}
    used: set[int] = set()
    for found in sorted(groups.values(), key=len, reverse=True):
        members = _alike([s for s in found if s[0] not in used])
        if len(members) > 1:
            used |= {m[0] for m in members}
            merged[members[0][0]] = _merged(members)
    return tuple(merged.get(n, t) for n, t in enumerate(terms) if n in merged or n not in used)


def _views(n: int, term: Expr) -> list[tuple[object, Seen]]:
    """Every way in which the term is a factor that has all of its bound indices, times a rest that has one too.

    A term with a delta has none: alone it is a view or a scatter, in a sum of rests a matrix of zeros and ones.
    """
    term = _pushed_in(term)
    if not isinstance(term, IndexSum) or not isinstance(term.body, Product):
        return []
    if any(isinstance(f, Delta) for f in term.body.factors):
        return []  # beside other terms a δ would be an array; in a product it never is
    found: list[tuple[object, Seen]] = []
    factors = term.body.factors
    if any(isinstance(f, Delta) for f in factors):
        return []
    for position, factor in enumerate(factors):
        if not isinstance(factor, Access):
            continue
        plain = [s for s in factor.slots if isinstance(s, Index)]
        if len(plain) < len(factor.slots):
            continue
        bound = tuple(dict.fromkeys(s for s in plain if s in term.indices))
        rest = multiply(*factors[:position], *factors[position + 1 :])
        if len(bound) != len(term.indices) or rest.free.isdisjoint(bound) or not _is_whole(rest):
            continue
        numbers = {index: k for k, index in enumerate(bound)}
        slots = tuple(numbers.get(s, s) for s in plain)
        found.append(((factor.tensor, slots), (n, bound, factor, rest)))
    return found


def _is_whole(rest: Expr) -> bool:
    """Whether some factor has all of the indices, and none is a delta: else the merged factor is an outer product or a
    mask, larger than what it is made of, and two sums that never form it are cheaper."""
    factors = rest.factors if isinstance(rest, Product) else (rest,)
    return any(f.free >= rest.free for f in factors) and not any(isinstance(f, Delta) for f in factors)


def _pushed_in(term: Expr) -> Expr:
    """c · Σ f as Σ c · f, for a c without indices."""
    if not isinstance(term, Product):
        return term
    sums = [f for f in term.factors if isinstance(f, IndexSum)]
    rest = [f for f in term.factors if not isinstance(f, IndexSum)]
    if len(sums) != 1 or any(f.free for f in rest):
        return term
    return IndexSum(multiply(*rest, sums[0].body), sums[0].indices)


def _alike(found: list[Seen]) -> list[Seen]:
    """Those whose rests have the first one's free indices; the bound ones renamed to its names.  A term counts once."""
    if not found:
        return []
    _, bound, _, first = found[0]
    members: list[Seen] = []
    for n, own, factor, rest in found:
        if any(n == m[0] for m in members) or (set(bound) - set(own)) & rest.free:
            continue
        renamed = substitute(rest, dict(zip(own, bound)))
        if renamed.free == first.free:
            members.append((n, bound, factor, renamed))
    return members


def _merged(members: list[Seen]) -> Expr:
    _, bound, factor, _ = members[0]
    return IndexSum(multiply(factor, add(*(rest for _, _, _, rest in members))), bound)
