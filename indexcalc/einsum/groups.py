"""Groups in an einsum, `b (h d), h d e -> b e`: axes are parted before the contraction and joined after it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import prod
from typing import Any

from .spec import Axis, Group, Item, Operand, Spec, SpecError


def without_groups(spec: Spec) -> Spec:
    """The spec of the arrays with groups parted and axes of size 1 left out."""
    inputs = tuple(replace(operand, items=_flat(operand)) for operand in spec.inputs)
    output = None if spec.output is None else replace(spec.output, items=_flat(spec.output))
    return replace(spec, inputs=inputs, output=output)


def _flat(operand: Operand) -> tuple[Item, ...]:
    return tuple(axis for axis in operand.axes if not axis.is_number)


def _has_groups(operand: Operand) -> bool:
    return any(isinstance(item, Group) or item.is_number for item in operand.items)


def parted(spec: Spec, arrays: Sequence[Any]) -> list[Any]:
    """The arrays with an axis for each label of a group."""
    if not any(_has_groups(operand) for operand in spec.inputs) or len(arrays) != len(spec.inputs):
        return list(arrays)
    places = [_items_sizes(operand, tuple(x.shape)) for operand, x in zip(spec.inputs, arrays)]
    sizes = _solved([pair for pairs in places for pair in pairs])
    out = []
    for operand, x, pairs in zip(spec.inputs, arrays, places):
        if _has_groups(operand):
            shape: list[int] = []
            for item, size in pairs:
                shape += _part_sizes(item, size, sizes)
            x = x.reshape(tuple(shape))
        out.append(x)
    return out


def _items_sizes(operand: Operand, shape: tuple[int, ...]) -> list[tuple[Item, int]]:
    """Each item of an operand with its size; an ellipsis stands once for each of its axes."""
    at = next((k for k, x in enumerate(operand.items) if isinstance(x, Axis) and x.is_ellipsis), None)
    width = len(shape) - len(operand.items) + (at is not None)
    if width < 0 or (at is None and width):
        shown = f"an array of rank {len(shape)} has {len(operand.items)} axes in the pattern"
        raise SpecError(shown, operand.start, operand.end, "one label or group an axis")
    items = list(operand.items)
    if at is not None:
        items[at : at + 1] = [items[at]] * width
    return list(zip(items, shape))


def _solved(places: Sequence[tuple[Item, int]]) -> dict[str, int]:
    """The size of each label: from an axis of its own, or as what is left of a group."""
    sizes: dict[str, int] = {}
    for item, size in places:
        if isinstance(item, Axis) and item.is_label and sizes.get(item.name, 1) == 1:
            sizes[item.name] = size
    groups = [(item, size) for item, size in places if isinstance(item, Group)]
    open_groups = len(groups) + 1
    while groups and len(groups) < open_groups:
        open_groups = len(groups)
        rest = []
        for group, size in groups:
            unknown = [axis for axis in _axes(group) if axis.is_label and axis.name not in sizes]
            if len(unknown) == 1:
                known = prod(_size(axis, sizes) for axis in _axes(group) if axis is not unknown[0])
                if known == 0 or size % known:
                    raise SpecError(f"an axis of size {size} has no parts of {known}", group.start, group.end)
                sizes[unknown[0].name] = size // known
            elif unknown:
                rest.append((group, size))
        groups = rest
    for group, _ in groups:
        names = " and ".join(f"`{axis.name}`" for axis in _axes(group) if axis.name not in sizes)
        hint = "an axis of its own in another operand tells a size"
        raise SpecError(f"the sizes of {names} do not follow", group.start, group.end, hint)
    return sizes


def _axes(group: Group) -> Iterator[Axis]:
    for part in group.parts:
        if not isinstance(part, Axis) or part.is_open:
            raise SpecError("einsum joins labels only", part.start, part.end, "(h d)")
        yield part


def _size(axis: Axis, sizes: Mapping[str, int]) -> int:
    return int(axis.name) if axis.is_number else sizes[axis.name]


def _part_sizes(item: Item, size: int, sizes: Mapping[str, int]) -> list[int]:
    """The sizes of the labels in one axis; axes of fixed size 1 are dropped."""
    if isinstance(item, Axis) and not item.is_number:
        return [size]
    parts = [item] if isinstance(item, Axis) else list(_axes(item))
    product = prod(_size(axis, sizes) for axis in parts)
    if product != size:
        raise SpecError(f"this axis has size {size}, not {product}", item.start, item.end)
    for axis in parts:
        if axis.is_number and axis.name != "1":
            raise SpecError(f"`{axis.name}` is no label", axis.start, axis.end, "name the axis")
    return [_size(axis, sizes) for axis in parts if not axis.is_number]


def joined(spec: Spec, out: Any) -> Any:
    """The result with the axes of each group as one."""
    if spec.output is None or not _has_groups(spec.output):
        return out
    own = [1 if isinstance(item, Axis) else sum(a.is_label for a in _axes(item)) for item in spec.output.items]
    numbers = sum(isinstance(item, Axis) and item.is_number for item in spec.output.items)
    ellipses = sum(isinstance(item, Axis) and item.is_ellipsis for item in spec.output.items)
    width = len(out.shape) - (sum(own) - numbers - ellipses)
    sizes = list(out.shape)
    shape: list[int] = []
    for item, n in zip(spec.output.items, own):
        if isinstance(item, Axis) and item.is_number:
            shape.append(1)
        elif isinstance(item, Axis) and item.is_ellipsis:
            shape += sizes[:width]
            del sizes[:width]
        else:
            shape.append(prod(sizes[:n]))
            del sizes[:n]
    return out.reshape(tuple(shape))
