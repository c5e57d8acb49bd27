"""einops' own rules for rearrange, reduce and repeat, and the shape that they give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod

from .dialects import DIALECTS
from .spec import STAR, Axis, Group, Item, Operand, Spec, SpecError

Size = int | None


def pattern_shape(
    spec: Spec, shapes: Sequence[Sequence[Size] | None] | None, sizes: Mapping[str, int] | None
) -> tuple[Size, ...] | None:
    """The shape that an einops pattern gives, or None where it cannot be told.  Raises `SpecError` for what it refuses.

    >>> from indexcalc.einsum.parse import parse
    >>> pattern_shape(parse("b (h d) -> b h d", "einops.rearrange"), [(2, 12)], {"h": 3})
    (2, 3, 4)
    """
    row = DIALECTS[spec.dialect]
    if row.operation in ("pack", "unpack"):
        _check_star(spec)
    if row.operation not in ("rearrange", "reduce", "repeat") or spec.output is None:
        return None
    (left,), right = spec.inputs, spec.output
    for operand in (left, right):
        _check_twice(operand)
    _check_sides(row.operation, left, right, spec.text)
    if sizes is not None:
        _check_given(spec, row.operation, left, right, sizes)
    if shapes is None or len(shapes) != 1 or shapes[0] is None:
        return None
    found, rest = _left_sizes(spec, left, tuple(shapes[0]), sizes or {})
    return _right_shape(right, found | dict(sizes or {}), rest)


def _check_star(spec: Spec) -> None:
    stars = [axis for axis in spec.inputs[0].axes if axis.name == STAR]
    if len(stars) != 1:
        at = stars[1] if stars else None
        start, end = (at.start, at.end) if at else (0, len(spec.text))
        message = "a second `*`" if at else "no `*` says which axes are packed"
        raise SpecError(message, start, end, "one `*` stands for the axes that differ")
    _check_twice(spec.inputs[0])


def _check_twice(operand: Operand) -> None:
    seen: set[str] = set()
    for axis in operand.axes:
        if axis.is_number:
            continue
        if axis.name in seen:
            raise SpecError(f"`{axis.name}` stands twice", axis.start, axis.end, "each axis has a name of its own")
        seen.add(axis.name)


def _check_sides(operation: str, left: Operand, right: Operand, text: str) -> None:
    names = [{axis.name for axis in side.axes if not axis.is_number} for side in (left, right)]
    for group in left.groups:
        for axis in group.parts:
            if isinstance(axis, Axis) and axis.is_ellipsis:
                message = "`...` stands inside brackets on the left"
                raise SpecError(message, axis.start, axis.end, "einops joins them on the right only")
    for axis in left.axes:
        fixed = axis.is_number and axis.name != "1"
        if fixed and operation != "reduce":
            message = f"{operation} takes no axis of a fixed size but 1 on the left"
            raise SpecError(message, axis.start, axis.end, "name the axis, and give its size by name")
        if operation != "reduce" and not axis.is_number and axis.name not in names[1]:
            message = f"`{axis.name}` is lost on the right"
            raise SpecError(message, axis.start, axis.end, "einops.reduce sums or averages over an axis")
    for axis in right.axes:
        fixed = axis.is_number and axis.name != "1"
        if fixed and operation != "repeat":
            message = f"{operation} makes no new axis of size {axis.name}"
            raise SpecError(message, axis.start, axis.end, "einops.repeat makes axes")
        missing = not axis.is_number and axis.name not in names[0]
        if missing and (axis.is_ellipsis or operation != "repeat"):
            message = f"`{axis.name}` is not on the left"
            raise SpecError(message, axis.start, axis.end, "einops.repeat makes axes")


def _check_given(spec: Spec, operation: str, left: Operand, right: Operand, sizes: Mapping[str, int]) -> None:
    given = frozenset(left.labels)
    known = given.union(right.labels)
    for name in sizes:
        if name not in known:
            raise SpecError(f"the size of `{name}` is given, but the pattern has no such axis", 0, len(spec.text))
    for axis in right.axes:
        if axis.is_label and axis.name not in given and axis.name not in sizes:
            message = f"the size of the new axis `{axis.name}` is not given"
            raise SpecError(message, axis.start, axis.end, f"give it by name: {axis.name}=…")


def _left_sizes(
    spec: Spec, left: Operand, shape: tuple[Size, ...], sizes: Mapping[str, int]
) -> tuple[dict[str, Size], tuple[Size, ...]]:
    """The sizes of the names on the left, and those of the ellipsis."""
    items = list(left.items)
    at = next((k for k, x in enumerate(items) if isinstance(x, Axis) and x.is_ellipsis), None)
    own = len(items) - (at is not None)
    if len(shape) < own or (at is None and len(shape) != own):
        wanted = f"at least {own}" if at is not None else str(own)
        message = f"the pattern is of {wanted} axes, but the array has {len(shape)}"
        raise SpecError(message, left.start, max(left.end, left.start), "one name or group an axis")
    rest: tuple[Size, ...] = ()
    if at is not None:
        rest = shape[at : at + len(shape) - own]
        shape = shape[:at] + shape[at + len(rest) :]
        del items[at]
    found: dict[str, Size] = {}
    for item, size in zip(items, shape):
        found |= part_sizes(item, size, sizes)
    return found, rest


def part_sizes(item: Item, size: Size, sizes: Mapping[str, int]) -> dict[str, Size]:
    """The sizes of the names in one axis of the array."""
    parts = item.parts if isinstance(item, Group) else (item,)
    axes = [axis for axis in parts if isinstance(axis, Axis)]
    fixed = [int(axis.name) if axis.is_number else sizes.get(axis.name) for axis in axes]
    product = prod(n for n in fixed if n is not None)
    unknown = [axis for axis, n in zip(axes, fixed) if n is None]
    if len(unknown) > 1:
        names = " and ".join(f"`{axis.name}`" for axis in unknown)
        raise SpecError(f"the sizes of {names} cannot both be told", item.start, item.end, "give one of them by name")
    found: dict[str, Size] = {axis.name: n for axis, n in zip(axes, fixed) if axis.is_label}
    if size is None:
        return found
    if not unknown and product != size:
        raise SpecError(f"this axis has size {size}, not {product}", item.start, item.end)
    if unknown:
        if product == 0 or size % product:
            raise SpecError(f"an axis of size {size} has no parts of {product}", item.start, item.end)
        found[unknown[0].name] = size // product
    return found


def _right_shape(right: Operand, sizes: Mapping[str, Size], rest: tuple[Size, ...]) -> tuple[Size, ...]:
    out: list[Size] = []
    for item in right.items:
        if isinstance(item, Axis) and item.is_ellipsis:
            out += rest
            continue
        parts = item.parts if isinstance(item, Group) else (item,)
        found: list[Size] = []
        for axis in parts:
            if isinstance(axis, Axis):
                own = [int(axis.name)] if axis.is_number else [sizes.get(axis.name)]
                found += rest if axis.is_ellipsis else own
        out.append(None if any(n is None for n in found) else prod(n for n in found if n is not None))
    return tuple(out)
