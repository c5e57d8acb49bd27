"""Builds declarations, definitions and claims out of finished expressions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..diagnostics import Span
from . import tree as t


class StatementBuilder:
    """The methods of statement rules."""

    _span: Callable[[int, int], Span]
    _spell: Callable[[str], str]

    def space(self, children: list[Any], start: int, end: int) -> list[Any]:
        return children

    def index_declaration(self, children: list[Any], start: int, end: int) -> t.IndexDeclaration:
        found: list[Any] = children[1] if len(children) > 1 else []
        space, extent, *_ = [*found, None, None]
        return t.IndexDeclaration(self._span(start, end), children[0], space, extent)

    def attribute(self, children: list[Any], start: int, end: int) -> t.AttributeTree:
        return t.AttributeTree(self._span(start, end), children[0].text, tuple(children[1:]))

    def item(self, children: list[Any], start: int, end: int) -> t.Item:
        return t.Item(self._span(start, end), children[0], tuple(children[1:]))

    def tensor_declaration(self, children: list[t.Item], start: int, end: int) -> t.TensorDeclaration:
        return t.TensorDeclaration(self._span(start, end), tuple(children))

    def scalar_declaration(self, children: list[t.Item], start: int, end: int) -> t.ScalarDeclaration:
        return t.ScalarDeclaration(self._span(start, end), tuple(children))

    def integer_declaration(self, children: list[Any], start: int, end: int) -> t.IntegerDeclaration:
        found: list[Any] = children[-1]
        space, extent, *_ = [*found, None]
        return t.IntegerDeclaration(self._span(start, end), tuple(children[:-1]), space, extent)

    def function_declaration(self, children: list[Any], start: int, end: int) -> t.FunctionDeclaration:
        word, parameters, body = children
        name = t.Name(self._span(word.start, word.end), self._spell(word.text))
        return t.FunctionDeclaration(self._span(start, end), name, parameters, body)

    def metric_declaration(self, children: list[t.Name], start: int, end: int) -> t.MetricDeclaration:
        return t.MetricDeclaration(self._span(start, end), *children)

    def output_declaration(self, children: list[t.Reference], start: int, end: int) -> t.OutputDeclaration:
        return t.OutputDeclaration(self._span(start, end), tuple(children))

    def recompute_declaration(self, children: list[t.Reference], start: int, end: int) -> t.RecomputeDeclaration:
        return t.RecomputeDeclaration(self._span(start, end), tuple(children))

    def convention(self, children: list[t.Name], start: int, end: int) -> t.Convention:
        return t.Convention(self._span(start, end), children[0])

    def equation(self, children: list[Any], start: int, end: int) -> t.Equation:
        return t.Equation(self._span(start, end), *children)

    def bare(self, children: list[Any], start: int, end: int) -> t.Bare:
        return t.Bare(self._span(start, end), children[0])
