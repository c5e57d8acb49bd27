"""The tree of a formula: as much structure as index notation has, and the place of everything in the file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple


class Place(NamedTuple):
    """Offsets in the file."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing in a script.  `kind`: "letter", "number", "mark" (`,` `;`), "bracket", "affine" (a letter in `n+1`),
    "compound" (`i_1`, a barred or primed letter), "label"."""

    name: str
    kind: str
    place: Place


@dataclass(frozen=True, slots=True)
class Script:
    """What stands at a corner of a symbol.  `kind`: "entries", "label" (words, stars, numbers in brackets), "power",
    "exponent" (an expression, in `body`) or "opaque".  `text` is the script as written."""

    upper: bool
    kind: str
    text: str
    entries: tuple[Entry, ...]
    place: Place
    body: Relation | None = None
    range: Range | None = None


@dataclass(frozen=True, slots=True)
class Range:
    """What a sum runs over: `names`, and in `upto` what stands behind `=` or above; `others` are letters that the
    range depends on (`j` in `i \\neq j`)."""

    names: tuple[Entry, ...]
    others: tuple[Entry, ...] = ()
    first: str = ""
    last: str = ""


@dataclass(frozen=True, slots=True)
class Atom:
    """A symbol with its scripts.  `kind`: "symbol", "number", "derivative" (∂, ∇), "function", "integral", "opaque"."""

    name: str
    kind: str
    scripts: tuple[Script, ...]
    place: Place
    bold: bool = False
    letters: tuple[Entry, ...] = ()  # of an opaque one: what may be an index


@dataclass(frozen=True, slots=True)
class Group:
    """What stands in brackets, or in braces (`bracket` is "{"), with scripts behind."""

    parts: tuple[Relation, ...]
    bracket: str
    scripts: tuple[Script, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Fraction:
    top: Group
    bottom: Group
    scripts: tuple[Script, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Root:
    """`\\sqrt[order]{body}`; the order is "" for a square root."""

    body: Group
    scripts: tuple[Script, ...]
    place: Place
    order: str = ""


@dataclass(frozen=True, slots=True)
class Big:
    """`\\sum_{k} body`, and so for products, maxima and limits."""

    op: str
    scripts: tuple[Script, ...]
    body: Product | None
    place: Place


@dataclass(frozen=True, slots=True)
class Product:
    """Factors side by side.  `inverse[k]` says that a `/` stands before factor k; `plain` that nothing but dots and
    blanks stands between them (no cross or tensor product)."""

    factors: tuple[Node, ...]
    inverse: tuple[bool, ...]
    place: Place
    plain: bool = True


@dataclass(frozen=True, slots=True)
class Sum:
    """Terms with their signs ("+", "-", "?" for ± and the like)."""

    terms: tuple[Product, ...]
    signs: tuple[str, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Relation:
    """`a = b = c`.  A side is None where nothing stands."""

    sides: tuple[Sum | None, ...]
    relations: tuple[str, ...]
    place: Place


Node = Atom | Group | Fraction | Root | Big


def scripts_in(relation: Relation) -> Iterator[Script]:
    """All scripts of a formula, also those inside of exponents."""
    stack: list[Relation | Product | Node] = [relation]
    while stack:
        node = stack.pop()
        if isinstance(node, Relation):
            stack.extend(term for side in node.sides if side is not None for term in side.terms)
            continue
        if isinstance(node, Product):
            stack.extend(node.factors)
            continue
        yield from node.scripts
        stack.extend(s.body for s in node.scripts if s.body is not None)
        if isinstance(node, Group):
            stack.extend(node.parts)
        elif isinstance(node, Fraction):
            stack.extend((node.top, node.bottom))
        elif isinstance(node, (Root, Big)) and node.body is not None:
            stack.append(node.body)
