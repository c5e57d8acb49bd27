"""The table of operators by their ATen names, and what all of them share.

An operator is a function of a builder and its arguments (values, numbers, lists, None), in ATen's order and with ATen's
defaults, that gives a value or a tuple of values.  Nothing here imports torch.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, TypeAlias, TypeVar, Union

from ...diagnostics import IndexCalcError, fail
from ...ir.build import multiply, power
from ...ir.build import number as literal
from ...ir.expr import Access, Expr, IndexValue, Literal, Product, Sum
from ...ir.index import Index, Slot, affine_form
from ..builder import Builder
from ..value import Value

Argument: TypeAlias = Union[Value, bool, int, float]
Operator: TypeAlias = Callable[..., Any]
F = TypeVar("F", bound=Operator)

OPERATORS: dict[str, Operator] = {}


def operator(*names: str) -> Callable[[F], F]:
    """Decorator: the function is the meaning of these ATen overloads, such as "add.Tensor"."""

    def register(f: F) -> F:
        for name in names:
            assert name not in OPERATORS, name
            OPERATORS[name] = f
        return f

    return register


def unsupported(what: str, hint: str) -> IndexCalcError:
    return fail("IX902", f"{what} has no counterpart in index notation", hint=hint)


def number(value: float) -> Expr:
    """A number: exact, the shortest decimal that means the double; a root where the double is one's value.

    >>> print(number(0.1), number(8**0.5), number(8**-0.5))
    0.1 sqrt(8) 1 / sqrt(8)
    """
    if isinstance(value, int):
        return literal(int(value))
    if math.isnan(value):
        raise unsupported("the number nan", "replace it with where(…)")
    if math.isinf(value):
        return Literal(value)
    if value == int(value) and abs(value) < 1e15:
        return literal(int(value))
    if len(repr(abs(value))) > 12:
        for sign in (1, -1):
            square = Fraction(round(value ** (2 * sign), 9)).limit_denominator(1)
            if 0 < square < 10**9 and math.copysign(float(square) ** (sign * 0.5), value) == value:
                return multiply(literal(-1 if value < 0 else 1), power(literal(square), literal(Fraction(sign, 2))))
    exact = Fraction(value)
    return literal(exact if abs(exact.numerator) == 1 else Fraction(repr(value)))


def lift(x: Argument) -> Value:
    """A number as a value of rank 0."""
    return x if isinstance(x, Value) else Value(number(x))


def dimension(dim: int, rank: int) -> int:
    """A dimension counted from the front."""
    return dim + rank if dim < 0 else dim


def dimensions(dims: int | Sequence[int] | None, rank: int) -> tuple[int, ...]:
    """Dimensions counted from the front; all of them where none is named."""
    if isinstance(dims, int):
        dims = (dims,)
    return tuple(dimension(d, rank) for d in dims) if dims else tuple(range(rank))


def slot_of(e: Expr, b: Builder) -> Slot | None:
    """The slot that an integer-valued expression can stand in as; None where there is none."""
    terms: list[tuple[int, Index | Expr]] = []
    offset = 0
    for term in e.terms if isinstance(e, Sum) else (e,):
        coefficient, part = 1, term
        if isinstance(term, Product) and len(term.factors) == 2 and isinstance(term.factors[0], Literal):
            value = term.factors[0].value
            if not isinstance(value, int):
                return None
            coefficient, part = value, term.factors[1]
        if isinstance(part, IndexValue):
            terms.append((coefficient, part.index))
        elif isinstance(part, Access) and part.tensor in b.inputs and b.inputs[part.tensor].integer:
            terms.append((coefficient, part))
        elif isinstance(part, Literal) and isinstance(part.value, int):
            offset += coefficient * part.value
        else:
            return None
    return affine_form(list(terms), offset)
