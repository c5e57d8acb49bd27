"""What a declaration says about a tensor's components: which slots may be exchanged, and which sets it is one of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .program import Attribute

RIEMANN_PAIRS = ((0, 1), (2, 3))
STRUCTURES = ("symmetric", "antisymmetric", "riemann", "diagonal", "orthogonal", "positive")


@dataclass(frozen=True, slots=True)
class Structure:
    """`exchanges`: disjoint groups of slots, from 0, with the sign by which exchanging two of a group multiplies.

    A Riemann tensor's groups are its two pairs, which may be exchanged as well.
    """

    exchanges: tuple[tuple[tuple[int, ...], int], ...] = ()
    riemann: bool = False
    diagonal: bool = False
    orthogonal: bool = False


def structure_of(attributes: Iterable[Attribute], rank: int) -> Structure:
    """The structure that attributes without contradiction declare.

    >>> structure_of([Attribute("symmetric", (1, 2)), Attribute("symmetric", (2, 3))], 4).exchanges
    (((0, 1, 2), 1),)
    """
    given = list(attributes)
    names = {a.name for a in given}
    groups: list[tuple[frozenset[int], int]] = []
    for a in given:
        if a.name in ("symmetric", "antisymmetric"):
            slots, sign = frozenset(slots_of(a, rank)), 1 if a.name == "symmetric" else -1
            slots = slots.union(*(g for g, _ in groups if g & slots))
            groups = [g for g in groups if not g[0] & slots] + [(slots, sign)]
    if "riemann" in names:
        groups = [(frozenset(pair), -1) for pair in RIEMANN_PAIRS]
    exchanges = tuple(sorted((tuple(sorted(slots)), sign) for slots, sign in groups))
    return Structure(exchanges, "riemann" in names, "diagonal" in names, "orthogonal" in names)


def slots_of(a: Attribute, rank: int) -> tuple[int, ...]:
    """The slots that an attribute is about, from 0."""
    return tuple(s - 1 for s in a.slots) or tuple(range(rank))


def contradiction(a: Attribute, b: Attribute, rank: int) -> str:
    """Why no tensor but zero is both, or none at all; nothing where the two agree."""
    names, common = {a.name, b.name}, set(slots_of(a, rank)) & set(slots_of(b, rank))
    if names == {"symmetric", "antisymmetric"} and common:
        return "only zero is both"
    if names == {"antisymmetric", "diagonal"}:
        return "the diagonal of an antisymmetric tensor is zero"
    if "positive" in names and names & {"antisymmetric", "riemann"}:
        return "exchanging two slots turns the sign"
    if "riemann" in names and names & {"symmetric", "antisymmetric"}:
        other = b if a.name == "riemann" else a
        if other.name == "symmetric" or not any(set(slots_of(other, rank)) <= set(p) for p in RIEMANN_PAIRS):
            return "a Riemann tensor has its own symmetries, and with these only zero is left"
    return ""
