"""Which letters of an equation are indices for sure, and which convention it follows.

A letter in a script may be an index, a label (`x_{in}`), a coordinate (`g_{tt}`) or the name of something
(`\\mathcal{L}_\\beta`).  Where the equation, its document or a declaration does not settle it, no finding rests on it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from .symbols import GREEK, words
from .terms import Sums, Term, Use, terms_of
from .tree import Relation

USUAL = words("i j k l m n ell")
COORDINATES = words("t x y z r theta phi tau")
_GREEK = frozenset(GREEK.values())


@dataclass(frozen=True, slots=True)
class Evidence:
    """`sides`: the terms of each side.  `sure`: letters that are indices; `unsure`: others in scripts.  `paired`:
    letters that stand once up and once down in some term.  `implicit`: pairs are summed without a sign for it.
    `tensorial`: a term cannot lack an index that the others have, as a bias may in formulas of machine learning.
    """

    sides: tuple[tuple[Term, ...], ...]
    met: Sums
    sure: frozenset[str]
    unsure: frozenset[str]
    paired: frozenset[str]
    implicit: bool
    tensorial: bool

    def is_firm(self, name: str) -> bool:
        """Whether a letter is an index even where it stands oddly often: `f` in ρ_f C_{p,f} T_f is a label."""
        return name in self.sure and (name in USUAL or name in _GREEK or name in self.paired)

    @property
    def terms(self) -> list[Term]:
        return [t for side in self.sides for t in side]


def weigh(
    tree: Relation, declared: Collection[str] = (), known: Collection[str] = (), strict: bool = False
) -> Evidence:
    """The evidence in one equation.  `declared` letters are indices; `known` are indices elsewhere in the document."""
    met = Sums(frozenset(declared))
    sides = tuple(terms_of(side, met) if side is not None else () for side in tree.sides)
    terms = [t for side in sides for t in side]
    bound = {e.name for _, found, _ in met.ranges for e in found.names}
    uses: dict[str, list[Use]] = {}
    for term in (*terms, *(t for _, _, body in met.ranges for t in body)):
        for use in (*term.uses, *term.local):
            found = uses.setdefault(use.name, [])
            if use not in found:
                found.append(use)
    paired = _paired(terms)
    metric = bool(paired) or all(_recurs(uses, up) for up in (False, True))
    sure = frozenset(
        name
        for name, at in uses.items()
        if name in declared
        or name in bound
        or (
            name not in met.symbols
            and _is_index(name, at, paired, metric, name in known or (strict and len(name) == 1))
        )
    )
    signs = any(found.names for _, found, _ in met.ranges)
    pairs = any(t.count(name) == 2 and name in sure for t in terms for name in t.names)
    summed = any(t.count(n) == 2 and n in sure and not _free(n, sides) for t in terms for n in t.names)
    implicit = pairs and summed and not signs
    upper = any(u.up and u.name in _GREEK and u.name in sure and not u.alone for t in terms for u in t.uses)
    derived = any(t.derived for t in terms)
    tensorial = strict or bool(paired & sure) or upper or (derived and implicit)
    return Evidence(sides, met, sure, frozenset(uses) - sure, paired, implicit, tensorial)


def _free(name: str, sides: Sequence[Sequence[Term]]) -> bool:
    return any(t.count(name) == 1 for side in sides for t in side)


def _paired(terms: Iterable[Term]) -> frozenset[str]:
    """Letters that stand exactly once up and once down in a term, as a sum in a space with a metric has them."""
    out = set()
    for term in terms:
        for name in term.names:
            ups = [u.up for u in term.of(name)]
            if sorted(ups, key=str) == [False, True] and name not in COORDINATES:
                out.add(name)
    return frozenset(out)


def _recurs(uses: Mapping[str, Sequence[Use]], up: bool) -> bool:
    """Whether a Greek letter stands twice in this position, as free indices of tensor equations do."""
    return any(
        name in _GREEK and name not in COORDINATES and sum(u.up is up for u in at) > 1 for name, at in uses.items()
    )


def _is_index(name: str, at: Sequence[Use], paired: Collection[str], metric: bool, known: bool) -> bool:
    """Whether the places of a letter show that it is an index."""
    if name in COORDINATES or any(u.weak for u in at) or (name.isupper() and not known):
        return False
    places = {(u.base, u.script, u.up) for u in at}
    lower = any(u.up is not True for u in at)
    if not lower and not metric and not (name in _GREEK and not all(u.alone for u in at)) and not known:
        return False  # only ever above, as labels and powers are
    if known or name in paired:
        return True
    beside = any(not u.alone for u in at)
    if name in USUAL:
        return len(places) > 1 or beside
    return beside and (len(places) > 1 or (metric and name in _GREEK))
