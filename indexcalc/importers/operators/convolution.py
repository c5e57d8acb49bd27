"""Convolution and pooling: products and reductions over windows, which are affine slots step*p + dilation*k."""

from __future__ import annotations

from collections.abc import Sequence

from ...ir.index import affine_form
from ..builder import Builder
from ..value import Axis, Value
from .elementwise import plus_scaled
from .reduction import reduced
from .registry import operator, unsupported
from .shape import flatten, flip, padded, reshape, unflatten, unsqueeze

Amounts = int | Sequence[int]


def _each(amount: Amounts, count: int) -> list[int]:
    """One amount for each dimension."""
    given = [amount] if isinstance(amount, int) else list(amount)
    return given * count if len(given) == 1 else given


def windows(
    b: Builder, x: Value, sizes: Sequence[int], steps: Sequence[int], dilations: Sequence[int]
) -> tuple[Value, list[Axis]]:
    """x with its last dimensions read at step*p + dilation*k, and the axes of the k's."""
    x = b.component(x)
    inner: list[Axis] = []
    first = x.rank - len(sizes)
    for n, (size, step, dilation) in enumerate(zip(sizes, steps, dilations)):
        d = first + n
        x = b.component(b.flat(x, d))
        p = b.axis((x.shape[d] - dilation * (size - 1) - 1) // step + 1)
        k = b.axis(size)
        slot = affine_form([(step, i) for i in p] + [(dilation, i) for i in k], 0)
        mapping = {x.axes[d][0]: slot} if x.axes[d] else {}
        x = b.at(x, mapping, (*x.axes[:d], p, *x.axes[d + 1 :]))
        inner.append(k)
    return x, inner


@operator("conv1d.default", "conv2d.default", "conv3d.default", "conv1d.padding", "conv2d.padding", "conv3d.padding")
def convolution(
    b: Builder, x: Value, weight: Value, bias: Value | None = None, stride: Amounts = 1, padding: Amounts | str = 0,
    dilation: Amounts = 1, groups: int = 1,
) -> Value:  # fmt: skip
    count = weight.rank - 2
    if x.rank == count + 1:
        one = convolution(b, unsqueeze(b, x, 0), weight, bias, stride, padding, dilation, groups)
        return Value(one.expr, one.axes[1:], one.hint)
    sizes, steps, dilations = weight.shape[2:], _each(stride, count), _each(dilation, count)
    x = padded(b, x, _border(padding, sizes, dilations))
    x = unflatten(b, x, 1, [groups, x.shape[1] // groups])
    weight = unflatten(b, weight, 0, [groups, weight.shape[0] // groups])
    x, kernel = windows(b, x, sizes, steps, dilations)
    x = Value(x.expr, (*x.axes, *kernel))
    places: list[object] = [("p", k) for k in range(count)]
    inside: list[object] = [("k", k) for k in range(count)]
    labels = [["n", "g", "c", *places, *inside], ["g", "o", "c", *inside]]
    found = b.contract([x, weight], labels, ["n", "g", "o", *places])
    found = Value(found.expr, (found.axes[0], found.axes[1] + found.axes[2], *found.axes[3:]))
    return found if bias is None else plus_scaled(b, found, reshape(b, bias, (-1, *(1,) * count)))


def _border(padding: Amounts | str, sizes: Sequence[int], dilations: Sequence[int]) -> list[int]:
    """Amounts before and after each dimension, the last one first."""
    if isinstance(padding, str):
        whole = [d * (n - 1) if padding == "same" else 0 for n, d in zip(sizes, dilations)]
        return [amount for t in reversed(whole) for amount in (t // 2, t - t // 2)]
    return [amount for a in reversed(_each(padding, len(sizes))) for amount in (a, a)]


@operator("conv_transpose1d.default", "conv_transpose2d.input", "conv_transpose3d.input")
def transposed_convolution(
    b: Builder, x: Value, weight: Value, bias: Value | None = None, stride: Amounts = 1, padding: Amounts = 0,
    output_padding: Amounts = 0, groups: int = 1, dilation: Amounts = 1,
) -> Value:  # fmt: skip
    """The components of x laid apart by the stride, then a convolution with the mirrored kernel."""
    count = weight.rank - 2
    steps, dilations = _each(stride, count), _each(dilation, count)
    border: list[int] = []
    for n, (a, extra) in enumerate(zip(_each(padding, count), _each(output_padding, count))):
        d = x.rank - count + n
        x = b.place(x, d, steps[n] * (x.shape[d] - 1) + 1, steps[n], 0) if steps[n] > 1 else x
        reach = dilations[n] * (weight.shape[2 + n] - 1) - a
        border = [reach, reach + extra, *border]
    weight = unflatten(b, weight, 0, [groups, weight.shape[0] // groups])
    weight = Value(weight.expr, (weight.axes[0], weight.axes[2], weight.axes[1], *weight.axes[3:]))
    kernel = flip(b, flatten(b, weight, 0, 1), list(range(2, 2 + count)))
    return convolution(b, padded(b, x, border), kernel, bias, 1, 0, dilation, groups)


# ---- pooling -----------------------------------------------------------------------------------------------
@operator("max_pool1d.default", "max_pool2d.default", "max_pool3d.default")
def max_pool(
    b: Builder, x: Value, size: Amounts, stride: Amounts = (), padding: Amounts = 0, dilation: Amounts = 1,
    ceil: bool = False,
) -> Value:  # fmt: skip
    count = _POOL_DIMENSIONS[b.operator]
    sizes, steps, border = _pool(size, stride, padding, count, ceil)
    x = padded(b, x, border, float("-inf") if any(border) else 0)
    x, kernel = windows(b, x, sizes, steps, _each(dilation, count))
    return _over_windows(b, "max", x, kernel)


_POOL_DIMENSIONS = {f"{kind}_pool{n}d": n for kind in ("max", "avg") for n in (1, 2, 3)}


@operator("avg_pool1d.default", "avg_pool2d.default", "avg_pool3d.default")
def avg_pool(
    b: Builder, x: Value, size: Amounts, stride: Amounts = (), padding: Amounts = 0, ceil: bool = False,
    count_include_pad: bool = True, divisor: int | None = None,
) -> Value:  # fmt: skip
    count = _POOL_DIMENSIONS[b.operator]
    sizes, steps, border = _pool(size, stride, padding, count, ceil)
    if divisor is not None or (any(border) and not count_include_pad):
        raise unsupported("an average over other than whole windows", "use count_include_pad=True and no divisor")
    x, kernel = windows(b, padded(b, x, border), sizes, steps, [1] * count)
    return _over_windows(b, "mean", x, kernel)


def _pool(
    size: Amounts, stride: Amounts, padding: Amounts, count: int, ceil: bool
) -> tuple[list[int], list[int], list[int]]:
    if ceil:
        raise unsupported("a pooling window that leaves the input (ceil_mode)", "pad the input")
    sizes = _each(size, count)
    steps = sizes if stride == () or stride == [] else _each(stride, count)
    return sizes, steps, _border(padding, sizes, [1] * count)


def _over_windows(b: Builder, operation: str, x: Value, kernel: Sequence[Axis]) -> Value:
    whole = Value(x.expr, (*x.axes, *kernel))
    return reduced(b, operation, whole, list(range(x.rank, whole.rank)))


@operator("adaptive_avg_pool1d.default", "adaptive_avg_pool2d.default")
def adaptive_avg_pool(b: Builder, x: Value, sizes: Sequence[int]) -> Value:
    """Equal windows side by side."""
    gone: list[int] = []
    rank = x.rank
    for n, size in enumerate(reversed(sizes)):
        d = rank - 1 - n
        if x.shape[d] % size:
            raise unsupported(f"{size} windows of {x.shape[d]} components", "use a size that divides it")
        x = unflatten(b, x, d, [size, x.shape[d] // size])
        gone = [d + 1, *(g + 1 for g in gone)]
    return reduced(b, "mean", x, gone)
