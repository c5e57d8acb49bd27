"""Groups over the same rows as they become kernels: joined where one reads rows of another, values made where they are
read."""

from __future__ import annotations

from collections.abc import Mapping

from ...ir.graph import Graph, Value
from ...ir.index import Index, Space
from ..estimate import Uses
from .instance import Slot, whole
from .rows import Growing, Rows, complete
from .virtual import DEEPEST


def row_groups(graph: Graph, sizes: Mapping[Space, int]) -> list[Rows]:
    """Groups of at least two large values, in an order in which they can run."""
    groups = merged(graph, Growing(graph, sizes).groups)
    _sink(graph, groups)
    return [g for g in groups if len(g.values) > 1]


def merged(graph: Graph, groups: list[Rows]) -> list[Rows]:
    """The groups, where one that reads rows of an earlier one joins it: so those rows need not be stored.

    A group that begins with a value that reads nothing of what was there, such as a gradient's, comes to be by itself.
    """
    found: list[Rows] = []
    places: dict[int, int] = {}  # where in `found` a value's group stands
    around = Around(Uses(graph), groups)
    for group in groups:
        read = {o.value.number for v in group.values for o in v.operands}
        for place in sorted({places[n] for n in read if n in places}):
            earlier = found[place]
            renaming = _meeting(earlier, group)
            if renaming is not None and not around.between(earlier, group):
                for value in group.values:
                    earlier.add(value, {x: renaming[s] for x, s in group.namings[value.number].items()})
                earlier.values.sort(key=lambda v: v.number)
                around.joined(earlier, group)
                break
        else:
            place = len(found)
            found.append(group)
        places |= dict.fromkeys(group.slots, place)
    return found


def _meeting(earlier: Rows, later: Rows) -> Mapping[Slot, Slot] | None:
    """What the axes of the later group are called in the earlier one, of which it reads rows, if that is one way."""
    if max(earlier.depths.values()) + max(later.depths.values()) > DEEPEST:
        return None
    found: dict[Slot, Slot] = {}
    for value in later.values:
        naming = later.namings[value.number]
        for operand in value.operands:
            number = operand.value.number
            if number in earlier.columns:
                return None  # not finished inside of a tile
            slots = earlier.slots.get(number, ())
            if any(found.setdefault(naming[x], s) != s for x, s in zip(operand.labels, slots)):
                return None
    if found.get(later.row) != earlier.row or len(set(found.values())) < len(found):
        return None
    taken = [earlier.row, *(s for naming in earlier.namings.values() for s in naming.values() if isinstance(s, Index))]
    for slot in (s for naming in later.namings.values() for s in naming.values()):
        if slot not in found and isinstance(slot, Index):
            fresh = whole(slot, taken)
            taken.append(fresh)
            found[slot] = fresh
    return found


class Around:
    """What else there is beside two groups that could be one.

    `home`: the group of each value, and `spans` its first and last value, by the group's identity.
    """

    def __init__(self, uses: Uses, groups: list[Rows]) -> None:
        self.uses = uses
        self.home = {number: g for g in groups for number in g.slots}
        self.spans = {id(g): (min(g.slots), max(g.slots)) for g in groups}

    def joined(self, earlier: Rows, later: Rows) -> None:
        """The later group is part of the earlier one from now on."""
        self.home |= dict.fromkeys(later.slots, earlier)
        both = (self.spans[id(earlier)], self.spans.pop(id(later)))
        self.spans[id(earlier)] = min(a for a, _ in both), max(b for _, b in both)

    def between(self, earlier: Rows, later: Rows) -> bool:
        """Whether the two groups cannot be one, since something else needs a part of it and gives another."""
        own = {*earlier.slots, *later.slots}
        read = {o.value.number for v in (*earlier.values, *later.values) for o in v.operands} - own
        last = self.last(max(read, default=-1))
        behind: set[int] = set()
        stack = list(own)
        while stack:
            for user in self.uses.users[stack.pop()]:
                number = user.number
                if number in behind or number in own or number > last:
                    continue
                group = self.home.get(number)
                together = {number} if group is None else set(group.slots)
                if not read.isdisjoint(together):
                    return True
                behind |= together
                stack += together
        return False

    def last(self, number: int) -> int:
        """The last value of which one up to this number may be made, since both are of one group."""
        while True:
            further = max([number, *(b for a, b in self.spans.values() if a <= number < b)])
            if further == number:
                return number
            number = further


def _sink(graph: Graph, groups: list[Rows]) -> None:
    """A value that only a later group reads is made there, if what it reads is in memory anyway."""
    home = {number: n for n, g in enumerate(groups) for number in g.slots}
    uses = Uses(graph)
    stored = {n for n in home if n in uses.outputs or any(home.get(r.number) != home[n] for r in uses.users[n])}
    for value in reversed(graph.values):
        number = value.number
        places = {home.get(r.number) for r in uses[value]}
        if number not in home or number in uses.outputs or len(places) != 1 or None in places:
            continue
        (place,) = places
        group = groups[home[number]]
        own = [o.value.number for o in value.operands if home.get(o.value.number) == home[number]]
        if place is None or groups[place] is group or number in group.columns or not set(own) <= stored:
            continue
        slots = _read_at(value, uses[value], groups[place])
        if slots is None:
            continue
        naming = dict(zip(value.axes, slots))
        complete(naming, value, groups[place].row)
        group.remove(value)
        groups[place].add(value, naming)
        home[number] = place
        stored.discard(number)


def _read_at(value: Value, readers: list[Value], group: Rows) -> tuple[Slot, ...] | None:
    """The axes of a group at which its values read this one, or None where these differ, as in n[i] + n[j], or where
    each tile would read all of it."""
    reads = {
        tuple(group.namings[r.number][x] for x in operand.labels)
        for r in readers
        for operand in r.operands
        if operand.value is value
    }
    slots = reads.pop()
    return None if reads or group.row not in slots or len(set(slots)) < len(slots) else slots
