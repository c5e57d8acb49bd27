"""Operators that only say where a component stands: reshaping, slicing, joining.

A dimension is cut or shifted by writing an affine form in the slots of what is read, so nothing is computed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import prod

from ...ir.build import ZERO, add, multiply
from ...ir.build import number as literal
from ...ir.expr import Compare, Delta, Where
from ...ir.index import Index, Slot, affine_form
from ..builder import Builder, axis_value
from ..value import Axis, Value, axis_size, extent
from .elementwise import chosen
from .registry import dimension, dimensions, number, operator, unsupported


@operator("view.default", "reshape.default", "_unsafe_view.default")
def reshape(b: Builder, x: Value, shape: Sequence[int]) -> Value:
    known = prod(n for n in shape if n != -1)
    return b.regroup(x, [prod(x.shape) // known if n == -1 else n for n in shape])


@operator("flatten.using_ints")
def flatten(b: Builder, x: Value, start: int = 0, end: int = -1) -> Value:
    if not x.rank:
        return reshape(b, x, (1,))
    first, last = dimension(start, x.rank), dimension(end, x.rank)
    return reshape(b, x, (*x.shape[:first], -1, *x.shape[last + 1 :]))


@operator("unflatten.int")
def unflatten(b: Builder, x: Value, dim: int, sizes: Sequence[int]) -> Value:
    d = dimension(dim, x.rank)
    known = prod(n for n in sizes if n != -1)
    own = [x.shape[d] // known if n == -1 else n for n in sizes]
    return b.regroup(x, (*x.shape[:d], *own, *x.shape[d + 1 :]))


def permuted(x: Value, order: Sequence[int]) -> Value:
    return Value(x.expr, tuple(x.axes[k] for k in order), x.hint)


@operator("permute.default")
def permute(b: Builder, x: Value, order: Sequence[int]) -> Value:
    return permuted(x, [dimension(d, x.rank) for d in order])


@operator("transpose.int", "swapaxes.default", "swapdims.default")
def transpose(b: Builder, x: Value, one: int, other: int) -> Value:
    order = list(range(x.rank))
    i, j = dimension(one, x.rank), dimension(other, x.rank)
    order[i], order[j] = j, i
    return permuted(x, order)


@operator("t.default", "numpy_T.default", "mT.default", "matrix_H.default", "adjoint.default")
def transposed(b: Builder, x: Value) -> Value:
    return x if x.rank < 2 else transpose(b, x, -2, -1) if x.rank > 2 else permuted(x, (1, 0))


@operator("movedim.int", "movedim.intlist", "moveaxis.int")
def movedim(b: Builder, x: Value, source: int | Sequence[int], target: int | Sequence[int]) -> Value:
    sources, targets = dimensions(source, x.rank), dimensions(target, x.rank)
    rest = iter(k for k in range(x.rank) if k not in sources)
    places = dict(zip(targets, sources))
    return permuted(x, [places[k] if k in places else next(rest) for k in range(x.rank)])


@operator("unsqueeze.default")
def unsqueeze(b: Builder, x: Value, dim: int) -> Value:
    d = dimension(dim, x.rank + 1)
    return Value(x.expr, (*x.axes[:d], (), *x.axes[d:]), x.hint)


@operator("squeeze.default", "squeeze.dim", "squeeze.dims")
def squeeze(b: Builder, x: Value, dims: int | Sequence[int] | None = None) -> Value:
    chosen_dims = dimensions(dims, x.rank)
    return Value(x.expr, tuple(a for k, a in enumerate(x.axes) if a or k not in chosen_dims), x.hint)


@operator("expand.default")
def expand(b: Builder, x: Value, shape: Sequence[int], implicit: bool = False) -> Value:
    old: list[Axis] = [()] * (len(shape) - x.rank) + list(x.axes)
    return Value(x.expr, tuple(a or b.axis(max(n, 1)) for a, n in zip(old, shape)), x.hint)


@operator("expand_as.default")
def expand_as(b: Builder, x: Value, other: Value) -> Value:
    return expand(b, x, other.shape)


@operator("broadcast_to.default")
def broadcast_to(b: Builder, x: Value, shape: Sequence[int]) -> Value:
    return expand(b, x, shape)


@operator("broadcast_tensors.default")
def broadcast_tensors(b: Builder, values: Sequence[Value]) -> tuple[Value, ...]:
    rank = max(v.rank for v in values)
    padded = [(1,) * (rank - v.rank) + v.shape for v in values]
    shape = [max(sizes) for sizes in zip(*padded)]
    return tuple(expand(b, v, shape) for v in values)


@operator("repeat.default", "tile.default")
def repeat(b: Builder, x: Value, counts: Sequence[int]) -> Value:
    """Copies behind each other: an index that the expression lacks, before the dimension's own."""
    counts = (*(1,) * (x.rank - len(counts)), *counts)
    old: list[Axis] = [()] * (len(counts) - x.rank) + list(x.axes)
    return Value(x.expr, tuple((*b.axis(n), *a) for a, n in zip(old, counts)), x.hint)


@operator("repeat_interleave.self_int")
def repeat_interleave(b: Builder, x: Value, count: int, dim: int | None = None, **options: object) -> Value:
    if dim is None:
        x, dim = flatten(b, x), 0
    d = dimension(dim, x.rank)
    return Value(x.expr, tuple((*a, *b.axis(count)) if k == d else a for k, a in enumerate(x.axes)), x.hint)


# ---- parts ---------------------------------------------------------------------------------------------
def at_slot(b: Builder, x: Value, d: int, slot: Slot, axis: Axis) -> Value:
    """The value with a dimension read at a slot, which runs over the axis given."""
    x = b.flat(x, d)
    mapping = {x.axes[d][0]: slot} if x.axes[d] else {}
    return b.at(x, mapping, (*x.axes[:d], axis, *x.axes[d + 1 :]))


@operator("select.int")
def select(b: Builder, x: Value, dim: int, position: int) -> Value:
    d = dimension(dim, x.rank)
    rest, mapping = position + x.shape[d] if position < 0 else position, dict[Index, Slot]()
    for index in reversed(x.axes[d]):
        mapping[index], rest = rest % extent(index), rest // extent(index)
    return b.at(x, mapping, (*x.axes[:d], *x.axes[d + 1 :]))


def sliced(b: Builder, x: Value, d: int, start: int, length: int, step: int = 1) -> Value:
    """Every step-th component from start on.  Whole steps of the slowest index leave the others alone."""
    axis = x.axes[d]
    if length == axis_size(axis) and step == 1:
        return x
    if length == 1:
        one = select(b, x, d, start)
        return unsqueeze(b, one, d)
    inner = axis_size(axis[1:])
    if len(axis) > 1 and step == 1 and start % inner == 0 and length % inner == 0:
        outer = b.axis(length // inner)
        slot = affine_form([(1, i) for i in outer], start // inner)
        return b.at(x, {axis[0]: slot}, (*x.axes[:d], (*outer, *axis[1:]), *x.axes[d + 1 :]))
    new = b.axis(length)
    return at_slot(b, x, d, affine_form([(step, i) for i in new], start), new)


@operator("slice.Tensor")
def slice_(
    b: Builder, x: Value, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> Value:
    d = dimension(dim, x.rank)
    places = range(x.shape[d])[slice(start, end, step)]
    return sliced(b, x, d, places.start, len(places), step)


@operator("narrow.default")
def narrow(b: Builder, x: Value, dim: int, start: int, length: int) -> Value:
    return sliced(b, x, dimension(dim, x.rank), start, length)


@operator("split.Tensor", "split.sizes", "split_with_sizes.default", "split.default")
def split(b: Builder, x: Value, sizes: int | Sequence[int], dim: int = 0) -> tuple[Value, ...]:
    d = dimension(dim, x.rank)
    n = x.shape[d]
    own = [min(sizes, n - k) for k in range(0, n, sizes)] if isinstance(sizes, int) else list(sizes)
    return tuple(sliced(b, x, d, sum(own[:k]), length) for k, length in enumerate(own))


@operator("chunk.default")
def chunk(b: Builder, x: Value, chunks: int, dim: int = 0) -> tuple[Value, ...]:
    return split(b, x, -(-x.shape[dimension(dim, x.rank)] // chunks), dim)


@operator("unbind.int")
def unbind(b: Builder, x: Value, dim: int = 0) -> tuple[Value, ...]:
    return tuple(select(b, x, dim, k) for k in range(x.shape[dimension(dim, x.rank)]))


@operator("unfold.default")
def unfold(b: Builder, x: Value, dim: int, size: int, step: int) -> Value:
    """Windows of a dimension: position step*p + k, the k at the end."""
    d = dimension(dim, x.rank)
    p, k = b.axis((x.shape[d] - size) // step + 1), b.axis(size)
    read = at_slot(b, x, d, affine_form([(step, i) for i in p] + [(1, i) for i in k], 0), p)
    return Value(read.expr, (*read.axes, k), read.hint)


@operator("flip.default")
def flip(b: Builder, x: Value, dims: Sequence[int]) -> Value:
    for d in dimensions(dims, x.rank):
        new = b.axis(x.shape[d])
        x = at_slot(b, x, d, affine_form([(-1, i) for i in new], x.shape[d] - 1), new)
    return x


@operator("diagonal.default")
def diagonal(b: Builder, x: Value, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Value:
    one, other = dimension(dim1, x.rank), dimension(dim2, x.rank)
    rows, columns = x.shape[one], x.shape[other]
    new = b.axis(min(rows + min(offset, 0), columns - max(offset, 0)))
    square = rows == columns and not offset
    for d, shift in ((one, max(-offset, 0)), (other, max(offset, 0))):
        x = at_slot(b, x, d, new[0] if square and new else affine_form([(1, i) for i in new], shift), ())
    return Value(x.expr, (*(a for k, a in enumerate(x.axes) if k not in (one, other)), new), x.hint)


# ---- joining -------------------------------------------------------------------------------------------
@operator("stack.default")
def stack(b: Builder, values: Sequence[Value], dim: int = 0) -> Value:
    """where(s == 0, x, where(s == 1, y, z)) over a new dimension s."""
    d = dimension(dim, values[0].rank + 1)
    exprs, axes = b.broadcast([b.short(v) for v in values])
    new = b.axis(len(values))
    found = exprs[-1]
    for k in reversed(range(len(values) - 1)):
        found = chosen(Compare("==", axis_value(new), literal(k)), exprs[k], found)
    return Value(found, (*axes[:d], new, *axes[d:]))


@operator("cat.default", "concat.default", "concatenate.default")
def cat(b: Builder, values: Sequence[Value], dim: int = 0) -> Value:
    """where(q < m, x[q], y[q - m]) over the longer dimension q."""
    values = [v for v in values if v.shape != (0,)]
    d = dimension(dim, values[0].rank)
    sizes = [v.shape[d] for v in values]
    if len(set(sizes)) == 1 and sizes[0] == 1:
        return stack(b, [select(b, v, d, 0) for v in values], d)
    placed = [b.place(v, d, sum(sizes), 1, sum(sizes[:k])) for k, v in enumerate(values)]
    parts = [replace(v, expr=v.expr.then if isinstance(v.expr, Where) else v.expr) for v in placed]
    exprs, axes = b.broadcast(parts)
    found, at = exprs[-1], axis_value(axes[d])
    for k in reversed(range(len(values) - 1)):
        found = Where(Compare("<", at, literal(sum(sizes[: k + 1]))), exprs[k], found)
    return Value(found, axes)


@operator("roll.default")
def roll(b: Builder, x: Value, shifts: Sequence[int], dims: Sequence[int] = ()) -> Value:
    if not dims:
        return reshape(b, roll(b, flatten(b, x), shifts, (0,)), x.shape)
    for shift, dim in zip(shifts, dims):
        d = dimension(dim, x.rank)
        n = x.shape[d]
        if shift % n:
            x = b.define(x)
            front, back = n - shift % n, shift % n
            x = cat(b, [sliced(b, x, d, front, back), sliced(b, x, d, 0, front)], d)
    return x


@operator("pad.default")
def pad(b: Builder, x: Value, amounts: Sequence[int], mode: str = "constant", value: float | None = None) -> Value:
    if mode != "constant":
        raise unsupported(f"padding in mode {mode!r}", "pad with zeros, or write the padded tensor with torch.cat")
    return padded(b, x, amounts, value or 0)


@operator("constant_pad_nd.default")
def padded(b: Builder, x: Value, amounts: Sequence[int], value: float = 0) -> Value:
    """The tensor inside a border; a negative amount cuts it."""
    for k in range(0, len(amounts), 2):
        d = x.rank - 1 - k // 2
        before, after = amounts[k], amounts[k + 1]
        if before < 0 or after < 0:
            start = max(-before, 0)
            x = sliced(b, x, d, start, x.shape[d] - start - max(-after, 0))
            before, after = max(before, 0), max(after, 0)
        n = x.shape[d]
        if before or after:
            x = replace(b.inside(x, d, n + before + after, before, number(value)), hint="padded")
    return x


@operator("select_scatter.default")
def select_scatter(b: Builder, x: Value, source: Value, dim: int, position: int) -> Value:
    d = dimension(dim, x.rank)
    source = unsqueeze(b, source, d)
    exprs, axes = b.broadcast([b.short(x), b.short(source)])
    here = Compare("==", axis_value(axes[d]), literal(position % x.shape[d]))
    return Value(chosen(here, exprs[1], exprs[0]), axes)


@operator("slice_scatter.default")
def slice_scatter(
    b: Builder, x: Value, source: Value, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> Value:
    d = dimension(dim, x.rank)
    places = range(x.shape[d])[slice(start, end, step)]
    laid = b.place(source, d, x.shape[d], step, places.start)
    here = b.place(Value(literal(1), tuple(b.axis(n) for n in source.shape)), d, x.shape[d], step, places.start)
    return b.pointwise_of(lambda x, s, m: chosen(m, s, x), x, b.define(laid), b.define(here))


# ---- positions -----------------------------------------------------------------------------------------
@operator("arange.default")
def arange(b: Builder, end: float, **options: object) -> Value:
    return arange_from(b, 0, end)


@operator("arange.start")
def arange_start(b: Builder, start: float, end: float, **options: object) -> Value:
    return arange_from(b, start, end)


@operator("arange.start_step")
def arange_step(b: Builder, start: float, end: float, step: float = 1, **options: object) -> Value:
    return arange_from(b, start, end, step)


def arange_from(b: Builder, start: float, end: float, step: float = 1) -> Value:
    axis = b.axis(int(-(-(end - start) // step)))
    return Value(add(multiply(number(step), axis_value(axis)), number(start)), (axis,))


@operator("linspace.default")
def linspace(b: Builder, start: float, end: float, steps: int, **options: object) -> Value:
    axis = b.axis(steps)
    step = (number(end) - number(start)) / literal(max(steps - 1, 1))
    return Value(add(multiply(step, axis_value(axis)), number(start)), (axis,))


@operator("eye.default", "eye.m")
def eye(b: Builder, rows: int, columns: int | None = None, **options: object) -> Value:
    i, j = b.axis(rows), b.axis(rows if columns is None else columns)
    if rows == columns or columns is None:
        if i and j:
            b.unify(i[0], j[0])
            return Value(Delta(i[0], j[0]), (i, j))
        return Value(literal(1), (i, j))
    return Value(Compare("==", axis_value(i), axis_value(j)), (i, j))


@operator("tril.default")
def tril(b: Builder, x: Value, diagonal: int = 0) -> Value:
    return _triangle(b, x, diagonal, "<=")


@operator("triu.default")
def triu(b: Builder, x: Value, diagonal: int = 0) -> Value:
    return _triangle(b, x, diagonal, ">=")


def _triangle(b: Builder, x: Value, diagonal: int, sign: str) -> Value:
    """Column `sign` row + diagonal."""
    x = b.short(x)
    if diagonal == (1 if sign == ">=" else -1):  # j >= i + 1 is j > i
        sign, diagonal = sign[0], 0
    inside = Compare(sign, axis_value(x.axes[-1]), add(axis_value(x.axes[-2]), literal(diagonal)))
    if x.expr == literal(1):
        return Value(inside, x.axes, x.hint)
    return Value(chosen(inside, x.expr, ZERO), x.axes, x.hint)
