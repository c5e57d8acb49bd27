"""Branches of `where` whose derivatives stay finite where they are not read.

The derivative of where(x > 0, sqrt(x), 0) holds [x > 0] / sqrt(x), which is 0 · inf at 0: a product cannot select.  So
what a singular function is taken of stays away from the singularity where it is not read,

    where(x > 0, sqrt(x), 0) = where(x > 0, sqrt(where(x > 0, x, 1/2)), 0).
"""

from __future__ import annotations

from .expr import Access, Apply, Binder, Expr, Extent, IndexSum, Literal, Power, Product, Sum, Where
from .walk import children, rebuild, subexpressions
from .windows import FILLER, FINITE, SMOOTH


def guarded(e: Expr, condition: Expr) -> Expr:
    """`e`, read only where `condition` holds, with the arguments of its singular functions kept regular elsewhere.

    An argument that does not vary with the condition is read anyway, and stays.
    """
    if isinstance(e, Binder) and not condition.free.isdisjoint(e.indices):
        return e
    parts = children(e)
    new = tuple(guarded(p, condition) for p in parts)
    if _is_singular(e):
        new = tuple(_kept_regular(p, condition) for p in new[:1]) + new[1:]
    return e if all(a is b for a, b in zip(new, parts)) else rebuild(e, new)


def _is_singular(e: Expr) -> bool:
    """Has it, or a derivative of it, no finite value somewhere?"""
    if isinstance(e, Power):
        return not (isinstance(e.exponent, Literal) and isinstance(e.exponent.value, int) and e.exponent.value >= 0)
    return isinstance(e, Apply) and e.function not in FINITE | SMOOTH


def _kept_regular(argument: Expr, condition: Expr) -> Expr:
    varies = any(isinstance(p, Access) for p in subexpressions(argument))
    if not varies or not argument.free >= condition.free or is_positive(argument):
        return argument
    return Where(condition, argument, FILLER)


def is_positive(e: Expr, *, strictly: bool = True) -> bool:
    """Is it above zero (not `strictly`: at least zero) whatever the tensors hold, by its form alone?

    >>> from .build import add, lift, power
    >>> is_positive(add(lift(1), power(Access("x", ()), lift(2))))
    True
    """
    if isinstance(e, Literal):
        return e.value > 0 if strictly else e.value >= 0
    if isinstance(e, Sum):
        return all(is_positive(t, strictly=False) for t in e.terms) and (
            not strictly or any(is_positive(t) for t in e.terms)
        )
    if isinstance(e, Product):
        return all(is_positive(f, strictly=strictly) for f in e.factors)
    if isinstance(e, IndexSum):
        return is_positive(e.body, strictly=strictly)
    if isinstance(e, Power):
        even = isinstance(e.exponent, Literal) and isinstance(e.exponent.value, int) and e.exponent.value % 2 == 0
        return is_positive(e.base) or (not strictly and even)
    if isinstance(e, Apply):
        return e.function in ("exp", "cosh") or (e.function == "abs" and not strictly)
    return isinstance(e, Extent)
