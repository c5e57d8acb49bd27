"""Builds the trees of tree.py: one method per alias or rule of grammar/index.lark, called as the machine reduces.

A method gets the rule's children (tokens and finished values) and the stretch of text they cover.
"""

from __future__ import annotations

import itertools
import re
from typing import Any

from .. import limits
from ..diagnostics import Lines, Span
from . import tree as t
from .build_chains import ChainBuilder, Refused, value_of
from .build_statements import StatementBuilder
from .greek import SUBSCRIPT
from .lalr import Token
from .naming import Survey

_FLAT = (
    "names name plain space item attribute number named slots braced arguments whole text ellipsis positions "
    "positioned_upper positioned_lower upper lower upper_braced lower_braced field_operator field_slots "
    "leibniz_operator index_declaration tensor_declaration scalar_declaration integer_declaration "
    "function_declaration metric_declaration output_declaration recompute_declaration convention equation bare"
)
FLAT = frozenset(_FLAT.split())  # methods whose result is no level of nesting
_COMPARISONS = {"≤": "<=", "≥": ">=", "≠": "!="}
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_SPLIT = re.compile(f"_+|{SUBSCRIPT.pattern}")


class Builder(ChainBuilder, StatementBuilder):
    """Expressions; chains and statements are inherited."""

    def __init__(self, text: str, lines: Lines, names: Survey) -> None:
        self._text = text
        self._span = lines.span
        self._names = names
        self._spell = names.spelling.of

    # ---- operators -----------------------------------------------------------------------------------------------
    def negation(self, children: list[Any], start: int, end: int) -> t.Logic:
        return t.Logic(self._span(start, end), "not", (children[0],))

    def comparison(self, children: list[Any], start: int, end: int) -> t.Compare:
        operators = [_COMPARISONS.get(c.text, c.text) for c in children[1::2]]
        return t.Compare(self._span(start, end), children[0], tuple(zip(operators, children[2::2])))

    def negate(self, children: list[Any], start: int, end: int) -> t.Negate:
        return t.Negate(self._span(start, end), value_of(children[0]))

    def power(self, children: list[Any], start: int, end: int) -> t.Power:
        return t.Power(self._span(start, end), *children)

    def raised(self, children: list[Any], start: int, end: int) -> t.Power:
        base, token = children
        digits = token.text.lstrip("⁺⁻")
        at = self._span(token.end - len(digits), token.end)
        number = self._digits(t.Number(at, digits.translate(_SUPERSCRIPTS)))
        if token.text.startswith("⁻"):
            return t.Power(self._span(start, end), base, t.Negate(self._span(token.start, token.end), number))
        return t.Power(self._span(start, end), base, number)

    def group(self, children: list[Any], start: int, end: int) -> t.Group:
        return t.Group(self._span(start, end), children[0])

    def multiple(self, children: list[Any], start: int, end: int) -> t.Product:
        return t.Product(self._span(start, end), (("", children[0]), ("*", value_of(children[1]))))

    # ---- leaves --------------------------------------------------------------------------------------------------
    def number(self, children: list[Token], start: int, end: int) -> t.Number:
        return self._digits(t.Number(self._span(start, end), children[0].text))

    def _digits(self, number: t.Number) -> t.Number:
        if len(number.text) <= 4:
            return number
        mantissa, _, exponent = number.text.lower().partition("e")
        digits, power = len(mantissa.replace(".", "")), exponent.lstrip("+-0")
        if digits > limits.MAX_DIGITS or len(power) > 9 or (power and int(power) > limits.MAX_DIGITS):
            raise Refused(
                "IX009",
                f"this number has more than {limits.MAX_DIGITS} digits",
                number.span.start,
                number.span.end,
                "round it, or give it as an input",
            )
        return number

    def text(self, children: list[Token], start: int, end: int) -> t.Text:
        return t.Text(self._span(start, end), children[0].text[1:-1])

    def ellipsis(self, children: list[Token], start: int, end: int) -> t.Ellipsis:
        return t.Ellipsis(self._span(start, end))

    def name(self, children: list[Token], start: int, end: int) -> t.Name:
        return t.Name(self._span(start, end), self._spell(children[0].text), len(children) - 1)

    plain = name

    def names(self, children: list[t.Name], start: int, end: int) -> tuple[t.Name, ...]:
        return tuple(children)

    # ---- references and calls ------------------------------------------------------------------------------------
    def named(self, children: list[Token], start: int, end: int) -> t.Reference:
        return t.Reference(self._span(start, end), self._spell(children[0].text), len(children) - 1)

    def call(self, children: list[Any], start: int, end: int) -> t.Call:
        function, arguments, *primes = children
        return t.Call(self._span(start, end), self._spell(function.text), arguments, len(primes))

    def indexed(self, children: list[Any], start: int, end: int) -> t.Tree:
        return self._dressed(children[0], (), children[1], self._span(start, end))

    def scripted(self, children: list[Any], start: int, end: int) -> t.Tree:
        scripts = tuple(script for group in children[1:] for script in group)
        return self._dressed(children[0], scripts, None, self._span(start, end))

    @staticmethod
    def _dressed(base: Any, scripts: tuple[t.Script, ...], slots: tuple[t.Tree, ...] | None, span: Span) -> t.Tree:
        if isinstance(base, t.Call):
            return t.Call(span, base.function, base.arguments, base.primes, scripts, slots)
        return t.Reference(span, base.name, base.primes, scripts, slots)

    def arguments(self, children: list[t.Tree], start: int, end: int) -> tuple[t.Tree, ...]:
        return tuple(children)

    def sublist(self, children: list[t.Tree], start: int, end: int) -> t.Sublist:
        return t.Sublist(self._span(start, end), tuple(map(_slot, children)))

    def reduce(self, children: list[Any], start: int, end: int) -> t.Reduce:
        word, binders, arguments = children
        return t.Reduce(self._span(start, end), word.text, tuple(binders), arguments)

    def reduce_compact(self, children: list[Any], start: int, end: int) -> t.Reduce:
        word, arguments = children
        head, tail = _SPLIT.split(word.text, maxsplit=1)[0], _SPLIT.search(word.text)
        cut = tail.end() if tail and tail[0].startswith("_") else len(head)
        binder = self._compact(word.start + cut, word.end)
        return t.Reduce(self._span(start, end), head, (binder,), arguments)

    # ---- derivatives of fields -----------------------------------------------------------------------------------
    def field_operator(self, children: list[Any], start: int, end: int) -> tuple[tuple[t.Tree, ...], bool]:
        scripts: list[t.Script] = children[0]
        if len(scripts) > 1:
            raise Refused("IX001", "∂ takes one script", start, end, "write one ∂ for each index: ∂_i ∂_j f")
        return scripts[0].parts, scripts[0].upper

    def field_slots(self, children: list[Any], start: int, end: int) -> tuple[tuple[t.Tree, ...], bool]:
        return children[0], False

    def leibniz_operator(self, children: list[Any], start: int, end: int) -> t.Reference:
        return _component(children[0])

    def differentiate(self, children: list[Any], start: int, end: int) -> t.Tree:
        operator, body = children
        if isinstance(operator, t.Reference):
            return t.Leibniz(self._span(start, end), body, operator)
        wrt, upper = operator
        return t.Field(self._span(start, end), wrt, upper, body)

    def leibniz(self, children: list[Any], start: int, end: int) -> t.Leibniz:
        return t.Leibniz(self._span(start, end), children[0], _component(children[1]))

    # ---- scripts and slots ---------------------------------------------------------------------------------------
    def upper(self, children: list[Any], start: int, end: int) -> list[t.Script]:
        """`^i`; in `^i_j` the name runs on into a lower script, unless `i_j` is known as a whole."""
        name: t.Name = children[1]
        raw = self._text[name.span.start : name.span.end]
        cut = _SPLIT.search(raw)
        if cut is None or name.text in self._names.known:
            return [t.Script(self._span(start, end), True, (name,), False)]
        middle = name.span.start + cut.start()
        below = name.span.start + (cut.end() if cut[0].startswith("_") else cut.start())
        first = t.Name(self._span(name.span.start, middle), self._spell(raw[: cut.start()]))
        second = self._compact(below, end - name.primes, name.primes)
        return [
            t.Script(self._span(start, middle), True, (first,), False),
            t.Script(self._span(middle, end), False, (second,), False),
        ]

    def lower(self, children: list[Token], start: int, end: int) -> list[t.Script]:
        return [t.Script(self._span(start, end), False, (self._low(children),), False)]

    def upper_braced(self, children: list[Any], start: int, end: int) -> list[t.Script]:
        return [t.Script(self._span(start, end), True, tuple(children[0]), True)]

    def lower_braced(self, children: list[Any], start: int, end: int) -> list[t.Script]:
        return [t.Script(self._span(start, end), False, tuple(children[0]), True)]

    def _low(self, children: list[Token]) -> t.Tree:
        token = children[0]
        return self._compact(token.start + 1, token.end, len(children) - 1)

    def _compact(self, start: int, end: int, primes: int = 0) -> t.Tree:
        """The text of a script without braces: digits alone are a literal slot."""
        text = self._spell(self._text[start:end]).lstrip("_")
        span = self._span(start, end + primes)
        return t.Number(span, text) if text.isdigit() and not primes else t.Name(span, text, primes)

    def slots(self, children: list[t.Tree], start: int, end: int) -> tuple[t.Tree, ...]:
        return tuple(map(_slot, children))

    def positions(self, children: list[t.Positioned], start: int, end: int) -> t.Tree:
        return children[0] if len(children) == 1 else t.Positions(self._span(start, end), tuple(children))

    def positioned_upper(self, children: list[Any], start: int, end: int) -> t.Positioned:
        return t.Positioned(self._span(start, end), True, children[-1])

    def positioned_lower(self, children: list[Token], start: int, end: int) -> t.Positioned:
        return t.Positioned(self._span(start, end), False, self._low(children))

    def symmetrise(self, children: list[t.Tree], start: int, end: int) -> t.Symmetrise:
        return t.Symmetrise(self._span(start, end), tuple(map(_slot, children)), 1)

    def antisymmetrise(self, children: list[t.Tree], start: int, end: int) -> t.Symmetrise:
        return t.Symmetrise(self._span(start, end), tuple(map(_slot, children)), -1)

    def symmetrise_braced(self, children: list[Any], start: int, end: int) -> t.Symmetrise:
        return t.Symmetrise(self._span(start, end), tuple(children[0]), 1)

    def antisymmetrise_braced(self, children: list[Any], start: int, end: int) -> t.Symmetrise:
        return t.Symmetrise(self._span(start, end), tuple(children[0]), -1)

    def gathered(self, children: list[Any], start: int, end: int) -> t.Reference:
        return t.Reference(self._span(start, end), self._spell(children[0].text), 0, (), tuple(children[1]))

    def braced(self, children: list[t.Tree], start: int, end: int) -> list[t.Tree]:
        """The parts between braces.  `{0i}` is two slots; `{2i}` might mean 2*i and is refused."""
        for part, after in itertools.pairwise(children):
            touching = part.span.end == after.span.start and isinstance(after, t.Name | t.Sum | t.Reference)
            if touching and isinstance(part, t.Number) and part.text not in ("0", "1"):
                after_text = self._text[after.span.start : after.span.end]
                raise Refused(
                    "IX001",
                    f"`{part.text}{after_text}` in braces may mean one slot or two",
                    part.span.start,
                    after.span.end,
                    f"write {part.text}*{after_text} for a multiple, {part.text} {after_text} for two slots",
                )
        return children


def _slot(tree: t.Tree) -> t.Tree:
    """A bare name that is a whole slot is an index's Name, not a Reference."""
    if type(tree) is t.Reference and tree.slots is None and not tree.scripts:
        return t.Name(tree.span, tree.name, tree.primes)
    return tree


def _component(tree: t.Tree) -> t.Reference:
    if isinstance(tree, t.Reference):
        return tree
    message = "∂ differentiates with respect to a tensor's component"
    raise Refused("IX001", message, tree.span.start, tree.span.end, "write ∂f/∂x_k, or diff(f, x[k])")
