"""From folded definitions to statements: inlining of what is read once, row statistics, names, and the program."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from ..ir.build import integer_power
from ..ir.expr import Access, Index, IndexReduce, MatrixApply, Number
from ..ir.program import Define
from ..ir.walk import subexpressions
from ..normal import poly as nf
from ..normal.atoms import Atom, access, names_in, substitute
from ..normal.definitions import Definition, Definitions, plain_access
from ..normal.leave import Leaver, Names, components
from ..normal.poly import Mono, Poly

MAX_FACTORS = 48  # of a monomial that is put together: a chain of n products would have n factors in each of n places


def inline_pointwise(store: Definitions, keep: Collection[str]) -> None:
    """Put single-use monomials without dummies where they are read, so that no name hides a pattern.  Never
    duplicates."""
    outputs = set(keep)
    while _inline_once(store, outputs):
        pass


def _inline_once(store: Definitions, outputs: set[str]) -> bool:
    """One walk over the live definitions; whether anything changed.  The counts are kept up to date on the way, since
    counting anew after each step would make a sum of many terms quadratic."""
    live = store.live(outputs)
    uses: Counter[str] = Counter()
    for d in live:
        if d.kind == "poly":
            for mono in d.poly:
                uses.update(_reads(mono))
        else:
            uses.update(dict.fromkeys(d.reads(), 2))  # operands of operations stay named
    small = {d.name: d for d in live if d.kind == "poly" and d.name not in outputs}
    changed = False
    for d in live:
        if d.kind == "poly":
            new = [_inlined(mono, c, small, uses) for mono, c in d.poly.items()]
            if any(n is not None for n in new):
                d.payload = nf.add(*({m: c} if n is None else n for n, (m, c) in zip(new, d.poly.items())))
                changed = True
    return changed


def _reads(mono: Mono) -> list[str]:
    return [name for a, _ in mono.factors for name in names_in(a)]


def _inlined(mono: Mono, c: Number, small: dict[str, Definition], uses: Counter[str]) -> Poly | None:
    """The monomial with all that may be inlined put in its place; None where that is nothing."""
    step = _inline_factor(mono, c, small, uses)
    if step is None:
        return None
    return nf.add(*(_inlined(m, k, small, uses) or {m: k} for m, k in step.items()))


def _inline_factor(mono: Mono, c: Number, small: dict[str, Definition], uses: Counter[str]) -> Poly | None:
    for n, (a, e) in enumerate(mono.factors):
        inner = small.get(a.name) if a.kind == "access" else None
        if inner is None or not isinstance(e, int) or not _is_small(inner, uses[inner.name]):
            continue
        ((m2, c2),) = inner.poly.items()
        if len(mono.factors) + len(m2.factors) > MAX_FACTORS:
            continue
        if e < 0 and not nf.is_invertible(m2):
            continue
        names = dict(zip(inner.free, a.holes))
        placed = [(substitute(x, names), y * e) for x, y in m2.factors]
        rest = mono.factors[:n] + mono.factors[n + 1 :]
        new = nf.make(c * integer_power(c2, e), mono.bound, [*rest, *placed])
        for m in new:
            uses.update(_reads(m))
        uses.subtract(_reads(mono))
        if not uses[inner.name]:  # nothing reads it any more, so that it reads nothing
            uses.subtract(_reads(m2))
        return new
    return None


def _is_small(d: Definition, uses: int) -> bool:
    if len(d.poly) != 1:
        return False
    (mono,) = d.poly
    return not mono.bound and (uses == 1 or len(mono.factors) <= 1)


class _Known:
    """Definitions that are polynomials, found by what they are up to renaming.  Heads are compared first: a key costs
    as much as a small derivation does."""

    def __init__(self) -> None:
        self._alike: dict[tuple[object, ...], list[Definition]] = {}
        self._keys: dict[str, tuple[str, list[Index]]] = {}

    def add(self, d: Definition) -> None:
        self._alike.setdefault(_heads(d.free, d.poly), []).append(d)

    def find(self, free: Sequence[Index], poly: Poly) -> Atom | None:
        """The access to the first definition that is this polynomial, where there is one."""
        alike = self._alike.get(_heads(free, poly), ())
        key, order = nf.definition_key(free, poly) if alike else ("", [])
        for d in alike:
            if d.name not in self._keys:
                self._keys[d.name] = nf.definition_key(d.free, d.poly)
            theirs, places = self._keys[d.name]
            if theirs == key:
                names = dict(zip(places, order))
                return access(d.name, tuple(names[i] for i in d.free))
        return None


def _heads(free: Sequence[Index], poly: Poly) -> tuple[object, ...]:
    return len(free), *sorted(tuple(sorted(a.head for a, _ in m.factors)) for m in poly)


def share_equal(store: Definitions, backward: Collection[str]) -> None:
    """A derivative that folding made equal to an earlier definition becomes another name for it, which inlining then
    drops."""
    known = _Known()
    for d in store.table.values():
        if d.kind != "poly" or d.virtual or plain_access(d.poly) is not None:
            continue
        equal = known.find(d.free, d.poly) if d.name in backward else None
        if equal is None:
            known.add(d)
        else:
            d.payload = nf.atom_poly(equal)


def name_row_statistics(store: Definitions, backward: Collection[str]) -> None:
    """A sum over fewer loops than the definition it sits in gets a statement of its own, shared up to renaming."""
    statistics = _Statistics(store)
    table = store.table
    store.table = {}
    for d in table.values():
        if d.kind == "poly" and d.name in backward and any(m.bound for m in d.poly):
            d.payload = nf.add(*(_split(statistics, d, m, c) for m, c in nf.sorted_terms(d.poly)))
        store.table[d.name] = d
        if d.kind == "poly" and not d.virtual and len(d.poly) == 1:
            statistics.known.add(d)


class _Statistics:
    """The one-term definitions so far, and new ones for what none of them is."""

    def __init__(self, store: Definitions) -> None:
        self.store, self.known = store, _Known()

    def atom(self, poly: Poly, free: list[Index]) -> Atom:
        """The access to the definition that is this polynomial, made where there is none yet."""
        found = self.known.find(free, poly)
        if found is not None:
            return found
        d = Definition(self.store.new_name("s"), tuple(free), "poly", poly)
        self.store.table[d.name] = d
        self.known.add(d)
        return d.whole()


def _split(statistics: _Statistics, d: Definition, mono: Mono, c: Number) -> Poly:
    outer, groups = components(mono)
    if not groups:
        return {mono: c}
    if len(d.poly) == 1 and len(groups) == 1 and not any(a.free for a, _ in outer):
        over, inside = groups[0]
        whole = nf.make(1, over, inside)
        known = statistics.known.find(nf.free_indices(whole), whole)  # s = A x, and then grad_y = −A x
        return {mono: c} if known is None else nf.make(c, (), [*outer, (known, 1)])
    factors = list(outer)
    bound: tuple[Index, ...] = ()
    for over, inside in groups:
        poly = nf.make(1, over, inside)
        free = nf.free_indices(poly)
        if len(free) >= len(d.free) or len(poly) != 1:
            bound, factors = bound + over, factors + inside
            continue
        factors.append((statistics.atom(poly, free), 1))
    return nf.make(c, bound, factors)


def statements(
    store: Definitions,
    outputs: Iterable[str],
    written: dict[str, Define],
    owner: dict[str, str],
    names: Names,
    shown: Collection[str],
) -> list[Define]:
    """The live definitions as statements.  A user's own statement stays as written where nothing else reads its
    inside; what is in `shown`, the derivatives that have a name, is never written into its reader."""
    live, as_written = _live_and_written(store, set(outputs), written, owner)
    hidden = {n for n, who in owner.items() if who in as_written}
    seen = [d for d in live if d.name not in hidden]
    keep = {*outputs, *written, *shown}
    inline = _inline_in_text([d for d in seen if d.name not in as_written], keep)
    slots = {**store.inputs, **{d.name: d.free for d in live}}
    leaver, averaging = Leaver(names, inline, slots), Leaver(names, inline, slots, means=True)
    averages = {name for name, s in written.items() if _averages(s)}
    out = []
    for d in seen:
        if d.name in as_written:
            out.append(written[d.name])
        elif d.name not in inline:
            own = owner.get(d.name, d.name) in averages
            indices, body = (averaging if own else leaver).definition(d)
            out.append(Define(d.name, indices, body))
    return out


def _averages(s: Define) -> bool:
    """Whether the statement says mean or var."""
    return any(isinstance(e, IndexReduce) and e.operation in ("mean", "var") for e in subexpressions(s.body))


def _live_and_written(
    store: Definitions, outputs: set[str], written: dict[str, Define], owner: dict[str, str]
) -> tuple[list[Definition], set[str]]:
    """What is needed, and which statements stay as written.  Those read names that the normal form may have seen
    through (y[i] = x[i], or a second name for one value), so that these are needed too."""
    while True:
        live = store.live(outputs)
        as_written = _as_written(live, written, owner)
        read = {
            part.tensor
            for name in as_written
            for part in subexpressions(written[name].body)
            if isinstance(part, (Access, MatrixApply)) and part.tensor in written
        }
        if read <= {d.name for d in live}:
            return live, as_written
        outputs = outputs | read


def _as_written(live: list[Definition], written: dict[str, Define], owner: dict[str, str]) -> set[str]:
    """User statements whose inner definitions only they themselves read, or others that stay as written as well."""
    found = {d.name for d in live if d.name in written}
    opens: dict[str, set[str]] = {}  # by each statement, those whose inside it reads
    for d in live:
        me = owner.get(d.name, d.name)
        opens.setdefault(me, set()).update(owner[n] for n in d.reads() if n in owner and owner[n] != me)
    pending = [name for name in opens if name not in found]
    while pending:
        opened = opens.get(pending.pop(), set()) & found
        found -= opened
        pending += opened
    return found


def _inline_in_text(shown: list[Definition], keep: Collection[str]) -> dict[str, Definition]:
    """Temporaries that are read once, at plain distinct indices, outside slots, and hold no sum; and numbers of the
    indices alone, however often they are read: a condition says what it compares."""
    reads: Counter[str] = Counter()
    plain: set[str] = set()
    in_slots: set[str] = set()
    for d in shown:
        for atom in d.atoms():
            for place in _reading_places(atom):
                reads.update(names_in(place))
                in_slots.update(n for hole in place.holes if isinstance(hole, Atom) for n in names_in(hole))
                if place.kind == "access" and _distinct_indices(place):
                    plain.add(place.name)
    return {
        d.name: d
        for d in shown
        if d.name not in keep
        and _sumless(d)
        and ((reads[d.name] == 1 and d.name in plain) or (_of_indices(d) and d.name not in in_slots))
    }


def _of_indices(d: Definition) -> bool:
    """Whether a polynomial reads no tensor."""
    return d.kind == "poly" and not any(a.kind == "access" for a in d.atoms())


def _reading_places(atom: Atom) -> list[Atom]:
    """Accesses that stand for a value: the atom itself, or a comparison's operands."""
    if atom.kind == "compare":
        return [h for h in atom.holes if isinstance(h, Atom)]
    return [atom]


def _distinct_indices(atom: Atom) -> bool:
    return all(isinstance(h, Index) for h in atom.holes) and len(set(atom.holes)) == len(atom.holes)


def _sumless(d: Definition) -> bool:
    if d.kind == "poly":
        return all(not m.bound for m in d.poly)
    return d.kind in ("map", "where", "softmax")
