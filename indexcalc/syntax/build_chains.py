"""Builds sums, products, `and` and `or`: a chain gathers in a mutable `Chain` and is frozen once, by `whole`.

So a sum of n terms costs O(n), and its tree is flat.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import limits
from ..diagnostics import Span
from . import tree as t


class Refused(Exception):
    """A reduction that the grammar allows and the language does not."""

    def __init__(self, code: str, message: str, start: int, end: int, hint: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.start = start
        self.end = end
        self.hint = hint


class Chain:
    """A sum, product, `and` or `or` that is still growing: its parts as the finished tree will hold them."""

    __slots__ = ("kind", "parts")

    def __init__(self, kind: str, first: Any) -> None:
        self.kind = kind
        self.parts: list[Any] = [first]


class ChainBuilder:
    """The methods of rules that grow a chain."""

    _span: Callable[[int, int], Span]

    def plus(self, children: list[Any], start: int, end: int) -> Chain:
        return self._add(children, 1)

    def minus(self, children: list[Any], start: int, end: int) -> Chain:
        return self._add(children, -1)

    def _add(self, children: list[Any], sign: int) -> Chain:
        left, right = children
        if not isinstance(left, Chain):
            left = Chain("sum", (-1, left.body) if type(left) is t.Negate else (1, value_of(left)))
        return grow(left, (sign, value_of(right)), right)

    def times(self, children: list[Any], start: int, end: int) -> Chain:
        return self._multiply(children, "*")

    def over(self, children: list[Any], start: int, end: int) -> Chain:
        return self._multiply(children, "/")

    def beside(self, children: list[Any], start: int, end: int) -> Chain:
        return self._multiply(children, "")

    def _multiply(self, children: list[Any], operator: str) -> Chain:
        left, right = children
        if not isinstance(left, Chain):
            left = Chain("product", ("", left))
        return grow(left, (operator, right), right)

    def either(self, children: list[Any], start: int, end: int) -> Chain:
        return self._join(children, "or")

    def both(self, children: list[Any], start: int, end: int) -> Chain:
        return self._join(children, "and")

    def _join(self, children: list[Any], operator: str) -> Chain:
        left, right = children
        return grow(left if isinstance(left, Chain) else Chain(operator, left), right, right)

    def whole(self, children: list[Any], start: int, end: int) -> t.Tree:
        chain: Chain = children[0]
        span, parts = self._span(start, end), tuple(chain.parts)
        if chain.kind == "sum":
            return t.Sum(span, parts)
        if chain.kind == "product":
            return t.Product(span, parts)
        return t.Logic(span, chain.kind, parts)


def grow(chain: Chain, part: Any, tree: t.Tree) -> Chain:
    chain.parts.append(part)
    if len(chain.parts) > limits.MAX_TERMS:
        what = {"sum": "sum", "product": "product"}.get(chain.kind, f"chain of `{chain.kind}`")
        message = f"this {what} has more than {limits.MAX_TERMS} parts; part {limits.MAX_TERMS + 1} stands here"
        raise Refused("IX009", message, tree.span.start, tree.span.end, "split it over several definitions")
    return chain


def value_of(tree: t.Tree) -> t.Tree:
    """A name inside an affine form is a value, in braces as in brackets."""
    return t.Reference(tree.span, tree.text, tree.primes) if type(tree) is t.Name else tree
