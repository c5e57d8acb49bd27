"""Folding the backward pass onto the forward's definitions: a cost-guided search over equal forms.

Moves on a monomial:
  fold     a definition T[free] = c Σ Π p^d occurs inside it      → cofactor · T[σ(free)]
  unfold   an access T[slots] is replaced by what T stands for    → a polynomial
The cheapest state wins; a monomial stays as it is unless another state is strictly cheaper.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator

from ..ir.build import integer_power
from ..ir.expr import Literal, Number
from ..ir.index import Index
from ..normal import poly as nf
from ..normal.atoms import Atom, names_in, substitute
from ..normal.canonical import Factor
from ..normal.definitions import Definition, Definitions
from ..normal.poly import Mono, Poly
from .cost import CostModel
from .library import Library, Pattern, Sigma, matches
from .structure import orthogonal_facts

EXPAND_TERMS, EXPAND_FACTORS, EXPAND_ROUNDS = 8, 10, 8  # a proof of zero gives up beyond these
BEAM = 2  # next states kept: folds overlap rarely
MAX_STATES = 400  # per definition; a hit is counted in `stats`, the monomial then stays as it is
DEPTH = 2  # unfoldings tried in a row
MAX_OPENED_TERMS, MAX_OPENED_POWER = 3, 3
MAX_LOOKED_INTO = 64  # terms; in a longer sum nothing is opened, since each opening folds the whole sum anew

Rank = tuple[float, float, int, int, tuple[str, ...]]


class Folder:
    """`keep`: names that must survive; `trial` gives the definitions that vanish on numbers, worth an attempt at a
    proof, and is called only when some definition may."""

    def __init__(
        self, store: Definitions, cost: CostModel, keep: Iterable[str], trial: Callable[[], Collection[str]]
    ) -> None:
        self.store, self.cost = store, cost
        self.keep = set(keep)
        self._trial = trial
        self._suspects: Collection[str] | None = None
        self.library = Library()
        self.uses: Counter[str] = Counter()
        self.stats: Counter[str] = Counter()
        self.backward: set[str] = set()
        self.folded_onto: dict[str, list[str]] = {}
        self._memo: dict[tuple[Mono, int], Poly] = {}
        self._banned: str | None = None  # a pattern that would only undo the opening under trial
        self._deep = False

    # ---- the whole program --------------------------------------------------------------------------
    def run(self, backward: Iterable[str]) -> None:
        """Fold every definition named; the others are only learned from."""
        backward = set(backward)
        needed = {d.name for d in self.store.live(self.keep | (set(self.store.table) - backward))}
        self.backward = needed & backward
        for fact in orthogonal_facts(self.store):
            self.library.add(*fact)
        for name in needed:  # dead definitions read nothing
            self.uses.update(_occurrences(self.store.table[name]))
        unread: list[Definition] = []  # learned from when there is something to fold
        for d in list(self.store.table.values()):
            if d.name not in needed:
                continue
            if d.kind == "poly" and d.name in self.backward:
                for earlier in unread:
                    self._learn(earlier)
                unread = []
                self._rewrite(d)
            unread.append(d)

    def _rewrite(self, d: Definition) -> None:
        d.payload = self._without_zeros(d.poly)
        chosen = self._choose(d)
        if chosen != d.payload:
            before = set(_occurrences(d))
            self.uses.subtract(_occurrences(d))
            d.payload = chosen
            self.uses.update(_occurrences(d))
            self.folded_onto[d.name] = sorted(set(_occurrences(d)) - before)

    def _learn(self, d: Definition) -> None:
        """Add a definition to the library, with the facts Σ_k T = simpler (Σ_j P_ij = 1, Σ_k (x − μ)_k = 0)."""
        self.library.add_definition(d)
        self._mask_fact(d)
        if d.virtual or not d.polys or d.name in self.backward:
            return
        for k in d.free:
            if not self._may_sum_away(d, k):
                continue
            summed = nf.bind(nf.atom_poly(d.whole()), [k])
            ((mono, c),) = summed.items()
            self._memo = {}
            better = self._best(mono, c, 1, force=True)
            if mono not in better and not any(m.bound for m in better) and self._rank(better) < self._rank({mono: 1}):
                self.stats["facts"] += 1
                self.library.add("Σ" + d.name, tuple(i for i in d.free if i is not k), summed, better)

    def _may_sum_away(self, d: Definition, k: Index) -> bool:
        """Could Σ_k of what d stands for lose its sum?  Decided on heads alone: in each term another pattern occurs,
        or nothing holds k."""
        return any(all(self._term_may_sum_away(d, m, k) for m in poly) for poly in d.polys)

    def _term_may_sum_away(self, d: Definition, mono: Mono, k: Index) -> bool:
        if not mono.bound and k not in mono.free:
            return True
        heads = frozenset(a.head for a, _ in mono.factors)
        return any(p.name != d.name for p in self.library.candidates(heads))

    def _mask_fact(self, d: Definition) -> None:
        """softmax(where(c, x, −inf)) and exp of it vanish where c does not hold: P·[c] = P; where(c, x, 0) is x·[c]."""
        if d.kind == "where" and d.parts[2] == Literal(0) and isinstance(d.parts[1], Atom):
            chosen: list[Factor] = [(d.parts[1], 1), *d.parts[0].factors]  # type: ignore[union-attr]
            self.library.add(d.name, d.free, nf.make(1, (), chosen), nf.atom_poly(d.whole()))
            return
        if d.kind == "softmax":
            argument = d.parts[0]
        elif d.kind == "map" and d.parts[0] == "exp":
            argument = d.parts[1][0]  # type: ignore[index]
        else:
            return
        w = self.store.table.get(argument.name) if isinstance(argument, Atom) else None
        if w is None or w.kind != "where" or w.parts[2] != Literal(-math.inf):
            return
        assert isinstance(argument, Atom)
        names = dict(zip(w.free, argument.holes))
        holds = [(substitute(a, names), e) for a, e in w.parts[0].factors]  # type: ignore[union-attr]
        self.stats["facts"] += 1
        whole = nf.atom_poly(d.whole())
        self.library.add("[c]" + d.name, d.free, nf.multiply(whole, nf.make(1, (), holds)), whole)

    # ---- one definition -----------------------------------------------------------------------------
    def _choose(self, d: Definition) -> Poly:
        """The best of: as is, folded term by term, with a definition that only d reads opened and folded, zero."""
        suspect = self._may_vanish(d) and d.name in self.suspects
        self._memo, self._deep = {}, suspect
        chosen = min((d.poly, self._folded(d.poly)), key=lambda p: self._true_cost(d, p))
        here = _occurrences(d)
        for name in sorted(here) if len(d.poly) <= MAX_LOOKED_INTO else ():
            if name not in self.backward or name in self.keep or self.uses[name] != here[name]:
                continue
            for start in (d.poly, chosen):
                opened = self._opened(start, name)
                if opened is not None and opened != start:
                    self._memo, self._banned = {}, name
                    chosen = min(chosen, self._folded(opened), key=lambda p: self._true_cost(d, p))
                    self._memo, self._banned = {}, None
        multiplied_out = self._multiplied_out(chosen)
        if multiplied_out is not None:
            chosen = min(chosen, multiplied_out, key=lambda p: self._true_cost(d, p))
        if suspect and any(self._vanishes(poly) for poly in (d.poly, chosen)):
            self.stats["cancelled"] += 1
            return {}
        return chosen

    @property
    def suspects(self) -> Collection[str]:
        if self._suspects is None:
            self._suspects = self._trial()
        return self._suspects

    def _may_vanish(self, d: Definition) -> bool:
        """Distinct products of inputs are independent and never add up to zero: something else has to be read.  One
        product vanishes only by a fact such as Σ_k (x − μ)_k = 0, or through a cotangent of several terms."""
        if not any(a.is_indicator or a.name in self.store.table for a in d.atoms()):
            return False
        if len(d.poly) > 1 or self.stats["facts"]:
            return True
        cotangents = (self.store.table[n] for n in d.reads() if n in self.backward)
        return any(t.kind == "poly" and len(t.poly) > 1 for t in cotangents)

    def _vanishes(self, poly: Poly) -> bool:
        """A proof of zero: the terms cancel once expanded, or once what they then hold is folded (Σ E = Z, Z/Z = 1)."""
        expanded = self._expand(poly)
        if not expanded:
            return expanded is not None and bool(poly)
        return not self._sums_named(expanded)

    def _sums_named(self, poly: Poly) -> Poly:
        """Every forward sum that occurs (Σ E) read by its name (Z), which can then cancel."""
        out: list[Poly] = []
        pending = nf.sorted_terms(poly)
        while pending:
            mono, c = pending.pop()
            steps = self._fold_steps(mono, lambda p: bool(p.bound) and p.name not in self.backward)
            shorter = next((s for s in steps if all(len(m.bound) < len(mono.bound) for m in s)), None)
            if shorter is None:
                out.append({mono: c})
            else:
                pending += nf.sorted_terms(nf.scale(shorter, c))
        return nf.add(*out)

    def _folded(self, poly: Poly) -> Poly:
        """Search depth is spent where it pays: everywhere in a suspect, one unfolding under a sum, none elsewhere."""
        return nf.add(
            *(self._best(m, c, DEPTH if self._deep else (1 if m.bound else 0)) for m, c in nf.sorted_terms(poly))
        )

    def _opened(self, poly: Poly, name: str) -> Poly | None:
        """poly with every access to the named definition replaced by what it stands for."""
        out: list[Poly] = []
        pending = nf.sorted_terms(poly)
        while pending:
            mono, c = pending.pop()
            if not any(a.head == name for a, _ in mono.factors):
                out.append({mono: c})
                continue
            piece = next(self._unfold_steps(mono, c, force=True, only=lambda d: d.name == name), None)
            if piece is None or len(pending) > EXPAND_TERMS:
                return None
            pending += nf.sorted_terms(piece)
        return nf.add(*out)

    def _multiplied_out(self, poly: Poly) -> Poly | None:
        """poly with sumless factors of several terms multiplied out, as p (1 - y) - y (1 - p) is p - y.

        None where fewer than two terms have such a factor, so that nothing can cancel, or where it grows too large.
        """

        known = self.library.definitions
        wide = {a.name for m in poly for a, _ in m.factors if a.kind == "access" and _is_wide(known.get(a.name))}
        if not wide or sum(any(a.name in wide for a, _ in m.factors) for m in poly) < 2:
            return None
        out: list[Poly] = []
        pending = nf.sorted_terms(poly)
        while pending:
            mono, c = pending.pop()
            piece = next(self._unfold_steps(mono, c, force=True, only=_is_wide), None)
            if piece is None:
                out.append({mono: c})
            else:
                pending += nf.sorted_terms(piece)
            if len(out) + len(pending) > EXPAND_TERMS:
                return None
        return nf.add(*out)

    def _without_zeros(self, poly: Poly) -> Poly:
        """Drop the terms that read what a fold has shown to be zero."""
        zero = {n for n in self.backward if self.store.table[n].kind == "poly" and not self.store.table[n].payload}
        return {m: c for m, c in poly.items() if not any(a.head in zero for a, _ in m.factors)}

    # ---- one monomial -------------------------------------------------------------------------------
    def _best(self, mono: Mono, c: Number, depth: int, force: bool = False) -> Poly:
        """The cheapest polynomial found that equals c · mono."""
        key = (mono, depth)
        known = self._memo.get(key)
        if known is None:
            if len(self._memo) > MAX_STATES:
                self.stats["state_limit"] += 1
                return {mono: c}
            self._memo[key] = {mono: 1}  # a state in progress offers nothing better
            self.stats["states"] += 1
            candidates: list[Poly] = [{mono: 1}]
            for piece in self._front(self._fold_steps(mono)):
                candidates.append(nf.add(*(self._best(m, x, depth) for m, x in piece.items())))
            if depth:
                for piece in self._unfold_steps(mono, 1, force):
                    candidates.append(nf.add(*(self._best(m, x, depth - 1) for m, x in piece.items())))
            known = self._memo[key] = min(candidates, key=self._rank)
        return nf.scale(known, c)

    def _front(self, pieces: Iterable[Poly]) -> list[Poly]:
        """The beam: the few cheapest next states stand for all orders of folding."""
        distinct = {tuple(sorted((m.text, str(c)) for m, c in p.items())): p for p in pieces}
        return sorted(distinct.values(), key=self._rank)[:BEAM]

    def _fold_steps(self, mono: Mono, only: Callable[[Pattern], bool] | None = None) -> Iterator[Poly]:
        heads = frozenset(a.head for a, _ in mono.factors)
        for p in self.library.candidates(heads):
            if p.name == self._banned or (only is not None and not only(p)):
                continue
            for sigma, rest, sign in matches(p, mono, self.stats):
                self.stats["folds"] += 1
                yield _put_in(p, sigma, mono, rest, sign)

    def _unfold_steps(
        self, mono: Mono, c: Number, force: bool = False, only: Callable[[Definition], bool] | None = None
    ) -> Iterator[Poly]:
        # The outer dummies are renamed first: the opened sum's own take the canonical names, and would capture them.
        bound, factors = nf.freshen(mono)
        for n, (atom, e) in enumerate(factors):
            d = self.library.definitions.get(atom.name) if atom.kind == "access" else None
            if d is None or (only is not None and not only(d)):
                continue
            others = factors[:n] + factors[n + 1 :]
            for poly in d.polys:
                if _may_open(poly, e) and (force or self._promising(d, poly, others, e)):
                    self.stats["unfolds"] += 1
                    yield _opened_factor(poly, d, atom, int(e), bound, others, c)

    def _promising(self, d: Definition, poly: Poly, others: tuple[Factor, ...], e: Number) -> bool:
        """Would unfolding let some *other* pattern match, or something cancel?  Decided on heads alone."""
        around = frozenset(a.head for a, _ in others)
        sign = {a.head: x > 0 for a, x in others}
        for mono in poly:
            inside = frozenset(a.head for a, _ in mono.factors)
            for a, x in mono.factors:
                if a.kind == "access" and sign.get(a.head, x * e > 0) != (x * e > 0):
                    return True
            for p in self.library.candidates(inside | around):
                if p.name != d.name and p.heads & inside and (p.heads & around or len(p.heads) == 1):
                    return True
        return False

    def _expand(self, poly: Poly) -> Poly | None:
        """Unfold everything that can be, so that terms which cancel meet.  None when it grows too large."""
        for _ in range(EXPAND_ROUNDS):
            out: list[Poly] = []
            changed = False
            for mono, c in poly.items():
                piece = next(self._unfold_steps(mono, c, force=True, only=self._opens), None)
                changed |= piece is not None
                out.append({mono: c} if piece is None else piece)
            poly = nf.add(*out)
            if not poly or not changed:
                return poly
            if len(poly) > EXPAND_TERMS or max(len(m.factors) for m in poly) > EXPAND_FACTORS:
                return None
        return None

    def _opens(self, d: Definition) -> bool:
        """Expansion opens backward definitions and forward products without a sum.  Opening a sum would part Z from
        Z⁻¹ and hide the very cancellation that is looked for."""
        polys = d.polys
        return d.name in self.backward or (len(polys) == 1 and len(polys[0]) == 1 and not next(iter(polys[0])).bound)

    # ---- what is cheapest ---------------------------------------------------------------------------
    def _rank(self, poly: Poly) -> Rank:
        """Multiplications, then factors, then text: a total order, so the choice does not depend on the order of
        search."""
        work, factors = 0.0, 0
        names: set[str] = set()
        for mono in poly:
            w, n = self.cost.monomial(mono)
            work, factors = work + w, factors + n
            names.update(a.head for a, _ in mono.factors)
        return work, factors, len(poly), len(names), tuple(sorted(m.text for m in poly))

    def _true_cost(self, d: Definition, poly: Poly) -> Rank:
        """Cost of the part of the program that depends on this choice: d itself and the backward definitions that
        this choice keeps alive or lets die.  The proposals are guesses; this decides."""
        after = Counter(self.uses)
        after.subtract(_occurrences(d))
        after.update(_names(poly))
        work, factors, terms, names, text = self._rank(poly)
        for n in self._changed(after, _names(poly), alive=False):
            w, k = self.cost.definition(self.store.table[n])
            work, factors = work + w, factors + k
        for n in self._changed(after, _occurrences(d), alive=True):
            w, k = self.cost.definition(self.store.table[n])
            work, factors = work - w, factors - k
        return work, factors, terms, names, text

    def _changed(self, after: Counter[str], start: Iterable[str], alive: bool) -> list[str]:
        """Backward definitions that were `alive` and no longer are once the uses are `after`, or the other way round;
        what they read in turn is counted in `after`."""
        changed: list[str] = []
        pending = list(start)
        while pending:
            n = pending.pop()
            if n not in self.backward or n in self.keep or n in changed:
                continue
            if (self.uses[n] > 0) == alive and (after[n] > 0) != alive:
                changed.append(n)
                reads = _occurrences(self.store.table[n])
                if alive:
                    after.subtract(reads)
                else:
                    after.update(reads)
                pending += list(reads)
        return changed


def _names(poly: Poly) -> Iterator[str]:
    return (n for m in poly for a, _ in m.factors for n in names_in(a))


def _occurrences(d: Definition) -> Counter[str]:
    return Counter(_names(d.poly)) if d.kind == "poly" else Counter(d.reads())


def _put_in(p: Pattern, sigma: Sigma, mono: Mono, rest: list[Factor], sign: int) -> Poly:
    """The monomial with the match replaced by the pattern's result, times the sign of the match."""
    image = {sigma[b] for b in p.bound}
    bound = tuple(b for b in mono.bound if b not in image)
    slots = {i: sigma[i] for i in p.free}
    out = []
    for m, c1 in p.result.items():
        b, f = nf.freshen(m)
        placed = [(substitute(a, slots), e) for a, e in f]
        for u, c2 in p.unit.items():
            out.append(nf.make(sign * c1 * c2, bound + b, [*rest, *u.factors, *placed]))
    return nf.add(*out)


def _is_wide(d: Definition | None) -> bool:
    """Whether d is a polynomial of several terms without sums."""
    return d is not None and d.kind == "poly" and len(d.poly) > 1 and not any(m.bound for m in d.poly)


def _may_open(poly: Poly, e: Number) -> bool:
    """A power of a polynomial is opened where that stays small: integers, negative ones only through a plain
    product."""
    if not isinstance(e, int) or not poly or len(poly) > MAX_OPENED_TERMS:
        return False
    return e == 1 or (len(poly) == 1 and (0 < e <= MAX_OPENED_POWER or nf.is_invertible(next(iter(poly)))))


def _opened_factor(
    poly: Poly, d: Definition, atom: Atom, e: int, bound: tuple[Index, ...], others: tuple[Factor, ...], c: Number
) -> Poly:
    inner = nf.instantiate(poly, dict(zip(d.free, atom.holes)))
    if e < 0:
        inner = {Mono(m.bound, tuple((a, -x) for a, x in m.factors)): integer_power(k, -1) for m, k in inner.items()}
    piece = nf.constant(1)
    for _ in range(abs(e)):
        piece = nf.multiply(piece, inner)
    out = []
    for m, k in piece.items():
        b, f = nf.freshen(m)
        out.append(nf.make(c * k, bound + b, others + f))
    return nf.add(*out)
