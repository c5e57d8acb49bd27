"""Under which namings of its labels a value shares virtual values with a group."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ...ir.graph import Value
from ...ir.index import Index
from .group import Group
from .instance import Instance, Slot, whole
from .needs import Needs


def alignments(value: Value, group: Group, needs: Needs) -> Iterator[dict[Index, Slot]]:
    """Namings of the value's labels under which it shares virtual values with the group, the most shared first."""
    plain = needs.plain_naming(value)
    mine, _ = needs.of(value, plain, ())
    labels = set(plain.values())
    tried: list[tuple[int, dict[Index, Slot]]] = []
    for own in mine:
        for theirs in group.shared:
            if theirs.value is own.value:
                naming = _aligned(value, plain, labels, own, theirs, group, needs)
                if naming is not None and all(naming != n for _, n in tried):
                    shared = needs.of(value, naming, group.walked)[0]
                    tried.append((sum(i in group.shared for i in shared), naming))
    yield from (n for _, n in sorted(tried, key=lambda t: -t[0]))


def _aligned(
    value: Value,
    plain: Mapping[Index, Slot],
    labels: set[Slot],
    own: Instance,
    theirs: Instance,
    group: Group,
    needs: Needs,
) -> dict[Index, Slot] | None:
    pairs: dict[Slot, Slot] = {}
    for a, b in zip(own.slots, theirs.slots):
        if not isinstance(a, Index) or not isinstance(b, Index) or pairs.setdefault(a, b) != b:
            return None
    pairs = {a: b for a, b in pairs.items() if a in labels}
    if len(set(pairs.values())) < len(pairs) or not set(group.walked) <= set(pairs.values()):
        return None
    pairs |= _of_rows(value, plain, pairs, group, needs)
    naming: dict[Index, Slot] = {}
    taken = {*group.walked, *(b for b in pairs.values() if isinstance(b, Index))}
    for label, axis in plain.items():
        if axis in pairs:
            naming[label] = pairs[axis]
        else:
            assert isinstance(axis, Index)
            naming[label] = whole(axis, taken)
            taken.add(naming[label])  # type: ignore[arg-type]
    return naming


def _of_rows(
    value: Value, plain: Mapping[Index, Slot], pairs: Mapping[Slot, Slot], group: Group, needs: Needs
) -> dict[Slot, Slot]:
    """What further axes are where the value reads finished rows of the group: the axes that these have."""
    found: dict[Slot, Slot] = {}
    for operand in value.operands:
        other = group.member(operand.value)
        if other is None or needs.inside(operand.value) or not operand.label_set <= plain.keys():
            continue  # labels that a virtual value sums have no axis of the group
        mine = [plain[x] for x in operand.labels]
        both = list(zip(mine, other.instance.slots))
        if all(pairs.get(a, b) == b for a, b in both):
            found |= {a: b for a, b in both if a not in pairs and b not in (*pairs.values(), *found.values())}
    return found
