"""The normal form: a polynomial {monomial: coefficient}; a monomial is Σ_bound Π atom^exponent.

Everything non-linear is lifted into a definition of its own before it gets here, so nothing distributes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from fractions import Fraction
from itertools import count
from typing import TypeAlias

from ..ir.build import integer_power, lowest
from ..ir.expr import COMPARISONS, Number
from ..ir.index import Index
from ..ir.node import Node, node
from .atoms import (
    Atom,
    Hole,
    exchangeable,
    extent,
    free_of,
    fresh,
    hole_text,
    slot_order,
    substitute,
    symmetries,
)
from .canonical import Factor, Known, order_indices
from .symmetry import sorted_slots

_set = object.__setattr__


@node
class Mono(Node):
    """Σ over `bound` of the factors' product; dummies are named canonically, so equal monomials are equal objects."""

    bound: tuple[Index, ...]
    factors: tuple[Factor, ...]

    def _find_free(self) -> frozenset[Index]:
        return frozenset[Index]().union(*(a.free for a, _ in self.factors)) - frozenset(self.bound)

    @property
    def text(self) -> str:
        try:
            return self._text  # type: ignore[attr-defined,no-any-return]
        except AttributeError:
            found = f"{[hole_text(b) for b in self.bound]}{[(a.text, str(e)) for a, e in self.factors]}"
            _set(self, "_text", found)
            return found


Poly: TypeAlias = dict[Mono, Number]
UNIT = Mono((), ())


def magnitude(x: Number) -> Number:
    return x if x >= 0 else -x


def constant(value: Number) -> Poly:
    return {UNIT: lowest(value)} if value else {}


def is_number(poly: Poly) -> bool:
    return not poly or (len(poly) == 1 and not next(iter(poly)).factors)


def number_of(poly: Poly) -> Number:
    return next(iter(poly.values())) if poly else 0


def atom_poly(atom: Atom, exponent: Number = 1) -> Poly:
    return make(1, (), [(atom, exponent)])


def term_text(term: tuple[Mono, Number]) -> tuple[str, str]:
    return term[0].text, str(term[1])


def sorted_terms(poly: Poly) -> list[tuple[Mono, Number]]:
    return sorted(poly.items(), key=term_text)


# ---- one monomial ---------------------------------------------------------------------------------
def make(coefficient: Number, bound: Iterable[Index], factors: Iterable[Factor]) -> Poly:
    """The polynomial of one raw monomial: deltas eaten, powers merged, dummies renamed canonically."""
    if coefficient == 0:
        return {}
    known = symmetries()
    left, (merged, sign) = list(bound), _merge(factors, known)
    while sign:
        step = _eat_delta(left, merged)
        if step is None:
            break
        if step is _VANISHES:
            return {}
        merged, turned = _merge(step, known)
        sign *= turned
    scale = _numbers(merged) * sign
    if scale == 0:
        return {}
    used = frozenset[Index]().union(*(a.free for a in merged)) if merged else frozenset()
    for index in [b for b in left if b not in used]:  # Σ_k 1 = |k|
        left.remove(index)
        e = extent(index.space)
        merged[e] = lowest(merged.get(e, 0) + 1)
        if not merged[e]:
            del merged[e]
    mono, turned = _canonical(left, merged.items(), known)
    return {mono: lowest(coefficient * scale * turned)} if turned else {}


def _merge(factors: Iterable[Factor], known: Known) -> tuple[dict[Atom, Number], int]:
    """Powers of equal factors, and the sign of bringing the slots of each in order; 0 where the product is zero."""
    merged: dict[Atom, Number] = {}
    factors, sign = _in_order(factors, known) if known else (factors, 1)
    for atom, exponent in factors:
        merged[atom] = 1 if atom.is_indicator else merged.get(atom, 0) + exponent
    return {a: e if type(e) is int else lowest(e) for a, e in merged.items() if e}, sign


def _in_order(factors: Iterable[Factor], known: Known) -> tuple[list[Factor], int]:
    """Slots that a symmetry exchanges are sorted, free indices before dummies."""
    out: list[Factor] = []
    sign = 1
    for atom, exponent in factors:
        symmetry = exchangeable(atom, exponent, known)
        if symmetry is not None:
            holes, turned = sorted_slots(atom.holes, symmetry, _slot_order)
            if turned or exponent > 0:  # 1/0 stays as it is written
                atom, sign = Atom(atom.kind, atom.name, holes), sign * (turned if not turned or exponent % 2 else 1)
        out.append((atom, exponent))
    return out, sign


def _slot_order(hole: Hole) -> tuple[bool, str]:
    return isinstance(hole, Index) and hole.name.startswith("#"), hole_text(hole)


def _numbers(merged: dict[Atom, Number]) -> Number:
    """Take out the atoms that are plain numbers after a substitution, and give their product."""
    scale: Number = 1
    for atom, exponent in [f for f in merged.items() if f[0].kind != "access"]:
        if atom.kind == "value" and isinstance(atom.holes[0], int):
            if atom.holes[0] == 0 and exponent < 0:
                continue
            if isinstance(exponent, int):
                scale = scale * integer_power(atom.holes[0], exponent)
                del merged[atom]
        elif atom.kind == "compare" and all(isinstance(h, int) for h in atom.holes):
            scale = scale * int(COMPARISONS[atom.name](*atom.holes))
            del merged[atom]
        elif atom.kind == "compare" and atom.holes[0] == atom.holes[1] and isinstance(atom.holes[0], Index):
            scale = scale * int(COMPARISONS[atom.name](0, 0))
            del merged[atom]
        elif atom.kind == "number" and isinstance(exponent, int):
            scale = scale * integer_power(Fraction(atom.name), exponent)
            del merged[atom]
    return scale


_VANISHES: list[Factor] = []


def _eat_delta(bound: list[Index], factors: dict[Atom, Number]) -> list[Factor] | None:
    """One delta step: None when there is nothing to do, _VANISHES for zero, else the new factors."""
    for atom in factors:
        if atom.kind != "delta":
            continue
        a, b = atom.holes
        rest = [(f, e) for f, e in factors.items() if f is not atom]
        if a == b:
            return rest
        if isinstance(a, int) and isinstance(b, int):
            return _VANISHES
        for old, new in ((a, b), (b, a)):
            if isinstance(old, Index) and old in bound and _replaces(old, new):
                bound.remove(old)
                return [(substitute(f, {old: new}), e) for f, e in rest]
        pair = _orient(a, b)  # both free: on its support the delta renames the rest
        if pair is not None and any(pair[0] in f.free for f, _ in rest):
            return [(atom, 1), *((substitute(f, {pair[0]: pair[1]}), e) for f, e in rest)]
    return None


def _replaces(old: Index, new: Hole) -> bool:
    """May the sum over `old` be carried out by putting `new` in its place?  Not over another space, nor by an affine
    form that may leave the range: there the delta is a condition as well."""
    if isinstance(new, Index):
        return old.space == new.space
    return isinstance(new, (int, Atom)) and (isinstance(new, int) or old not in new.free)


def _orient(a: Hole, b: Hole) -> tuple[Index, Hole] | None:
    for old, new in ((a, b), (b, a)):
        if isinstance(old, Index) and not isinstance(new, Index):
            return (old, new) if isinstance(new, int) or (isinstance(new, Atom) and old not in new.free) else None
    if not (isinstance(a, Index) and isinstance(b, Index)) or a.space != b.space:
        return None
    return (b, a) if hole_text(a) < hole_text(b) else (a, b)


def _canonical(bound: Iterable[Index], factors: Iterable[Factor], known: Known) -> tuple[Mono, int]:
    """The monomial with its dummies renamed, and the sign of its slots' order under the new names; 0 for a zero."""
    kept, sign = list(factors), 1
    dummies = list(bound)
    if dummies:
        order, vanishes = order_indices(dummies, [(0, a, e) for a, e in kept], known)
        if vanishes:
            return UNIT, 0
        # a monomial taken out of a sum may hold that sum's dummies: its own must not capture them
        outside = {i.name for a, _ in kept for i in a.free if i.name[0] == "#"} - {i.name for i in dummies}
        free_names = (f"#{n}" for n in count() if f"#{n}" not in outside)
        names = {old: Index(name, old.space) for old, name in zip(order, free_names)}
        dummies = list(names.values())
        if dummies != order:
            kept = [(substitute(a, names), e) for a, e in kept]
            if known:
                kept, sign = _in_order(kept, known)
    return Mono(tuple(dummies), tuple(sorted(kept, key=lambda f: (f[0].text, f[1])))), sign


def is_invertible(mono: Mono) -> bool:
    """May 1/mono be written factor by factor?  Not through a sum, and an indicator has no inverse."""
    return not mono.bound and not any(a.is_indicator for a, _ in mono.factors)


def freshen(mono: Mono, apart: Set[Index] | None = None) -> tuple[tuple[Index, ...], tuple[Factor, ...]]:
    """Bound indices and factors, with the dummies renamed apart from every other index in the workspace.

    With `apart`, they stay as they are where they are none of those indices.
    """
    if not mono.bound or (apart is not None and apart.isdisjoint(mono.bound)):
        return mono.bound, mono.factors
    names = {b: fresh(b.space) for b in mono.bound}
    return tuple(names.values()), tuple((substitute(a, names), e) for a, e in mono.factors)


# ---- polynomials ----------------------------------------------------------------------------------
def add(*polys: Poly) -> Poly:
    if len(polys) == 1:
        return polys[0]
    total: Poly = {}
    for poly in polys:
        for mono, c in poly.items():
            total[mono] = total.get(mono, 0) + c
    return {m: lowest(c) for m, c in total.items() if c != 0}


def scale(poly: Poly, c: Number) -> Poly:
    if c == 1:
        return poly
    return {m: lowest(x * c) for m, x in poly.items()} if c else {}


def multiply(left: Poly, right: Poly) -> Poly:
    for number, other in ((left, right), (right, left)):
        if is_number(number):
            return scale(other, number_of(number))
    out = []
    for m1, c1 in left.items():
        for m2, c2 in right.items():
            (b1, f1), (b2, f2) = freshen(m1, m2.free.union(m2.bound)), freshen(m2, m1.free)
            out.append(make(c1 * c2, b1 + b2, f1 + f2))
    return add(*out)


def bind(poly: Poly, indices: Iterable[Index]) -> Poly:
    """Σ over the indices."""
    over = tuple(indices)
    out = []
    for mono, c in poly.items():
        bound, factors = freshen(mono, frozenset(over))
        out.append(make(c, bound + over, factors))
    return add(*out)


def instantiate(poly: Poly, mapping: Mapping[Index, Hole]) -> Poly:
    """Free indices replaced by holes; dummies are renamed apart first, so nothing is captured."""
    apart = frozenset[Index]().union(mapping, *map(free_of, mapping.values()))
    out = []
    for mono, c in poly.items():
        bound, factors = freshen(mono, apart)
        out.append(make(c, bound, [(substitute(a, mapping), e) for a, e in factors]))
    return add(*out)


def free_indices(poly: Poly) -> list[Index]:
    """In the order of the slots that hold them."""
    free = frozenset[Index]().union(*(m.free for m in poly))
    return slot_order((a for m in poly for a, _ in m.factors), free)


def definition_key(free: Iterable[Index], poly: Poly) -> tuple[str, list[Index]]:
    """A key up to renaming of free *and* bound indices, and the free indices in the key's order."""
    own = list(free)
    dummies: list[Index] = []
    tagged, terms = [], []
    for mono, c in poly.items():
        bound, factors = freshen(mono)
        dummies += bound
        tag = (str(c), len(bound), tuple(sorted(a.head for a, _ in factors)))
        tagged += [(tag, a, e) for a, e in factors]
        terms.append((c, bound, factors))
    known = symmetries()
    order, _ = order_indices([*own, *dummies], tagged, known)
    mine = set(own)
    order = [i for i in order if i in mine] + [i for i in order if i not in mine]
    names = {old: Index(f"#{n}", old.space) for n, old in enumerate(order)}
    lines = []
    for c, bound, factors in terms:
        placed: Iterable[Factor] = [(substitute(a, names), e) for a, e in factors]
        if known:
            placed, sign = _in_order(placed, known)
            c *= sign
        product = sorted((a.text, str(e)) for a, e in placed)
        lines.append(f"{c}*Σ{sorted(hole_text(names[b]) for b in bound)}{product}")
    lines.sort()
    return repr((sorted(hole_text(names[i]) for i in own), lines)), [i for i in order if i in mine]
