"""Where an equation uses tensors by their components: name, letters, and which letters are one variable."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from .tree import Atom, Big, Fraction, Group, Node, Place, Product, Relation, Root, Script, Sum
from .words import runs, words_in

TRANSPOSED = frozenset(("T", r"\top", r"\intercal", r"\mathsf{T}", r"\mathrm{T}", r"\mathrm T", "H", r"\dagger", "-T"))
_SILENT = re.compile(r"\\(?:mathrm|text|textrm|textnormal|rm|mathit|operatorname)\b|[{}\s]")

Variable = tuple[str, object]  # a letter, and what makes it one: the sum that binds it, its term, or the left side


@dataclass(frozen=True, slots=True)
class Use:
    """A tensor with its lower letters; `letters` is None where its script is something else, () where there is none.

    `variables[k]` tells whether two letters of an equation are one index.  `name` has labels: `W^Q`, `x_in`, `hat y`.
    """

    name: str
    letters: tuple[str, ...] | None
    variables: tuple[Variable, ...]
    place: Place
    bold: bool = False
    transposed: bool = False
    marks: int = 0  # commas and semicolons between the letters: slots apart, or derivatives


@dataclass(frozen=True, slots=True)
class Bound:
    """A sum's range: `\\\\sum_{k=first}^{last}`."""

    variable: Variable
    first: str
    last: str
    place: Place


@dataclass(slots=True)
class Uses:
    """What `uses_in` finds."""

    tensors: list[Use] = field(default_factory=list)
    bounds: list[Bound] = field(default_factory=list)


def plain_text(text: str) -> str:
    r"""A script's or an extent's text without what is only typography.

    >>> plain_text(r"d_{\text{model}}"), plain_text("N_{1}")
    ('d_model', 'N_1')
    """
    return _SILENT.sub("", text)


def uses_in(tree: Relation, words: frozenset[str] | None = None) -> Uses:
    """The uses and ranges in an equation, from left to right.  `words`: its scripts that are words, where known."""
    free = frozenset(_free(tree))
    words = words_in(tree) if words is None else words
    found = Uses()
    for k, side in enumerate(tree.sides):
        if side is not None:
            _sum(side, (k,), _Scope({}, free, (k,), words), found)
    return found


@dataclass(frozen=True, slots=True)
class _Scope:
    bound: dict[str, object]
    free: frozenset[str]
    term: tuple[int, ...]  # the path to the innermost of several terms: an unbound letter means the same all over it
    words: frozenset[str]

    def variable(self, letter: str) -> Variable:
        if letter in self.bound:
            return letter, self.bound[letter]
        return letter, "free" if letter in self.free else self.term


def _free(tree: Relation) -> Iterator[str]:
    """The letters of a left side that is one symbol."""
    left = tree.sides[0]
    atom = only(left)
    if atom is not None and len(tree.sides) > 1:
        for script in atom.scripts:
            yield from (e.name for e in script.entries if e.kind == "letter")


def only(side: Sum | None) -> Atom | None:
    """The one symbol that a side is, or None."""
    if side is None or len(side.terms) != 1 or side.signs != ("+",) or len(side.terms[0].factors) != 1:
        return None
    factor = side.terms[0].factors[0]
    return factor if isinstance(factor, Atom) and factor.kind == "symbol" else None


def _sum(node: Sum, path: tuple[int, ...], scope: _Scope, found: Uses) -> None:
    several = len(node.terms) > 1
    for k, term in enumerate(node.terms):
        inner = _Scope(scope.bound, scope.free, (*path, k), scope.words) if several else scope
        _product(term, (*path, k), inner, found)


def _product(node: Product, path: tuple[int, ...], scope: _Scope, found: Uses) -> None:
    for k, factor in enumerate(node.factors):
        _node(factor, (*path, k), scope, found)


def _node(node: Node, path: tuple[int, ...], scope: _Scope, found: Uses) -> None:
    if isinstance(node, Atom):
        if node.kind == "symbol":
            found.tensors.append(_use(node, node.scripts, node.place, scope))
        _scripts(node.scripts, path, scope, found)
    elif isinstance(node, Big):
        inner = _bind(node, path, scope, found)
        if node.body is not None:
            _product(node.body, path, inner, found)
    elif isinstance(node, Group):
        atom = only(node.parts[0].sides[0]) if len(node.parts) == 1 and len(node.parts[0].sides) == 1 else None
        if atom is not None and not atom.scripts and node.scripts:  # [W]_{ij}
            found.tensors.append(_use(atom, node.scripts, node.place, scope))
            return
        for k, part in enumerate(node.parts):
            _relation(part, (*path, k), scope, found)
        _scripts(node.scripts, path, scope, found)
    elif isinstance(node, Fraction):
        _node(node.top, (*path, 0), scope, found)
        _node(node.bottom, (*path, 1), scope, found)
    elif isinstance(node, Root):
        _node(node.body, path, scope, found)


def _relation(node: Relation, path: tuple[int, ...], scope: _Scope, found: Uses) -> None:
    for k, side in enumerate(node.sides):
        if side is not None:
            _sum(side, (*path, k), scope, found)


def _scripts(scripts: tuple[Script, ...], path: tuple[int, ...], scope: _Scope, found: Uses) -> None:
    for k, script in enumerate(scripts):
        if script.body is not None:
            _relation(script.body, (*path, -1 - k), scope, found)


def _bind(node: Big, path: tuple[int, ...], scope: _Scope, found: Uses) -> _Scope:
    bound = dict(scope.bound)
    for script in node.scripts:
        if script.range is None:
            continue
        for name in script.range.names:
            bound[name.name] = path
            if len(script.range.names) == 1 and script.range.first and script.range.last:
                found.bounds.append(Bound((name.name, path), script.range.first, script.range.last, script.place))
    return _Scope(bound, scope.free, scope.term, scope.words)


def _is_word(script: Script, scope: _Scope) -> bool:
    return all("".join(e.name for e in run) in scope.words for run in runs(script))


def _use(atom: Atom, scripts: tuple[Script, ...], place: Place, scope: _Scope) -> Use:
    name, transposed, unknown = atom.name, False, False
    letters: tuple[str, ...] = ()
    marks = 0
    for script in scripts:
        marks += sum(e.kind == "mark" for e in script.entries)
        entries = [e for e in script.entries if e.kind != "mark"]
        if script.upper:
            if script.text in TRANSPOSED:
                transposed = True
            elif script.kind in ("entries", "label"):
                name += "^" + plain_text(script.text)
        elif script.kind == "label" or (entries and all(e.kind == "label" for e in entries)) or _is_word(script, scope):
            name += "_" + plain_text(script.text)
        elif script.kind == "entries" and all(e.kind == "letter" for e in entries):
            letters = tuple(e.name for e in entries)
        else:
            unknown = True
    if unknown:
        return Use(name, None, (), place, atom.bold, transposed, marks)
    return Use(name, letters, tuple(scope.variable(x) for x in letters), place, atom.bold, transposed, marks)
