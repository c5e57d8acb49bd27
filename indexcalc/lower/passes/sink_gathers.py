"""What is computed in full and then read at a few positions is computed at these positions.

z[n, t[n]] with z[n, v] = Σ_d X[n,d] W[v,d] is Σ_d X[n,d] W[t[n],d]: a gather goes down through products, elementwise
functions and reductions of other axes as long as that costs less than making the value and reading it.  Every element
is computed as before, so that nothing changes but the order in which sums are added; what is read to be compared with
an element of the same value, as with its maximum, is read where that is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from ...ir.graph import Broadcast, Contract, Gather, Graph, Input, Map, Operand, Reduce, Value
from ...ir.index import Index
from ...ir.walk import fresh_index
from ..builder import Builder
from ..compared import compared
from ..contraction import contract
from ..estimate import Uses, extent, seconds, unstored
from ..reading import Positions, read_at
from ..rebuild import Rebuild
from . import Context, Pass

MAX_DEPTH = 12
SELECTING = frozenset({"masked", "where", "as_real"})


class Read(NamedTuple):
    """A way to read a value at positions: what it takes, and how it is made."""

    seconds: float
    make: Callable[[], Operand]
    depth: int


def run(graph: Graph, context: Context) -> Graph:
    """The graph with gathers moved towards the inputs."""
    uses, limit = Uses(graph), unstored(graph, context.sizes, context.target.machine)
    same = compared(graph)

    def rewrite(made: Rebuild, value: Value) -> Operand | None:
        if not isinstance(value.operation, Gather):
            return None
        sinking = _Sinking(made, uses, context, limit, same)
        source, *positions = value.operands
        labels = {x for p in positions for x in p.labels} | source.label_set
        placed = dict(zip(value.operation.indices, (made.new(p) for p in positions)))
        found = sinking.best(source, placed, frozenset(x.name for x in labels), MAX_DEPTH)
        if found.depth == 0:
            return None
        name, size = graph.makers[value.number], extent(source.labels, context.sizes)
        context.decide(f"{name}: what is read of {size} elements is computed where it is read")
        return found.make()

    return Rebuild(graph, context.sizes).run(rewrite)


@dataclass
class _Sinking:
    """Finds the cheapest place for one gather.  What others need or a kernel never stores is told apart by `uses`.

    `compared`: numbers of the values through which no gather goes.
    """

    made: Rebuild
    uses: Uses
    context: Context
    limit: float
    compared: frozenset[int]

    def best(self, source: Operand, positions: Positions, taken: frozenset[str], depth: int) -> Read:
        """The cheapest way to read an old operand at new positions, of some of its labels."""
        own = {x: p for x, p in positions.items() if x in source.label_set}
        if not own:
            return Read(0.0, lambda: self.made.new(source), 0)
        here = self._here(source, own)
        operation = source.value.operation
        if depth == 0 or not isinstance(operation, (Map, Contract, Reduce, Broadcast)):
            return here
        if source.value.number in self.compared or operation == Map("inside"):
            return here
        operands = _parts(source, taken)
        parts = [self.best(o, own, taken, depth - 1) for o in operands]
        build = self.made.build
        axes = _axes(source, own)

        def below() -> Operand:
            return _applied(build, source.value, axes, [p.make() for p in parts])

        trial = Builder(self.context.sizes)
        stand_in = [trial.make(Input(str(n)), (), _axes(o, own), o.kind) for n, o in enumerate(operands)]
        there = self._seconds(_applied(trial, source.value, axes, stand_in).value) + sum(p.seconds for p in parts)
        return Read(there, below, 1 + max(p.depth for p in parts)) if there < here.seconds else here

    def _here(self, source: Operand, own: Positions) -> Read:
        made = self.made
        old = read_at(Builder(self.context.sizes), source, own)
        taken = self._seconds(old.value) if isinstance(old.value.operation, Gather) else 0.0
        return Read(taken + self._to_make(source.value), lambda: read_at(made.build, made.new(source), own), 0)

    def _to_make(self, value: Value) -> float:
        """Seconds for making a value that nothing else needs; and for storing one that otherwise never would be."""
        alone = self.uses.only(value) is not None
        if alone:
            return self._seconds(value) + sum(self._to_make(o.value) for o in value.operands)
        large = extent(value.axes, self.context.sizes) > self.limit
        return self._seconds(value) if large else 0.0

    def _seconds(self, value: Value) -> float:
        return seconds(value, self.context.sizes, self.context.target.machine)


def _parts(source: Operand, taken: frozenset[str]) -> list[Operand]:
    """The operands of an operand's value, labelled as it is; labels that are summed get names of their own."""
    label = dict(zip(source.value.axes, source.labels))
    names = {*taken, *(x.name for x in source.labels)}
    for x in dict.fromkeys(x for o in source.value.operands for x in o.labels):
        if x not in label:
            label[x] = fresh_index(x, names)
            names.add(label[x].name)
    return [Operand(o.value, tuple(label[x] for x in o.labels)) for o in source.value.operands]


def _axes(source: Operand, own: Positions) -> tuple[Index, ...]:
    along = dict.fromkeys(x for label, p in own.items() if label in source.labels for x in p.labels)
    return (*along, *(x for x in source.labels if x not in own))


def _applied(build: Builder, value: Value, axes: tuple[Index, ...], parts: list[Operand]) -> Operand:
    """The value's operation on what was read of its operands."""
    operation = value.operation
    if isinstance(operation, Map):
        if operation.function in SELECTING:
            return build.make(operation, parts, build.aligned(parts), value.kind)
        return build.map(operation.function, *parts)
    if isinstance(operation, Contract):
        return contract(build, parts, axes, ())
    if isinstance(operation, Reduce):
        return build.make(operation, parts, [x for x in parts[0].labels if x in axes], value.kind)
    return build.broadcast(parts[0], axes)


PASS = Pass(
    name="sink-gathers",
    summary="What is computed in full and then read at a few positions is computed at these positions.",
    why="The score of a token's label among V is D products, not a matrix product of D · V; and logits that are read "
    "only once more beside their log-sum-exp need not be stored.",
    example="""index n : tokens(T)
index v : vocab(V)
index d : feat(D)
integer t[n] : vocab
z[n, v] = X[n, d] W[v, d]
y[n] = z[n, t[n]]
output y""",
    run=run,
)
