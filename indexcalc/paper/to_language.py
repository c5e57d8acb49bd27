"""Equations of a paper as statements of the indexcalc language, where the whole equation can be said in it.

What has two readings is not said: `f(x_i)` of an unknown f, powers that may be upper indices, sums with conditions.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from ..syntax.naming import FUNCTIONS, REDUCTIONS
from .equation import Equation
from .extents import PLAIN
from .symbols import DEFINED_BY
from .tree import Atom, Big, Entry, Fraction, Group, Node, Product, Range, Root, Script, Sum
from .uses import TRANSPOSED, only, plain_text

ELEMENTWISE = {
    x: x for x in sorted(FUNCTIONS - {"abs", "sqrt", "max", "min", "where", "inv", "det", "logdet", "tr", "diff"})
}
ELEMENTWISE |= {"ln": "log", "ReLU": "relu", "sgn": "sign"}
ALONG = ("softmax", "logsumexp")  # functions whose lower index is the one that they run along
REDUCTIONS_OF = {r"\sum": "sum", r"\prod": "prod", r"\max": "max", r"\min": "min"}
_WORDS = (
    "delta eps epsilon ones inf index tensor scalar integer metric output recompute convention symmetric antisymmetric "
    "diagonal orthogonal constant coordinate positive riemann and or not if else elif for function pi"
)
RESERVED = FUNCTIONS | REDUCTIONS | frozenset(_WORDS.split())  # which a paper may use as names

_OPERAND = re.compile(r"\w+(?:\([^()]*\)|\[[^\[\]]*\])?|\([^()]*\)")


class Unsaid(Exception):
    """A part that the language cannot say, or that may mean several things."""


def to_program_text(equation: Equation) -> str | None:
    r"""The statement that an equation `T_{ij} = …` is, or None.

    >>> from .document import equations
    >>> to_program_text(equations(r"S_{ij} = \frac{1}{\sqrt{D}} \sum_d Q_{id} K_{jd}")[0])
    'S[i, j] = (1 / sqrt(D)) * sum[d](Q[i, d] * K[j, d])'
    """
    tree = equation.tree
    if tree is None or len(tree.sides) != 2 or tree.relations[0] not in DEFINED_BY:
        return None
    left, right = tree.sides
    atom = only(left)
    if atom is None or right is None:
        return None
    try:
        writer = Writer()
        return f"{writer.atom(atom)} = {writer.sum(right)}"
    except Unsaid:
        return None


def identifier(name: str) -> str:
    """A name of the language for a symbol's name.

    >>> identifier("delta"), identifier("W^(1)"), identifier("hat y"), identifier("x_in")
    ('delta_symbol', 'W_up_1', 'hat_y', 'x_in')
    """
    spelt = (c if c.isalnum() else " up " if c == "^" else " " if c in "() _" else f" {ord(c)} " for c in name)
    word = "_".join("".join(spelt).split())
    if not word or not word[0].isalpha():
        raise Unsaid
    return f"{word}_symbol" if word in RESERVED else word


@dataclass(slots=True)
class Writer:
    """Writes sides of equations.

    `suffix` is put behind every index, so that the indices of several equations stay apart.  `defined` are symbols
    that are tensors although they look like δ.  `derivative` writes ∂L/∂y where it can, with that suffix.  `ranks`
    collects the names that were written, with their numbers of slots.
    """

    suffix: str = ""
    defined: frozenset[str] = frozenset()
    derivative: Callable[[Fraction, str], str | None] = lambda node, suffix: None
    ranks: dict[str, int] = field(default_factory=dict)

    def sum(self, node: Sum) -> str:
        out = ""
        for term, sign in zip(node.terms, node.signs):
            if sign == "?":
                raise Unsaid
            text = self.product(term)
            out = (f"-{text}" if sign == "-" else text) if not out else f"{out} {sign} {text}"
        if not out:
            raise Unsaid
        return out

    def product(self, node: Product) -> str:
        if not node.plain:
            raise Unsaid
        out, k = "", 0
        while k < len(node.factors):
            inverse = node.inverse[k]
            text, k = self._factor(node, k)
            out = f"{out} {'/' if inverse else '*'} {text}" if out else f"1 / {text}" if inverse else text
        return out

    def _factor(self, node: Product, k: int) -> tuple[str, int]:
        """One factor, with its argument where it is a function, and the position behind."""
        factor = node.factors[k]
        following = node.factors[k + 1] if k + 1 < len(node.factors) else None
        if isinstance(factor, Atom) and (
            factor.kind == "function" or factor.name in ALONG or factor.name in ELEMENTWISE
        ):
            if following is None or (not isinstance(following, Group) and k + 2 < len(node.factors)):
                raise Unsaid  # \log a b: how far does it reach?
            if node.inverse[k + 1]:
                raise Unsaid
            return self._call(factor, following), k + 2
        if isinstance(factor, Atom) and isinstance(following, Group) and not node.inverse[k + 1]:
            self._is_product(factor, following)
        return self.node(factor), k + 1

    def _is_product(self, factor: Atom, group: Group) -> None:
        """Refuses `f(x)`, which may be a call; a tensor's component before a sum of several terms is a factor."""
        if group.bracket == "{" or group.bracket in ("|", r"\|", r"\vert", r"\lvert"):
            return
        slots = any(not s.upper and s.kind == "entries" for s in factor.scripts)
        several = len(group.parts) == 1 and all(s is not None and len(s.terms) > 1 for s in group.parts[0].sides)
        if factor.kind == "number" and group.bracket != "[":
            return
        if not (slots and several):
            raise Unsaid

    def node(self, node: Node) -> str:
        if isinstance(node, Atom):
            return self.atom(node)
        if isinstance(node, Big):
            return self._big(node)
        if isinstance(node, Group):
            return self._group(node)
        if isinstance(node, Fraction):
            return self._fraction(node)
        return self._root(node)

    # ---- symbols -------------------------------------------------------------------------------------------
    def atom(self, atom: Atom) -> str:
        if atom.kind == "number":
            return self._power(atom.name, atom.scripts)
        if atom.kind != "symbol":
            raise Unsaid
        if atom.name == "e" and len(atom.scripts) == 1 and atom.scripts[0].upper:
            return f"exp({self._exponent(atom.scripts[0])})"
        name, letters, power, transposed = atom.name, None, "", False
        for script in atom.scripts:
            if not script.upper and script.kind == "entries" and letters is None:
                name, letters = self._lower(name, script)
            elif not script.upper and script.kind == "label":
                name += "_" + plain_text(script.text)
            elif script.upper and script.text in TRANSPOSED:
                transposed = True
            elif script.upper and script.kind == "label":
                name += "^" + plain_text(script.text)
            elif script.upper and script.kind in ("power", "exponent") and not power:
                power = f"**{_bracketed(self._exponent(script))}"
            else:
                raise Unsaid
        if transposed:
            if letters is None or len(letters) != 2 or power:
                raise Unsaid
            letters = letters[::-1]
        return self._reference(name, letters or [], power)

    def _reference(self, name: str, letters: list[str], power: str) -> str:
        if name == "delta" and len(letters) == 2 and name not in self.defined:
            return f"delta[{', '.join(letters)}]{power}"
        if name == "pi" and not letters and name not in self.defined:
            return f"pi{power}"
        word = identifier(name)
        if self.ranks.setdefault(word, len(letters)) != len(letters):
            raise Unsaid
        return f"{word}[{', '.join(letters)}]{power}" if letters else word + power

    def _lower(self, name: str, script: Script) -> tuple[str, list[str] | None]:
        """The name with labels of the script, and the letters."""
        entries = [e for e in script.entries if e.kind != "mark"]
        labels = [e for e in entries if e.kind in ("label", "number")]
        if labels and len(labels) == len(entries):
            return f"{name}_{plain_text(script.text)}", None
        if labels:
            raise Unsaid
        return name, [self.index(e) for e in entries]

    def index(self, entry: Entry) -> str:
        bare = entry.name.rstrip("'")
        if entry.kind not in ("letter", "compound") or not bare.isalnum():
            raise Unsaid
        return f"{bare}{self.suffix}{entry.name[len(bare) :]}"

    def _exponent(self, script: Script) -> str:
        if script.kind == "power":
            return plain_text(script.text)
        if script.kind == "entries":
            names = [e for e in script.entries if e.kind == "letter"]
            if len(names) != 1 or len(script.entries) != 1:
                raise Unsaid
            return self._reference(names[0].name, [], "")
        body = script.body
        if body is None or len(body.sides) != 1 or body.sides[0] is None:
            raise Unsaid
        return self.sum(body.sides[0])

    def _power(self, text: str, scripts: tuple[Script, ...]) -> str:
        """Text with the power that its scripts are."""
        if not scripts:
            return text
        if len(scripts) > 1 or not scripts[0].upper or scripts[0].kind not in ("power", "exponent"):
            raise Unsaid
        return f"{text}**{_bracketed(self._exponent(scripts[0]))}"

    # ---- what holds other formulas ---------------------------------------------------------------------------
    def _call(self, function: Atom, argument: Node) -> str:
        inner = self._inside(argument) if isinstance(argument, Group) else self.node(argument)
        if isinstance(argument, Group) and argument.scripts:
            raise Unsaid
        if function.name in ALONG and len(function.scripts) == 1 and not function.scripts[0].upper:
            letters = [self.index(e) for e in function.scripts[0].entries]
            return f"{function.name}[{', '.join(letters)}]({inner})"
        if function.name not in ELEMENTWISE or function.scripts:
            raise Unsaid
        return f"{ELEMENTWISE[function.name]}({inner})"

    def _inside(self, group: Group) -> str:
        if len(group.parts) != 1 or len(group.parts[0].sides) != 1 or group.parts[0].sides[0] is None:
            raise Unsaid
        return self.sum(group.parts[0].sides[0])

    def _group(self, group: Group) -> str:
        inner = self._inside(group)
        if group.bracket in ("|", r"\vert", r"\lvert"):
            return self._power(f"abs({inner})", group.scripts)
        if group.bracket not in ("(", "[", "{", r"\{", r"\lbrace"):
            raise Unsaid
        return self._power(f"({inner})", group.scripts)

    def _big(self, node: Big) -> str:
        """A reduction over all of an index; a range with conditions, or of a part, is none."""
        if node.op not in REDUCTIONS_OF or node.body is None:
            raise Unsaid
        ranges = [s.range for s in node.scripts if s.range is not None]
        if len(ranges) != 1 or any(not s.upper and s.range is None for s in node.scripts):
            raise Unsaid
        (found,) = ranges
        if (found.others and not found.last) or not _whole(found):
            raise Unsaid
        letters = ", ".join(self.index(e) for e in found.names)
        return f"{REDUCTIONS_OF[node.op]}[{letters}]({self.product(node.body)})"

    def _fraction(self, node: Fraction) -> str:
        derivative = self.derivative(node, self.suffix)
        if derivative is not None:
            return derivative
        top, bottom = self._inside(node.top), self._inside(node.bottom)
        text = f"{_bracketed(top)} / {_bracketed(bottom)}"
        return self._power(f"({text})", node.scripts)

    def _root(self, node: Root) -> str:
        inner = self._inside(node.body)
        if node.order in ("", "2"):
            return self._power(f"sqrt({inner})", node.scripts)
        if not node.order.isdigit():
            raise Unsaid
        return self._power(f"({_bracketed(inner)}**(1 / {node.order}))", node.scripts)


def _whole(found: Range) -> bool:
    """Whether a range is all of an index: from 1 to a symbol, or from 0 to one less."""
    if found.first == "0":
        return found.last.endswith("-1") and PLAIN.fullmatch(plain_text(found.last[:-2])) is not None
    return found.first in ("", "1") and (not found.last or PLAIN.fullmatch(plain_text(found.last)) is not None)


def _bracketed(text: str) -> str:
    """The text as an operand: in brackets, unless it is a name, a number, or one call or bracket."""
    return text if _OPERAND.fullmatch(text) else f"({text})"
