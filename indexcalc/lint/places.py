"""Where in the text a part of a statement stands.

Expressions carry no spans.  A call is found by counting: the n-th `log` of a statement's expression is the n-th in its
syntax tree.  Where the two do not have equally many, because something was written out, the whole statement is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from ..diagnostics import Span
from ..ir.expr import Apply, Expr, IndexMap, IndexReduce, IndexSum, Literal, Power
from ..ir.program import Define, Statement
from ..ir.walk import subexpressions
from ..syntax import tree as t

if TYPE_CHECKING:
    from .registry import Checked

Found = tuple[Statement, Expr, int]  # the part, and which of its kind it is in the statement


def sides(statement: Statement) -> tuple[Expr, ...]:
    """The expressions of a statement, in the order of the text."""
    return (statement.body,) if isinstance(statement, Define) else (statement.left, statement.right)


def is_call(name: str) -> Callable[[Expr], bool]:
    """Whether an expression is an elementwise function or a reduction of this name."""
    return lambda e: (
        (isinstance(e, Apply) and e.function == name)
        or (isinstance(e, (IndexReduce, IndexMap)) and e.operation == name)
    )


def is_division(e: Expr) -> bool:
    """Whether an expression is 1 / (something that is no number)."""
    if not isinstance(e, Power) or not isinstance(e.exponent, Literal) or isinstance(e.base, Literal):
        return False
    return e.exponent.value < 0


def numbered(found: Iterable[tuple[Statement, Expr]]) -> Iterator[Found]:
    """Parts with their numbers, each statement counted by itself."""
    counts: dict[int, int] = {}
    for statement, part in found:
        n = counts.get(id(statement), 0)
        counts[id(statement)] = n + 1
        yield statement, part, n


class Places:
    """Spans of parts of a checked text.  The tree is parsed when the first one is asked for."""

    def __init__(self, checked: Checked) -> None:
        self._checked = checked

    @cached_property
    def _trees(self) -> dict[int, t.Tree]:
        return {s.span.start: s for s in self._checked.tree.statements}

    def tree(self, statement: Statement) -> t.Tree | None:
        """The syntax tree of a statement."""
        return self._trees.get(statement.span.start) if statement.span else None

    def call(self, found: Found, name: str) -> t.Call | t.Reduce | None:
        """The call or reduction of this name that a part was read from."""

        def wanted(e: t.Tree) -> bool:
            return (isinstance(e, t.Call) and e.function == name) or (isinstance(e, t.Reduce) and e.operation == name)

        place = self._matching(found, is_call(name), wanted)
        return place if isinstance(place, (t.Call, t.Reduce)) else None

    def reduction(self, statement: Statement, part: IndexSum | IndexReduce | IndexMap) -> t.Tree | None:
        """The reduction that a part was read from.  A sum may be implied, so that none is counted."""
        if isinstance(part, IndexSum):
            return None
        wanted = is_call(part.operation)
        same = [p for side in sides(statement) for p in subexpressions(side) if wanted(p)]
        return self.call((statement, part, next(n for n, p in enumerate(same) if p is part)), part.operation)

    def divisor(self, found: Found) -> t.Tree | None:
        """What stands behind the `/` that a part was read from."""
        statement, _, n = found
        tree = self.tree(statement)
        divisors = [d for e in walk(tree) for d in _divisors(e)] if tree is not None else []
        many = sum(is_division(p) for side in sides(statement) for p in subexpressions(side))
        return divisors[n] if len(divisors) == many else None

    def _matching(
        self, found: Found, wanted: Callable[[Expr], bool], written: Callable[[t.Tree], bool]
    ) -> t.Tree | None:
        statement, _, n = found
        tree = self.tree(statement)
        places = [e for e in walk(tree) if written(e)] if tree is not None else []
        many = sum(wanted(p) for side in sides(statement) for p in subexpressions(side))
        return places[n] if len(places) == many else None

    def text(self, tree: t.Tree) -> str:
        """The source of a part of the tree."""
        return self._checked.text[tree.span.start : tree.span.end]

    def bracketed(self, tree: t.Tree) -> str:
        """The source of a part, in brackets unless it is a single thing."""
        single = (t.Reference, t.Call, t.Reduce, t.Group, t.Name, t.Number)
        return self.text(tree) if isinstance(tree, single) else f"({self.text(tree)})"

    def binders(self, tree: t.Reduce) -> str:
        """The indices of a reduction, as brackets list them."""
        return ", ".join(self.text(b) for b in tree.binders)

    @staticmethod
    def inside(tree: t.Tree) -> t.Tree:
        """A part without the brackets around it."""
        return _inside(tree)

    @staticmethod
    def span(tree: t.Tree | None, statement: Statement) -> Span | None:
        """The place of a part, or of the statement where the part was not found."""
        return tree.span if tree is not None else statement.span


def _divisors(e: t.Tree) -> list[t.Tree]:
    if not isinstance(e, t.Product):
        return []
    return [f for operator, f in e.factors if operator == "/" and not isinstance(_inside(f), t.Number)]


def _inside(e: t.Tree) -> t.Tree:
    while isinstance(e, t.Group):
        e = e.body
    return e


def walk(tree: t.Tree) -> Iterator[t.Tree]:
    """Every part of a tree, in the order of the text."""
    stack: list[object] = [tree]
    while stack:
        now = stack.pop()
        if isinstance(now, tuple):
            stack += reversed(now)
        elif isinstance(now, t.Tree):
            yield now
            stack += reversed([getattr(now, name) for name in _fields(type(now))])


def _fields(kind: type) -> tuple[str, ...]:
    return tuple(name for name in getattr(kind, "__match_args__", ()) if name != "span")
