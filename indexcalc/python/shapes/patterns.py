"""Specs against shapes: which dimension each label names, and the shape of the result."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ...einsum.dialects import DIALECTS
from ...einsum.expand import implicit_output
from ...einsum.spec import Axis, Group, Item, Operand, Spec
from ..module import Call, Dim, Shape
from .dims import UNKNOWN, agreed, better, factors, known, merged, named, same

SizeOf = Callable[[str], Dim]


@dataclass(slots=True)
class Use:
    """One label at one dimension of one operand."""

    axis: Axis
    dim: Dim
    operand: int


@dataclass(slots=True)
class Matched:
    """A spec laid against its operands' shapes."""

    uses: dict[str, list[Use]] = field(default_factory=dict)
    numbers: list[Use] = field(default_factory=list)  # the 3 of `b (h 3)` and the dimension that it stands for
    wrong_rank: list[int] = field(default_factory=list)  # operands with more or fewer labels than dimensions
    no_ellipsis: list[int] = field(default_factory=list)  # operands of any rank whose labels have no `...`
    front: Shape | None = None  # what the ellipsis stands for; open where that is not known


def match(spec: Spec, shapes: Sequence[Shape | None], size_of: SizeOf) -> Matched:
    """Lay the labels of each operand on its dimensions, where its shape is known."""
    found = Matched()
    fronts: list[Shape] = []
    for number, (operand, shape) in enumerate(zip(spec.inputs, shapes)):
        at = next((k for k, item in enumerate(operand.items) if _is_ellipsis(item)), None)
        grouped = any(isinstance(i, Group) and any(a.is_ellipsis for a in _axes_of(i)) for i in operand.items)
        if shape is None or grouped:
            _enter_labels(found, operand, number)
            if at is not None or grouped:
                fronts.append(Shape((), 0))
            continue
        pairs = _pairs(operand.items, at, shape)
        if pairs is None:
            found.wrong_rank.append(number)
            _enter_labels(found, operand, number)
            continue
        if at is None and shape.open_at is not None:
            found.no_ellipsis.append(number)
        if at is not None:
            fronts.append(_under_ellipsis(len(operand.items), at, shape))
        for item, dim in pairs:
            _enter(found, item, dim, number, size_of)
    found.front = _common(fronts)
    return found


def _axes_of(group: Group) -> Sequence[Axis]:
    return Operand((group,), group.start, group.end).axes


def _is_ellipsis(item: Item) -> bool:
    return isinstance(item, Axis) and item.is_ellipsis


def _pairs(items: Sequence[Item], at: int | None, shape: Shape) -> list[tuple[Item, Dim]] | None:
    """Items with their dimensions; None where the numbers do not fit."""
    count, has = len(items), len(shape.dims)
    if shape.open_at is None and at is None:
        return list(zip(items, shape.dims)) if count == has else None
    if at is None:
        if count < has:
            return None
        first, last = shape.open_at or 0, has - (shape.open_at or 0)
        middle = items[first : count - last]
        return [
            *zip(items[:first], shape.dims), *((i, UNKNOWN) for i in middle),
            *zip(items[count - last :], shape.dims[first:]),
        ]  # fmt: skip
    before, after = at, count - at - 1
    if shape.open_at is None:
        if before + after > has:
            return None
        return [*zip(items[:before], shape.dims), *zip(items[at + 1 :], shape.dims[has - after :])]
    lead, tail = shape.dims[: shape.open_at], shape.dims[shape.open_at :]
    front = [(item, lead[k] if k < len(lead) else UNKNOWN) for k, item in enumerate(items[:before])]
    skip = after - len(tail)
    back = [(item, tail[k - skip] if k >= skip else UNKNOWN) for k, item in enumerate(items[at + 1 :])]
    return front + back


def _under_ellipsis(count: int, at: int, shape: Shape) -> Shape:
    """The dimensions that an operand's ellipsis stands for."""
    if shape.open_at is not None:
        return Shape((), 0)
    return Shape(shape.dims[at : len(shape.dims) - (count - at - 1)])


def _common(fronts: Sequence[Shape]) -> Shape | None:
    """What the ellipses stand for together: they are broadcast, aligned at the right."""
    if not fronts:
        return None
    if any(f.open_at is not None for f in fronts):
        return Shape((), 0)
    longest = max(fronts, key=lambda f: len(f.dims))
    if all(f == longest for f in fronts):
        return longest
    return Shape(tuple(UNKNOWN for _ in longest.dims))


def _enter_labels(found: Matched, operand: Operand, number: int) -> None:
    for axis in operand.axes:
        if not axis.is_number and not axis.is_ellipsis:
            found.uses.setdefault(axis.name, []).append(Use(axis, UNKNOWN, number))


def _enter(found: Matched, item: Item, dim: Dim, number: int, size_of: SizeOf) -> None:
    if isinstance(item, Axis):
        if item.is_number:
            found.numbers.append(Use(item, dim, number))
        elif not item.is_ellipsis:
            found.uses.setdefault(item.name, []).append(Use(item, dim, number))
        return
    inner = [p for p in item.parts if not (isinstance(p, Axis) and p.name == "1")]
    for part, own in zip(inner, _split(inner, dim, size_of)):
        _enter(found, part, own, number, size_of)


def _split(inner: Sequence[Item], dim: Dim, size_of: SizeOf) -> list[Dim]:
    """The dimension of each axis of a group.  Which factor is whose tell the sizes that the call gives: how a product
    such as `dim_head * heads` is written does not say how the axes lie.
    """
    if len(inner) == 1:
        return [dim]
    rest = list(factors(dim))
    if not dim.parts or len(rest) != len(inner):
        return [UNKNOWN] * len(inner)
    given = [size_of(p.name) if isinstance(p, Axis) else UNKNOWN for p in inner]
    out: list[Dim] = []
    for size in given:
        if known(size):
            hit = next((n for n, f in enumerate(rest) if same(f, size)), None)
            if hit is None:
                return [UNKNOWN] * len(inner)
            del rest[hit]
    for size in given:
        out.append(size if known(size) else rest.pop(0))
    return out


def label_dims(found: Matched, sizes: Mapping[str, int], size_of: SizeOf) -> dict[str, Dim]:
    """Of each label the best description: what a person wrote, else the label itself."""
    out: dict[str, Dim] = {}
    for label, uses in found.uses.items():
        best = named(label, "pattern")
        for use in uses:
            if known(use.dim) and not (use.dim.size == 1 and use.dim.name is None and len(uses) > 1):
                best = better(use.dim, best) if best.size in (None, use.dim.size) else agreed(use.dim, best)
        out[label] = best
    for label, size in sizes.items():
        if label in out and out[label].size is None and not out[label].parts:
            out[label] = better(out[label], Dim(None, size, "pattern"))
    for label in out:
        given = size_of(label)
        if known(given) and out[label].evidence == "pattern" and not given.parts:
            out[label] = better(given, out[label])
    return out


def output_shape(call: Call, found: Matched, dims: Mapping[str, Dim], size_of: SizeOf) -> Shape | None:
    """The shape of the result, None where it is not told."""
    spec = call.spec
    operation = DIALECTS[call.dialect].operation if call.dialect in DIALECTS else ""
    if spec is None or operation not in ("contract", "rearrange", "reduce", "repeat", "id", "dot"):
        return None
    if spec.output is None:
        if call.dialect not in ("einsum", "sublist") or any(a.is_ellipsis for o in spec.inputs for a in o.axes):
            return None
        return Shape(tuple(dims[x] for x in implicit_output(spec)))
    out: list[Dim] = []
    open_at: int | None = None
    for item in spec.output.items:
        if _is_ellipsis(item):
            front = found.front
            if front is None or open_at is not None:
                return None
            if front.open_at is not None:
                open_at = len(out)
            else:
                out += front.dims
        else:
            out.append(_output_dim(item, dims, call.sizes, size_of))
    return Shape(tuple(out), open_at)


def _output_dim(item: Item, dims: Mapping[str, Dim], sizes: Mapping[str, int], size_of: SizeOf) -> Dim:
    if isinstance(item, Group):
        return merged([_output_dim(p, dims, sizes, size_of) for p in item.parts])
    if item.is_number:
        return Dim(None, int(item.name[:12]), "pattern")
    if item.is_ellipsis:
        return UNKNOWN  # (...) merges axes whose number is not known
    if item.name in dims:
        return dims[item.name]
    given = size_of(item.name)
    return given if known(given) and given.name else named(item.name, "pattern", size=sizes.get(item.name, given.size))
