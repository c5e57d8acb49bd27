"""Orders products of several statements anew, where they are made one from the other."""

from __future__ import annotations

from bisect import bisect
from math import inf

from ...ir.graph import Contract, Graph, Input, Operand, Reduce, Value
from ...paths import Path, find_path
from ...paths.optimal import MOST as MOST_EXACT
from ..contraction import contract
from ..product_trees import ProductTree, is_product, tree_of, use_counts
from ..rebuild import Rebuild
from . import Context, Pass

GAIN = 0.95  # of the cost that a new order may take at most: what is hardly better is left as it was written
MAX_TOLD = 6  # operands that a decision names


class _Orders:
    """The trees of one graph that are made anew, by their root's number."""

    def __init__(self, graph: Graph, context: Context) -> None:
        self.graph = graph
        self.context = context
        self.uses = use_counts(graph)
        self.trees: dict[int, ProductTree] = {}
        inside: set[int] = set()
        for value in reversed(graph.values):
            if value.number not in inside and is_product(value):
                tree = self._chosen(value)
                inside |= {o.value.number for o in tree.inside if self._once(o.value)}

    def _once(self, value: Value) -> bool:
        return self.uses[value.number] == 1

    def _chosen(self, root: Value) -> ProductTree:
        """The tree at a root, noted where another order of its leaves is cheaper.

        First the tree of what nobody else uses.  Then a leaf that is a product for others too is opened, one at a time,
        where the order found through it is cheaper still; it is made all the same.
        """
        sizes = self.context.sizes
        tree = chosen = tree_of(root, lambda value: self._once(value) and self._beside(value, root))
        if not any(isinstance(o.value.operation, (Contract, Reduce)) for o in tree.inside):
            return tree
        present = tree.cost(sizes)
        cost: float = present
        path, own = self._path(tree)
        if own < GAIN * cost:
            cost = own
            self.trees[root.number] = tree
        opened: frozenset[int] = frozenset()
        for leaf in tree.leaves:
            if not self._is_shared_product(leaf.value) or not self._beside(leaf.value, root):
                continue
            more = opened | {leaf.value.number}
            wider = self._wider(root, more)
            through, own = self._path(wider)
            if own < GAIN * cost:
                opened, path, cost, chosen = more, through, own, wider
                self.trees[root.number] = wider
        if path is not None:
            self._tell(chosen, path, present, root.number in self.trees)
        return tree

    def _wider(self, root: Value, opened: frozenset[int]) -> ProductTree:
        """The tree at a root through products that others read too."""
        return tree_of(root, lambda v: (self._once(v) or v.number in opened) and self._beside(v, root))

    def _is_shared_product(self, value: Value) -> bool:
        return is_product(value) and sum(1 for o in value.operands if o.labels) > 1

    def _beside(self, value: Value, root: Value) -> bool:
        """Whether nothing is computed again between the two: what is read before must not live on."""
        return bisect(self.graph.anew, value.number) == bisect(self.graph.anew, root.number)

    def _path(self, tree: ProductTree) -> tuple[Path | None, float]:
        """The best order of three leaves or more, and what it costs with the scalars."""
        makers = {self.graph.makers[o.value.number] for o in tree.inside}
        if len(tree.leaves) < 3 or (len(tree.leaves) > MOST_EXACT and len(makers) == 1):
            return None, inf  # a long product of one statement was ordered when that was lowered
        path = find_path(tree.network(self.context.sizes))
        return path, path.cost + tree.scaling_cost(self.context.sizes)

    def _tell(self, tree: ProductTree, path: Path, present: int, is_new: bool) -> None:
        naive = len(tree.leaves) * tree.network(self.context.sizes).naive
        names = [self._name(o.value) for o in tree.leaves[:MAX_TOLD]]
        more = f" and {len(tree.leaves) - MAX_TOLD} more" if len(tree.leaves) > MAX_TOLD else ""
        figures = f"{_count(2 * path.multiplications)} FLOPs of {_count(naive)} in one loop"
        held = f"largest intermediate {_count(path.largest)} elements"
        order = f"{present / max(1, path.cost):.2g} times cheaper than as written" if is_new else "as written"
        told = f"{self._name(tree.root)} of {', '.join(names)}{more}: {order}, {figures}, {held}, by {path.finder}"
        self.context.decide(told)

    def _name(self, value: Value) -> str:
        if isinstance(value.operation, Input):
            return value.operation.tensor
        return self.graph.names.get(value.number, f"t{value.number}")


def _count(number: int) -> str:
    return str(number) if number < 10_000 else f"{number:.3g}"


def _run(graph: Graph, context: Context) -> Graph:
    orders = _Orders(graph, context)
    if not orders.trees:
        return graph
    return Rebuild(graph, context.sizes).run(lambda rebuild, old: _made(rebuild, orders.trees.get(old.number)))


def _made(rebuild: Rebuild, tree: ProductTree | None) -> Operand | None:
    """The tree in its new order."""
    if tree is None:
        return None
    scalars = [rebuild.new(o) for o in tree.scalars]
    if tree.negative:
        scalars.append(rebuild.build.number(-1))
    return contract(rebuild.build, [rebuild.new(o) for o in tree.leaves], tree.root.axes, scalars)


PASS = Pass(
    "contraction-order",
    "Products that are made one from the other are multiplied out in the order that costs least, across statements.",
    "x A B with thin A and B costs a sixteenth of x (A B) at rank 32 in 1024 dimensions, however it is written; "
    "a pair is priced by its multiplications and by what it reads and writes.",
    """\
index d, e : model(1024)
index r : rank(32)
index n : tok(512)
W[d, e] = A[d, r] B[r, e]
y[n, e] = x[n, d] W[d, e]
output y
""",
    _run,
)
