"""Σ (P − δ) W as Σ P W minus what δ picks: a large value is not overwritten at a few places before it is summed.

The gradient of cross-entropy by the logits is P[n,v] − δ(v, t[n]).  Its products are Σ_v P W[v,d] − W[t[n],d], which is
a gather, and Σ_n P X[n,d] with −X[n,d] added at the rows t[n].  P need then be neither stored nor copied.

Numerics: where P is close to 1 the difference loses the digits that P, being rounded, does not have either: the error
is that of rounding P.  An infinite element of W that δ picks gives NaN where (P − 1) W would be infinite.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...ir.graph import Graph, Operand, Range, Scatter, Value
from ...ir.index import Index
from ..estimate import Uses, extent, unstored
from ..opened import Opened, opened, sum_of_product
from ..reading import read_at
from ..rebuild import Rebuild
from ..sums import added
from . import Context, Pass


@dataclass(frozen=True, slots=True)
class Parted:
    """A sum over a product with base + amount · δ(hot, position), labelled as in the sum."""

    whole: Opened
    others: tuple[Operand, ...]
    scatter: Value
    base: Operand
    amount: Operand
    hot: Index
    position: Operand


def run(graph: Graph, context: Context) -> Graph:
    """The graph with one-hot terms summed apart where the value that they are added to need not be made then."""
    uses = Uses(graph)
    found = {v.number: p for v in graph if (p := _parted(v, uses)) is not None}
    for value in graph:
        for inner in found[value.number].whole.through if value.number in found else ():
            found.pop(inner.number, None)
    found = _worth_it(graph, found, uses, context)
    if not found:
        return graph

    def rewrite(made: Rebuild, value: Value) -> Operand | None:
        parted = found.get(value.number)
        return None if parted is None else _apart(made, value, parted)

    return Rebuild(graph, context.sizes).run(rewrite)


def _parted(value: Value, uses: Uses) -> Parted | None:
    whole = opened(value, uses)
    if whole is None:
        return None
    hot = [o for o in whole.factors if isinstance(o.value.operation, Scatter) and o.value.operation.has_base]
    if len(hot) != 1:
        return None
    others = tuple(o for o in whole.factors if o is not hot[0])
    return _one_hot(whole, others, hot[0])


def _one_hot(whole: Opened, others: tuple[Operand, ...], scattered: Operand) -> Parted | None:
    """The parts of a scatter along one axis; along the others its positions are the axes themselves."""
    value = scattered.value
    operation = value.operation
    assert isinstance(operation, Scatter)
    amount, *positions, base = value.operands
    name = dict(zip(value.axes, scattered.labels))
    along = {p.labels[0]: name[x] for x, p in zip(operation.indices, positions) if isinstance(p.value.operation, Range)}
    given = [(x, p) for x, p in zip(operation.indices, positions) if not isinstance(p.value.operation, Range)]
    if len(given) != 1 or not given[0][1].label_set <= set(along):
        return None
    name |= along
    ((axis, position),) = given
    hot, at = name[axis], _renamed(position, name)
    if hot not in whole.bound and not at.label_set <= set(whole.bound):
        return None
    return Parted(whole, others, value, _renamed(base, name), _renamed(amount, name), hot, at)


def _renamed(operand: Operand, name: dict[Index, Index]) -> Operand:
    return Operand(operand.value, tuple(name[x] for x in operand.labels))


def _worth_it(graph: Graph, found: dict[int, Parted], uses: Uses, context: Context) -> dict[int, Parted]:
    """Those of values that nothing else needs, and that a kernel never stores or that would be copied."""
    sizes = context.sizes
    limit = unstored(graph, sizes, context.target.machine)
    dying = uses.dying([v for p in found.values() for v in (*p.whole.through, p.scatter)], found)
    chosen: dict[int, Parted] = {}
    for value in graph:
        parted = found.get(value.number)
        if parted is None or parted.scatter.number not in dying:
            continue
        size = extent(parted.scatter.axes, sizes)
        copied = uses.only(parted.base.value) is None
        made = sum(extent(o.label_set - {parted.hot} | parted.position.label_set, sizes) for o in parted.others)
        if size > limit or (copied and made + 2 * extent(value.axes, sizes) < size):
            chosen[value.number] = parted
            name = graph.makers[value.number]
            context.decide(f"{name}: a one-hot term is summed apart, so that {size} elements are not made for it")
    return chosen


def _apart(made: Rebuild, value: Value, p: Parted) -> Operand:
    build, whole = made.build, p.whole
    others = [made.new(o) for o in p.others]
    plain = sum_of_product(build, whole.coefficient, [*others, made.new(p.base)], whole.bound, value.axes)
    plain = build.floating(build.numeric(plain))
    position = made.new(p.position)
    places = {p.hot: position, **{x: build.range(x) for x in position.labels}}
    read = [read_at(build, o, places) if p.hot in o.label_set else o for o in others]
    factors = [made.new(p.amount), *read]
    if p.hot in whole.bound:
        bound = [x for x in whole.bound if x != p.hot]
        picked = sum_of_product(build, whole.coefficient, factors, bound, value.axes)
        return added(build, [(False, plain), (False, build.floating(build.numeric(picked)))])
    bound = [x for x in whole.bound if x not in position.label_set]
    out = (*position.labels, *(x for x in value.axes if x != p.hot))
    source = build.floating(build.numeric(sum_of_product(build, whole.coefficient, factors, bound, out)))
    base = build.broadcast(plain, value.axes)
    return build.make(Scatter((p.hot,), True), (source, position, base), base.labels, base.kind)


PASS = Pass(
    name="one-hot-apart",
    summary="A one-hot term beside a large value is summed apart from it: as a gather, or added to the result.",
    why="(P − δ) W and (P − δ)ᵀ X would overwrite one element of each row of P first, an array of tokens × vocabulary.",
    example="""index n : tokens(2048)
index v : vocab(32000)
index d : feat(512)
integer t[n] : vocab
P[n, v] = exp(Y[n, d] W[v, d])
G[n, v] = P[n, v] - delta[v, t[n]]
A[n, d] = G[n, v] W[v, d]
B[v, d] = G[n, v] Y[n, d]
output A, B""",
    run=run,
)
