"""Patterns: what a definition stands for, filed under its rarest head, and all ways in which one occurs in a
monomial."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ..ir.build import integer_power
from ..ir.expr import Number
from ..ir.index import Index
from ..normal import poly as nf
from ..normal.atoms import Atom, Hole, exchangeable, free_of, symmetries
from ..normal.canonical import Factor
from ..normal.definitions import Definition
from ..normal.poly import Mono, Poly
from ..normal.symmetry import Symmetry, spellings

Sigma = Mapping[Index, Hole]
MATCH_NODES = 2000  # steps of one match: k equal factors meet n others in n!/(n - k)! ways


@dataclass(frozen=True, slots=True)
class Pattern:
    """Σ_bound Π factors · unit⁻¹ = result, at the free indices.  Extents and numbers are units, divided out.

    `anchored` are the free indices that stand in a tensor's slot.  The others stand in conditions and deltas only,
    whose operands need not be valid slots: [y_k ≤ i] and [p + q ≤ i] are no T[i, j] = [j ≤ i].
    """

    name: str
    free: tuple[Index, ...]
    anchored: frozenset[Index]
    bound: tuple[Index, ...]
    factors: tuple[Factor, ...]
    unit: Poly
    result: Poly
    heads: frozenset[str]


class Library:
    """Patterns by head; a pattern is tried only where all its heads occur."""

    def __init__(self) -> None:
        self.by_head: dict[str, list[Pattern]] = {}
        self.definitions: dict[str, Definition] = {}  # for unfolding

    def add_definition(self, d: Definition) -> None:
        self.definitions[d.name] = d
        for poly in d.polys:
            if len(poly) == 1:
                ((mono, c),) = poly.items()
                if isinstance(c, float):  # ±inf cannot be divided out
                    continue
                self.add(d.name, d.free, poly, nf.atom_poly(d.whole()))
                if nf.is_invertible(mono):  # σ = √v also says that 1/√v is 1/σ
                    inverse = nf.make(integer_power(c, -1), (), [(a, -e) for a, e in mono.factors])
                    self.add(d.name, d.free, inverse, nf.atom_poly(d.whole(), -1))

    def add(self, name: str, free: tuple[Index, ...], poly: Poly, result: Poly) -> None:
        ((mono, coefficient),) = poly.items()
        bound, factors = nf.freshen(mono)  # pattern dummies differ from every target's
        core = [f for f in factors if not f[0].is_unit]
        if not core or (not bound and len(core) == 1 and core[0][1] == 1):
            return  # an alias or a multiple: value numbering's job
        if not any(a.kind == "access" for a, _ in core):
            return
        if not frozenset[Index]().union(*(a.free for a, _ in core)) >= set(free):
            return  # T[i, j] = x[i]: what j stands for would be undetermined
        units = [(a, -e) for a, e in factors if a.is_unit]
        unit = nf.make(integer_power(coefficient, -1), (), units)
        heads = frozenset(a.head for a, _ in core)
        pattern = Pattern(name, free, _in_slots(core), bound, _connected_order(core), unit, result, heads)
        rarest = min(heads, key=lambda h: (len(self.by_head.get(h, ())), h))
        self.by_head.setdefault(rarest, []).append(pattern)

    def candidates(self, heads: frozenset[str]) -> Iterator[Pattern]:
        for head in sorted(heads):
            for p in self.by_head.get(head, ()):
                if p.heads <= heads:
                    yield p


def _in_slots(factors: Iterable[Factor]) -> frozenset[Index]:
    """Indices that stand in some tensor's slot, plainly or through a gather."""
    found: set[Index] = set()
    pending: list[Hole] = [a for a, _ in factors]
    while pending:
        atom = pending.pop()
        if isinstance(atom, Atom):
            pending += atom.holes
            if atom.kind == "access":
                found.update(h for h in atom.holes if isinstance(h, Index))
    return frozenset(found)


def _connected_order(factors: list[Factor]) -> tuple[Factor, ...]:
    """Each factor shares an index with an earlier one where possible, so that matching fails early."""
    rest, out = list(factors), []
    seen: frozenset[Index] = frozenset()
    while rest:
        rest.sort(key=lambda f: (-len(seen & f[0].free), -len(f[0].free), f[0].text))
        out.append(rest.pop(0))
        seen |= out[-1][0].free
    return tuple(out)


def _unify(hole: Hole, slot: Hole, sigma: Sigma, own: frozenset[Index]) -> Sigma | None:
    """Extend sigma so that the pattern's hole becomes the slot; None when impossible."""
    if isinstance(hole, Index) and hole in own:
        known = sigma.get(hole)
        if known is not None:
            return sigma if known == slot else None
        if isinstance(slot, Index) and slot.space != hole.space:
            return None
        return {**sigma, hole: slot}
    if isinstance(hole, Atom):
        if not isinstance(slot, Atom) or slot.head != hole.head:
            return None
        return _unify_all(hole.holes, slot.holes, sigma, own)
    if not free_of(hole).isdisjoint(own):
        return None  # an affine form of the pattern's own indices: not solved for
    return sigma if hole == slot else None


def _unify_all(holes: tuple[Hole, ...], slots: tuple[Hole, ...], sigma: Sigma, own: frozenset[Index]) -> Sigma | None:
    for h, s in zip(holes, slots):
        extended = _unify(h, s, sigma, own)
        if extended is None:
            return None
        sigma = extended
    return sigma


def matches(pattern: Pattern, mono: Mono, stats: Counter[str]) -> Iterator[tuple[Sigma, list[Factor], int]]:
    """All (sigma, remaining factors, sign) by which the pattern occurs in the monomial; backtracks over equal heads
    and over the spellings of symmetric tensors, where the sign comes from.  Beyond `MATCH_NODES` steps the search ends,
    which is counted in `stats`."""
    own = frozenset(pattern.free) | frozenset(pattern.bound)
    remaining = dict(mono.factors)
    known = symmetries()
    end = stats["match_nodes"] + MATCH_NODES

    def search(n: int, sigma: Sigma, sign: int) -> Iterator[tuple[Sigma, list[Factor], int]]:
        if stats["match_nodes"] >= end:
            stats["match_limit"] += 1
            return
        stats["match_nodes"] += 1
        if n == len(pattern.factors):
            if _legal(pattern, sigma, mono.bound, remaining):
                yield sigma, [(a, e) for a, e in remaining.items() if e], sign
            return
        want, exponent = pattern.factors[n]
        for atom, _ in mono.factors:
            have = remaining[atom]
            if atom.head != want.head or have * exponent <= 0 or nf.magnitude(have) < nf.magnitude(exponent):
                continue
            for holes, turned in _spellings(atom, exponent, known):
                extended = _unify_all(want.holes, holes, sigma, own)
                if extended is not None:
                    remaining[atom] = have - exponent
                    yield from search(n + 1, extended, sign * turned)
                    remaining[atom] = have

    yield from search(0, {}, 1)


def _spellings(atom: Atom, exponent: Number, known: Mapping[str, Symmetry]) -> Iterable[tuple[tuple[Hole, ...], int]]:
    """The orders of the atom's slots that mean the same, each with the sign that the factor takes in it."""
    if atom.commutes:
        return (atom.holes, 1), (atom.holes[::-1], 1)
    symmetry = exchangeable(atom, exponent, known) if known else None
    if symmetry is None:
        return ((atom.holes, 1),)
    return [(holes, sign if exponent % 2 else 1) for holes, sign in spellings(atom.holes, symmetry)]


def _legal(pattern: Pattern, sigma: Sigma, bound: tuple[Index, ...], remaining: Mapping[Atom, Number]) -> bool:
    """Summed indices map to distinct summed indices that nothing outside the match uses: a factor that holds the
    dummy is consumed whole, or Σ A² would become (Σ A) A."""
    images = [sigma[b] for b in pattern.bound]
    if any(not isinstance(i, Index) or i not in bound for i in images) or len(set(images)) != len(images):
        return False
    gone = frozenset(i for i in images if isinstance(i, Index))
    if any(e and not gone.isdisjoint(a.free) for a, e in remaining.items()):
        return False
    if any(not isinstance(sigma.get(i), Index) and i not in pattern.anchored for i in pattern.free):
        return False
    slots = [sigma.get(i) for i in pattern.free]
    if not pattern.bound and len(set(slots)) < len(slots):
        return False  # xᵢ² is plainer than the diagonal of x xᵀ, and no dearer
    return all(i in sigma and gone.isdisjoint(free_of(sigma[i])) for i in pattern.free)
