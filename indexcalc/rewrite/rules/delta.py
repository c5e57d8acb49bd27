"""Kronecker's δ: contraction, trace, idempotence, renaming on its support."""

from __future__ import annotations

from ...ir.build import MINUS_ONE, ONE, ZERO, add, index_sum, multiply, power
from ...ir.expr import Access, Affine, Delta, Expr, Index, IndexReduce, IndexSum, Literal, Power, Product, Slot, Sum
from ...ir.walk import substitute
from ..rule import Context, rule
from ..terms import INDICATORS, extent_of, factors_of, substitutable


@rule(
    "delta-equal",
    title="delta of equal indices",
    on=Delta,
    law=r"\delta_{ii} = 1",
    decreases="deltas",
    example=("delta[i, i]", "ones[i]"),
    given="index i : n(N)",
    left="i",
)
def delta_equal(node: Delta, context: Context) -> Expr | None:
    """A slot equals itself."""
    return ONE if node.left == node.right else None


@rule(
    "delta-distinct",
    title="delta of different numbers",
    on=Delta,
    law=r"\delta_{ab} = 0 \quad (a \ne b)",
    decreases="deltas",
    example=("delta[0, 1]", "0"),
)
def delta_distinct(node: Delta, context: Context) -> Expr | None:
    """Two different integers are never equal."""
    return ZERO if isinstance(node.left, int) and isinstance(node.right, int) and node.left != node.right else None


@rule(
    "delta-square",
    title="an indicator squared",
    on=(Power, Product),
    law=r"\delta_{ij}^2 = \delta_{ij}",
    decreases="deltas",
    example=("delta[i, j]**2 x[i]", "delta[i, j] x[i]"),
    given="index i, j : n(N)",
    left="i, j",
)
def delta_square(node: Power | Product, context: Context) -> Expr | None:
    """What is 0 or 1 is its own square."""
    if isinstance(node, Power):
        exponent = node.exponent
        positive = isinstance(exponent, Literal) and not isinstance(exponent.value, float) and exponent.value > 0
        return node.base if positive and isinstance(node.base, INDICATORS) else None
    seen: set[object] = set()
    kept: list[Expr] = []
    for factor in node.factors:
        mark: object = frozenset((factor.left, factor.right)) if isinstance(factor, Delta) else factor
        if isinstance(factor, INDICATORS) and mark in seen:
            continue
        seen.add(mark)
        kept.append(factor)
    return multiply(*kept) if len(kept) < len(node.factors) else None


@rule(
    "delta-contract",
    title="delta contraction",
    on=IndexSum,
    law=r"\sum_j \delta_{ij} x_j = x_i",
    decreases="deltas",
    example=("sum[j](delta[i, j] x[j])", "x[i]"),
    given="index i, j : n(N)",
)
def delta_contract(node: IndexSum, context: Context) -> Expr | None:
    """A summed index that a delta ties to another index of the same space, an integer or a gather takes its value.
    Over unequal spaces, or for an affine form, the delta is a bounds condition too, and stays."""
    factors = factors_of(node.body)
    for position, factor in enumerate(factors):
        if not isinstance(factor, Delta) or factor.left == factor.right:
            continue
        rest = multiply(*factors[:position], *factors[position + 1 :])
        for old, new in ((factor.right, factor.left), (factor.left, factor.right)):
            if isinstance(old, Index) and old in node.indices and _takes(old, new) and substitutable(rest, old, new):
                left = tuple(i for i in node.indices if i != old)
                return index_sum(substitute(rest, {old: new}), left)
    return None


def _takes(old: Index, new: Slot) -> bool:
    """Whether summing over `old` against δ(old, new) picks exactly one value."""
    if isinstance(new, Index):
        return new.space == old.space
    if isinstance(new, int):
        return not isinstance(old.space.extent, int) or 0 <= new < old.space.extent
    return not isinstance(new, Affine) and old not in new.free


@rule(
    "delta-mean",
    title="delta contraction",
    on=IndexReduce,
    law=r"\operatorname{mean}_j \delta_{ij} x_j = x_i / n",
    decreases="means",
    example=("mean[j](delta[i, j] x[j])", "sum[j](delta[i, j] x[j]) / N"),
    given="index i, j : n(N)",
)
def delta_mean(node: IndexReduce, context: Context) -> Expr | None:
    """A mean over a contractible delta is written as a sum over its extent, so that it can be contracted."""
    if node.operation != "mean" or not _contractible(node.body, node.indices):
        return None
    if any(i.space.extent is None for i in node.indices):
        return None
    count = [power(extent_of(i.space), MINUS_ONE) for i in node.indices]
    return multiply(index_sum(node.body, node.indices), *count)


@rule(
    "delta-distribute",
    title="distribute over a delta",
    on=IndexSum,
    law=r"\sum_j x_j (a_{ij} + \delta_{ij}) = \sum_j x_j a_{ij} + \sum_j x_j \delta_{ij}",
    decreases="buried deltas",
    example=("sum[j](x[j] (a[i, j] + delta[i, j]))", "sum[j](x[j] a[i, j]) + sum[j](x[j] delta[i, j])"),
    given="index i, j : n(N)",
)
def delta_distribute(node: IndexSum, context: Context) -> Expr | None:
    """A factor that is a sum with a contractible delta among its terms is multiplied out."""
    factors = factors_of(node.body)
    for position, factor in enumerate(factors):
        if not isinstance(factor, Sum) or not any(_contractible(t, node.indices) for t in factor.terms):
            continue
        around = factors[:position], factors[position + 1 :]
        terms = [index_sum(multiply(*around[0], t, *around[1]), node.indices) for t in factor.terms]
        return add(*terms)
    return None


def _contractible(term: Expr, bound: tuple[Index, ...]) -> bool:
    for factor in factors_of(term):
        if isinstance(factor, Delta):
            for old, new in ((factor.left, factor.right), (factor.right, factor.left)):
                if isinstance(old, Index) and old in bound and _takes(old, new):
                    return True
    return False


@rule(
    "delta-rename",
    title="rename on a delta's support",
    on=Product,
    law=r"\delta_{ij} x_j = \delta_{ij} x_i",
    decreases="index names",
    example=("delta[i, j] x[j]", "delta[i, j] x[i]"),
    given="index i, j : n(N)",
    left="i, j",
)
def delta_rename(node: Product, context: Context) -> Expr | None:
    """Where a delta is not 0 its two indices are equal, so the other factors may use the earlier name."""
    for position, factor in enumerate(node.factors):
        pair = _ordered(factor) if isinstance(factor, Delta) else None
        if pair is None:
            continue
        new, old = pair
        others = node.factors[:position] + node.factors[position + 1 :]
        if not any(old in f.free for f in others) or not all(substitutable(f, old, new) for f in others):
            continue
        renamed = [substitute(f, {old: new}) if f is not factor else f for f in node.factors]
        renamed[position] = factor
        return multiply(*renamed)
    return None


def _ordered(d: Delta) -> tuple[Slot, Index] | None:
    """(what stays, the index that gives way): the earlier name stays, and a number or a gather always does."""
    for new, old in ((d.left, d.right), (d.right, d.left)):
        if isinstance(old, Index) and not isinstance(new, Index):
            return (new, old) if _takes(old, new) and isinstance(new, (int, Access)) else None
    left, right = d.left, d.right
    if not (isinstance(left, Index) and isinstance(right, Index)) or left.space != right.space or left == right:
        return None
    return (left, right) if left.name < right.name else (right, left)


RULES = (delta_equal, delta_distinct, delta_square, delta_contract, delta_mean, delta_distribute, delta_rename)
