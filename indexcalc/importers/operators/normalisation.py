"""Normalisations: subtract a mean, divide by a spread, scale and shift."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import prod

from ...ir.build import number as literal
from ...ir.build import power
from ...ir.expr import Expr
from ..builder import Builder
from ..value import Value
from .elementwise import divided, maximum, plus_scaled, times
from .reduction import reduced, vector_norm
from .registry import number, operator
from .shape import reshape


def _standardised(b: Builder, x: Value, dims: Sequence[int], eps: float) -> Value:
    x = b.define(x)
    mean = b.define(reduced(b, "mean", x, dims, keepdim=True), "mean")
    var = b.define(reduced(b, "var", x, dims, keepdim=True), "var")
    return _scaled(b, x, mean, var, eps)


def _scaled(b: Builder, x: Value, mean: Value, var: Value, eps: float) -> Value:
    def formula(x: Expr, mean: Expr, var: Expr) -> Expr:
        return (x - mean) * power(var + number(eps), literal(Fraction(-1, 2)))

    return b.pointwise_of(formula, x, mean, var)


def _affine(b: Builder, x: Value, weight: Value | None, bias: Value | None) -> Value:
    x = x if weight is None else times(b, x, weight)
    return x if bias is None else plus_scaled(b, x, bias)


def _last(x: Value, shape: Sequence[int]) -> list[int]:
    return list(range(x.rank - len(shape), x.rank))


def _by_channel(b: Builder, weight: Value | None, rank: int) -> Value | None:
    """A vector over dimension 1."""
    return None if weight is None else reshape(b, weight, (*weight.shape, *(1,) * (rank - 2)))


@operator("layer_norm.default")
def layer_norm(
    b: Builder, x: Value, shape: Sequence[int], weight: Value | None = None, bias: Value | None = None,
    eps: float = 1e-5, *ignored: object,
) -> Value:  # fmt: skip
    return _affine(b, _standardised(b, x, _last(x, shape), eps), weight, bias)


@operator("rms_norm.default")
def rms_norm(
    b: Builder, x: Value, shape: Sequence[int], weight: Value | None = None, eps: float | None = None
) -> Value:
    """x / sqrt(mean(x²) + eps); torch's default eps is the least step of the number type."""
    x = b.define(x)
    square = b.pointwise_of(lambda x: x**2, x)
    mean = reduced(b, "mean", square, _last(x, shape), keepdim=True)
    step = eps if eps is not None else b.epsilon
    scaled = b.pointwise_of(lambda x, m: x * power(m + number(step), literal(Fraction(-1, 2))), x, mean)
    return _affine(b, scaled, weight, None)


@operator("batch_norm.default")
def batch_norm(
    b: Builder, x: Value, weight: Value | None, bias: Value | None, mean: Value | None, var: Value | None,
    training: bool, momentum: float, eps: float, *ignored: object,
) -> Value:  # fmt: skip
    scale, shift = _by_channel(b, weight, x.rank), _by_channel(b, bias, x.rank)
    if not training and mean is not None and var is not None:
        running, spread = _by_channel(b, mean, x.rank), _by_channel(b, var, x.rank)
        assert running is not None and spread is not None
        return _affine(b, _scaled(b, b.define(x), running, spread, eps), scale, shift)
    if mean is not None:
        b.notes.append("batch norm in training mode: the running statistics are not updated by the program")
    return _affine(b, _standardised(b, x, [0, *range(2, x.rank)], eps), scale, shift)


@operator("_native_batch_norm_legit_functional.default")
def batch_norm_functional(
    b: Builder, x: Value, weight: Value | None, bias: Value | None, mean: Value, var: Value, training: bool,
    momentum: float, eps: float,
) -> tuple[Value, ...]:  # fmt: skip
    """The value; mean and 1/spread of the batch, which nothing reads; and the new running statistics."""
    x = b.define(x)
    found = batch_norm(b, x, weight, bias, None if training else mean, var, training, momentum, eps)
    if not training:
        return found, mean, var, mean, var
    dims = [0, *range(2, x.rank)]
    now, spread = reduced(b, "mean", x, dims), reduced(b, "var", x, dims)
    n = prod(x.shape[d] for d in dims)
    unbiased = b.pointwise_of(lambda v: literal(Fraction(n, max(n - 1, 1))) * v, spread)
    step = number(momentum)
    running = [b.pointwise_of(lambda a, c: (1 - step) * a + step * c, *pair) for pair in ((mean, now), (var, unbiased))]
    return found, now, spread, *running


@operator("group_norm.default")
def group_norm(
    b: Builder, x: Value, groups: int, weight: Value | None = None, bias: Value | None = None, eps: float = 1e-5,
    *ignored: object,
) -> Value:  # fmt: skip
    parts = reshape(b, x, (x.shape[0], groups, x.shape[1] // groups, *x.shape[2:]))
    found = _standardised(b, parts, range(2, parts.rank), eps)
    return _affine(b, reshape(b, found, x.shape), _by_channel(b, weight, x.rank), _by_channel(b, bias, x.rank))


@operator("instance_norm.default")
def instance_norm(
    b: Builder, x: Value, weight: Value | None, bias: Value | None, mean: Value | None, var: Value | None,
    use_input_stats: bool, momentum: float, eps: float, *ignored: object,
) -> Value:  # fmt: skip
    if not use_input_stats:
        return batch_norm(b, x, weight, bias, mean, var, False, momentum, eps)
    found = _standardised(b, x, range(2, x.rank), eps)
    return _affine(b, found, _by_channel(b, weight, x.rank), _by_channel(b, bias, x.rank))


@operator("cosine_similarity.default")
def cosine_similarity(b: Builder, x: Value, y: Value, dim: int = 1, eps: float = 1e-8) -> Value:
    """x·y / (max(|x|, eps) max(|y|, eps))."""
    x, y = b.define(x), b.define(y)
    sizes = [maximum(b, vector_norm(b, v, 2, dim), eps) for v in (x, y)]
    dot = reduced(b, "sum", times(b, x, y), dim)
    return divided(b, dot, times(b, *sizes))
