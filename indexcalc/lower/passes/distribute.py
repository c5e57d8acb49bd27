"""Σ over a product with a difference or a sum that is larger than all it is made of: distributed, it never exists.

Σ_d (x_id − y_jd)² is Σ_d x_id² + Σ_d y_jd² − 2 Σ_d x_id y_jd, a matrix product and two vectors, where the difference
has N·N·D elements; Σ_j K_ij (x_id − y_jd) w_j is x_id Σ_j K_ij w_j − Σ_j K_ij w_j y_jd, which needs nothing larger than
K.

Numerics.  A square loses digits where x ≈ y: its error is that of |x|² + |y|², in the arrays' precision, as in every
library that computes distances by a matrix product, and it may come out below zero by as much.  So squares are
distributed only where all that is made from them takes that for a small error: through scaling and sums into functions
with bounded slope such as exp, or into a reciprocal, root or logarithm behind an added number of at least 1.  Never
where the square itself is a result, is compared, or its root is taken.  Infinite inputs give NaN (∞ − ∞) where the
difference would be infinite; so do elements whose square overflows.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...ir.graph import Contract, Graph, Map, Operand, Reduce, Value
from ..estimate import Uses, extent, inside
from ..opened import Opened, as_number, factors_of, opened, sum_of_product
from ..rebuild import Rebuild
from ..sums import added
from ..trial import Trial
from . import Context, Pass

MAX_TERMS = 16
SMOOTH = frozenset({"exp", "tanh", "sigmoid", "softplus", "sin", "cos", "erf", "relu"})
ADDITIVE = frozenset({"add", "subtract", "negative", "multiply", "masked", "where", "maximum", "minimum"})
TAKING = frozenset({"sum", "max", "min", "shift"})
BEHIND_ONE = frozenset({"reciprocal", "sqrt", "log", "power"})

Term = tuple[float, tuple[Operand, ...]]


@dataclass(frozen=True, slots=True)
class Distributed:
    """The terms of a sum over `whole.bound`, and the values that are no longer needed for it."""

    whole: Opened
    terms: tuple[Term, ...]
    through: tuple[Value, ...]


def run(graph: Graph, context: Context) -> Graph:
    """The graph with sums distributed where that takes less time at representative extents."""
    uses = Uses(graph)
    found = {v.number: d for v in graph if (d := _distributed(v, uses)) is not None}
    for value in graph:  # a sum that is distributed together with its scale is not looked at by itself
        if value.number in found:
            for inner in found[value.number].through:
                found.pop(inner.number, None)
    if not found:
        return graph
    read = {o.value.number for d in found.values() for _, factors in d.terms for o in factors}
    trial = Trial(graph, uses, context, {n: d.through for n, d in found.items()}, read)

    def rewrite(made: Rebuild, value: Value) -> Operand | None:
        distributed = found.get(value.number)
        if distributed is None:
            return None
        result = trial.better(value, lambda v: _built(made, v, distributed))
        if result is not None:
            inner = max((extent(v.axes, context.sizes) for v in distributed.through), default=0)
            context.decide(
                f"{graph.makers[value.number]}: a sum over a product becomes {len(distributed.terms)} terms, "
                f"so that no value of {inner} elements is made for it"
            )
        return result

    return trial.made.run(rewrite)


def _distributed(value: Value, uses: Uses) -> Distributed | None:
    """The value as a sum of terms, if it is a sum over a product with sums that are larger than their terms."""
    whole = opened(value, uses)
    if whole is None:
        return None
    sums: dict[int, tuple[list[Term], list[Value]]] = {}
    for n, factor in enumerate(whole.factors):
        terms = _terms(factor)
        if terms is not None and not factor.label_set.isdisjoint(whole.bound):
            sums[n] = terms
    while True:  # what is as large as a sum and stays makes it useless to distribute that
        blocked = {
            n
            for n in sums
            for m, other in enumerate(whole.factors)
            if m not in sums and other.label_set >= whole.factors[n].label_set
        }
        if not blocked:
            break
        sums = {n: t for n, t in sums.items() if n not in blocked}
    if not sums or (len(sums) > 1 and not _is_tolerant(value, uses)):
        return None
    expanded = _expanded(whole, sums)
    if expanded is None:
        return None
    through = (*whole.through, *(v for _, inner in sums.values() for v in inner))
    return Distributed(whole, expanded, through)


def _terms(factor: Operand) -> tuple[list[Term], list[Value]] | None:
    """(terms, values gone through) of a sum or difference each term of which is smaller; None if it is none."""
    if factor.value.operation not in (Map("add"), Map("subtract")) or factor.kind not in ("float", "real"):
        return None
    full = factor.label_set
    terms: list[Term] = []
    through: list[Value] = []
    stack: list[tuple[float, Operand]] = [(1, factor)]
    while stack:
        sign, now = stack.pop()
        operation = now.value.operation
        if now.label_set == full and operation in (Map("add"), Map("subtract")) and now.kind in ("float", "real"):
            first, second = inside(now)
            stack += [(-sign if operation == Map("subtract") else sign, second), (sign, first)]
            through.append(now.value)
            continue
        number, factors, inner = factors_of(now)
        if any(o.label_set >= full for o in factors) or len(terms) == MAX_TERMS:
            return None
        terms.append((sign * number, tuple(factors)))
        through += inner
    return terms, through


def _expanded(whole: Opened, sums: dict[int, tuple[list[Term], list[Value]]]) -> tuple[Term, ...] | None:
    """The product of all sums and the other factors, equal terms taken together.

    None where there are too many, or where terms that cancel read what no other does: NaN there has to come out.
    """
    others = tuple(o for n, o in enumerate(whole.factors) if n not in sums)
    found: dict[object, Term] = {None: (whole.coefficient, others)}
    for terms, _ in sums.values():
        step: dict[object, Term] = {}
        for c, factors in found.values():
            for k, more in terms:
                product = (*factors, *more)
                key = tuple(sorted((o.value.number, tuple((x.name, x.space.name) for x in o.labels)) for o in product))
                step[key] = (step[key][0] + c * k if key in step else c * k, product)
        if len(step) > MAX_TERMS:
            return None
        found = step
    left = tuple(t for t in found.values() if t[0] != 0)
    gone = {o for c, factors in found.values() if c == 0 for o in factors}
    return left if left and gone <= {o for _, factors in left for o in factors} else None


def _is_tolerant(value: Value, uses: Uses) -> bool:
    """Whether an error that is small beside the terms of the value is small in all that is made from it."""
    stack, seen = [value], {value.number}
    while stack:
        now = stack.pop()
        if now.number in uses.outputs:
            return False
        for user in uses[now]:
            passes_on = _passes_on(user, now)
            if passes_on is None:
                return False
            if passes_on and user.number not in seen:
                seen.add(user.number)
                stack.append(user)
    return True


def _passes_on(user: Value, error: Value) -> bool | None:
    """Whether the user has the error of its operand in turn; None where it may make it larger."""
    operation = user.operation
    if isinstance(operation, (Contract, Reduce)):
        return (
            True if isinstance(operation, Contract) or operation.operation in ("sum", "max", "min", "shift") else None
        )
    if not isinstance(operation, Map):
        return None
    if operation.function in SMOOTH:
        return False
    if operation.function in ADDITIVE:
        return True
    if operation.function == "divide" and all(o.value is not error for o in user.operands[1:]):
        return True
    behind = operation.function in BEHIND_ONE or operation.function == "divide"
    return False if behind and _is_behind_one(error) else None


def _is_behind_one(value: Value) -> bool:
    return value.operation == Map("add") and any((o.number() or 0) >= 1 for o in value.operands)


def _built(made: Rebuild, value: Value, distributed: Distributed) -> Operand:
    build, parts = made.build, []
    for coefficient, factors in distributed.terms:
        new = [made.new(o) for o in factors]
        part = sum_of_product(build, as_number(abs(coefficient)), new, distributed.whole.bound, value.axes)
        parts.append((coefficient < 0, build.floating(build.numeric(part))))
    return added(build, parts)


PASS = Pass(
    name="distribute",
    summary="A sum over a product with a difference that is larger than all it is made of is distributed.",
    why="Σ_d (x_id − y_jd)² becomes a matrix product and the difference of N·N·D elements is never made; the gradient "
    "of a Gaussian kernel sum becomes products with the kernel that the forward pass may have made already.",
    example="""index i, j : points(N)
index d : dim(D)
K[i, j] = exp(-sum[d]((x[i, d] - y[j, d])**2))
f[i] = K[i, j] w[j]
output f""",
    run=run,
)
