"""Walks over syntax trees, against those of the standard library."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

import indexcalc
from indexcalc.python.shapes.targets import Stores, dotted
from indexcalc.python.walk import children

SYNTAX = '''
import a.b as c
@deco(1)
def f(x, /, y: int = 2, *args, k=3, **rest) -> None:
    """Doc
    string."""
    for i, self.z in [(lambda q: (w := q))(t) for t in y if t]:
        x[i], *tail = {**rest, "a": f"{x!r:>{y}}"}
        while x: del x; x += 1
    try:
        with open(x) as g, h: pass
    except E as e: raise X from e
    match x:
        case {"k": [1, *r], **o} | P(a=Q.z): pass
class C(B, metaclass=M):
    y: int = 3
    async def g(self): await x; yield; return not -x if a < b <= c else x[1:2, ...]
'''
SKIPPED = (ast.alias, ast.operator, ast.unaryop, ast.boolop, ast.cmpop, ast.expr_context, ast.type_ignore)
FILES = sorted((Path(indexcalc.__file__).parent / "python").rglob("*.py"))


@pytest.mark.parametrize("text", [SYNTAX, *(f.read_text(encoding="utf-8") for f in FILES)])
def test_the_children_are_those_of_the_standard_library(text: str) -> None:
    for node in ast.walk(ast.parse(text)):
        expected = [n for n in ast.iter_child_nodes(node) if not isinstance(n, SKIPPED)]
        assert children(node) == expected


def _stores(statement: ast.stmt) -> Iterator[str]:
    """What a statement binds, by the context of each name."""
    for node in ast.walk(statement):
        if isinstance(node, (ast.Name, ast.Attribute)) and not isinstance(node.ctx, ast.Load):
            yield from filter(None, [dotted(node)])
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name


def test_what_each_statement_binds_is_counted_however_deep_it_is() -> None:
    tree = ast.parse(SYNTAX)
    stores = Stores(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt):
            assert stores([node]) == Counter(_stores(node)), ast.unparse(node)
    assert [ast.unparse(i) for i in stores.imports] == ["import a.b as c"]
    assert [s.lineno for s in stores.strings] == [5]
