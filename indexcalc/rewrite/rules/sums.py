"""Sums over indices: splitting, pulling factors out, sums of what does not depend on the index."""

from __future__ import annotations

from ...ir.build import ONE, ZERO, add, index_sum, multiply
from ...ir.expr import Expr, Index, IndexSum, Product, Sum
from ..rule import Context, rule
from ..terms import divides, extent_of, factors_of


@rule(
    "sum-zero",
    title="sum of zeros",
    on=IndexSum,
    law=r"\sum_j 0 = 0",
    decreases="sums",
    example=("sum[j](0)", "0"),
    given="index j : n(N)",
)
def sum_zero(node: IndexSum, context: Context) -> Expr | None:
    """Nothing added up is nothing."""
    return ZERO if node.body == ZERO else None


@rule(
    "sum-split",
    title="sum of a sum",
    on=IndexSum,
    law=r"\sum_j (a_j + b_j) = \sum_j a_j + \sum_j b_j",
    decreases="summed nodes",
    example=("sum[j](a[j] + b[j])", "sum[j](a[j]) + sum[j](b[j])"),
    given="index j : n(N)",
)
def sum_split(node: IndexSum, context: Context) -> Expr | None:
    """Each term is summed on its own."""
    if not isinstance(node.body, Sum):
        return None
    return add(*(index_sum(term, node.indices) for term in node.body.terms))


@rule(
    "sum-constant",
    title="sum of a constant",
    on=IndexSum,
    law=r"\sum_{j=1}^{n} c = n\,c",
    decreases="sums",
    example=("sum[j](a[i])", "N a[i]"),
    given="index i : m(M)\nindex j : n(N)",
)
def sum_constant(node: IndexSum, context: Context) -> Expr | None:
    """An index that the body lacks multiplies by its extent, where the extent is known."""
    lacking = [i for i in node.indices if i not in node.body.free and i.space.extent is not None]
    if not lacking:
        return None
    left = tuple(i for i in node.indices if i not in lacking)
    return multiply(*(extent_of(i.space) for i in lacking), index_sum(node.body, left))


@rule(
    "sum-factor",
    title="pull out of the sum",
    on=IndexSum,
    law=r"\sum_j a\,x_j = a \sum_j x_j",
    decreases="summed nodes",
    example=("sum[j](a[i] x[j])", "a[i] sum[j](x[j])"),
    given="index i : m(M)\nindex j : n(N)",
)
def sum_factor(node: IndexSum, context: Context) -> Expr | None:
    """Factors that do not depend on a summed index move before the sum; the empty product that may stay is 1."""
    if not isinstance(node.body, Product):
        return None
    bound = frozenset(node.indices)
    free = [f for f in node.body.factors if f.free.isdisjoint(bound)]
    if not free:
        return None
    held = [f for f in node.body.factors if not f.free.isdisjoint(bound)]
    below = [f for f in free if divides(f)]
    return multiply(
        *(f for f in free if f not in below), index_sum(multiply(*held) if held else ONE, node.indices), *below
    )


@rule(
    "sum-separate",
    title="a product of sums",
    on=IndexSum,
    law=r"\sum_{i,j} x_i\,y_j = \Big(\sum_i x_i\Big)\Big(\sum_j y_j\Big)",
    decreases="summed nodes",
    example=("sum[i, j](x[i] y[j])", "sum[i](x[i]) sum[j](y[j])"),
    given="index i : m(M)\nindex j : n(N)",
)
def sum_separate(node: IndexSum, context: Context) -> Expr | None:
    """Factors that share no summed index are summed apart."""
    groups = _components(factors_of(node.body), node.indices)
    if len(groups) < 2:
        return None
    return multiply(*(index_sum(multiply(*factors), tuple(bound)) for bound, factors in groups))


def _components(factors: tuple[Expr, ...], bound: tuple[Index, ...]) -> list[tuple[list[Index], list[Expr]]]:
    """Factors grouped by the summed indices that tie them together, in order of first appearance."""
    groups: list[tuple[set[Index], list[int]]] = []
    for position, factor in enumerate(factors):
        mine, places = set(factor.free) & set(bound), [position]
        apart = []
        for group in groups:
            if group[0].isdisjoint(mine):
                apart.append(group)
            else:
                mine |= group[0]
                places += group[1]
        groups = [*apart, (mine, sorted(places))]
    groups = sorted(groups, key=lambda g: g[1])
    return [([i for i in bound if i in mine], [factors[p] for p in places]) for mine, places in groups]


RULES = (sum_zero, sum_split, sum_constant, sum_factor, sum_separate)
