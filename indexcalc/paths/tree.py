"""A path as a binary tree whose pieces of a few operands are put into their cheapest order."""

from __future__ import annotations

from collections.abc import Sequence

from .network import Network
from .optimal import Pair, optimal_order

PIECE = 6  # operands of a piece: 301 ways to part subsets in two, below a millisecond
ROUNDS = 4  # over all nodes; most of what is to be found, the first one finds
MOST_PIECES = 600  # that are tried, in all


class Tree:
    """Nodes by number: operands from 0, then results.  `legs`: the labels of what each node gives."""

    def __init__(self, network: Network, operands: Sequence[int], pairs: Sequence[Pair]) -> None:
        self.network = network
        self.count = len(operands)
        self.children: dict[int, Pair] = {self.count + n: pair for n, pair in enumerate(pairs)}
        self.root = self.count + len(pairs) - 1
        self.legs: dict[int, int] = dict(enumerate(operands))
        self._label_results(operands)

    def _label_results(self, operands: Sequence[int]) -> None:
        """A result has the labels that something outside of it has, or the output."""
        uses = [0] * len(self.network.sizes)
        for mask in operands:
            for label in _bits(mask):
                uses[label] += 1
        inside: dict[int, dict[int, int]] = {n: dict.fromkeys(_bits(mask), 1) for n, mask in enumerate(operands)}
        for node in sorted(self.children):
            one, other = (inside.pop(child) for child in self.children[node])
            for label, count in other.items():
                one[label] = one.get(label, 0) + count
            done = [x for x, n in one.items() if n == uses[x] and not self.network.output >> x & 1]
            for label in done:
                del one[label]
            inside[node] = one
            self.legs[node] = sum(1 << label for label in one)

    def cost(self) -> int:
        return sum(self._node_cost(node) for node in self.children)

    def multiplications(self) -> int:
        pairs = ((self.legs[a], self.legs[b]) for a, b in self.children.values())
        return sum(self.network.size(left | right) for left, right in pairs)

    def largest(self) -> int:
        """Elements of the largest result but the last."""
        return max((self.network.size(self.legs[n]) for n in self.children if n != self.root), default=0)

    def _node_cost(self, node: int) -> int:
        one, other = self.children[node]
        held = 0 if node == self.root else self.network.held_cost(self.legs[node])
        return self.network.pair_cost(self.legs[one], self.legs[other], self.legs[node]) + held

    def improve(self) -> None:
        """Reorder pieces of the tree, the costliest first, until nothing changes or enough was tried."""
        tried: set[tuple[int, ...]] = set()
        for _ in range(ROUNDS):
            changed = False
            for node in sorted(self.children, key=lambda n: (-self._node_cost(n), n)):
                leaves, inner = self._piece(node)
                key = (node, *sorted(leaves))
                if len(leaves) < 3 or key in tried or len(tried) >= MOST_PIECES:
                    continue
                tried.add(key)
                changed |= self._reorder(node, leaves, inner)
            if not changed:
                return

    def _piece(self, root: int) -> tuple[list[int], list[int]]:
        """(leaves, inner nodes) below a node, opened where what is opened is largest."""
        leaves, inner = list(self.children[root]), [root]
        while len(leaves) < PIECE:
            opened = [n for n in leaves if n in self.children]
            if not opened:
                break
            node = max(opened, key=lambda n: (self.network.size(self.legs[n]), -n))
            leaves.remove(node)
            leaves += self.children[node]
            inner.append(node)
        return leaves, inner

    def _reorder(self, root: int, leaves: list[int], inner: list[int]) -> bool:
        """Put a piece into its cheapest order; whether that is cheaper."""
        before = sum(self._node_cost(n) for n in inner)
        masks = [self.legs[n] for n in leaves]
        cost, pairs, legs = optimal_order(self.network, masks, self.legs[root])
        if root != self.root:
            cost += self.network.held_cost(self.legs[root])
        if cost >= before:
            return False
        number = [*leaves, *sorted(n for n in inner if n != root), root]
        for node, (one, other), mask in zip(number[len(leaves) :], pairs, legs):
            self.children[node] = (number[one], number[other])
            self.legs[node] = mask
        return True

    def pairs(self) -> list[Pair]:
        """The tree as pairs, children before parents."""
        order: list[int] = []
        stack = [self.root]
        while stack:
            node = stack.pop()
            if node in self.children:
                order.append(node)
                stack += self.children[node]
        number = {n: n for n in range(self.count)}
        found: list[Pair] = []
        for node in reversed(order):
            one, other = sorted(number[child] for child in self.children[node])
            number[node] = self.count + len(found)
            found.append((one, other))
        return found


def _bits(mask: int) -> list[int]:
    found: list[int] = []
    while mask:
        low = mask & -mask
        found.append(low.bit_length() - 1)
        mask ^= low
    return found
