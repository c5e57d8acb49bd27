"""One sentence about what an einsum, or a pattern of einops, does."""

from __future__ import annotations

from collections.abc import Sequence

from ..diagnostics import listed
from .dialects import DIALECTS
from .roles import Roles
from .spec import Axis, Group, Operand, Spec


def sentence(roles: Roles, names: Sequence[str]) -> str:
    """The kind of operation, and what else it does, in one line.

    >>> sentence(Roles((("i", "j"), ("j", "k")), ("i", "k")), "ABC")
    'matmul, contracts j'
    >>> sentence(Roles((("i", "i"),), ()), "AB")
    'trace over i'
    """
    count = len(roles.inputs)
    parts = _one(roles) if count == 1 else [_kind(roles, names)]
    if roles.contracted:
        parts.append(f"contracts {listed(roles.contracted)}")
    for k in range(count) if count > 1 else ():
        kept = [label for label in roles.repeated(k) if label not in roles.alone(k)]
        if kept:
            parts.append(f"takes the diagonal over {listed(kept)} of {names[k]}")
        if roles.alone(k):
            parts.append(f"sums {names[k]} over {listed(roles.alone(k))} by itself")
    moved = [_moved(names[k], found) for k in range(count) if (found := roles.reordered(k))]
    if moved:
        parts.append(f"transposes {', '.join(moved)}")
    return ", ".join(parts) or "copies its operand"


def _one(roles: Roles) -> list[str]:
    """What happens to a single operand."""
    traced = [label for label in roles.repeated(0) if label in roles.summed]
    kept = [label for label in roles.repeated(0) if label in roles.output]
    summed = [label for label in roles.alone(0) if label not in traced]
    parts = [f"trace over {listed(traced)}"] if traced else []
    parts += [f"diagonal over {listed(kept)}"] if kept else []
    return parts + ([f"sum over {listed(summed)}"] if summed else [])


def _kind(roles: Roles, names: Sequence[str]) -> str:
    """The operation on several operands by its usual name."""
    over = f" ({', '.join(roles.batch)})" if roles.batch else ""
    if len(roles.inputs) > 2:
        return f"product of {len(roles.inputs)} operands{f', batched over {listed(roles.batch)}' if over else ''}"
    own = [bool(roles.own(0)), bool(roles.own(1))]
    if roles.contracted:
        kind = {2: "matmul", 1: "matrix-vector product", 0: "inner product"}[sum(own)]
    elif all(own):
        kind = "outer product"
    else:
        if not any(own):
            return "elementwise product"
        small = names[own.index(False)]
        return f"elementwise product, {small} broadcast over {listed(roles.own(own.index(True)))}"
    return f"batched {kind}{over}" if over else kind


def _moved(name: str, orders: tuple[tuple[str, ...], tuple[str, ...]]) -> str:
    """Which axes change places."""
    before, after = orders
    different = [label for label, other in zip(before, after) if label != other]
    return listed(different) if len(different) == 2 else f"{name} from ({', '.join(before)}) to ({', '.join(after)})"


# ---- patterns ----------------------------------------------------------------------------------------------
def pattern_sentence(spec: Spec) -> str:
    """What a pattern of einops does; empty for dialects that are not described.

    >>> from indexcalc.einsum.parse import parse
    >>> pattern_sentence(parse("b (h d) -> (b h) d", "einops.rearrange"))
    'parts an axis into h d, joins b h'
    """
    operation = DIALECTS[spec.dialect].operation
    if operation not in ("rearrange", "reduce", "repeat") or spec.output is None:
        return ""
    left, right = spec.inputs[0], spec.output
    parts = [f"parts an axis into {_inside(group)}" for group in left.groups if len(group.parts) > 1]
    lost = [axis.name for axis in left.axes if axis.is_label and axis.name not in right.labels]
    new = [_shown(axis) for axis in right.axes if axis.is_label and axis.name not in left.labels]
    new += [_shown(axis) for axis in right.axes if axis.is_number and axis.name != "1"]
    if lost:
        parts.append(f"reduces over {listed(lost)}")
    if new:
        parts.append(f"repeats along {listed(new)}")
    kept = [axis.name for axis in left.axes if not axis.is_number and axis.name not in lost]
    order = [axis.name for axis in right.axes if not axis.is_number and axis.name in kept]
    if kept != order:
        different = [a for a, b in zip(kept, order) if a != b]
        moved = listed(different) if len(different) == 2 else f"({' '.join(kept)}) to ({' '.join(order)})"
        parts.append(f"transposes {moved}")
    parts += [f"joins {_inside(group)}" for group in right.groups if len(group.parts) > 1]
    units = _units(right) - _units(left)
    if units:
        parts.append(
            f"{'adds' if units > 0 else 'drops'} {abs(units)} {'axis' if abs(units) == 1 else 'axes'} of size 1"
        )
    return ", ".join(parts) or "changes nothing"


def _inside(group: Group) -> str:
    return " ".join(_shown(part) for part in group.parts)


def _shown(part: Axis | Group) -> str:
    return part.name if isinstance(part, Axis) else f"({_inside(part)})"


def _units(operand: Operand) -> int:
    """How many axes of size 1 stand by themselves."""
    plain = sum(isinstance(item, Axis) and item.name == "1" for item in operand.items)
    return plain + sum(isinstance(item, Group) and not item.parts for item in operand.items)
