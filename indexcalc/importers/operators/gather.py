"""Reading at places that integer tensors give, and writing there."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace

from ...diagnostics import IndexCalcError
from ...ir.build import ZERO, index_sum, multiply
from ...ir.build import number as literal
from ...ir.expr import Access, Compare, Delta, Expr, IndexReduce, IndexValue, Literal, Where
from ...ir.index import Affine, Index, Slot, plain_part
from ..builder import Builder, axis_value
from ..value import Axis, Value, extent
from .elementwise import plus_scaled, zeros
from .reduction import amax, amin, argmax, argmin, mapped
from .registry import OPERATORS, Argument, dimension, dimensions, lift, operator, slot_of, unsupported
from .shape import permuted, select, sliced, unsqueeze


@dataclass(frozen=True)
class Ranked:
    """The values or positions that topk gives: in an order that index notation has no name for.

    `mask` is 1 at the chosen places.  What is done with the whole set can be said by the mask.
    """

    what: str
    value: Value
    mask: Value
    dim: int
    count: int
    largest: bool

    @property
    def rank(self) -> int:
        return self.value.rank


def read_at(b: Builder, x: Value, d: int, places: Expr, axes: tuple[Axis, ...]) -> Value:
    """x with dimension d read at an integer-valued expression, which is written in the indices of `axes` already.

    Where the expression can stand in a slot it does; else the component is picked by a sum: where(n == e, x[n], 0).
    """
    x = b.define(b.flat(x, d))
    before, after = x.axes[:d], x.axes[d + 1 :]
    if not x.axes[d]:
        return Value(x.expr, (*before, *axes, *after), x.hint)
    (index,) = x.axes[d]
    slot = slot_of(places, b)
    if isinstance(slot, Affine) and isinstance(whole := plain_part(slot), Index) and extent(whole) == extent(index):
        slot = whole  # a position that runs over all of the slot is its index
    if slot is not None and _fits(b, slot, index):
        return b.at(x, {index: slot}, (*before, *axes, *after))
    picked = index_sum(Where(Compare("==", IndexValue(index), places), x.expr, ZERO), (index,))
    return Value(picked, (*before, *axes, *after), x.hint)


def _fits(b: Builder, slot: Slot, index: Index) -> bool:
    """Whether what the slot gathers from can index this space; from now on it does."""
    if isinstance(slot, Access):
        given = b.inputs[slot.tensor]
        if given.values is None:
            given.values = index
        elif extent(given.values) != extent(index):
            return False
        b.unify(given.values, index)
    return True


def _positive(b: Builder, e: Expr, size: int) -> Expr:
    """A constant position counted from the end, counted from the front."""
    if isinstance(e, Literal) and isinstance(e.value, int) and e.value < 0:
        return literal(e.value + size)
    return e


@operator("embedding.default")
def embedding(b: Builder, weight: Value, indices: Value, *ignored: object) -> Value:
    weight, indices = b.define(weight), b.short(indices)
    return read_at(b, _apart(b, weight), 0, indices.expr, indices.axes)


def _apart(b: Builder, x: Value) -> Value:
    """The value over new indices, so that it can stand beside others."""
    (e,), axes = b.join([x], [range(x.rank)])
    return Value(e, tuple(axes[k] for k in range(x.rank)), x.hint)


@operator("index_select.default")
def index_select(b: Builder, x: Value, dim: int, indices: Value) -> Value:
    x, indices = b.define(x), b.short(indices)
    return read_at(b, _apart(b, x), dimension(dim, x.rank), indices.expr, indices.axes)


@operator("index.Tensor")
def index(b: Builder, x: Value, indices: Sequence[Value | None]) -> Value:
    """x[i, :, j]: the indices broadcast, and stand where the first does, or in front if something is between them."""
    given = [k for k, i in enumerate(indices) if i is not None]
    tensors = [i for i in indices if i is not None]
    if "bool" in b.argument_kinds[1:]:
        raise unsupported("selection by a mask, whose size depends on the data,", "use torch.where")
    exprs, axes = b.broadcast([b.short(i) for i in tensors])
    x = _apart(b, b.define(x))
    ordered = given == list(range(given[0], given[-1] + 1))
    for d, e in zip(reversed(given), reversed(exprs)):
        x = read_at(b, x, d, _positive(b, e, x.shape[d]), axes if d == given[0] else ())
    if not ordered:
        front = range(given[0], given[0] + len(axes))
        x = permuted(x, [*front, *(k for k in range(x.rank) if k not in front)])
    return x


@operator("gather.default")
def gather(b: Builder, x: Value, dim: int, indices: Value | Ranked, **options: object) -> Value | Ranked:
    d = dimension(dim, x.rank)
    if isinstance(indices, Ranked):
        if indices.what == "indices" and d == indices.dim and x.shape == indices.value.shape:
            return Ranked("values", x, indices.mask, d, indices.count, indices.largest)
        raise _unordered()
    x, indices = _along(b, x, indices, d), b.short(indices)
    labels: list[object] = list(range(x.rank))
    rest = [*labels[:d]], [*labels[d + 1 :]]
    exprs, axes = b.join([x, indices], [[*rest[0], "read", *rest[1]], [*rest[0], "new", *rest[1]]])
    before, after = [axes[k] for k in labels[:d]], [axes[k] for k in labels[d + 1 :]]
    read = Value(exprs[0], (*before, axes["read"], *after), x.hint)
    return read_at(b, read, d, exprs[1], (axes["new"],))


def _along(b: Builder, x: Value, indices: Value, d: int) -> Value:
    """x cut to the sizes of `indices` in every other dimension."""
    x = b.define(x)
    for k in range(x.rank):
        if k != d:
            x = sliced(b, x, k, 0, indices.shape[k])
    return x


@operator("take_along_dim.default")
def take_along_dim(b: Builder, x: Value, indices: Value, dim: int) -> Value | Ranked:
    return gather(b, x, dim, indices)


@operator("one_hot.default")
def one_hot(b: Builder, x: Value, classes: int = -1) -> Value:
    if classes < 0:
        raise unsupported("one_hot without a number of classes", "give num_classes")
    new = b.axis(classes)
    x = b.short(x)
    return Value(Compare("==", axis_value(new), x.expr), (*x.axes, new))


@operator("scatter.value", "scatter.src")
def scatter(b: Builder, x: Value, dim: int, indices: Value | Ranked, source: Argument | Ranked) -> Value:
    """Only the set that topk chose, or one place in each row, can be written without an order."""
    d = dimension(dim, x.rank)
    if isinstance(indices, Ranked):
        if indices.what != "indices" or d != indices.dim:
            raise _unordered()
        if isinstance(source, Ranked):
            if source.mask is not indices.mask or source.what != "values":
                raise _unordered()
            source = source.value
        return b.pointwise_of(_put, indices.mask, lift(source), x)
    if isinstance(source, Ranked):
        raise _unordered()
    if indices.shape[d] != 1:
        raise unsupported("scatter of several places in one row", "add one_hot(…) of each place, weighted")
    x, place = b.define(x), b.define(lift(source)) if isinstance(source, Value) else lift(source)
    where = select(b, indices, d, 0)
    spot = unsqueeze(b, b.short(where), d)
    column = b.axis(x.shape[d])
    here = Compare("==", axis_value(column), spot.expr)
    mask = Value(here, (*spot.axes[:d], column, *spot.axes[d + 1 :]))
    return b.pointwise_of(_put, mask, place, x)


@operator("scatter_add.default")
def scatter_add(b: Builder, x: Value, dim: int, indices: Value | Ranked, source: Value | Ranked) -> Value:
    """x and the sum of what the places bring: Σ_k [n == i[k]] source[k]."""
    if isinstance(indices, Ranked) or isinstance(source, Ranked):
        return plus_scaled(b, x, scatter(b, zeros(b, x), dim, indices, source))
    d = dimension(dim, x.rank)
    for k, n in enumerate(indices.shape):
        source = sliced(b, source, k, 0, n)
    exprs, axes = b.join([b.short(indices), b.factor(source)], [range(x.rank)] * 2)
    return plus_scaled(b, _padded_to(b, _brought(b, exprs, axes, d, x), x, d), x)


@operator("index_add.default")
def index_add(b: Builder, x: Value, dim: int, indices: Value, source: Value, *, alpha: float = 1) -> Value:
    d = dimension(dim, x.rank)
    exprs, axes = b.join([b.short(indices), b.factor(source)], [[d], range(x.rank)])
    return plus_scaled(b, x, _brought(b, exprs, axes, d, x), alpha)


def _brought(b: Builder, exprs: Sequence[Expr], axes: Mapping[Hashable, Axis], d: int, x: Value) -> Value:
    """Σ_k [n == i[k]] source[k] over a new index n in the place of dimension d."""
    new = b.axis(x.shape[d])
    slot = slot_of(exprs[0], b)
    if new and isinstance(slot, Access) and _fits(b, slot, new[0]):
        here: Expr = Delta(new[0], slot)
    else:
        here = Compare("==", axis_value(new), exprs[0])
    found = index_sum(multiply(here, exprs[1]), axes[d])
    return Value(found, tuple(new if k == d else axes[k] for k in range(x.rank)))


def _padded_to(b: Builder, x: Value, like: Value, d: int) -> Value:
    """x in the sizes of `like`, with zeros behind."""
    for k, n in enumerate(like.shape):
        if k != d and x.shape[k] < n:
            x = b.place(x, k, n)
    return x


def _put(mask: Expr, new: Expr, old: Expr) -> Expr:
    if old == ZERO:
        return mask if new == literal(1) else multiply(mask, new)
    return Where(mask, new, old)


def _unordered() -> IndexCalcError:
    return unsupported(
        "the order of topk's values",
        "scatter the mask: torch.zeros_like(x).scatter(dim, x.topk(k, dim).indices, 1.0)",
    )


@operator("topk.default")
def topk(
    b: Builder, x: Value, count: int, dim: int = -1, largest: bool = True, sorted: bool = True
) -> tuple[Value | Ranked, Value | Ranked]:
    d = dimension(dim, x.rank)
    x = b.define(x)
    if count == 1:
        extreme, place = (amax, argmax) if largest else (amin, argmin)
        return extreme(b, x, d, True), place(b, x, d, True)
    source = x if largest else b.define(b.pointwise_of(lambda x: -x, x))
    mask = b.define(mapped(b, "topk", source, d, count), "chosen")
    return Ranked("values", x, mask, d, count, largest), Ranked("indices", x, mask, d, count, largest)


# ---- what can be said of a set whose order is not known ----------------------------------------------------
def ranked(b: Builder, name: str, arguments: Sequence[object], options: dict[str, object]) -> Value | Ranked:
    """An operator on topk's values that does not depend on their order: a sum, the last one, a scaling, softmax."""
    places = [k for k, x in enumerate(arguments) if isinstance(x, Ranked)]
    x = next((a for a in arguments if isinstance(a, Ranked)), None)
    if x is None or x.what != "values" or len(places) > 1:
        raise _unordered()
    dims = arguments[1] if len(arguments) > 1 else options.get("dim")
    own = dims is not None and isinstance(dims, (int, list, tuple)) and dimensions(dims, x.rank) == (x.dim,)
    keepdim = bool(arguments[2] if len(arguments) > 2 else options.get("keepdim", False))
    if name == "sum.dim_IntList" and own:
        return _total(b, x, keepdim)
    if (name == "select.int" and own and arguments[2] in (-1, x.count - 1)) or (name == "amin.default" and own):
        return _last(b, x, name == "amin.default" and keepdim)
    if name == "slice.Tensor" and own and arguments[2] in (-1, x.count - 1):
        return _last(b, x, True)
    if name == "softmax.int" and own:
        kept = b.pointwise_of(lambda m, v: Where(m, v, Literal(float("-inf"))), x.mask, x.value)
        return replace(x, value=b.define(mapped(b, "softmax", kept, x.dim)))
    others = [a for k, a in enumerate(arguments) if k not in places]
    if name in _SCALINGS and all(not isinstance(a, Value) or _constant_along(a, x) for a in others):
        found = OPERATORS[name](b, *(x.value if k in places else a for k, a in enumerate(arguments)), **options)
        return replace(x, value=b.define(found))
    raise _unordered()


_SCALINGS = ("mul.Tensor", "div.Tensor", "add.Tensor", "sub.Tensor", "sigmoid.default", "exp.default", "relu.default")


def _constant_along(value: Value, x: Ranked) -> bool:
    d = value.rank - (x.rank - x.dim)
    return d < 0 or not value.axes[d]


def _total(b: Builder, x: Ranked, keepdim: bool) -> Value:
    """The sum of the chosen values."""
    exprs, axes = b.broadcast([x.mask, x.value])
    rest = tuple(() if k == x.dim else a for k, a in enumerate(axes) if keepdim or k != x.dim)
    return Value(index_sum(multiply(*exprs), axes[x.dim]), rest)


def _last(b: Builder, x: Ranked, keepdim: bool) -> Value:
    """The last of the chosen values: the k-th largest."""
    bound = Literal(float("inf") if x.largest else float("-inf"))
    exprs, axes = b.broadcast([x.mask, x.value])
    e = IndexReduce("min" if x.largest else "max", Where(exprs[0], exprs[1], bound), axes[x.dim])
    return Value(e, tuple(() if k == x.dim else a for k, a in enumerate(axes) if keepdim or k != x.dim))
