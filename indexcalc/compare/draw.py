"""Components of random inputs, each drawn when it is asked for: the same one for the same name, slots and seed.

What a tensor is declared to be is respected, as far as an exchange of slots says it.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

from ..ir.index import parity
from ..ir.program import Program, Tensor
from ..ir.structure import Structure, structure_of


class NotDrawn(Exception):
    """Some declaration cannot be respected by drawing components one by one."""


def hashed(*what: object) -> int:
    """64 bits that look random and depend on nothing but the arguments."""
    return int.from_bytes(blake2b(repr(what).encode(), digest_size=8).digest(), "big")


class Draw:
    """One draw of every input of a program: integers from `low` to `high`."""

    def __init__(self, program: Program, seed: int, low: int, high: int) -> None:
        self.tensors = program.inputs
        self.structures = {t.name: _drawn(t) for t in program.tensors}
        self.seed, self.low, self.count = seed, low, high - low + 1

    def component(self, name: str, slots: Sequence[int]) -> int:
        """The value of an input at these slots; of an integer input, any natural number."""
        found = self.structures.get(name)
        sign = 1
        if found is not None:
            slots, sign = _in_order(tuple(slots), found)
            if sign == 0:
                return 0
        return sign * (self.low + hashed(self.seed, name, tuple(slots)) % self.count)


def _drawn(t: Tensor) -> Structure | None:
    structure = structure_of(t.attributes, len(t.indices))
    if structure.orthogonal or structure.riemann:
        raise NotDrawn(f"`{t.name}` is declared to be what random components are not")
    return None if structure == Structure() else structure


def _in_order(slots: tuple[int, ...], structure: Structure) -> tuple[tuple[int, ...], int]:
    """Slots that may be exchanged, sorted, and the sign of that; 0 where the component vanishes."""
    sign = 1
    found = list(slots)
    if structure.diagonal and len(set(slots)) > 1:
        return slots, 0
    for group, turned in structure.exchanges:
        values = [slots[k] for k in group]
        order = sorted(range(len(values)), key=lambda k: values[k])
        if turned < 0:
            sign *= 0 if len(set(values)) < len(values) else parity(order)
        for k, place in zip(order, group):
            found[place] = values[k]
    return tuple(found), sign
