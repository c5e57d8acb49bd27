"""Products summed over labels, gathered from the values that make them one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from ..ir.graph import Contract, Graph, Map, Operand, Reduce, Value
from ..ir.index import Index, Space
from ..ir.walk import fresh_index
from ..paths import Network

MAX_LEAVES = 1000  # of one tree; what is below stays as it is


@dataclass
class ProductTree:
    """Σ Π leaves · Π scalars, over every label that the root's axes lack.

    `inside`: the values that make it, each with the labels that its axes have here.  `negative`: whether the sign is
    turned.
    """

    root: Value
    leaves: list[Operand] = field(default_factory=list)
    scalars: list[Operand] = field(default_factory=list)
    inside: list[Operand] = field(default_factory=list)
    negative: bool = False

    def network(self, sizes: Mapping[Space, int]) -> Network:
        """The tree's leaves as a network at representative sizes."""
        return _network((o.labels for o in self.leaves), self.root.axes, sizes)

    def cost(self, sizes: Mapping[Space, int]) -> int:
        """What the tree costs as it stands, by the model of the paths."""
        return sum(value_cost(o.value, sizes) for o in self.inside)

    def scaling_cost(self, sizes: Mapping[Space, int]) -> int:
        """What it costs to multiply the scalars and the sign into the smallest leaf."""
        if not self.scalars and not self.negative:
            return 0
        network = self.network(sizes)
        return min(network.pair_cost(mask, 0, mask) for mask in network.operands)


def value_cost(value: Value, sizes: Mapping[Space, int]) -> int:
    """What one product, sum or negation costs."""
    network = _network((o.labels for o in value.operands), value.axes, sizes)
    if len(network.operands) == 2:
        return network.alone_cost + network.pair_cost(*network.operands, network.output)
    return network.alone_cost or network.pair_cost(network.output, 0, network.output)


def _network(operands: Iterable[tuple[Index, ...]], output: Iterable[Index], sizes: Mapping[Space, int]) -> Network:
    given = list(operands)
    return Network(given, output, {x: sizes[x.space] for own in (*given, tuple(output)) for x in own})


def is_product(value: Value) -> bool:
    """Whether the value is a product of its operands, or a sum or the negative of its operand, in floating point."""
    operation = value.operation
    if value.kind not in ("float", "real") or any(len(o.label_set) < len(o.labels) for o in value.operands):
        return False
    return isinstance(operation, Contract) or operation in (Map("multiply"), Map("negative"), Reduce("sum"))


def tree_of(root: Value, is_opened: Callable[[Value], bool]) -> ProductTree:
    """The tree of products at a value; operands that are products are opened where `is_opened` says so."""
    tree = ProductTree(root)
    taken = {x.name for x in root.axes}
    stack = [Operand(root, root.axes)]
    while stack:
        here = stack.pop()
        if here.value is not root and not _may_open(here, is_opened, len(stack) + len(tree.leaves)):
            (tree.leaves if here.labels else tree.scalars).append(here)
            continue
        tree.inside.append(here)
        tree.negative ^= here.value.operation == Map("negative")
        label = dict(zip(here.value.axes, here.labels))
        for operand in here.value.operands:
            for x in operand.labels:
                if x not in label:
                    label[x] = fresh_index(x, taken)
                    taken.add(label[x].name)
        stack += [Operand(o.value, tuple(label[x] for x in o.labels)) for o in reversed(here.value.operands)]
    return tree


def _may_open(operand: Operand, is_opened: Callable[[Value], bool], size: int) -> bool:
    return size < MAX_LEAVES and is_product(operand.value) and is_opened(operand.value)


def use_counts(graph: Graph) -> dict[int, int]:
    """How many operands and outputs each value is."""
    counts: dict[int, int] = {}
    for value in graph:
        for operand in value.operands:
            counts[operand.value.number] = counts.get(operand.value.number, 0) + 1
    for output in graph.outputs:
        counts[output.operand.value.number] = counts.get(output.operand.value.number, 0) + 1
    return counts
