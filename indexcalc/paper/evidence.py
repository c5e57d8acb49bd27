"""Which letters of an equation are indices for sure, and which convention it follows.

A letter in a script may be an index, a label (`x_{in}`), a coordinate (`g_{tt}`) or the name of something
(`\\mathcal{L}_\\beta`).  Where the equation, its document or a declaration does not settle it, no finding rests on it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from .declared import NOTHING, Declarations
from .symbols import GREEK, words
from .terms import Sums, Term, Use, terms_of
from .tree import Place, Relation
from .words import USUAL, words_in

COORDINATES = words("t x y z r theta phi tau")
ABSTRACT = words("a b c d e")  # the other letters of tensor calculus
_GREEK = frozenset(GREEK.values())


@dataclass(frozen=True, slots=True)
class Evidence:
    """`sides`: the terms of each side.  `sure`: letters that are indices; `unsure`: others in scripts.  `paired`:
    letters that stand once up and once down in some term.  `implied`: letters whose pairs are summed without a sign.
    `tensorial`: a term cannot lack an index that the others have, as a bias may in formulas of machine learning.
    """

    sides: tuple[tuple[Term, ...], ...]
    met: Sums
    sure: frozenset[str]
    unsure: frozenset[str]
    paired: frozenset[str]
    implied: frozenset[str]
    tensorial: bool

    def is_firm(self, name: str) -> bool:
        """Whether a letter is an index even where it stands oddly often: `f` in ρ_f C_{p,f} T_f is a label."""
        return name in self.sure and (name in USUAL or name in _GREEK or name in self.paired)

    @property
    def implicit(self) -> bool:
        """Whether pairs are summed without a sign for it."""
        return bool(self.implied)

    @property
    def steady(self) -> frozenset[str]:
        """Those of the implied letters that stand twice or not at all in each term."""
        return frozenset(n for n in self.implied if all(t.count(n) in (0, 2) for t in self.terms))

    @property
    def terms(self) -> list[Term]:
        return [t for side in self.sides for t in side]


def weigh(
    tree: Relation, declared: Declarations = NOTHING, known: Collection[str] = (), strict: bool = False
) -> Evidence:
    """The evidence in one equation.  `declared` letters are indices; `known` are indices elsewhere in the document."""
    met = Sums(frozenset(declared.spaces), words_in(tree))
    sides = tuple(terms_of(side, met) if side is not None else () for side in tree.sides)
    terms = [t for side in sides for t in side]
    bound = {e.name for _, found, _ in met.ranges for e in found.names}
    uses: dict[str, list[Use]] = {}
    for term in (*terms, *(t for _, _, body in met.ranges for t in body)):
        for use in (*term.uses, *term.local):
            found = uses.setdefault(use.name, [])
            if use not in found:
                found.append(use)
    paired = _paired(terms, met.bare)
    metric = bool(paired) or all(_recurs(uses, up) for up in (False, True))
    telling = _telling(uses, met.symbols, {*declared.spaces, *bound, *known})
    sure = frozenset(
        name
        for name in uses
        if name in declared.spaces
        or name in bound
        or (
            name not in met.symbols
            and _is_index(name, telling[name], paired, metric, name in known or (strict and len(name) == 1))
            and (name in USUAL or name in _GREEK or name not in paired or len(telling[name]) == len(uses[name]))
        )
    )
    signs = any(found.names for _, found, _ in met.ranges)
    pairs = [n for t in terms for n in t.names if t.count(n) == 2 and n in sure and not _free(n, sides)]
    implied = frozenset(() if signs else pairs)
    upper = any(u.up and u.name in _GREEK and u.name in sure and not u.alone for t in terms for u in t.uses)
    derived = any(t.derived for t in terms)
    marked = any(u.name in sure and _derives(u) for t in terms for u in t.uses)
    pairing = bool(paired & sure) or not declared.positioned.isdisjoint(uses)
    tensorial = strict or pairing or (not signs and (upper or marked)) or (derived and bool(implied))
    return Evidence(sides, met, sure, frozenset(uses) - sure, paired, implied, tensorial)


def _derives(use: Use) -> bool:
    """Whether a letter says by which coordinate a tensor is differentiated: `\\partial_i`, `A_{,i}`."""
    firm = use.name in USUAL or use.name in _GREEK
    return firm and (use.base in ("partial", "nabla") or use.script.startswith((",", ";")))


def _free(name: str, sides: Sequence[Sequence[Term]]) -> bool:
    return any(t.count(name) == 1 for side in sides for t in side)


def _telling(
    uses: Mapping[str, Sequence[Use]], symbols: Collection[str], indices: Collection[str]
) -> dict[str, list[Use]]:
    """The uses from which more can be seen than that a letter stands in a script: those in `\\omega_{ci}` show nothing
    of i, unless c is an index in another script."""
    beside: dict[tuple[Place, bool], set[str]] = {}
    for name, at in uses.items():
        for use in at:
            beside.setdefault((use.owner, use.raised), set()).add(name)
    likely = {
        name
        for name, at in uses.items()
        if name in USUAL
        or name in _GREEK
        or name in indices
        or (name not in symbols and len({u.script for u in at}) > 1)
    }
    found = {}
    for name, at in uses.items():
        others = [(u, beside[u.owner, u.raised] - {name}) for u in at]
        found[name] = [u for u, names in others if not names or not likely.isdisjoint(names)]
    return found


def _paired(terms: Iterable[Term], bare: Collection[str]) -> frozenset[str]:
    """Letters that stand exactly once up and once down in a term, as a sum in a space with a metric has them.

    `bare`: symbols that also stand without any script, so that the upper letter of one may be a power.
    """
    out = set()
    for term in terms:
        for name in term.names:
            uses = term.of(name)
            if sorted((u.up for u in uses), key=str) != [False, True] or name in COORDINATES:
                continue
            if name in USUAL or name in _GREEK or not any(u.alone and u.raised and u.base in bare for u in uses):
                out.add(name)
    firm = {n for n in out if n in USUAL or n in _GREEK or n in ABSTRACT}
    return frozenset(out if len(out) > 1 else firm)  # L_f r^f, where f is final


def _recurs(uses: Mapping[str, Sequence[Use]], up: bool) -> bool:
    """Whether a Greek letter stands twice in this position, as free indices of tensor equations do."""
    return any(
        name in _GREEK and name not in COORDINATES and sum(u.up is up for u in at) > 1 for name, at in uses.items()
    )


def _is_index(name: str, at: Sequence[Use], paired: Collection[str], metric: bool, known: bool) -> bool:
    """Whether the places of a letter show that it is an index."""
    if name in COORDINATES or any(u.weak for u in at) or (name.isupper() and not known):
        return False
    places = {(u.base, u.script, u.raised) for u in at}
    lower = not all(u.raised for u in at)
    if not lower and not metric and not (name in _GREEK and not all(u.alone for u in at)) and not known:
        return False  # only ever above, as labels and powers are
    if known or name in paired:
        return bool(at)
    beside = any(not u.alone for u in at)
    if name in USUAL:
        return len(places) > 1 or beside
    return beside and (len(places) > 1 or (metric and name in _GREEK))
