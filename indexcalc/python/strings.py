"""The string that an expression stands for, as far as the file shows it, with the place of every character."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable

from ..einsum.parse import MAX_CHARACTERS
from .literals import Field, pieces
from .module import SpecText
from .positions import Positions
from .scopes import Binding, Scope, value_of

HOLE = "{…}"
MAX_DEPTH = 20  # constants of constants
_PERCENT = re.compile(r"%(?:\((\w+)\))?([a-zA-Z%])")
_BRACES = re.compile(r"\{\{|\}\}|\{(\w*)([^{}]*)\}")

_Value = Callable[[re.Match[str]], str | None]
Known = tuple[str, tuple[int, ...], bool]  # text, the offset of each character, whether every part is known


def spec_text(node: ast.expr, scope: Scope, positions: Positions) -> SpecText | None:
    """The string of an argument: a literal, an f-string, a constant assigned once, or what `+`, `%` and `.format` make
    of such.  None where it is not known to be a string.
    """
    found = _known(node, scope, positions, MAX_DEPTH)
    if found is None:
        return None
    text, offsets, whole = found
    return SpecText(text, (*offsets, offsets[-1] + 1 if offsets else positions.start(node)), whole)


def _known(node: ast.expr, scope: Scope, positions: Positions, depth: int) -> Known | None:
    if depth == 0:
        return None
    if isinstance(node, ast.Constant):
        return _literal(node, scope, positions, depth) if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return _literal(node, scope, positions, depth)
    if isinstance(node, (ast.Name, ast.Attribute)):
        bound = value_of(node, scope)
        return _constant(*bound, positions, depth - 1) if bound is not None else None
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _sum(node, scope, positions, depth)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
        return _percent(node, scope, positions, depth)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
        return _format(node, node.func.value, scope, positions, depth)
    return None


def _constant(value: Binding, scope: Scope, positions: Positions, depth: int) -> Known | None:
    """What a name stands for.  It is put together once, however many strings it is part of."""
    if not isinstance(value, ast.expr):
        return None
    if id(value) not in positions.strings:
        positions.strings[id(value)] = None  # while it is being read, it is no part of itself
        found = _known(value, scope, positions, depth)
        positions.strings[id(value)] = found if found is not None and len(found[0]) <= MAX_CHARACTERS else None
    return positions.strings[id(value)]


def _literal(node: ast.expr, scope: Scope, positions: Positions, depth: int) -> Known:
    start, end = positions.start(node), positions.end(node)
    if isinstance(node, ast.Constant) and positions.text[start + 1 : end - 1] == node.value:
        return node.value, tuple(range(start + 1, end - 1)), True  # each character stands for itself
    text: list[str] = []
    offsets: list[int] = []
    whole = True
    for piece in pieces(positions.text, start, end):
        if isinstance(piece, Field):
            value = None if piece.rest else _of_source(piece.expression, scope, positions, depth)
            whole = whole and value is not None
            value = HOLE if value is None else value
            text.append(value)
            offsets += [piece.offset] * len(value)
        else:
            text.append(piece.text)
            offsets.append(piece.offset)
    return "".join(text), tuple(offsets), whole


def _of_source(expression: str, scope: Scope, positions: Positions, depth: int) -> str | None:
    """The value of a name or attribute between an f-string's braces; a longer expression is not followed."""
    try:
        node = ast.parse(expression.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return _value(node, scope, positions, depth) if isinstance(node, (ast.Name, ast.Attribute)) else None


def _value(node: ast.expr, scope: Scope, positions: Positions, depth: int) -> str | None:
    """The text alone, where all of it is known."""
    found = _known(node, scope, positions, depth - 1)
    return found[0] if found is not None and found[2] else None


def _sum(node: ast.BinOp, scope: Scope, positions: Positions, depth: int) -> Known | None:
    """A string with something known in it; characters of a constant stand where the constant is named."""
    parts: list[ast.expr] = []
    left: ast.expr = node
    while isinstance(left, ast.BinOp) and isinstance(left.op, ast.Add):
        parts.append(left.right)
        left = left.left
    parts.append(left)
    text: list[str] = []
    offsets: list[int] = []
    whole = True
    for part in reversed(parts):
        if isinstance(part, (ast.Constant, ast.JoinedStr)):
            found = _known(part, scope, positions, depth)
            if found is None:
                return None  # a number: this is no sum of strings
        else:
            value = _value(part, scope, positions, depth)
            shown = HOLE if value is None else value
            found = (shown, (positions.start(part),) * len(shown), value is not None)
        text.append(found[0])
        offsets += found[1]
        whole = whole and found[2]
    if not whole and not any(isinstance(p, (ast.Constant, ast.JoinedStr)) for p in parts):
        return None
    return "".join(text), tuple(offsets), whole


def _percent(node: ast.BinOp, scope: Scope, positions: Positions, depth: int) -> Known | None:
    given = node.right.elts if isinstance(node.right, ast.Tuple) else [node.right]
    values = iter([_value(x, scope, positions, depth) for x in given])
    template = _known(node.left, scope, positions, depth)
    if template is None:
        return None
    named = isinstance(node.right, ast.Dict)

    def value(found: re.Match[str]) -> str | None:
        if found[2] == "%":
            return "%"
        return None if named or found[2] != "s" else next(values, None)

    return _filled(template, _PERCENT, value)


def _format(call: ast.Call, left: ast.expr, scope: Scope, positions: Positions, depth: int) -> Known | None:
    template = _known(left, scope, positions, depth)
    if template is None:
        return None
    keywords = {k.arg: _value(k.value, scope, positions, depth) for k in call.keywords if k.arg}
    given = [_value(x, scope, positions, depth) for x in call.args]
    counter = iter(range(len(given)))

    def value(found: re.Match[str]) -> str | None:
        if found[1] is None:
            return found[0][0]
        key = found[1] or str(next(counter, len(given)))
        if found[2]:
            return None
        if not key.isdecimal():
            return keywords.get(key)
        return given[int(key)] if int(key) < len(given) else None

    return _filled(template, _BRACES, value)


def _filled(template: Known, field: re.Pattern[str], value: _Value) -> Known:
    """The template with each field replaced by its value, or by a hole."""
    text, offsets, whole = template
    out: list[str] = []
    places: list[int] = []
    last = 0
    for found in field.finditer(text):
        known = value(found)
        whole = whole and known is not None
        shown = HOLE if known is None else known
        out += [text[last : found.start()], shown]
        places += [*offsets[last : found.start()], *[offsets[found.start()]] * len(shown)]
        last = found.end()
    return "".join([*out, text[last:]]), (*places, *offsets[last:]), whole
