"""What a contraction costs in the order in which it is written, and in the best one."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from itertools import combinations
from math import prod
from typing import TypeVar

L = TypeVar("L", bound=Hashable)
MAX_OPERANDS = 6  # 2**6 subsets: the best order is found by looking at all of them


def volume(labels: frozenset[L], sizes: Mapping[L, int]) -> int:
    """The number of multiplications of a step over these indices."""
    return prod(sizes[i] for i in labels)


def best(operands: Sequence[frozenset[L]], out: frozenset[L], sizes: Mapping[L, int]) -> int:
    """The multiplications of the cheapest order of pairs.

    >>> best([frozenset("ij"), frozenset("jk"), frozenset("k")], frozenset("i"), {"i": 9, "j": 9, "k": 9})
    162
    """
    every = frozenset(range(len(operands)))
    labels = {
        s: _kept(s, operands, out) for n in range(1, len(operands) + 1) for s in map(frozenset, combinations(every, n))
    }
    cost = {s: 0 for s in labels if len(s) == 1}
    for n in range(2, len(operands) + 1):
        for group in map(frozenset, combinations(sorted(every), n)):
            first = min(group)
            rest = sorted(group - {first})
            cost[group] = min(
                cost[one] + cost[group - one] + volume(labels[one] | labels[group - one], sizes)
                for k in range(len(rest))
                for one in (frozenset({first, *part}) for part in combinations(rest, k))
            )
    return cost[every]


def _kept(group: frozenset[int], operands: Sequence[frozenset[L]], out: frozenset[L]) -> frozenset[L]:
    """The indices of a group's product that its surroundings need."""
    inside = frozenset[L]().union(*(operands[n] for n in group))
    outside = out.union(*(x for n, x in enumerate(operands) if n not in group))
    return inside & outside
