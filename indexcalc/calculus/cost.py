"""Multiplications of a monomial under its best contraction order, at representative extents.

Where a space has no size, its representative is larger when the program keeps it twice in one intermediate (queries ×
keys) or normalises over it: these are the values that users want never stored, so folding prefers forms that avoid
them.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache
from heapq import heapify, heappop, heappush
from itertools import combinations
from typing import TypeAlias, Union

from ..ir.index import Index, Space
from ..normal.atoms import Atom, hole_text
from ..normal.definitions import Definition, Definitions
from ..normal.poly import Mono, magnitude

Tree: TypeAlias = Union[int, tuple["Tree", "Tree"], None]
SMALL, LARGE = 64, 512
EXACT_LIMIT = 7  # factors ordered exactly: 3^n splits


def sizes_by_role(store: Definitions, sizes: Mapping[Space, int]) -> dict[Space, int]:
    """A size for every space: what is given, what is declared, else a guess by role."""
    spaces: dict[Space, int] = {}
    for free in [*store.inputs.values(), *(d.free for d in store.table.values())]:
        for index in free:
            spaces.setdefault(index.space, SMALL)
    for d in store.table.values():
        seen: set[Space] = set()
        for index in d.free:
            if index.space in seen:
                spaces[index.space] = LARGE
            seen.add(index.space)
        if d.kind in ("softmax", "logsumexp"):
            spaces.update({i.space: LARGE for i in d.parts[1] if isinstance(i, Index)})  # type: ignore[union-attr]
    for space in spaces:
        declared = space.extent if isinstance(space.extent, int) else None
        spaces[space] = sizes.get(space) or declared or spaces[space]
    return spaces


class CostModel:
    def __init__(self, sizes: Mapping[Space, int], store: Definitions) -> None:
        self.sizes, self.store = sizes, store
        self.memo: dict[Mono, tuple[float, int]] = {}

    def size(self, index: Index) -> int:
        return self.sizes.get(index.space, SMALL)

    def monomial(self, mono: Mono) -> tuple[float, int]:
        """(multiplications, factors); reading a virtual definition costs infinitely much."""
        known = self.memo.get(mono)
        if known is None:
            known = self.memo[mono] = self._monomial(mono)
        return known

    def _monomial(self, mono: Mono) -> tuple[float, int]:
        real = []
        for a, _ in mono.factors:
            if a.kind == "access":
                d = self.store.table.get(a.name)
                if d is not None and d.virtual:
                    return math.inf, len(mono.factors)
            if a.kind != "extent":
                real.append(a)
        powers = sum(magnitude(e) != 1 for _, e in mono.factors)
        count = sum(math.ceil(magnitude(e)) for a, e in mono.factors if a.kind != "extent")
        return self.order(mono.bound, real)[0] + powers, count

    def definition(self, d: Definition) -> tuple[float, int]:
        if d.kind != "poly":
            return 0.0, 0
        parts = [self.monomial(m) for m in d.poly]
        return sum(f for f, _ in parts), sum(n for _, n in parts)

    def order(self, bound: Iterable[Index], atoms: list[Atom]) -> tuple[float, Tree]:
        """(multiplications, tree); a tree is an atom's position or a pair of trees."""
        if not atoms:
            return 0.0, None
        indices = sorted({i for a in atoms for i in a.free}, key=hole_text)
        bit = {i: 1 << k for k, i in enumerate(indices)}
        sizes = tuple(self.size(i) for i in indices)
        masks = tuple(sum(bit[i] for i in a.free) for a in atoms)
        summed = set(bound)
        keep = sum(bit[i] for i in indices if i not in summed)
        return _best_order(masks, keep, sizes) if len(atoms) <= EXACT_LIMIT else _greedy(masks, keep, sizes)


def _volume(mask: int, sizes: tuple[int, ...]) -> float:
    out = 1.0
    for k, n in enumerate(sizes):
        if mask >> k & 1:
            out *= n
    return out


@lru_cache(maxsize=100_000)
def _best_order(masks: tuple[int, ...], keep: int, sizes: tuple[int, ...]) -> tuple[float, Tree]:
    """Dynamic programming over subsets of the factors."""
    full = (1 << len(masks)) - 1
    union = [0] * (full + 1)
    for s in range(1, full + 1):
        low = s & -s
        union[s] = union[s ^ low] | masks[low.bit_length() - 1]
    visible = [union[s] & (keep | union[full ^ s]) for s in range(full + 1)]
    best: list[tuple[float, Tree]] = [(0.0, None)] * (full + 1)
    for s in range(1, full + 1):
        if s & (s - 1) == 0:
            best[s] = (_volume(union[s], sizes) if visible[s] != union[s] else 0.0, s.bit_length() - 1)
            continue
        low, found, sub = s & -s, None, (s - 1) & s
        while sub:
            if sub & low:
                other = s ^ sub
                c = best[sub][0] + best[other][0] + _volume(visible[sub] | visible[other], sizes)
                if found is None or c < found[0]:
                    found = (c, (best[sub][1], best[other][1]))
            sub = (sub - 1) & s
        assert found is not None
        best[s] = found
    return best[full]


def _greedy(masks: tuple[int, ...], keep: int, sizes: tuple[int, ...]) -> tuple[float, Tree]:
    """The cheapest pair first, for products too long to order exactly; of equal ones the earliest.

    What a pair costs does not depend on the others, so that all pairs wait in one heap.
    """
    there: dict[int, tuple[int, Tree]] = {n: (m, n) for n, m in enumerate(masks)}
    holders = Counter(bit for m in masks for bit in _bits(m))
    pairs = [(_volume(masks[a] | masks[b], sizes), a, b) for a, b in combinations(range(len(masks)), 2)]
    heapify(pairs)
    total, new = 0.0, len(masks)
    while len(there) > 1:
        c, a, b = heappop(pairs)
        if a not in there or b not in there:
            continue
        (one, left), (other, right) = there.pop(a), there.pop(b)
        total += c
        holders.subtract([*_bits(one), *_bits(other)])
        mask = sum(bit for bit in _bits(one | other) if bit & keep or holders[bit])
        holders.update(_bits(mask))
        for n, (m, _) in there.items():
            heappush(pairs, (_volume(m | mask, sizes), n, new))
        there[new] = mask, (left, right)
        new += 1
    ((_, tree),) = there.values()
    return total, tree


def _bits(mask: int) -> list[int]:
    return [1 << k for k in range(mask.bit_length()) if mask >> k & 1]
