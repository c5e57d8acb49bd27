"""The builder of formulas: one method for each rule of grammar/latex.lark."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..syntax.lalr import Token
from .scripts import read_range, read_script
from .symbols import BARS
from .tex import Tex
from .tree import Atom, Big, Fraction, Group, Node, Place, Product, Relation, Root, Script, Sum

FLAT = frozenset(("nothing", "relation", "sum", "product"))


class Builder:
    """Makes the tree; places come from the tokens, because a macro's tokens may stand before those around them."""

    def relation(self, children: list[Any], start: int, end: int) -> Relation:
        return Relation(tuple(children[::2]), tuple(t.text for t in children[1::2]), Place(start, end))

    def nothing(self, children: list[Any], start: int, end: int) -> None:
        return None

    def sum(self, children: list[Any], start: int, end: int) -> Sum:
        terms, signs, sign = [], [], "+"
        for child in children:
            if isinstance(child, Product):
                terms.append(child)
                signs.append(sign)
                sign = "+"
            else:
                word = child.text
                sign = "?" if word not in ("+", "-") else "-" if (word == "-") != (sign == "-") else "+"
        return Sum(tuple(terms), tuple(signs), Place(start, end))

    def product(self, children: list[Any], start: int, end: int) -> Product:
        factors: list[Node] = []
        inverse: list[bool] = []
        over, plain = False, True
        for child in children:
            if isinstance(child, Token):
                over = child.kind == "SLASH"
                plain = plain and child.text in ("*", "/", r"\cdot", r"\times", r"\cdotp", r"\ast")
            else:
                factors.append(child)
                inverse.append(over)
                over = False
        slashed_derivatives(factors, inverse)
        return Product(tuple(factors), tuple(inverse), Place(start, end), plain)

    def tail(self, children: list[Any], start: int, end: int) -> Big:
        op, rest = children[0], children[1:]
        body = rest.pop() if rest and isinstance(rest[-1], Product) else None
        scripts = tuple(_script(t) for t in rest)
        lower: list[Tex] = next((t.inner[1] for t in rest if not t.inner[0]), [])
        upper: list[Tex] = next((t.inner[1] for t in rest if t.inner[0]), [])
        if lower:
            found = read_range(lower, upper)
            first = next(k for k, x in enumerate(scripts) if not x.upper)
            s = scripts[first]
            known = Script(False, s.kind, s.text, s.entries, s.place, s.body, found)
            scripts = (*scripts[:first], known, *scripts[first + 1 :])
        return Big(op.text, scripts, body, Place(start, end))

    def factor(self, children: list[Any], start: int, end: int) -> Node:
        base = children[0]
        scripts = tuple(_script(t) for t in children[1:])
        place = Place(start, end)
        if isinstance(base, Token):
            kind, bold, letters = base.inner  # type: ignore[attr-defined]
            return Atom(base.text, kind, scripts, place, bold, letters)
        if not scripts and not (isinstance(base, Group) and base.bracket == "{"):
            return base  # type: ignore[no-any-return]
        if isinstance(base, Group):
            alone = None if base.bracket in BARS else _alone(base)
            if alone is not None:  # {\tilde S}_j
                return Atom(alone.name, alone.kind, (*alone.scripts, *scripts), place, alone.bold, alone.letters)
            return Group(base.parts, base.bracket, scripts, place)
        if isinstance(base, Fraction):
            return Fraction(base.top, base.bottom, scripts, place)
        return Root(base.body, scripts, place, base.order)

    def group(self, children: list[Any], start: int, end: int) -> Group:
        parts = tuple(c for c in children if isinstance(c, Relation))
        return Group(parts, children[0].text, (), Place(start, end))

    def brace(self, children: list[Any], start: int, end: int) -> Group:
        parts = tuple(c for c in children if isinstance(c, Relation))
        return Group(parts, "{", (), Place(start, end))

    def fraction(self, children: list[Any], start: int, end: int) -> Fraction:
        return Fraction(children[1], children[2], (), Place(start, end))

    def root(self, children: list[Any], start: int, end: int) -> Root:
        return Root(children[1], (), Place(start, end), children[0].inner)


def _script(token: Any) -> Script:
    upper, inner = token.inner
    return read_script(inner, upper, Place(token.start, token.end))


def slashed_derivatives(factors: list[Node], inverse: list[bool]) -> None:
    """Makes a fraction of `\\partial L / \\partial x_i`, wherever it stands among the factors."""
    k = 0
    while k + 3 < len(factors):
        top, bottom = factors[k : k + 2], factors[k + 2 : k + 4]
        if inverse[k : k + 4] == [False, False, True, False] and all(map(_is_differential, (top, bottom))):
            factors[k : k + 4] = [Fraction(_braced(top), _braced(bottom), (), _around((*top, *bottom)))]
            inverse[k : k + 4] = [False]
        k += 1


def _is_differential(factors: list[Node]) -> bool:
    """Whether this is `\\partial` and a symbol."""
    sign, symbol = factors
    return (
        isinstance(sign, Atom) and (sign.name, sign.kind) == ("partial", "derivative") and not sign.scripts
        and isinstance(symbol, Atom) and symbol.kind == "symbol"
    )  # fmt: skip


def _braced(factors: list[Node]) -> Group:
    place = _around(factors)
    side = Sum((Product(tuple(factors), (False,) * len(factors), place),), ("+",), place)
    return Group((Relation((side,), (), place),), "{", (), place)


def _around(nodes: Sequence[Node]) -> Place:
    return Place(min(n.place.start for n in nodes), max(n.place.end for n in nodes))


def _alone(group: Group) -> Atom | None:
    """The only symbol in braces, if there is only one."""
    if len(group.parts) != 1 or len(group.parts[0].sides) != 1:
        return None
    side = group.parts[0].sides[0]
    if side is None or len(side.terms) != 1 or side.signs != ("+",) or len(side.terms[0].factors) != 1:
        return None
    factor = side.terms[0].factors[0]
    return factor if isinstance(factor, Atom) else None
