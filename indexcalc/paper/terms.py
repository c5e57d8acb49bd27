"""Where indices stand: each side of an equation as a list of terms, multiplied out, with the uses of every letter.

A use is certain to stand in a script.  What only may be an index (a bare letter, a letter in `n+1`, in the argument
of a function or in what cannot be read) is kept apart, so that no finding rests on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from .symbols import SUMMING
from .tree import Atom, Big, Entry, Fraction, Group, Node, Place, Product, Range, Relation, Root, Script, Sum
from .words import runs

SYMBOLS = ("delta", "epsilon")  # have indices, never labels
SUM_SIGNS = ("Sigma", "Pi")
MAX_TERMS = 64  # of a product that is multiplied out; beyond, its sums are read as one term each


class Use(NamedTuple):
    """A letter in a script.  `up` is None where up and down have no meaning (below a fraction line)."""

    name: str
    up: bool | None
    place: Place
    owner: Place  # of the whole symbol
    base: str
    script: str
    alone: bool  # the only letter at its symbol, which is no ∂
    weak: bool  # `i_1`, `\bar r`, `j'`: seldom summed
    raised: bool  # as written


@dataclass(frozen=True, slots=True)
class Term:
    """One term.  `may`: letters that may be indices here; `open`: something here may have any index;
    `bound`: what sums of this term run over, with their places; `derived`: a derivative by an index stands here;
    `numbered`: a symbol is, as T^{(1)}, one of several;
    `local`: pairs that are summed inside of a root, a power, an exponent or below a line."""

    uses: tuple[Use, ...]
    place: Place
    may: frozenset[str] = frozenset()
    open: bool = False
    bound: tuple[Entry, ...] = ()
    derived: bool = False
    numbered: bool = False
    local: tuple[Use, ...] = ()

    def count(self, name: str) -> int:
        return [u.name for u in self.uses].count(name)

    def of(self, name: str) -> list[Use]:
        return [u for u in self.uses if u.name == name]

    @property
    def names(self) -> list[str]:
        """The letters used, in the order of their places."""
        return list(dict.fromkeys(u.name for u in self.uses))


@dataclass(slots=True)
class Sums:
    """What a walk knows: letters that are declared to be indices, scripts that are words.  What it meets besides terms:
    sums with their ranges and bodies; letters that are symbols, those that stand `bare` of scripts, and those that are
    reckoned with as numbers."""

    declared: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()
    counted: set[str] = field(default_factory=set)
    ranges: list[tuple[Big, Range, tuple[Term, ...]]] = field(default_factory=list)
    symbols: set[str] = field(default_factory=set)
    bare: set[str] = field(default_factory=set)
    dots: bool = False  # p_1 \dots p_k
    missed: list[tuple[Atom, Group]] = field(default_factory=list)  # \delta{ij}


def terms_of(side: Sum, met: Sums) -> tuple[Term, ...]:
    """The terms of a side, multiplied out.

    >>> from .parse import parse
    >>> from .tex import tokenise
    >>> side, = parse(tokenise("s_i (d_{ij} - s_j)")).sides
    >>> [[u.name for u in t.uses] for t in terms_of(side, Sums())]
    [['i', 'i', 'j'], ['i', 'j']]
    """
    out: list[Term] = []
    bound: set[str] = set()
    for product in side.terms:
        found = _product(product, met)
        if bound:  # \sum_k a_k - b_k: many write the sum without brackets
            found = [_demoted(t, bound) for t in found]
        bound |= {e.name for t in found for e in t.bound}
        out += found
    return tuple(out)


def _demoted(term: Term, names: Iterable[str]) -> Term:
    """The term with these letters as such that may be indices."""
    gone = {n for n in names if term.count(n) == 1}
    if not gone:
        return term
    return replace(term, uses=tuple(u for u in term.uses if u.name not in gone), may=term.may | gone)


def _product(product: Product, met: Sums) -> list[Term]:
    terms = [Term((), product.place)]  # whose place every product of terms keeps
    for k, factor in enumerate(product.factors):
        _look_for_missed_underscore(product.factors, k, met)
        found = _factor(factor, met)
        if k and isinstance(factor, Group) and _is_argument(product.factors[k - 1], factor, found):
            names = {u.name for t in found for u in t.uses}
            found = [Term((), factor.place, frozenset(names).union(*(t.may for t in found)))]
        if product.inverse[k]:
            found = [_flat(found, factor.place, None)]
        if len(found) > 1 and len(terms) * len(found) > MAX_TERMS:
            found = [_flat(found, factor.place)]
        terms = [_times(a, b) for a in terms for b in found]
    return terms


def _is_argument(before: Node, group: Group, terms: Sequence[Term]) -> bool:
    """Whether brackets hold what a function is of: behind a symbol, some terms with indices and others without."""
    if not isinstance(before, Atom) or before.kind != "symbol" or group.bracket != "(" or group.scripts:
        return False
    return any(t.uses for t in terms) and any(not t.uses and t.may for t in terms)


def _times(a: Term, b: Term) -> Term:
    return Term(
        a.uses + b.uses, a.place, a.may | b.may, a.open or b.open, a.bound + b.bound, a.derived or b.derived,
        a.numbered or b.numbered,
        a.local + b.local,
    )  # fmt: skip


def _flat(terms: Sequence[Term], place: Place, up: bool | None = True) -> Term:
    """One term that has of each letter as many as the term with the most; pairs in it are its own.

    `up` None: up and down mean nothing here.
    """
    most: dict[str, list[Use]] = {}
    for term in terms:
        for name in term.names:
            uses = term.of(name)
            if len(uses) > len(most.get(name, ())):
                most[name] = uses
    kept = tuple(u if up else u._replace(up=None) for found in most.values() if len(found) != 2 for u in found)
    pairs = tuple(u for found in most.values() if len(found) == 2 for u in found)
    return Term(
        kept,
        place,
        frozenset(u.name for u in pairs).union(*(t.may for t in terms)),
        any(t.open for t in terms),
        tuple(e for t in terms for e in t.bound),
        any(t.derived for t in terms),
        any(t.numbered for t in terms),
        pairs + tuple(u for t in terms for u in t.local),
    )


def _factor(node: Node, met: Sums) -> list[Term]:
    if isinstance(node, Atom):
        return [_atom(node, met)]
    if isinstance(node, Big):
        return _big(node, met)
    if isinstance(node, Fraction):
        top, bottom = _group(node.top, met), _flat(_group(node.bottom, met), node.place, None)
        if _is_derivative(node):
            (turned,) = _group(node.bottom, met)[:1]
            uses = tuple(u._replace(up=False if u.up else None) for u in turned.uses)  # ∂/∂x^i has i below
            bottom = replace(turned, uses=uses, derived=bool(uses))
        return _with_scripts([_times(t, bottom) for t in top], node.scripts, node.place, met)
    if isinstance(node, Root):
        return _with_scripts([_flat(_group(node.body, met), node.place)], node.scripts, node.place, met)
    return _with_scripts(_group(node, met), node.scripts, node.place, met)


def _is_derivative(node: Fraction) -> bool:
    """Whether ∂ or d stands below the line."""
    for part in node.bottom.parts:
        for side in part.sides:
            for product in side.terms if side else ():
                first = product.factors[0]
                if isinstance(first, Atom) and (first.kind == "derivative" or first.name == "d"):
                    return True
    return False


def _atom(node: Atom, met: Sums) -> Term:
    entries, extra = _entries(node.scripts, node, met)
    uses, may = entries
    if node.kind in ("function", "integral"):
        may |= {u.name for u in uses}
        uses = []  # indices of a function or an integral are not those of the term
    is_open = (node.kind == "opaque" and not (uses and node.letters)) or extra
    met.dots = met.dots or (node.kind == "opaque" and node.name.endswith("dots"))
    if node.kind == "symbol":
        met.symbols.add(node.name)
        met.bare.update(() if node.scripts else (node.name,))
        may.add(node.name)
        matrix = any(s.kind == "label" and s.upper and s.text not in ("*", "'", r"\prime") for s in node.scripts)
        is_open = is_open or node.bold or (matrix and not uses)
    may |= {e.name for e in node.letters}
    derived = node.kind == "derivative" or any(e.kind == "mark" for s in node.scripts for e in s.entries)
    numbered = any(s.kind == "label" and any(c.isdigit() for c in s.text) for s in node.scripts)
    return Term(tuple(uses), node.place, frozenset(may), is_open, (), derived and bool(uses), numbered)


def _entries(scripts: Sequence[Script], node: Atom | None, met: Sums) -> tuple[tuple[list[Use], set[str]], bool]:
    """The uses in scripts, letters that may be indices, and whether a script cannot be read."""
    uses: list[Use] = []
    may: set[str] = set()
    if not scripts:
        return (uses, may), False
    unread = False
    base = node.name if node else ""
    derivative = node is not None and node.kind == "derivative"
    alone = not derivative and sum(e.kind != "mark" for s in scripts for e in s.entries) == 1
    for script in scripts:
        if script.kind == "exponent" and script.body is not None:
            inner = _flat(_relation(script.body, met), script.place, None)
            uses += inner.uses
            may |= inner.may  # its pairs as well, which are summed up there
        elif script.kind == "opaque":
            may |= {e.name for e in script.entries}
            unread = True
        words = _in_words(script, met) if base not in SYMBOLS else frozenset()
        power = script.upper and node is not None and node.kind == "number"  # 2^n
        single = base in SUM_SIGNS and not script.upper and len(script.entries) == 1  # \Sigma_i for \sum_i
        bracketed = any(e.kind == "bracket" for e in script.entries)
        for k, e in enumerate(script.entries):
            written = e.kind in ("letter", "compound")
            unclear = single or power or e in words or (bracketed and _in_brackets(script.entries, k))
            if e.kind == "affine" or (written and unclear):
                may.add(e.name)
                met.counted.update({e.name} if power or (e.kind == "affine" and script.kind != "label") else ())
            elif written:
                owner = node.place if node else script.place
                weak = e.kind == "compound"
                uses.append(Use(e.name, script.upper, e.place, owner, base, script.text, alone, weak, script.upper))
                if e.kind == "compound":
                    may.add(e.name.rstrip("'").split("_")[0].split(" ")[-1])
    return (uses, may), unread


def _in_words(script: Script, met: Sums) -> frozenset[Entry]:
    """The letters of a script that are parts of words."""
    found: set[Entry] = set()
    for run in runs(script) if met.words else ():
        names = [e.name for e in run]
        if "".join(names) in met.words and not met.declared.issuperset(names):
            found.update(run)
    return frozenset(found)


def _in_brackets(entries: Sequence[Entry], k: int) -> bool:
    """Whether a letter stands alone in brackets: a nested factor `j(i)`, no symmetrised pair."""
    around = [entries[n].name for n in (k - 1, k + 1) if 0 <= n < len(entries)]
    return around in (["(", ")"], ["[", "]"])


def _group(node: Group, met: Sums) -> list[Term]:
    if len(node.parts) == 1 and len(node.parts[0].sides) == 1:
        side = node.parts[0].sides[0]
        if side is None:
            return [Term((), node.place)]
        terms = list(terms_of(side, met))
        return [_flat(terms, node.place)] if node.bracket in ("|", r"\|", r"\lvert", r"\lVert", r"\vert") else terms
    # arguments of a function, or a condition: what stands there need not be an index of the whole
    inner = [t for part in node.parts for t in _relation(part, met)]
    names = {u.name for t in inner for u in t.uses}
    return [Term((), node.place, frozenset(names).union(*(t.may for t in inner)), any(t.open for t in inner))]


def _relation(relation: Relation, met: Sums) -> list[Term]:
    return [t for side in relation.sides if side is not None for t in terms_of(side, met)] or [Term((), relation.place)]


def _with_scripts(terms: list[Term], scripts: Sequence[Script], place: Place, met: Sums) -> list[Term]:
    """What scripts behind brackets do: `(…)^2` a power, `(…)_{,j}` a derivative, `[A x]_i` components."""
    if not scripts:
        return terms
    (uses, may), unread = _entries(scripts, None, met)
    powers = {u.name for u in uses if u.raised and u.name.isascii() and len(u.name) == 1 and u.alone}  # (1 - x)^n
    if powers:
        uses, may = [u for u in uses if u.name not in powers], may | powers
        terms = [_flat(terms, place)]
    uses = [u._replace(owner=place) for u in uses]
    marks = any(e.kind == "mark" for s in scripts for e in s.entries)
    if any(s.kind in ("power", "exponent", "label") for s in scripts):
        terms = [_flat(terms, place)]
    if uses and not marks:
        given = {u.name for u in uses}
        inner = {u.name for t in terms for u in t.uses}
        if inner & given:  # [\sum_j A_{ij} x_j]_i is the whole vector
            terms = [_demoted(t, given) for t in terms]
            uses, may = [], may | given
        elif not inner:
            terms = [Term((), place, _flat(terms, place).may)]
    extra = Term(tuple(uses), place, frozenset(may), unread, (), marks)
    return [_times(t, extra) for t in terms]


def _big(node: Big, met: Sums) -> list[Term]:
    """A sum takes its indices away; one without a range leaves it open which."""
    body = _product(node.body, met) if node.body is not None else [Term((), node.place, open=True)]
    limits = frozenset(e.name for s in node.scripts for e in s.entries)
    found = next((s.range for s in node.scripts if s.range is not None), None)
    if found is None:
        loose = [_demoted(t, t.names) for t in body]
        return [replace(t, may=t.may | limits, open=t.open or node.op in SUMMING) for t in loose]
    met.ranges.append((node, found, tuple(body)))
    names = {e.name for e in found.names}
    others = {e.name for e in found.others}
    out = []
    for term in body:
        kept = tuple(u for u in term.uses if u.name not in names)
        inside = _demoted(replace(term, uses=kept, may=term.may - names), others)
        out.append(replace(inside, may=inside.may | others, bound=(*found.names, *inside.bound)))
    return out


def _look_for_missed_underscore(factors: Sequence[Node], k: int, met: Sums) -> None:
    """`\\delta{ij}`: a letter without scripts, and in braces behind it nothing but letters."""
    group = factors[k]
    before = factors[k - 1] if k else None
    if not isinstance(group, Group) or group.bracket != "{" or group.scripts or not isinstance(before, Atom):
        return
    if before.kind != "symbol" or before.scripts or len(group.parts) != 1 or len(group.parts[0].sides) != 1:
        return
    side = group.parts[0].sides[0]
    if side is not None and len(side.terms) == 1:
        inside = side.terms[0].factors
        if all(isinstance(f, Atom) and f.kind == "symbol" and not f.scripts for f in inside):
            met.missed.append((before, group))
