"""Single expressions: simplified, differentiated, in matrix notation."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..diagnostics import fail
from ..ir.expr import Access, Derivative, Expr
from ..ir.index import Index
from ..ir.program import Claim, Define, Program, Statement
from .arguments import expression_of, text_of
from .reading import parse

if TYPE_CHECKING:
    from ..matrix.form import MatrixForm

_DEFINES = re.compile(r"(?<![=<>!])=(?!=)")


def simplify(expr: str | Expr, *, given: str = "") -> Expr:
    """The expression with derivatives carried out, deltas contracted, sums split and pulled out, numbers folded, like
    terms collected.

    `given` holds declarations.

    >>> import indexcalc as ic
    >>> print(ic.simplify("sum[j](delta[i,j] x[j])"))
    x[i]
    """
    from ..calculus.declared import simplified_as_declared
    from ..rewrite.tidy import tidy

    return tidy(simplified_as_declared(expression_of(expr, given), parse(given))[0])


def diff(expr: str | Expr, wrt: str | Access, *, given: str = "") -> Expr:
    """∂expr/∂wrt, where `wrt` is a tensor's component such as "x[k]"; its indices stay free in the result (a Jacobian).

    All components of the tensor are independent, unless `given` declares it symmetric, antisymmetric, riemann, diagonal
    or orthogonal: then it is the derivative among such tensors, the projection of the former.

    >>> import indexcalc as ic
    >>> print(ic.diff("a[i] x[i]", "x[k]"))
    a[k]
    """
    from ..calculus.declared import simplified_as_declared
    from ..rewrite.tidy import tidy

    return tidy(simplified_as_declared(_derivative(expr, wrt, given), parse(given))[0])


def matrix_form(x: str | Program | Statement | Expr, *, given: str = "") -> MatrixForm | None:
    """The matrix notation of a program, a statement or an expression, the first free index counting rows.

    None where something has none: tensors of rank 3 and more, masks, gathers.  The result's `str` is Unicode; it has
    `.ascii` and `.latex`.  `given` holds declarations for an expression.

    >>> import indexcalc as ic
    >>> print(ic.matrix_form("g[i,k] = 2 X[n,i] (X[n,j] W[j,k] - Y[n,k])"))
    g = 2 Xᵀ (X W − Y)
    """
    from ..matrix.form import matrix_form as run

    if isinstance(x, str):
        x = parse(x) if _DEFINES.search(x) else expression_of(x, given)
    elif not isinstance(x, (Program, Define, Claim, Expr)):
        message = f"a program, a statement or an expression is asked for, not {type(x).__name__}"
        raise fail("IX901", message, hint='text will do: ic.matrix_form("y[i] = A[i,j] x[j]")')
    return run(x, parse(given).inputs if given else None)


def _derivative(expr: str | Expr, wrt: str | Access, given: str) -> Expr:
    """diff(expr, wrt) as a node; text is read together, so that both see the same spaces."""
    if isinstance(expr, str) and isinstance(wrt, str):
        from ..elaborate.read import read_derivative

        return read_derivative(expr, wrt, given=text_of(given, "a list of declarations"))
    body, component = expression_of(expr, given), expression_of(wrt, given)
    if not isinstance(component, Access):
        raise fail("IX905", "the second argument of diff is a tensor's component", hint='for example "x[k]"')
    return Derivative(body, _in_spaces_of(body, component))


def _in_spaces_of(body: Expr, component: Access) -> Access:
    """The component with its indices in the spaces that the tensor's slots have in the body."""
    from ..ir.walk import subexpressions

    for part in subexpressions(body):
        if isinstance(part, Access) and part.tensor == component.tensor and len(part.slots) == len(component.slots):
            pairs = zip(component.slots, part.slots)
            both = [Index(c.name, b.space) if isinstance(c, Index) and isinstance(b, Index) else c for c, b in pairs]
            return component.with_slots(tuple(both))
    return component
