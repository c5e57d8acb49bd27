"""∂/∂x[k] of reductions over indices, of softmax and cumulative sums, and of matrix functions."""

from __future__ import annotations

from ...ir.build import MINUS_ONE, ONE, ZERO, index_sum, lift, multiply, power
from ...ir.expr import Compare, Derivative, Expr, Index, IndexMap, IndexReduce, IndexValue, MatrixApply, Where
from ...ir.walk import substitute
from ..rule import Context, rule
from .derivative import GIVEN, apart


def _reduction(node: Derivative, operation: str, context: Context) -> tuple[Expr, tuple[Index, ...]] | None:
    """Body and indices of the reduction that is differentiated, renamed apart from the component."""
    body = node.body
    if not isinstance(body, IndexReduce) or body.operation != operation:
        return None
    return apart(body.body, body.indices, node.wrt, context)


@rule(
    "d-mean",
    title="derivative of a mean",
    on=Derivative,
    law=r"\frac{\partial}{\partial x} \operatorname{mean}_j u_j"
    r" = \operatorname{mean}_j \frac{\partial u_j}{\partial x}",
    decreases="differentiated nodes",
    example=("diff(mean[j](x[j]), x[k])", "mean[j](diff(x[j], x[k]))"),
    given=GIVEN,
)
def d_mean(node: Derivative, context: Context) -> Expr | None:
    """The mean of the derivatives."""
    found = _reduction(node, "mean", context)
    return None if found is None else IndexReduce("mean", Derivative(found[0], node.wrt), found[1])


@rule(
    "d-prod",
    title="derivative of a product over an index",
    on=Derivative,
    law=r"\frac{\partial}{\partial x} \prod_j u_j = \sum_i \frac{\partial u_i}{\partial x} \prod_{j \ne i} u_j",
    decreases="differentiated nodes",
    example=("diff(prod[j](x[j]), x[k])", "sum[j](prod[j'](where(j' == j, 1, x[j'])) diff(x[j], x[k]))"),
    given=GIVEN,
)
def d_prod(node: Derivative, context: Context) -> Expr | None:
    """Leaves one factor out at a time, so that zeros are no trouble."""
    found = _reduction(node, "prod", context)
    if found is None:
        return None
    body, bound = found
    others = {i: context.fresh(i) for i in bound}
    same = multiply(ONE, *(Compare("==", IndexValue(others[i]), IndexValue(i)) for i in bound))
    rest = IndexReduce("prod", Where(same, ONE, substitute(body, dict(others))), tuple(others.values()))
    return index_sum(multiply(rest, Derivative(body, node.wrt)), bound)


@rule(
    "d-extreme",
    title="derivative of a maximum",
    on=Derivative,
    law=r"\frac{\partial}{\partial x} \max_j u_j"
    r" = \frac{\sum_j [u_j = m]\,\partial u_j / \partial x}{\sum_j [u_j = m]}",
    decreases="differentiated nodes",
    example=(
        "diff(max[j](x[j]), x[k])",
        "sum[j]((x[j] == max[j'](x[j'])) diff(x[j], x[k])) / sum[j''](x[j''] == max[j'](x[j']))",
    ),
    given=GIVEN,
    note="ties share the slope evenly",
)
def d_extreme(node: Derivative, context: Context) -> Expr | None:
    """The chosen component carries the slope; where several are chosen they share it."""
    body = node.body
    if not isinstance(body, IndexReduce) or body.operation not in ("max", "min"):
        return None
    inner, bound = apart(body.body, body.indices, node.wrt, context)
    others, counted = ({i: context.fresh(i) for i in bound} for _ in range(2))
    extreme = IndexReduce(body.operation, substitute(inner, dict(others)), tuple(others.values()))
    chosen = Compare("==", inner, extreme)
    ties = index_sum(substitute(chosen, dict(counted)), tuple(counted.values()))
    return multiply(index_sum(multiply(chosen, Derivative(inner, node.wrt)), bound), power(ties, MINUS_ONE))


@rule(
    "d-logsumexp",
    title="derivative of logsumexp",
    on=Derivative,
    law=r"\frac{\partial}{\partial x} \log \sum_j e^{u_j}"
    r" = \sum_j \operatorname{softmax}_j(u) \frac{\partial u_j}{\partial x}",
    decreases="differentiated nodes",
    example=("diff(logsumexp[j](x[j]), x[k])", "sum[j](softmax[j](x[j]) diff(x[j], x[k]))"),
    given=GIVEN,
)
def d_logsumexp(node: Derivative, context: Context) -> Expr | None:
    """The softmax weighs the derivatives."""
    found = _reduction(node, "logsumexp", context)
    if found is None:
        return None
    body, bound = found
    return index_sum(multiply(IndexMap("softmax", body, bound), Derivative(body, node.wrt)), bound)


@rule(
    "d-norm",
    title="derivative of a norm",
    on=Derivative,
    law=r"\frac{\partial \|u\|}{\partial x} = \frac{\sum_j u_j\,\partial u_j / \partial x}{\|u\|}",
    decreases="differentiated nodes",
    example=("diff(norm[j](x[j]), x[k])", "sum[j](x[j] diff(x[j], x[k])) / norm[j'](x[j'])"),
    given=GIVEN,
    note="away from 0",
)
def d_norm(node: Derivative, context: Context) -> Expr | None:
    """The unit vector's component along the change."""
    found = _reduction(node, "norm", context)
    if found is None:
        return None
    body, bound = found
    others = {i: context.fresh(i) for i in bound}
    whole = IndexReduce("norm", substitute(body, dict(others)), tuple(others.values()))
    return multiply(index_sum(multiply(body, Derivative(body, node.wrt)), bound), power(whole, MINUS_ONE))


@rule(
    "d-var",
    title="derivative of a variance",
    on=Derivative,
    law=r"\frac{\partial}{\partial x} \operatorname{var}_j u_j"
    r" = \operatorname{mean}_j 2 (u_j - \operatorname{mean} u) \frac{\partial u_j}{\partial x}",
    decreases="differentiated nodes",
    example=("diff(var[j](x[j]), x[k])", "mean[j](2 (x[j] - mean[j'](x[j'])) diff(x[j], x[k]))"),
    given=GIVEN,
)
def d_var(node: Derivative, context: Context) -> Expr | None:
    """The mean's own change cancels, since deviations from the mean add up to 0."""
    found = _reduction(node, "var", context)
    if found is None:
        return None
    body, bound = found
    others = {i: context.fresh(i) for i in bound}
    middle = IndexReduce("mean", substitute(body, dict(others)), tuple(others.values()))
    return IndexReduce("mean", multiply(lift(2), body - middle, Derivative(body, node.wrt)), bound)


@rule(
    "d-softmax",
    title="derivative of softmax",
    on=Derivative,
    law=r"\frac{\partial p_j}{\partial x} = p_j \Big(\frac{\partial s_j}{\partial x}"
    r" - \sum_l p_l \frac{\partial s_l}{\partial x}\Big)",
    decreases="differentiated nodes",
    example=(
        "diff(softmax[j](x[j]), x[k])",
        "softmax[j](x[j]) (diff(x[j], x[k]) - sum[j'](softmax[j'](x[j']) diff(x[j'], x[k])))",
    ),
    given=GIVEN,
    left="j, k",
)
def d_softmax(node: Derivative, context: Context) -> Expr | None:
    """Each weight grows with its own score and shrinks with the average one."""
    body = node.body
    if not isinstance(body, IndexMap) or body.operation != "softmax":
        return None
    others = {i: context.fresh(i) for i in body.indices}
    there = substitute(body.body, dict(others))
    weights = IndexMap("softmax", there, tuple(others.values()))
    average = index_sum(multiply(weights, Derivative(there, node.wrt)), tuple(others.values()))
    return multiply(body, Derivative(body.body, node.wrt) - average)


@rule(
    "d-cumsum",
    title="derivative of a cumulative sum",
    on=Derivative,
    law=r"\frac{\partial}{\partial x} \sum_{l \le j} u_l = \sum_l [l \le j] \frac{\partial u_l}{\partial x}",
    decreases="differentiated nodes",
    example=("diff(cumsum[j](x[j]), x[k])", "sum[j']((j' <= j) diff(x[j'], x[k]))"),
    given=GIVEN,
)
def d_cumsum(node: Derivative, context: Context) -> Expr | None:
    """Everything up to j changes the value at j."""
    body = node.body
    if not isinstance(body, IndexMap) or body.operation != "cumsum" or len(body.indices) != 1:
        return None
    here = body.indices[0]
    there = context.fresh(here)
    until = Compare("<=", IndexValue(there), IndexValue(here))
    return index_sum(multiply(until, Derivative(substitute(body.body, {here: there}), node.wrt)), (there,))


@rule(
    "d-choice",
    title="a choice of positions has no slope",
    on=Derivative,
    law=r"\frac{\partial}{\partial x} \operatorname{argmax}_j u_j = 0",
    decreases="differentiated nodes",
    example=("diff(argmax[j](x[j]), x[k])", "0"),
    given=GIVEN,
    note="away from where it jumps",
)
def d_choice(node: Derivative, context: Context) -> Expr | None:
    """argmax and topk are constant wherever they have a derivative."""
    body = node.body
    return ZERO if isinstance(body, (IndexReduce, IndexMap)) and body.operation in ("argmax", "topk") else None


@rule(
    "d-matrix",
    title="derivative of a matrix function",
    on=Derivative,
    law=r"\frac{\partial A^{-1}_{ij}}{\partial A_{kl}} = -A^{-1}_{ik} A^{-1}_{lj}, \quad"
    r" \frac{\partial \log\det A}{\partial A_{kl}} = A^{-1}_{lk}",
    decreases="differentiated nodes",
    example=("diff(logdet(A), A[k, j])", "inv(A)[j, k]"),
    given=GIVEN,
)
def d_matrix(node: Derivative, context: Context) -> Expr | None:
    """The inverse, the determinant and its logarithm, with respect to the matrix itself."""
    body, wrt = node.body, node.wrt
    if not isinstance(body, MatrixApply) or body.tensor != wrt.tensor or len(wrt.slots) != 2:
        return None
    row, column = wrt.slots
    if body.function == "inv":
        left = MatrixApply("inv", body.tensor, (body.slots[0], row))
        return multiply(MINUS_ONE, left, MatrixApply("inv", body.tensor, (column, body.slots[1])))
    transposed = MatrixApply("inv", body.tensor, (column, row))
    return transposed if body.function == "logdet" else multiply(body, transposed)


RULES = (
    d_mean, d_prod, d_extreme, d_logsumexp, d_norm, d_var, d_softmax, d_cumsum, d_choice, d_matrix,
)  # fmt: skip
