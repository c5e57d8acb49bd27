"""Where an expression is read: the conditions on indices that enclose each of its parts.

A part counts as read only where the branch of `where` that holds it is chosen, and where no other factor of its
product, or part of its `and`, is a condition on indices that is false.  What is not read does not matter, so that a
slot may leave its range there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from .build import ZERO
from .expr import Access, Affine, Binder, Compare, Delta, Expr, Index, Logic, MatrixApply, Product, Slot, Where
from .walk import children, slots_of, subexpressions

Conditions = tuple[Expr, ...]


def on_indices(e: Expr) -> bool:
    """Whether `e` is a comparison, a logical formula or a δ that reads no tensor.

    >>> from .expr import IndexValue, Space
    >>> i = IndexValue(Index("i", Space("n")))
    >>> on_indices(Compare("<", i, i)), on_indices(i)
    (True, False)
    """
    if not isinstance(e, (Compare, Logic, Delta)):
        return False
    return not any(isinstance(p, (Access, MatrixApply)) for p in subexpressions(e))


def conjuncts(e: Expr) -> Iterator[Expr]:
    """The parts of `a and b and …`, which may also be written as a product of conditions."""
    if isinstance(e, Logic) and e.operator == "and":
        for part in e.arguments:
            yield from conjuncts(part)
    elif isinstance(e, Product) and all(isinstance(f, (Compare, Logic, Delta)) for f in e.factors):
        for part in e.factors:
            yield from conjuncts(part)
    else:
        yield e


def joined(tests: Sequence[Expr]) -> Expr:
    """All of the conditions, of which there is at least one."""
    return tests[0] if len(tests) == 1 else Logic("and", tuple(tests))


def opposite(e: Expr) -> Expr:
    """not e."""
    return e.arguments[0] if isinstance(e, Logic) and e.operator == "not" else Logic("not", (e,))


def branches(e: Expr) -> Iterator[tuple[Expr, Conditions]]:
    """The direct sub-expressions, each with the conditions that `e` adds: it is read only where they hold."""
    if isinstance(e, Where):
        yield e.condition, ()
        yield e.then, (e.condition,)
        yield e.other, (opposite(e.condition),)
        return
    parts = children(e)
    joint = isinstance(e, Product) or (isinstance(e, Logic) and e.operator == "and")
    tests = [p for p in parts if on_indices(p)] if joint else []
    for part in parts:
        yield part, tuple(t for t in tests if t is not part)


def kept_inside(e: Expr, conditions: Conditions) -> Conditions:
    """The conditions that still hold for the body of `e`: what it binds takes other values there."""
    if not isinstance(e, Binder) or not conditions:
        return conditions
    bound = frozenset(e.indices)
    return tuple(c for c in conditions if bound.isdisjoint(c.free))


def guarded_parts(e: Expr) -> Iterator[tuple[Expr, Conditions]]:
    """Every expression inside `e`, gathers in slots included, with the conditions under which it is read."""
    stack: list[tuple[Expr, Conditions]] = [(e, ())]
    while stack:
        now, conditions = stack.pop()
        yield now, conditions
        inside = kept_inside(now, conditions)
        found = [(part, (*inside, *more)) for part, more in branches(now)]
        stack += reversed(found)
        for slot in slots_of(now):
            stack += [(part, conditions) for part in _gathers(slot)]


def _gathers(slot: Slot) -> list[Expr]:
    parts = [p for _, p in slot.terms] if isinstance(slot, Affine) else [slot]
    return [p for p in parts if isinstance(p, Expr)]


def reads_window(e: Expr) -> bool:
    """Whether some slot inside holds an affine form of indices alone, which may leave its range."""
    return any(is_window(s) for p in subexpressions(e) if isinstance(p, Access) for s in p.slots)


def is_window(slot: Slot) -> bool:
    """An affine form of indices alone."""
    return isinstance(slot, Affine) and all(isinstance(p, Index) for _, p in slot.terms)


def chosen(e: Product) -> Product:
    """The product with `where(c, f, 0)` for each factor f that reads through an affine slot beside conditions c.

    Where c is 0 the factor does not matter, so that it may be left out of range or infinite there.

    >>> from .expr import IndexValue, Space
    >>> i = Index("i", Space("n"))
    >>> print(chosen(Product((Compare(">", IndexValue(i), ZERO), Access("x", (Affine(((1, i),), -1),))))))
    (i > 0) where(i > 0, x[i - 1], 0)
    """
    found = [(part, tests) for part, tests in branches(e)]
    if not any(tests for _, tests in found):
        return e
    return Product(tuple(_selected(part, tests) for part, tests in found))


def _selected(part: Expr, tests: Iterable[Expr]) -> Expr:
    tests = tuple(tests)
    if not tests or isinstance(part, Where) or on_indices(part) or not reads_window(part):
        return part
    return Where(joined(tests), part, ZERO)
