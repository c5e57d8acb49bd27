"""By what a letter in a script is seen to be an index: its letters beside it, its positions, its recurrence."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from .symbols import GREEK, words
from .terms import Sums, Term, Use
from .tree import Place
from .words import USUAL

COORDINATES = words("t x y z r theta phi tau")
ABSTRACT = words("a b c d e")  # the other letters of tensor calculus
GREEKS = frozenset(GREEK.values())
FIRM = USUAL | GREEKS


@dataclass(slots=True)
class Letters:
    """The letters in the scripts of an equation.  `bound`: those that sums run over; `known`: indices elsewhere."""

    terms: Sequence[Term]
    met: Sums
    indices: frozenset[str]  # declared, or a sum runs over them
    known: Collection[str]
    strict: bool
    uses: dict[str, list[Use]] = field(default_factory=dict)
    beside: dict[tuple[Place, bool], set[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for term in (*self.terms, *(t for _, _, body in self.met.ranges for t in body)):
            for use in (*term.uses, *term.local):
                found = self.uses.setdefault(use.name, [])
                if use not in found:
                    found.append(use)
                    self.beside.setdefault((use.owner, use.raised), set()).add(use.name)

    def sure(self, paired: frozenset[str]) -> frozenset[str]:
        """The letters that are indices."""
        metric = bool(paired) or all(recurs(self.uses, up) for up in (False, True))
        likely = self._likely()
        told = {name for name in self.uses if name in self.indices or self._shows(name, likely, paired, metric)}
        return frozenset(told | {name for name in self.uses if name not in told and self._belongs(name, told)})

    def _likely(self) -> set[str]:
        known = FIRM | self.indices | frozenset(self.known)
        symbols = self.met.symbols
        return {
            name
            for name, at in self.uses.items()
            if name in known or (name not in symbols and len({u.script for u in at}) > 1)
        }

    def _shows(self, name: str, likely: set[str], paired: frozenset[str], metric: bool) -> bool:
        """Whether the uses show an index.  Those in `\\omega_{ci}` show nothing of i, unless c is in another script."""
        if name in self.met.symbols:
            return False
        uses = self.uses[name]
        others = [(u, self.beside[u.owner, u.raised] - {name}) for u in uses]
        telling = [u for u, names in others if not names or not likely.isdisjoint(names)]
        if name in paired and name not in FIRM and len(telling) < len(uses):
            return False
        return is_index(name, telling, paired, metric, name in self.known or (self.strict and len(name) == 1))

    def _belongs(self, name: str, told: set[str]) -> bool:
        """Whether a letter is an index because others are: a Greek one beside a Greek index that recurs (so for a to
        e), or one that stands alone at a symbol which has indices in other places of the equation."""
        uses = self.uses[name]
        if name in self.met.symbols or name in COORDINATES or any(u.weak for u in uses):
            return False
        kind = next((k for k in (GREEKS, ABSTRACT) if name in k), None)
        if kind is not None:
            near = {n for u in uses for n in self.beside[u.owner, u.raised] if n in told and n in kind}
            return any(len({u.owner for u in self.uses[n]}) > 1 for n in near)
        return name in USUAL and any(self._has_slots(u, told) for u in uses if u.alone)

    def _has_slots(self, use: Use, told: set[str]) -> bool:
        """Whether the symbol has a summed index elsewhere in the equation, or several indices."""
        same = [u for name in told for u in self.uses[name] if u.base == use.base and use.base]
        summed = {e.name for _, found, _ in self.met.ranges for e in found.names}
        return any(u.name in summed and u.alone for u in same) or any(
            len(self.beside[u.owner, u.raised] & told) > 1 for u in same if u.raised is use.raised
        )


def paired_in(terms: Iterable[Term], bare: Collection[str]) -> frozenset[str]:
    """Letters that stand exactly once up and once down in a term, as a sum in a space with a metric has them.

    `bare`: symbols that also stand without any script, so that the upper letter of one may be a power.
    """
    out = set()
    for term in terms:
        for name in term.names:
            uses = term.of(name)
            if sorted((u.up for u in uses), key=str) != [False, True] or name in COORDINATES:
                continue
            if name in USUAL or name in GREEKS or not any(u.alone and u.raised and u.base in bare for u in uses):
                out.add(name)
    firm = {n for n in out if n in USUAL or n in GREEKS or n in ABSTRACT}
    return frozenset(out if len(out) > 1 else firm)  # L_f r^f, where f is final


def recurs(uses: Mapping[str, Sequence[Use]], up: bool) -> bool:
    """Whether a Greek letter stands twice in this position, as free indices of tensor equations do."""
    return any(
        name in GREEKS and name not in COORDINATES and sum(u.up is up for u in at) > 1 for name, at in uses.items()
    )


def is_index(name: str, at: Sequence[Use], paired: Collection[str], metric: bool, known: bool) -> bool:
    """Whether the places of a letter show that it is an index."""
    if name in COORDINATES or any(u.weak for u in at) or (name.isupper() and not known):
        return False
    places = {(u.base, u.script, u.raised) for u in at}
    lower = not all(u.raised for u in at)
    if not lower and not metric and not (name in GREEKS and not all(u.alone for u in at)) and not known:
        return False  # only ever above, as labels and powers are
    if known or name in paired:
        return bool(at)
    beside = any(not u.alone for u in at)
    if name in USUAL:
        return len(places) > 1 or beside
    return beside and (len(places) > 1 or (metric and name in GREEKS))
