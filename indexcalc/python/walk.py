"""Walks over Python's syntax trees.  `ast.walk` asks every node for every field; here a table says which hold nodes."""

from __future__ import annotations

import ast

_PLAIN = frozenset(  # fields of names, numbers and texts, and of operators and contexts
    (
        "ctx", "op", "ops", "id", "attr", "arg", "kind", "name", "names", "module", "level", "asname", "type_comment",
        "conversion", "is_async", "simple", "type_ignores", "rest", "kwd_attrs", "str",
    )
)  # fmt: skip
_FIELDS: dict[type[ast.AST], tuple[str, ...]] = {ast.Constant: (), ast.MatchSingleton: ()}
_LEAVES = (ast.Name, ast.Constant)


def children(node: ast.AST) -> list[ast.AST]:
    """The nodes right below this one; operators, contexts and what an import names are left out.

    >>> [type(n).__name__ for n in children(ast.parse("f(x, *y, k=1)", mode="eval").body)]
    ['Name', 'Name', 'Starred', 'keyword']
    """
    kind = node.__class__
    fields = _FIELDS.get(kind)
    if fields is None:
        fields = _FIELDS[kind] = tuple(f for f in kind._fields if f not in _PLAIN)
    found: list[ast.AST] = []
    for field in fields:
        value = getattr(node, field, None)
        if value.__class__ is list:
            found += value
        elif value is not None:
            found.append(value)
    return [n for n in found if n is not None] if None in found else found  # {**a} has a key that is None


def parts(node: ast.AST) -> list[ast.AST]:
    """The nodes right below this one that may hold others: no names and no constants."""
    return [n for n in children(node) if n.__class__ not in _LEAVES]
