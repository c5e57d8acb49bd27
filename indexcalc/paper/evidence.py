"""Which letters of an equation are indices for sure, and which convention it follows.

A letter in a script may be an index, a label (`x_{in}`), a coordinate (`g_{tt}`) or the name of something
(`\\mathcal{L}_\\beta`).  Where the equation, its document or a declaration does not settle it, no finding rests on it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from .declared import NOTHING, Declarations
from .letters import FIRM, GREEKS, Letters, paired_in
from .terms import SYMBOLS, Sums, Term, Use, terms_of
from .tree import Place, Relation


@dataclass(frozen=True, slots=True)
class Evidence:
    """`sides`: the terms of each side.  `sure`: letters that are indices; `unsure`: others in scripts.  `paired`:
    letters that stand once up and once down in some term.  `implied`: letters whose pairs are summed without a sign.
    `tensorial`: a term cannot lack an index that the others have, as a bias may in formulas of machine learning.
    `grid`: several tensors have several Greek indices.
    """

    sides: tuple[tuple[Term, ...], ...]
    met: Sums
    sure: frozenset[str]
    unsure: frozenset[str]
    paired: frozenset[str]
    implied: frozenset[str]
    tensorial: bool
    grid: bool

    def is_firm(self, name: str) -> bool:
        """Whether a letter is an index even where it stands oddly often: `f` in ρ_f C_{p,f} T_f is a label."""
        return name in self.sure and (name in FIRM or name in self.paired)

    @property
    def uniform(self) -> bool:
        """Whether all terms have the same free indices: by tensors of two Greek indices, or by a Kronecker delta or
        Levi-Civita symbol beside implied sums, as well."""
        return self.tensorial or self.grid or (bool(self.steady) and any(map(_has_symbol, self.terms)))

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
    tree: Relation, words: frozenset[str], declared: Declarations = NOTHING, known: Collection[str] = (),
    strict: bool = False,
) -> Evidence:  # fmt: skip
    """The evidence in one equation.  `words` are scripts that hold none; `declared` letters are indices; `known` are
    indices elsewhere in the document."""
    met = Sums(frozenset(declared.spaces), words)
    sides = tuple(terms_of(side, met) if side is not None else () for side in tree.sides)
    terms = [t for side in sides for t in side]
    bound = {e.name for _, found, _ in met.ranges for e in found.names}
    paired = paired_in(terms, met.bare)
    letters = Letters(terms, met, frozenset(declared.spaces) | bound, known, strict)
    sure = letters.sure(paired)
    signs = any(found.names for _, found, _ in met.ranges)
    pairs = [n for t in terms for n in t.names if t.count(n) == 2 and n in sure and not _free(n, sides)]
    implied = frozenset(() if signs else pairs)
    upper = any(u.up and u.name in GREEKS and u.name in sure and not u.alone for t in terms for u in t.uses)
    derived = any(t.derived for t in terms)
    marked = any(u.name in sure and _derives(u) for t in terms for u in t.uses)
    grid = not signs and _has_grid(letters.uses, sure)
    pairing = bool(paired & sure) or not declared.positioned.isdisjoint(letters.uses)
    tensorial = strict or pairing or (not signs and (upper or marked)) or (derived and bool(implied))
    return Evidence(sides, met, sure, frozenset(letters.uses) - sure, paired, implied, tensorial, grid)


def _has_grid(uses: Mapping[str, Sequence[Use]], sure: Collection[str]) -> bool:
    """Whether two tensors at least have several Greek indices in a script."""
    scripts: dict[tuple[str, Place, bool], set[str]] = {}
    for use in (u for name, at in uses.items() if name in GREEKS and name in sure for u in at):
        scripts.setdefault((use.base, use.owner, use.raised), set()).add(use.name)
    return len({base for (base, _, _), names in scripts.items() if len(names) > 1 and base}) > 1


def _has_symbol(term: Term) -> bool:
    names: dict[Place, set[str]] = {}
    for use in term.uses:
        if use.base in SYMBOLS:
            names.setdefault(use.owner, set()).add(use.base + use.name)
    return any(len(n) == (2 if "delta" in min(n) else 3) for n in names.values())


def _derives(use: Use) -> bool:
    """Whether a letter says by which coordinate a tensor is differentiated: `\\partial_i`, `A_{,i}`."""
    return use.name in FIRM and (use.base in ("partial", "nabla") or use.script.startswith((",", ";")))


def _free(name: str, sides: Sequence[Sequence[Term]]) -> bool:
    return any(t.count(name) == 1 for side in sides for t in side)
