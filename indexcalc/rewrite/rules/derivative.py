"""∂/∂x[k] of what is built by sums, products, powers, functions and choices: one rule per construction.

A derivative with respect to a component treats all components of the tensor as independent variables.
"""

from __future__ import annotations

from ...ir.build import MINUS_ONE, ONE, ZERO, add, index_sum, multiply, number, power
from ...ir.expr import (
    Access,
    Apply,
    Compare,
    Delta,
    Derivative,
    Expr,
    Index,
    IndexSum,
    Literal,
    Logic,
    Power,
    Product,
    Sum,
    Where,
)
from ...ir.functions import BUILTIN
from ...ir.walk import substitute, tensors_in
from ..rule import Context, rule

GIVEN = "index i, j, k : n(N)\ntensor x[i], y[i], A[i, j]"


def depends(e: Expr, wrt: Access) -> bool:
    """Whether `e` reads the tensor at all."""
    return wrt.tensor in tensors_in(e)


def apart(body: Expr, bound: tuple[Index, ...], wrt: Access, context: Context) -> tuple[Expr, tuple[Index, ...]]:
    """The body with those bound indices renamed that the derivative's component uses too."""
    renamed = {i: context.fresh(i) for i in bound if any(i.name == o.name for o in wrt.free)}
    return substitute(body, dict(renamed)), tuple(renamed.get(i, i) for i in bound)


@rule(
    "d-constant",
    title="constant rule",
    on=Derivative,
    law=r"\frac{\partial c}{\partial x} = 0",
    decreases="differentiated nodes",
    example=("diff(y[i], x[k])", "0"),
    given=GIVEN,
)
def d_constant(node: Derivative, context: Context) -> Expr | None:
    """What does not depend on the tensor does not change with it."""
    return None if depends(node.body, node.wrt) else ZERO


@rule(
    "d-component",
    title="component rule",
    on=Derivative,
    law=r"\frac{\partial T_{ab}}{\partial T_{cd}} = \delta_{ac}\,\delta_{bd}",
    decreases="differentiated nodes",
    example=("diff(A[i, j], A[k, 0])", "delta[i, k] delta[j, 0]"),
    given=GIVEN,
)
def d_component(node: Derivative, context: Context) -> Expr | None:
    """A component changes with itself and with no other: one delta for each slot."""
    body, wrt = node.body, node.wrt
    if not isinstance(body, Access) or body.tensor != wrt.tensor or len(body.slots) != len(wrt.slots):
        return None
    return multiply(ONE, *(Delta(a, b) for a, b in zip(body.slots, wrt.slots)))


@rule(
    "d-sum",
    title="sum rule",
    on=Derivative,
    law=r"\frac{\partial (u + v)}{\partial x} = \frac{\partial u}{\partial x} + \frac{\partial v}{\partial x}",
    decreases="differentiated nodes",
    example=("diff(x[i] + x[i]**2, x[k])", "diff(x[i], x[k]) + diff(x[i]**2, x[k])"),
    given=GIVEN,
)
def d_sum(node: Derivative, context: Context) -> Expr | None:
    """Term by term; terms that do not depend on the tensor drop out."""
    if not isinstance(node.body, Sum):
        return None
    return add(*(Derivative(t, node.wrt) for t in node.body.terms if depends(t, node.wrt)))


@rule(
    "d-product",
    title="product rule",
    on=Derivative,
    law=r"\frac{\partial (u v)}{\partial x} = \frac{\partial u}{\partial x} v + u \frac{\partial v}{\partial x}",
    decreases="differentiated nodes",
    example=("diff(x[i] A[i, j] x[j], x[k])", "diff(x[i], x[k]) A[i, j] x[j] + x[i] A[i, j] diff(x[j], x[k])"),
    given=GIVEN,
    left="i, j, k",
)
def d_product(node: Derivative, context: Context) -> Expr | None:
    """One term for each factor that depends on the tensor."""
    if not isinstance(node.body, Product):
        return None
    factors = node.body.factors
    terms = []
    for position, factor in enumerate(factors):
        if depends(factor, node.wrt):
            slope = Derivative(factor, node.wrt)
            terms.append(multiply(*factors[:position], slope, *factors[position + 1 :]))
    return add(*terms)


@rule(
    "d-power",
    title="power rule",
    on=Derivative,
    law=r"\frac{\partial u^n}{\partial x} = n\,u^{n-1} \frac{\partial u}{\partial x}",
    decreases="differentiated nodes",
    example=("diff(x[i]**3, x[k])", "3 x[i]**2 diff(x[i], x[k])"),
    given=GIVEN,
    left="i, k",
)
def d_power(node: Derivative, context: Context) -> Expr | None:
    """The exponent may be any expression; where it depends on the tensor too, u^v = exp(v log u) adds a term."""
    if not isinstance(node.body, Power):
        return None
    base, exponent = node.body.base, node.body.exponent
    terms = []
    if depends(base, node.wrt):
        lower = number(exponent.value - 1) if isinstance(exponent, Literal) else add(exponent, MINUS_ONE)
        terms.append(multiply(exponent, power(base, lower), Derivative(base, node.wrt)))
    if depends(exponent, node.wrt):
        terms.append(multiply(node.body, Apply("log", (base,)), Derivative(exponent, node.wrt)))
    return add(*terms)


@rule(
    "d-chain",
    title="chain rule",
    on=Derivative,
    law=r"\frac{\partial f(u)}{\partial x} = f'(u) \frac{\partial u}{\partial x}",
    decreases="differentiated nodes",
    example=("diff(tanh(x[i]), x[k])", "(1 - tanh(x[i])**2) diff(x[i], x[k])"),
    given=GIVEN,
    left="i, k",
)
def d_chain(node: Derivative, context: Context) -> Expr | None:
    """A built-in elementwise function changes by its slope in each argument."""
    body = node.body
    if not isinstance(body, Apply) or body.function not in BUILTIN:
        return None
    slopes = BUILTIN[body.function].slope(body.arguments, body)
    terms = [
        multiply(slope, Derivative(argument, node.wrt))
        for slope, argument in zip(slopes, body.arguments)
        if depends(argument, node.wrt)
    ]
    return add(*terms)


@rule(
    "d-index-sum",
    title="differentiate under the sum",
    on=Derivative,
    law=r"\frac{\partial}{\partial x} \sum_j u_j = \sum_j \frac{\partial u_j}{\partial x}",
    decreases="differentiated nodes",
    example=("diff(sum[j](x[j]), x[k])", "sum[j](diff(x[j], x[k]))"),
    given=GIVEN,
)
def d_index_sum(node: Derivative, context: Context) -> Expr | None:
    """The sum of the derivatives; a summed index that the component uses is renamed first."""
    if not isinstance(node.body, IndexSum):
        return None
    body, bound = apart(node.body.body, node.body.indices, node.wrt, context)
    return index_sum(Derivative(body, node.wrt), bound)


@rule(
    "d-where",
    title="derivative of a choice",
    on=Derivative,
    law=r"\frac{\partial}{\partial x}\mathrm{where}(c, u, v) = \mathrm{where}\Big(c, \frac{\partial u}{\partial x},"
    r" \frac{\partial v}{\partial x}\Big)",
    decreases="differentiated nodes",
    example=("diff(where(i < j, x[i], 0), x[k])", "where(i < j, diff(x[i], x[k]), 0)"),
    given=GIVEN,
    note="away from where the condition changes",
)
def d_where(node: Derivative, context: Context) -> Expr | None:
    """Each branch on its own; the condition itself has no slope."""
    body, wrt = node.body, node.wrt
    if not isinstance(body, Where):
        return None
    branches = [Derivative(b, wrt) if depends(b, wrt) else ZERO for b in (body.then, body.other)]
    return Where(body.condition, *branches) if branches != [ZERO, ZERO] else ZERO


@rule(
    "d-indicator",
    title="an indicator has no slope",
    on=Derivative,
    law=r"\frac{\partial}{\partial x} [u < v] = 0",
    decreases="differentiated nodes",
    example=("diff(x[i] < y[i], x[k])", "0"),
    given=GIVEN,
    note="away from where it jumps",
)
def d_indicator(node: Derivative, context: Context) -> Expr | None:
    """Comparisons and conditions are constant wherever they have a derivative."""
    return ZERO if isinstance(node.body, (Compare, Logic)) else None


@rule(
    "where-indicator",
    title="a choice against zero",
    on=Where,
    law=r"\mathrm{where}(c, \delta, 0) = [c]\,\delta",
    decreases="nodes",
    example=("where(i < j, delta[i, k], 0)", "delta[i, k] (i < j)"),
    given=GIVEN,
)
def where_indicator(node: Where, context: Context) -> Expr | None:
    """Deltas that stand in a branch come out of it, so that they can be contracted."""
    deltas = node.then.factors if isinstance(node.then, Product) else (node.then,)
    if node.other != ZERO or not all(isinstance(f, Delta) for f in deltas):
        return None
    return multiply(node.then, node.condition) if isinstance(node.condition, (Compare, Logic)) else None


RULES = (
    d_constant,
    d_component,
    d_sum,
    d_product,
    d_power,
    d_chain,
    d_index_sum,
    d_where,
    d_indicator,
    where_indicator,
)
