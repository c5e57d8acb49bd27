"""A product of operands summed over labels, as sets of labels; what contracting two of them costs.

A set of labels is an integer with one bit for each label, so that searches that ask a million times stay fast.
Costs are exact integers: the same network gives the same path everywhere.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from functools import reduce
from operator import or_
from typing import TypeVar

from ..limits import MAX_INTERMEDIATE

Label = TypeVar("Label", bound=Hashable)

TRAFFIC = 8  # multiplications of a matrix product in the time in which one element is read or written
CALL = 2500  # the same for one product of a batch: NumPy takes 0.03 to 0.05 microseconds for each
TOO_LARGE = 1 << 128  # times the elements above the limit: no saving makes up for what does not fit


class Network:
    """Operands and output as sets of labels.  Labels that one operand alone has and the output lacks are left out.

    `naive`: steps of one loop over all labels.  `alone_cost`: of summing over the labels that are left out.

    >>> network = Network(["ij", "jk", "kl"], "il", {"i": 9, "j": 9, "k": 9, "l": 1})
    >>> network.size(network.operands[0]), network.naive
    (81, 729)
    """

    def __init__(
        self, operands: Sequence[Iterable[Label]], output: Iterable[Label], sizes: Mapping[Label, int]
    ) -> None:
        self.labels: dict[object, int] = {}
        self.sizes: list[int] = []
        masks = [self._mask(labels, sizes) for labels in operands]
        self.output = self._mask(output, sizes)
        self._known: dict[int, int] = {}
        self._of_size: dict[int, int] = {}  # labels by their size: there are few sizes, whatever the number of labels
        for n, size in enumerate(self.sizes):
            self._of_size[size] = self._of_size.get(size, 0) | 1 << n
        self.naive = self.size(reduce(or_, masks, 0))
        once, twice = 0, 0
        for mask in masks:
            twice |= once & mask
            once |= mask
        self.operands = tuple(mask & (self.output | twice) for mask in masks)
        pairs = zip(masks, self.operands)
        self.alone_cost = sum(TRAFFIC * (self.size(a) + self.size(b)) for a, b in pairs if a != b)

    def _mask(self, labels: Iterable[Label], sizes: Mapping[Label, int]) -> int:
        mask = 0
        for label in labels:
            if label not in self.labels:
                self.labels[label] = len(self.sizes)
                self.sizes.append(sizes[label])
            mask |= 1 << self.labels[label]
        return mask

    def size(self, mask: int) -> int:
        """Number of elements along the labels."""
        found = self._known.get(mask)
        if found is None:
            found = 1
            for size, labels in self._of_size.items():
                found *= size ** (mask & labels).bit_count()
            self._known[mask] = found
        return found

    def pair_cost(self, left: int, right: int, result: int) -> int:
        """What the product of two costs, in multiplications of a large matrix product.

        Beside its multiplications it is what it reads and writes, which decides for outer products, products by element
        and matrices times vectors; a batch of matrix products takes a call for each.
        """
        moved = self.size(left) + self.size(right) + self.size(result)
        return TRAFFIC * moved + self.work_cost(left, right, result)

    def work_cost(self, left: int, right: int, result: int) -> int:
        """The part of it that is not traffic; none where nothing is summed."""
        both = left & right
        if not both & ~result:
            return 0
        calls = CALL * self.size(both & result) if both & result else 0
        return calls + self.size(left | right)

    def held_cost(self, result: int) -> int:
        """What an intermediate above the limit costs beside that."""
        elements = self.size(result)
        return TOO_LARGE * elements if elements > MAX_INTERMEDIATE else 0
