"""Out of the normal form: definitions as expressions, with index names that a reader knows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import TypeAlias

from ..ir import build
from ..ir.expr import (
    Access,
    Apply,
    Compare,
    Constant,
    Delta,
    Expr,
    Extent,
    Index,
    IndexMap,
    IndexReduce,
    LeviCivita,
    Literal,
    MatrixApply,
    Number,
    Product,
    Slot,
    Space,
    Sum,
    Where,
)  # fmt: skip
from ..ir.index import Affine
from ..ir.walk import slot_value
from .atoms import Atom, Hole, exchangeable, hole_text, substitute, symmetries
from .canonical import Factor
from .collect import Collected, collect
from .definitions import Definition, Part, substitute_payload
from .poly import Mono, Poly, magnitude, sorted_terms
from .symmetry import other_sign

Inline: TypeAlias = Mapping[str, Definition]  # definitions that are written where they are read


class Names:
    """Index names per space, in the order in which the user introduced them; more are made with primes."""

    def __init__(self, known: Iterable[Index], taken: Iterable[str]) -> None:
        self.pool: dict[Space, list[Index]] = {}
        self.taken = set(taken)
        for index in known:
            pool = self.pool.setdefault(index.space, [])
            if index not in pool:
                pool.append(index)
            self.taken.add(index.name)

    def choose(self, space: Space, used: Iterable[Index], wishes: Iterable[Index] = ()) -> Index:
        """A name for this space that is not used yet: one that is wished for, else the earliest introduced."""
        pool, busy = self.pool.setdefault(space, []), set(used)
        for index in (*(w for w in wishes if w in pool), *pool):
            if index not in busy:
                return index
        name = pool[0].name if pool else "i"
        while name in self.taken:
            name += "'"
        self.taken.add(name)
        pool.append(Index(name, space))
        return pool[-1]

    def rename(
        self, indices: Iterable[Index], used: Iterable[Index], wishes: Mapping[Index, list[Index]] | None = None
    ) -> dict[Index, Index]:
        """Names for indices that have none a reader would know; the others keep theirs."""
        busy, out = list(used), {}
        for index in indices:
            own = index in self.pool.get(index.space, ()) and index not in busy
            out[index] = index if own else self.choose(index.space, busy, (wishes or {}).get(index, ()))
            busy.append(out[index])
        return out


def slot_of(hole: Hole) -> Slot:
    if isinstance(hole, Atom):
        return Access(hole.name, tuple(slot_of(h) for h in hole.holes))
    if isinstance(hole, Affine):
        return Affine(tuple((c, slot_of(p)) for c, p in hole.terms), hole.offset)  # type: ignore[misc,arg-type]
    assert isinstance(hole, (Index, int))
    return hole


class Leaver:
    """Writes definitions as expressions.  `inline` are the definitions that get no statement of their own; `slots`
    are the names' own indices, after which dummies are called where that is free (V[j, a] is summed over a).

    `means`: whether a sum is divided by the extents of its indices behind the sum, as in a mean, which over nothing is
    0/0, where a sum of quotients is 0.
    """

    def __init__(
        self, names: Names, inline: Inline, slots: Mapping[str, tuple[Index, ...]] | None = None, means: bool = False
    ) -> None:
        self.names, self.inline, self.slots, self.means = names, inline, slots or {}, means

    def definition(self, d: Definition) -> tuple[tuple[Index, ...], Expr]:
        """The definition's indices under readable names, and its right side."""
        names = self.names.rename(d.free, ())
        return tuple(names[i] for i in d.free), self.right_side(d, names, tuple(names.values()))

    def right_side(self, d: Definition, names: Mapping[Index, Hole], used: tuple[Index, ...]) -> Expr:
        payload = substitute_payload(d.payload, names)
        if isinstance(payload, dict):
            return self.poly(payload, used)
        return self.operation(d.kind, payload, used)

    # ---- operations ---------------------------------------------------------------------------------
    def operation(self, kind: str, parts: tuple[Part, ...], used: tuple[Index, ...]) -> Expr:
        first = parts[0]
        if kind == "map":
            arguments = tuple(self.operand(p, used) for p in parts[1])  # type: ignore[union-attr]
            return build.power(*arguments) if first == "**" else Apply(str(first), arguments)
        if kind == "where":
            assert isinstance(first, Mono)
            holds = build.multiply(*(self.atom(a, used) for a, _ in first.factors))
            return Where(holds, self.operand(parts[1], used), self.operand(parts[2], used))
        if kind in ("inv", "det", "logdet"):
            assert isinstance(first, Atom)
            r, c = (slot_of(h) for h in first.holes)
            return MatrixApply(kind, first.name, (c, r) if kind == "inv" else ())
        over = tuple(i for i in parts[1] if isinstance(i, Index))  # type: ignore[union-attr]
        if kind in ("softmax", "cumsum", "topk"):
            count = parts[2] if kind == "topk" else 0
            assert isinstance(count, int)
            return IndexMap(kind, self.operand(first, used), over, count)
        bound = self.names.rename(over, used)
        assert isinstance(first, Atom)
        body = self.operand(substitute(first, bound), (*used, *bound.values()))
        return IndexReduce(kind, body, tuple(bound.values()))

    def operand(self, part: Part, used: tuple[Index, ...]) -> Expr:
        if isinstance(part, Literal):
            return part
        assert isinstance(part, Atom)
        return self.atom(part, used)

    def atom(self, a: Atom, used: tuple[Index, ...]) -> Expr:
        if a.kind == "access":
            d = self.inline.get(a.name)
            if d is None:
                return Access(a.name, tuple(slot_of(h) for h in a.holes))
            names = dict(zip(d.free, a.holes))
            return self.right_side(d, names, (*used, *a.free))
        if a.kind == "delta":
            return Delta(*(slot_of(h) for h in a.holes))
        if a.kind == "compare":
            return Compare(a.name, *(self.value(h, used) for h in a.holes))
        if a.kind == "value":
            return self.value(a.holes[0], used)
        if a.kind == "extent":
            return self.extent(a.holes[0], used)
        if a.kind == "epsilon":
            return LeviCivita(tuple(slot_of(h) for h in a.holes))
        return Constant(a.name) if a.kind == "constant" else build.number(Fraction(a.name))

    def extent(self, space: Hole, used: tuple[Index, ...]) -> Expr:
        """A number where it is declared as one, its name where it has one, else Σ_i 1."""
        assert isinstance(space, Space)
        if isinstance(space.extent, int):
            return Literal(space.extent)
        return Extent(space) if space.extent else build.index_sum(build.ONE, (self.names.choose(space, used),))

    def value(self, hole: Hole, used: tuple[Index, ...]) -> Expr:
        """What a hole stands for, as a number."""
        if isinstance(hole, Atom):
            return self.atom(hole, used)
        return hole if isinstance(hole, Literal) else slot_value(slot_of(hole))

    # ---- polynomials --------------------------------------------------------------------------------
    def poly(self, poly: Poly, used: tuple[Index, ...]) -> Expr:
        if len(poly) == 1:
            ((mono, c),) = poly.items()
            return self.monomial(mono, c, used)
        collected, rest = collect(sorted_terms(poly))
        terms = []
        for mono, c in map(_turned, rest):
            outer, groups = components(mono)
            items = [_Item(a.text, e, self.atom(a, used)) for a, e in outer]
            for bound, factors in groups:
                part = self.sum_of(bound, factors, 1, used)
                items.append(_Item(repr(part), 1, part))
            terms.append((c, tuple(u for item in items for u in item.units())))
        return _sum([*(self.collected(g, used) for g in collected), *((_factored(terms),) if terms else ())])

    def collected(self, group: Collected, used: tuple[Index, ...]) -> Expr:
        names = self.names.rename(group.bound, used, self._wishes(group.bound, [(group.shared, 1)]))
        inside = (*used, *names.values())

        def items(factors: Sequence[Factor]) -> tuple[_Item, ...]:
            renamed = [(substitute(a, names), e) for a, e in factors]
            return tuple(_Item(a.text, e, self.atom(a, inside)) for a, e in renamed)

        inner = _factored([(c, items(factors)) for c, factors in group.terms])
        body = build.multiply(inner, self.atom(substitute(group.shared, names), inside))
        return build.index_sum(body, _by_appearance(names.values(), body))

    def monomial(self, mono: Mono, c: Number, used: tuple[Index, ...]) -> Expr:
        """One sum over one product where the dummies are all connected, else a product of sums."""
        mono, c = _turned((mono, c))
        outer, groups = components(mono)
        if len(groups) <= 1:
            return self.sum_of(mono.bound, mono.factors, c, used)
        parts = [self.sum_of(b, f, 1, used) for b, f in groups]
        return _product(c, [_Item(a.text, e, self.atom(a, used)) for a, e in outer], parts)

    def sum_of(self, bound: tuple[Index, ...], factors: Sequence[Factor], c: Number, used: tuple[Index, ...]) -> Expr:
        spaces = {i.space for i in bound} if self.means else set()
        divisors = [(a, e) for a, e in factors if a.kind == "extent" and a.holes[0] in spaces and magnitude(e) != e]
        if divisors:
            whole = self.sum_of(bound, [f for f in factors if f not in divisors], c, used)
            return _product(1, [_Item(a.text, e, self.atom(a, used)) for a, e in divisors], [whole])
        names = self.names.rename(bound, used, self._wishes(bound, factors))
        inside = (*used, *names.values())
        renamed = [(substitute(a, names), e) for a, e in factors]
        body = _product(magnitude(c), [_Item(a.text, e, self.atom(a, inside)) for a, e in renamed], [])
        whole = build.index_sum(body, _by_appearance(names.values(), body))
        return -whole if c < 0 else whole  # -A[i, j] x[j] needs no sum to be written

    def _wishes(self, bound: tuple[Index, ...], factors: Iterable[Factor]) -> dict[Index, list[Index]]:
        """For each dummy, what the tensors call the slots that it stands in."""
        wishes: dict[Index, list[Index]] = {i: [] for i in bound}
        for atom, _ in factors:
            for own, hole in zip(self.slots.get(atom.name, ()), atom.holes):
                if isinstance(hole, Index) and hole in wishes:
                    wishes[hole].append(own)
        return wishes


def _turned(term: tuple[Mono, Number]) -> tuple[Mono, Number]:
    """−A_ij as A_ji, where A is antisymmetric."""
    mono, c = term
    known = symmetries()
    for n, (atom, e) in enumerate(mono.factors if known and c < 0 else ()):
        symmetry = exchangeable(atom, e, known)
        if symmetry is not None and e % 2 and (holes := other_sign(atom.holes, symmetry)):
            turned = (*mono.factors[:n], (Atom(atom.kind, atom.name, holes), e), *mono.factors[n + 1 :])
            return Mono(mono.bound, turned), -c
    return term


def _by_appearance(indices: Iterable[Index], body: Expr) -> tuple[Index, ...]:
    order = body.free_indices
    return tuple(sorted(indices, key=lambda i: order.index(i) if i in order else len(order)))


def components(mono: Mono) -> tuple[list[Factor], list[tuple[tuple[Index, ...], list[Factor]]]]:
    """Factors without dummies, and the groups of the others that are connected through dummies."""
    bound = frozenset(mono.bound)
    outer = [f for f in mono.factors if bound.isdisjoint(f[0].free)]
    groups: list[tuple[frozenset[Index], list[Factor]]] = []
    for f in mono.factors:
        mine = f[0].free & bound
        if not mine:
            continue
        joined = [g for g in groups if g[0] & mine]
        groups = [g for g in groups if not g[0] & mine]
        groups.append((mine.union(*(g[0] for g in joined)), [x for g in joined for x in g[1]] + [f]))
    out = [(tuple(sorted(b, key=hole_text)), fs) for b, fs in groups]
    return outer, sorted(out, key=lambda g: ([hole_text(b) for b in g[0]], [a.text for a, _ in g[1]]))


class _Item:
    """A factor of a product, known by its text, with its exponent."""

    __slots__ = ("exponent", "expr", "text")

    def __init__(self, text: str, exponent: Number, expr: Expr) -> None:
        self.text, self.exponent, self.expr = text, exponent, expr

    def units(self) -> list[_Item]:
        """x³ as x x x, so that one x can be factored out."""
        if not isinstance(self.exponent, int) or abs(self.exponent) > 4:
            return [self]
        sign = 1 if self.exponent > 0 else -1
        return [_Item(self.text, sign, self.expr) for _ in range(abs(self.exponent))]

    @property
    def key(self) -> tuple[str, str]:
        return self.text, str(self.exponent)


_Term = tuple[Number, tuple[_Item, ...]]


def _factored(terms: list[_Term]) -> Expr:
    """Σ c Π items with common factors pulled out: a number that all have, then the most frequent first (Horner)."""
    if len(terms) == 1:
        return _product(terms[0][0], terms[0][1], [])
    common = _common_number(terms)
    if magnitude(common) != 1:
        return _product(common, [], [_factored(_divided(terms, common))])
    count = Counter(k for _, items in terms for k in {i.key for i in items})
    best = max(sorted(count), key=lambda k: count[k], default=None)
    if best is None or count[best] == 1:
        return _sum([_product(c, items, []) for c, items in terms])
    inside: list[_Term] = []
    rest: list[_Term] = []
    for term in terms:
        (inside if any(i.key == best for i in term[1]) else rest).append(term)
    shared = next(i for i in inside[0][1] if i.key == best)
    times = min(sum(i.key == best for i in items) for _, items in inside)  # x² a + x² b is x² (a + b)
    common = _common_number(inside)
    left = [(c, _without(items, best, times)) for c, items in _divided(inside, common)]
    out = _product(common, [shared] * times, [_factored(left)])
    return _sum([out, _factored(rest)]) if rest else out


def _common_number(terms: list[_Term]) -> Number:
    """The magnitude that all coefficients have, or the fraction of which all are multiples; else 1.  Negative where all
    of them are."""
    sizes = [magnitude(c) for c, _ in terms]
    least = min(sizes)
    multiples = isinstance(least, Fraction) and all(Fraction(n / least).denominator == 1 for n in sizes)
    common = least if multiples or len(set(sizes)) == 1 else 1
    return -common if all(c < 0 for c, _ in terms) else common


def _divided(terms: list[_Term], number: Number) -> list[_Term]:
    return [(c * build.integer_power(number, -1), items) for c, items in terms]


def _sum(terms: Iterable[Expr]) -> Expr:
    """p - y rather than -y + p: what is subtracted comes last."""
    return build.add(*sorted(_flat(terms), key=_is_negative))


def _flat(terms: Iterable[Expr]) -> list[Expr]:
    return [t for term in terms for t in (term.terms if isinstance(term, Sum) else (term,))]


def _is_negative(e: Expr) -> bool:
    first = e.factors[0] if isinstance(e, Product) else e
    return isinstance(first, Literal) and first.value < 0


def _without(items: tuple[_Item, ...], key: tuple[str, str], times: int) -> tuple[_Item, ...]:
    """The items without the first few of those with the key."""
    places = [n for n, i in enumerate(items) if i.key == key][:times]
    return tuple(i for n, i in enumerate(items) if n not in places)


def _product(c: Number, items: Iterable[_Item], more: list[Expr]) -> Expr:
    """Number first, then what multiplies, then what divides."""
    exponents: dict[str, Number] = {}
    exprs: dict[str, Expr] = {}
    for i in items:
        exponents[i.text] = exponents.get(i.text, 0) + i.exponent
        exprs[i.text] = i.expr
    above = [build.power(exprs[t], build.number(e)) for t, e in exponents.items() if e > 0]
    below = [build.power(exprs[t], build.number(e)) for t, e in exponents.items() if e < 0]
    above.sort(key=_kind_order)
    return build.multiply(build.number(c), *above, *more, *below)


def _kind_order(e: Expr) -> int:
    """Tensors, then sums in brackets, then indicators and deltas."""
    return 2 if isinstance(e, (Compare, Delta)) else isinstance(e, Sum) + 0
