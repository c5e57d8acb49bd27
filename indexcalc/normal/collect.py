"""Σ_j A_ij x_j + Σ_k A_ki x_k = Σ_j (A_ij + A_ji) x_j: terms that share a factor under their sums, once dummies are
renamed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..ir.expr import Number
from ..ir.index import Index
from .atoms import Atom, substitute
from .canonical import Factor
from .poly import Mono


@dataclass(frozen=True, slots=True)
class Collected:
    """Σ_bound shared · Σ_k c_k Π factors_k."""

    bound: tuple[Index, ...]
    shared: Atom
    terms: tuple[tuple[Number, tuple[Factor, ...]], ...]


def collect(terms: Sequence[tuple[Mono, Number]]) -> tuple[list[Collected], list[tuple[Mono, Number]]]:
    """Groups of two or more terms that are each a contraction of two tensors and share one, and the terms left over.

    Adding before contracting does one contraction in the place of several.
    """
    groups: list[Collected] = []
    rest = list(terms)
    left: list[tuple[Mono, Number]] = []
    while rest:
        mono, c = rest.pop(0)
        found = _group(mono, c, rest)
        if found is None:
            left.append((mono, c))
        else:
            groups.append(found[0])
            rest = found[1]
    return groups, left


def _group(
    mono: Mono, c: Number, others: list[tuple[Mono, Number]]
) -> tuple[Collected, list[tuple[Mono, Number]]] | None:
    pair = _pair(mono)
    if pair is None:
        return None
    for shared in pair:
        terms = [(c, _without(mono.factors, shared))]
        rest = []
        for other, k in others:
            aligned = _aligned(other, mono.bound, shared)
            if aligned is None:
                rest.append((other, k))
            else:
                terms.append((k, aligned))
        if len(terms) > 1:
            return Collected(mono.bound, shared, tuple(terms)), rest
    return None


def _pair(mono: Mono) -> tuple[Atom, Atom] | None:
    """The two tensors of a plain contraction, each to the first power and both holding all dummies."""
    real = [(a, e) for a, e in mono.factors if not a.is_unit]
    if not mono.bound or len(real) != 2 or any(a.kind != "access" or e != 1 for a, e in real):
        return None
    if any(not a.free >= set(mono.bound) for a, _ in real):
        return None
    return real[0][0], real[1][0]


def _aligned(other: Mono, bound: tuple[Index, ...], shared: Atom) -> tuple[Factor, ...] | None:
    """What the other term multiplies the shared factor by, its dummies renamed; None where it does not hold it."""
    pair = _pair(other)
    for own in pair or ():
        if own.head != shared.head or len(own.holes) != len(shared.holes):
            continue
        names: dict[Index, Index] = {}
        for mine, theirs in zip(own.holes, shared.holes):
            if isinstance(mine, Index) and mine in other.bound and isinstance(theirs, Index) and theirs in bound:
                names.setdefault(mine, theirs)
        if len(set(names.values())) == len(other.bound) == len(bound) and substitute(own, dict(names)) == shared:
            return tuple((substitute(a, dict(names)), e) for a, e in _without(other.factors, own))
    return None


def _without(factors: Sequence[Factor], atom: Atom) -> tuple[Factor, ...]:
    return tuple(f for f in factors if f[0] != atom)
