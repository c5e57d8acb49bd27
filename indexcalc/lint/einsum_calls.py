"""The einsum calls of a program, as the rules on calls in Python see them."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..diagnostics import Lines, Span
from ..einsum.parse import parse
from ..einsum.spec import SpecError
from ..python.module import Argument, Call, SpecText
from ..syntax import tree as t
from .places import walk
from .registry import Checked


def einsum_calls(checked: Checked) -> Iterator[Call]:
    """Every `einsum("…", A, B)` of a program.  No library is named, so that none is asked for its verdict."""
    lines = Lines(checked.text)
    for statement in checked.tree.statements:
        for node in walk(statement):
            text = node.arguments[0] if isinstance(node, t.Call) and node.function == "einsum" else None
            if isinstance(node, t.Call) and isinstance(text, t.Text):
                yield _call(node, text, checked, lines)


def _call(node: t.Call, text: t.Text, checked: Checked, lines: Lines) -> Call:
    first = text.span.start + 1  # behind the quote
    offsets = tuple(range(first, first + len(text.value) + 1))
    operands = tuple(_operand(checked.text[a.span.start : a.span.end], a.span) for a in node.arguments[1:])
    try:
        spec, problem = parse(text.value, "language"), None
    except SpecError as error:
        spec, problem = None, error
    place = ast.Call(ast.Name("einsum"), [], [])
    return Call(
        "einsum", "", "language", SpecText(text.value, offsets), spec, operands, {}, place, node.span,
        problem=problem, complete=True, lines=lines,
    )  # fmt: skip


def _operand(name: str, span: Span) -> Argument:
    return Argument(name, name, ast.Name(name), span)
