"""What is emitted beside what it is instead of: found in the graph, by what its operations are.

kernels          tiles that are never stored beside every value stored
contraction      products in pairs beside one loop over all labels
gather, scatter  rows that are picked, or added to, beside the product with a one-hot matrix
shared           a tensor that lacks an axis which the other operand of a batched product has, beside one with it
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..ir.graph import Contract, Fused, Gather, Graph, Input, Map, Operand, Scatter, Value
from ..lower.product_trees import is_product, tree_of, use_counts
from .peak import Memory
from .rules import Work
from .work import Meter

MOST = 40  # that are told; the largest differences first


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to compute something.  `peak_bytes`: of the whole program, None where only a part of it differs."""

    name: str
    flops: int
    bytes: int
    peak_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Alternative:
    """What is emitted, and what it is instead of.  `about`: the definitions or tensors that are concerned."""

    kind: str
    about: str
    chosen: Choice
    other: Choice


def of_kernels(graph: Graph, chosen: tuple[Work, Memory], stored: tuple[Work, Memory]) -> Iterator[Alternative]:
    """Kernels beside their values stored, for the program as a whole."""
    notes = [v.operation.kernel.note for v in graph if isinstance(v.operation, Fused)]
    if notes:
        about = ", ".join(dict.fromkeys(name for note in notes for name in note.split(", ") if name))
        yield Alternative("kernels", about, _whole("in tiles", *chosen), _whole("stored", *stored))


def _whole(name: str, work: Work, memory: Memory) -> Choice:
    return Choice(name, work.flops, work.bytes, memory.peak)


def of_values(graph: Graph, meter: Meter) -> tuple[Alternative, ...]:
    """Those of single operations, in a graph without kernels."""
    finder = _Finder(graph, meter)
    found = [*finder.contractions(), *finder.picked(), *finder.shared()]
    found.sort(key=lambda a: -abs(a.other.flops + a.other.bytes - a.chosen.flops - a.chosen.bytes))
    return tuple(found[:MOST])


class _Finder:
    def __init__(self, graph: Graph, meter: Meter) -> None:
        self.graph = graph
        self.meter = meter
        self.uses = use_counts(graph)

    def name(self, value: Value) -> str:
        """The definition that the value is, else the one for which it was made."""
        if isinstance(value.operation, Input):
            return value.operation.tensor
        return self.graph.names.get(value.number, self.graph.makers[value.number])

    def contractions(self) -> Iterator[Alternative]:
        """Products of three operands and more that nothing else reads."""
        inside: set[int] = set()
        for root in reversed(self.graph.values):
            if root.number in inside or not is_product(root):
                continue
            tree = tree_of(root, lambda v: self.uses[v.number] == 1)
            made = {o.value.number: o.value for o in tree.inside}
            inside |= made.keys()
            if len(tree.leaves) < 3 or not any(isinstance(v.operation, Contract) for v in made.values()):
                continue
            work = sum((self.meter.work(v) for v in made.values()), Work())
            every = self.meter.elements({x: None for o in tree.leaves for x in o.labels})
            read = sum(self.meter.size(o.value) for o in tree.leaves) + self.meter.size(root)
            other = Choice("one loop over all labels", len(tree.leaves) * every, read)
            yield Alternative("contraction", self.name(root), Choice("in pairs", work.flops, work.bytes), other)

    def picked(self) -> Iterator[Alternative]:
        """Gathers and scatters by arrays of positions."""
        for value in self.graph:
            operation = value.operation
            if isinstance(operation, Gather) and not value.is_view:
                source, *positions = value.operands
                yield self.one_hot("gather", value, source, positions)
            elif isinstance(operation, Scatter):
                source, *positions = value.operands[: 1 + len(operation.indices)]
                yield self.one_hot("scatter", value, source, positions)

    def one_hot(self, kind: str, value: Value, source: Operand, positions: list[Operand]) -> Alternative:
        """The product with a matrix that has a row for each position and a column for each place."""
        operation = value.operation
        assert isinstance(operation, (Gather, Scatter))
        meter = self.meter
        rows = {x: None for o in positions for x in o.labels}
        places = meter.elements(operation.indices)
        kept = [x for x in (source.labels if kind == "scatter" else value.axes) if x not in rows]
        kept = [x for x in kept if x not in operation.indices]
        matrix = meter.item * meter.elements(rows) * places
        flops = 2 * meter.elements(rows) * places * meter.elements(kept)
        moved = matrix + meter.size(source.value) + meter.size(value)
        work = meter.work(value)
        chosen = Choice("picked" if kind == "gather" else "added in place", work.flops, work.bytes)
        about = self.name(source.value) if kind == "gather" else self.name(value)
        return Alternative(kind, about, chosen, Choice("one-hot product", flops, moved))

    def shared(self) -> Iterator[Alternative]:
        """Inputs that several parts of a batched product share, such as the keys of a group of queries."""
        seen = set[tuple[str, object]]()
        for value in self.graph:
            if not isinstance(value.operation, Contract):
                continue
            for mine, theirs in (value.operands, value.operands[::-1]):
                source = _input(mine.value)
                batch = mine.label_set & theirs.label_set & {*value.axes}
                spaces = {x.space for x in mine.labels}
                for x in theirs.labels if batch and source else ():
                    lacks = x in value.axes and x.space not in spaces
                    if not lacks or self.meter.elements([x]) < 2 or (source, x.space) in seen:
                        continue
                    seen.add((source, x.space))
                    bytes_ = self.meter.size(mine.value)
                    flops = self.meter.work(value).flops
                    other = Choice(f"its own for each {x.name}", flops, bytes_ * self.meter.elements([x]))
                    yield Alternative("shared", source, Choice(f"one for all {x.name}", flops, bytes_), other)


def _input(value: Value) -> str:
    """The input that the value is, but for its scale; "" where it is anything else."""
    while not isinstance(value.operation, Input):
        inside = [o.value for o in value.operands if o.labels]
        if len(inside) != 1 or not (value.is_view or isinstance(value.operation, Map)):
            return ""
        value = inside[0]
    return value.operation.tensor
