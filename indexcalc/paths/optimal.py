"""The cheapest order of a few operands, by dynamic programming over their subsets."""

from __future__ import annotations

from collections.abc import Sequence

from .network import TRAFFIC, Network

MOST = 8  # operands: 3 280 ways to part subsets in two, some milliseconds
Pair = tuple[int, int]
"""Two of the operands, counted from 0, or of the results, which count on from the operands."""


def optimal_order(network: Network, operands: Sequence[int], output: int) -> tuple[int, list[Pair], list[int]]:
    """(cost, pairs, labels of each result) of the cheapest order of operands, given as sets of labels.

    Outer products are among the orders.  That the last result may be too large does not count.
    """
    count = len(operands)
    union = [0] * (1 << count)
    for subset in range(1, 1 << count):
        low = subset & -subset
        union[subset] = union[subset ^ low] | operands[low.bit_length() - 1]
    whole = (1 << count) - 1
    legs = [union[s] & (output | union[whole ^ s]) for s in range(whole + 1)]
    best = [0] * (whole + 1)
    chosen = [0] * (whole + 1)
    moved = [TRAFFIC * network.size(mask) for mask in legs]
    work_cost = network.work_cost
    for subset in range(1, whole + 1):
        low = subset & -subset
        if subset == low:
            continue
        rest = subset ^ low
        part = rest
        least = -1
        while part:
            other = subset ^ part
            cost = best[part] + best[other] + moved[part] + moved[other] + moved[subset]
            if least < 0 or cost < least:
                cost += work_cost(legs[part], legs[other], legs[subset])
                if least < 0 or cost < least:
                    least, chosen[subset] = cost, part
            part = (part - 1) & rest
        best[subset] = least + (network.held_cost(legs[subset]) if subset != whole else 0)
    pairs, subsets = _pairs(count, whole, chosen)
    return best[whole], pairs, [legs[s] for s in subsets]


def _pairs(count: int, whole: int, chosen: Sequence[int]) -> tuple[list[Pair], list[int]]:
    """The pairs of the tree of subsets, children before parents, and the subset that each makes."""
    order: list[int] = []
    stack = [whole]
    while stack:
        subset = stack.pop()
        if chosen[subset]:
            order.append(subset)
            stack += [chosen[subset], subset ^ chosen[subset]]
    number = {1 << n: n for n in range(count)}
    pairs: list[Pair] = []
    for subset in reversed(order):
        one, other = sorted((number[chosen[subset]], number[subset ^ chosen[subset]]))
        number[subset] = count + len(pairs)
        pairs.append((one, other))
    return pairs, order[::-1]
