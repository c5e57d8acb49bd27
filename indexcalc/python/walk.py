"""Walks over Python's syntax trees.  `ast.walk` asks every node for every field; here a table says which hold nodes."""

from __future__ import annotations

import ast
from typing import Any

_PLAIN = frozenset(  # fields of names, numbers and texts, and of operators and contexts
    (
        "ctx", "op", "ops", "id", "attr", "arg", "kind", "name", "names", "module", "level", "asname", "type_comment",
        "conversion", "is_async", "simple", "type_ignores", "rest", "kwd_attrs", "str",
    )
)  # fmt: skip
_FIELDS: dict[type[ast.AST], tuple[str, ...]] = {ast.Constant: (), ast.MatchSingleton: ()}
_LEAVES = frozenset((ast.Name, ast.Constant, type(None)))


def children(node: ast.AST) -> list[ast.AST]:
    """The nodes right below this one; operators, contexts and what an import names are left out.

    >>> [type(n).__name__ for n in children(ast.parse("f(x, *y, k=1)", mode="eval").body)]
    ['Name', 'Name', 'Starred', 'keyword']
    """
    found: list[ast.AST] = []
    for field in _FIELDS.get(node.__class__) or _fields(node):
        value = getattr(node, field, None)
        if value.__class__ is list:
            found += value
        elif value is not None:
            found.append(value)
    return [n for n in found if n is not None] if None in found else found  # {**a} has a key that is None


def parts(node: ast.AST) -> list[ast.AST]:
    """The nodes right below this one that may hold others, the last first: no names and no constants, and in the place
    of an attribute what it is an attribute of.

    >>> [type(n).__name__ for n in parts(ast.parse("f(x).T.dot(y, *z, k=1)", mode="eval").body)]
    ['keyword', 'Starred', 'Call']
    """
    found: list[ast.AST] = []
    for field in _FIELDS.get(node.__class__) or _fields(node):
        value: Any = getattr(node, field, None)
        for inner in value if value.__class__ is list else (value,):
            while inner.__class__ is ast.Attribute:
                inner = inner.value
            if inner.__class__ not in _LEAVES:
                found.append(inner)
    found.reverse()
    return found


def _fields(node: ast.AST) -> tuple[str, ...]:
    """The fields of this kind of node that may hold nodes."""
    kind = node.__class__
    if kind not in _FIELDS:
        _FIELDS[kind] = tuple(f for f in kind._fields if f not in _PLAIN)
    return _FIELDS[kind]
