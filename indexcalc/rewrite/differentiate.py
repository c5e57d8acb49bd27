"""A derivative shown step by step: the derivative rules until no ∂ is left, then simplification."""

from __future__ import annotations

from collections.abc import Mapping

from ..diagnostics import fail
from ..ir.expr import Access, Derivative, Expr
from ..ir.inline import inline_functions
from ..ir.program import FunctionDefinition
from ..ir.trace import Step
from ..ir.walk import subexpressions
from .engine import simplify_expression
from .rules import DIFFERENTIATE, SIMPLIFY


def differentiate(expr: Expr, wrt: Access) -> tuple[Expr, tuple[Step, ...]]:
    """∂expr/∂wrt in closed form, and the lines of its derivation.  Declared functions are expanded beforehand.

    >>> from indexcalc.ir.expr import Index, Power, Space, Literal
    >>> i, k = Index("i", Space("n")), Index("k", Space("n"))
    >>> answer, how = differentiate(Power(Access("x", (i,)), Literal(2)), Access("x", (k,)))
    >>> print(answer, [s.rule for s in how])
    2 x[i] delta[i, k] ['d-power', 'd-component']
    """
    return eliminate(Derivative(expr, wrt))


def simplified(expr: Expr, functions: Mapping[str, FunctionDefinition]) -> tuple[Expr, tuple[Step, ...]]:
    """The expression in simplest form, its derivatives carried out; functions stay folded where none is taken."""
    if not any(isinstance(part, Derivative) for part in subexpressions(expr)):
        return simplify_expression(expr)
    return eliminate(inline_functions(expr, functions))


def eliminate(expr: Expr) -> tuple[Expr, tuple[Step, ...]]:
    """The expression with every ∂/∂x[k] carried out, simplified, and the lines that lead there."""
    plain, first = simplify_expression(expr, DIFFERENTIATE)
    for part in subexpressions(plain):
        if isinstance(part, Derivative):
            raise fail(
                "IX930",
                f"no rule differentiates `{part.body}` with respect to `{part.wrt}`",
                hint="expand declared functions first; fields under partial[…] have no component derivative",
            )
    answer, second = simplify_expression(plain, SIMPLIFY)
    return answer, first + second
