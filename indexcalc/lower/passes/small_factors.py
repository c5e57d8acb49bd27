"""Factors of a large elementwise product meet from the smallest to the largest, and scale what the largest is made of.

(x_ij c) (d_i e) is x_ij (c d_i e), one pass over x; c Σ_d A_id B_jd is Σ_d (c A_id) B_jd where A or B is smaller than
the result; −(−x) is x.  Only values that nothing else reads are opened.  A statement's own product is lowered that way
already; this does the same across statements.

Numerics: as in any other order of a product.  Factors whose product overflows or vanishes do so before they meet x.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...ir.graph import Contract, Graph, Map, Operand, Value
from ..builder import Builder
from ..contraction import scaled
from ..estimate import Uses, extent, inside
from ..opened import LINEAR, MAX_FACTORS, as_number
from ..rebuild import Rebuild
from ..trial import Trial
from . import Context, Pass


@dataclass(frozen=True, slots=True)
class Factored:
    """coefficient · Π factors; `product` is the contraction of which one factor is made, if there is one to scale."""

    coefficient: float
    factors: tuple[Operand, ...]
    product: Operand | None
    through: tuple[Value, ...]


def run(graph: Graph, context: Context) -> Graph:
    """The graph with products multiplied up from their small factors where that takes less time."""
    uses = Uses(graph)
    found: dict[int, Factored] = {}
    for value in graph:
        factored = _factored(value, uses)
        if factored is not None:
            found[value.number] = factored
            for inner in factored.through:  # looked at as a part of this one
                found.pop(inner.number, None)
    if not found:
        return graph
    read = {o.value.number for f in found.values() for o in f.factors}
    read |= {o.value.number for f in found.values() if f.product is not None for o in f.product.value.operands}
    trial = Trial(graph, uses, context, {n: f.through for n, f in found.items()}, read)

    def rewrite(made: Rebuild, value: Value) -> Operand | None:
        factored = found.get(value.number)
        if factored is None:
            return None
        result = trial.better(value, lambda v: _multiplied(made, factored))
        if result is not None:
            size, name = extent(value.axes, context.sizes), graph.makers[value.number]
            context.decide(
                f"{name}: small factors meet first; {len(factored.through)} products of {size} elements less"
            )
        return result

    return trial.made.run(rewrite)


def _factored(value: Value, uses: Uses) -> Factored | None:
    """The factors of a product of several values, or of a scaled contraction; None where nothing could be gained."""
    if value.operation not in LINEAR or value.kind not in ("float", "real") or not value.axes:
        return None
    coefficient: float = 1
    factors: list[Operand] = []
    through: list[Value] = []
    product: Operand | None = None
    full = frozenset(value.axes)
    stack = [Operand(value, value.axes)]
    while stack:
        now = stack.pop()
        number = now.number()
        alone = now.value is value or uses.only(now.value) is not None
        if number is not None:
            coefficient *= number
        elif now.value.operation in LINEAR and alone and now.kind in ("float", "real") and len(stack) < MAX_FACTORS:
            coefficient = -coefficient if now.value.operation == Map("negative") else coefficient
            stack += reversed(inside(now))
            if now.value is not value:
                through.append(now.value)
        elif isinstance(now.value.operation, Contract) and alone and product is None and now.label_set == full:
            product = now
        else:
            factors.append(now)
    if product is not None:
        return Factored(coefficient, tuple(factors), product, (*through, product.value))
    return Factored(coefficient, tuple(factors), None, tuple(through)) if through else None


def _multiplied(made: Rebuild, factored: Factored) -> Operand:
    build = made.build
    factors = sorted((made.new(o) for o in factored.factors), key=lambda o: build.extent(o.labels))
    if factored.product is not None:
        return _scaled_product(made, factored.product, factored.coefficient, factors)
    return _product(build, factored.coefficient, factors)


def _product(build: Builder, coefficient: float, factors: list[Operand]) -> Operand:
    """coefficient · Π factors, from the smallest on; a coefficient that only one factor meets scales that."""
    if not factors:
        return build.floating(build.number(as_number(coefficient)))
    result = scaled(build, factors[0], build.number(as_number(coefficient)))
    for factor in factors[1:]:
        result = build.map("multiply", result, factor)
    return result


def _scaled_product(made: Rebuild, product: Operand, coefficient: float, factors: list[Operand]) -> Operand:
    """The contraction with each factor in the smallest operand that has its labels; the others behind it."""
    build, value = made.build, product.value
    label = dict(zip(value.axes, product.labels))
    back = {y: x for x, y in label.items()}
    sides: list[list[Operand]] = [[], []]
    behind: list[Operand] = []
    order = sorted((0, 1), key=lambda n: build.extent(value.operands[n].labels))
    for factor in factors:
        own = Operand(factor.value, tuple(back[x] for x in factor.labels))
        side = next((n for n in order if own.label_set <= value.operands[n].label_set), None)
        if side is None:
            behind.append(factor)
        else:
            sides[side].append(own)
    operands = [made.new(o) for o in value.operands]
    for n in (0, 1):
        scale = _product(build, coefficient if n == order[0] else 1, sides[n]) if sides[n] else None
        if scale is not None:
            operands[n] = build.map("multiply", operands[n], scale)
        elif n == order[0]:
            operands[n] = _product(build, coefficient, [operands[n]])
    result = build.make(Contract(), operands, value.axes, value.kind)
    return _product(build, 1, [*behind, Operand(result.value, tuple(label[x] for x in result.labels))])


PASS = Pass(
    name="small-factors",
    summary="Small factors of a large product meet first, and scale what the largest is made of.",
    why="Scores that a statement of their own divides by sqrt(D) would be passed over once more; the queries, L / D "
    "times smaller, are scaled instead.",
    example="""index i, j : seq(4096)
index d : feat(64)
S[i, j] = Q[i, d] K[j, d]
T[i, j] = S[i, j] / 8
R[i, j] = tanh(T[i, j])
output R""",
    run=run,
)
