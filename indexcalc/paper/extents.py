"""What a paper says about shapes: `W \\in \\mathbb{R}^{d \\times k}`, `i = 1, \\dots, N`, `d = 3`."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeVar

from .equation import Equation
from .tree import Place, Relation, Sum
from .uses import Use, only, plain_text, uses_in

_T = TypeVar("_T")
FIELDS = frozenset("RCZNKFB")
_SYMBOL = r"\\?[A-Za-z]+(?:_(?:\\?[A-Za-z]+|\d|\{[^{}]{1,20}\}))?"
_DOTS = r"\\[lc]?dots[cbmi]?"
_RANGES = re.compile(
    rf"(?<![A-Za-z_^{{\\])(?P<letter>\\?[A-Za-z]+)\s*"
    rf"(?:=\s*1\s*,\s*(?:2\s*,\s*)?{_DOTS}\s*,\s*(?P<last>{_SYMBOL})"
    rf"|\\in\s*\\\{{\s*1\s*,\s*(?:2\s*,\s*)?{_DOTS}\s*,\s*(?P<set>{_SYMBOL})\s*\\\}}"
    rf"|\\in\s*\[\s*(?P<short>{_SYMBOL})\s*\])"
)
PLAIN = re.compile(r"\\?[A-Za-z]+(?:_\w+)?")


@dataclass(frozen=True, slots=True)
class Declared:
    """`x_i \\in \\mathbb{R}^{N \\times M}`: `leading` letters before the slots, whose extents are `dims`.

    `defined` says that the extents follow from a definition `x_{ij} = …`; "" stands for one that does not.
    """

    name: str
    leading: int
    dims: tuple[str, ...]
    place: Place
    bold: bool
    defined: bool = False

    def extent(self, use: Use, slot: int) -> str | None:
        """The extent of a slot of a use, where the use gives all slots."""
        if use.letters is None or len(use.letters) != self.leading + len(self.dims) or slot < self.leading:
            return None
        return self.dims[slot - self.leading] or None


@dataclass(slots=True)
class Shapes:
    """All that a document says, without what it says in two ways.

    `tensors` by name; `letters` are ranges given in words; `same` leads from an extent to the one that is equal to it.
    """

    tensors: dict[str, Declared] = field(default_factory=dict)
    letters: dict[str, str] = field(default_factory=dict)
    same: dict[str, str] = field(default_factory=dict)

    def extent(self, text: str) -> str:
        """One name for all extents that are equal."""
        while text in self.same:
            text = self.same[text]
        return text

    def differ(self, one: str, other: str) -> bool:
        """Whether two extents are surely not meant to be one: two symbols, or two numbers, that no equation equates."""
        one, other = self.extent(one), self.extent(other)
        if one.isdigit() and other.isdigit():
            return one != other
        return one != other and PLAIN.fullmatch(one) is not None and PLAIN.fullmatch(other) is not None


def shapes_of(text: str, equations: Sequence[Equation]) -> Shapes:
    """What the equations and the formulas between words declare."""
    found = Shapes()
    found.tensors = _once(((d.name, d) for d in _declarations(equations)), _alike)
    found.letters = _once((plain_text(m["letter"]).lstrip("\\"), _last(m)) for m in _RANGES.finditer(text))
    for one, other in _equalities(equations):
        one, other = found.extent(one), found.extent(other)
        if one != other:
            found.same[one] = other
    return found


def _alike(one: Declared, other: Declared) -> bool:
    return (one.leading, one.dims) == (other.leading, other.dims)


def _last(match: re.Match[str]) -> str:
    return plain_text(match["last"] or match["set"] or match["short"])


def _once(pairs: Iterable[tuple[str, _T]], same: Callable[[_T, _T], bool] = operator.eq) -> dict[str, _T]:
    """The pairs as a dict, without the keys that are given two values."""
    found: dict[str, _T] = {}
    twice = set()
    for key, value in pairs:
        if not same(found.setdefault(key, value), value):
            twice.add(key)
    return {key: value for key, value in found.items() if key not in twice}


def _declarations(equations: Sequence[Equation]) -> Iterator[Declared]:
    for k, equation in enumerate(equations):
        tree = equation.tree
        if tree is None or r"\in" not in tree.relations:
            continue
        at = tree.relations.index(r"\in")
        dims = _dims(tree.sides[at + 1]) if len(tree.relations) == 1 else None
        if not dims:
            continue
        yield from _named(tree.sides[at], dims)
        for before in reversed(range(k)):  # Q, K \in …: the parts before the comma
            one, other = equations[before], equations[before + 1]
            listed = one.source is other.source and one.source[one.end : other.start].strip() == ","
            if not listed or one.tree is None or len(one.tree.sides) != 1 or only(one.tree.sides[0]) is None:
                break
            yield from _named(one.tree.sides[0], dims)


def _named(side: Sum | None, dims: tuple[str, ...]) -> Iterator[Declared]:
    atom = only(side)
    if atom is None or side is None:
        return
    use = uses_in(Relation((side,), (), side.place)).tensors[0]  # behind it those of an exponent
    if use.letters is not None and not use.transposed:
        yield Declared(use.name, len(use.letters), dims, use.place, use.bold)


def _dims(side: Sum | None) -> tuple[str, ...] | None:
    """The extents of `\\mathbb{R}^{N \\times M}`."""
    atom = only(side)
    if atom is None or atom.name not in FIELDS or len(atom.scripts) != 1 or not atom.scripts[0].upper:
        return None
    dims = tuple(plain_text(part) for part in atom.scripts[0].text.split(r"\times"))
    return dims if all(dims) else None


def _equalities(equations: Sequence[Equation]) -> Iterator[tuple[str, str]]:
    """Symbols and numbers that an equation equates, such as `d = 3` or `N = M`."""
    for equation in equations:
        tree = equation.tree if len(equation.tokens) < 20 else None
        if tree is not None and set(tree.relations) == {"="}:
            sides = [plain_text(equation.source[s.place.start : s.place.end]) for s in tree.sides if s is not None]
            for one, other in pairwise(sides):
                if all(x.isdigit() or PLAIN.fullmatch(x) for x in (one, other)):
                    yield one, other
