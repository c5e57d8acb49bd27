"""Losses, with torch's reductions: none, mean, sum."""

from __future__ import annotations

from math import prod

from ...ir.build import ZERO, multiply, power
from ...ir.build import number as literal
from ...ir.expr import Compare, Expr, Where
from ..builder import Builder
from ..value import Value
from .elementwise import call, exp, log, softplus, times
from .gather import gather, read_at
from .reduction import log_softmax, reduced
from .registry import number, operator, unsupported
from .shape import select, unsqueeze

NONE, MEAN, SUM = range(3)


def _reduce(b: Builder, x: Value, reduction: int) -> Value:
    if reduction == NONE:
        return x
    x = x if x.is_pointwise else b.define(x, "loss")
    return reduced(b, "mean" if reduction == MEAN else "sum", x, None)


@operator("mse_loss.default")
def mse_loss(b: Builder, x: Value, y: Value, reduction: int = MEAN) -> Value:
    return _reduce(b, b.pointwise_of(lambda x, y: (x - y) ** 2, b.short(x), b.short(y)), reduction)


@operator("l1_loss.default")
def l1_loss(b: Builder, x: Value, y: Value, reduction: int = MEAN) -> Value:
    return _reduce(b, b.pointwise_of(lambda x, y: call("abs", x - y), x, y), reduction)


@operator("huber_loss.default")
def huber_loss(b: Builder, x: Value, y: Value, reduction: int = MEAN, delta: float = 1.0) -> Value:
    d = b.define(b.pointwise_of(lambda x, y: x - y, x, y), "residual")
    k = number(delta)

    def formula(d: Expr) -> Expr:
        size = call("abs", d)
        return Where(Compare("<=", size, k), d**2 / 2, k * (size - k / 2))

    return _reduce(b, b.pointwise_of(formula, d), reduction)


@operator("smooth_l1_loss.default")
def smooth_l1_loss(b: Builder, x: Value, y: Value, reduction: int = MEAN, beta: float = 1.0) -> Value:
    if not beta:
        return l1_loss(b, x, y, reduction)
    found = huber_loss(b, x, y, NONE, beta)
    return _reduce(b, b.pointwise_of(lambda e: e / number(beta), found), reduction)


@operator("binary_cross_entropy.default")
def binary_cross_entropy(b: Builder, p: Value, y: Value, weight: Value | None = None, reduction: int = MEAN) -> Value:
    """-(y log p + (1 - y) log(1 - p)), the logarithms not below -100, as torch has it."""

    def logarithm(p: Expr) -> Expr:
        return call("max", log(p), literal(-100))

    p, y = b.define(p), b.define(y)
    each = b.pointwise_of(lambda p, y: -(y * logarithm(p)) - (1 - y) * logarithm(1 - p), p, y)
    return _reduce(b, each if weight is None else times(b, each, weight), reduction)


@operator("binary_cross_entropy_with_logits.default")
def binary_cross_entropy_with_logits(
    b: Builder, x: Value, y: Value, weight: Value | None = None, pos_weight: Value | None = None,
    reduction: int = MEAN,
) -> Value:  # fmt: skip
    """softplus(x) - y x; a weight c of the positive ones makes it c y softplus(-x) + (1 - y) softplus(x)."""
    x, y = b.define(x), b.define(y)
    if pos_weight is None:
        each = b.pointwise_of(lambda x, y: softplus(x) - y * x, x, y)
    else:
        each = b.pointwise_of(lambda x, y, c: c * y * softplus(-x) + (1 - y) * softplus(x), x, y, pos_weight)
    return _reduce(b, each if weight is None else times(b, each, weight), reduction)


@operator("soft_margin_loss.default")
def soft_margin_loss(b: Builder, x: Value, y: Value, reduction: int = MEAN) -> Value:
    return _reduce(b, b.pointwise_of(lambda x, y: softplus(-(y * x)), x, y), reduction)


@operator("kl_div.default")
def kl_div(b: Builder, x: Value, y: Value, reduction: int = MEAN, *, log_target: bool = False) -> Value:
    """y (log y - x), 0 where y is 0; with log_target exp(y) (y - x)."""
    if log_target:
        return _reduce(b, b.pointwise_of(lambda x, y: exp(y) * (y - x), x, b.define(y)), reduction)
    each = b.pointwise_of(lambda x, y: Where(Compare(">", y, ZERO), y * (log(y) - x), ZERO), x, b.define(y))
    return _reduce(b, each, reduction)


@operator("poisson_nll_loss.default")
def poisson_nll_loss(b: Builder, x: Value, y: Value, log_input: bool, full: bool, eps: float, reduction: int) -> Value:
    if full:
        raise unsupported("the Stirling term of the Poisson loss", "use full=False")
    x = b.define(x)
    if log_input:
        return _reduce(b, b.pointwise_of(lambda x, y: exp(x) - y * x, x, y), reduction)
    return _reduce(b, b.pointwise_of(lambda x, y: x - y * log(x + number(eps)), x, y), reduction)


# ---- classes ---------------------------------------------------------------------------------------------
@operator("cross_entropy_loss.default")
def cross_entropy(
    b: Builder, x: Value, y: Value, weight: Value | None = None, reduction: int = MEAN, ignore: int = -100,
    smoothing: float = 0.0,
) -> Value:  # fmt: skip
    """Of logits over dimension 1 (0 of a vector), and of class numbers or probabilities."""
    x = b.define(x)
    d = min(1, x.rank - 1)
    if b.argument_kinds[1] == "float":
        return _of_probabilities(b, x, y, weight, reduction, smoothing, d)
    if smoothing:
        if weight is not None or ignore >= 0:
            raise unsupported("label smoothing with class weights or an ignored class", "write the loss out")
        spread = b.pointwise_of(lambda e: -e, reduced(b, "mean", b.define(log_softmax(b, x, d), "log_p"), d))
        hard = cross_entropy(b, x, y, None, NONE, ignore)
        mixed = b.pointwise_of(lambda h, s: number(1 - smoothing) * h + number(smoothing) * s, hard, spread)
        return _reduce(b, mixed, reduction)
    normaliser = reduced(b, "logsumexp", x, d)
    return _picked(b, x, normaliser, y, weight, reduction, ignore, d)


def _of_probabilities(
    b: Builder, x: Value, y: Value, weight: Value | None, reduction: int, smoothing: float, d: int
) -> Value:
    y = b.define(y)
    if smoothing:
        keep, rest = number(1 - smoothing), number(smoothing) / x.shape[d]
        y = b.pointwise_of(lambda y: keep * y + rest, y)
    y = y if weight is None else times(b, y, unsqueezed(b, weight, x.rank - 1 - d))
    log_p = b.define(log_softmax(b, x, d), "log_p")
    each = b.pointwise_of(lambda e: -e, reduced(b, "sum", times(b, y, log_p), d))
    if reduction != MEAN or x.rank == 1:
        return _reduce(b, each, reduction and SUM)
    total = reduced(b, "sum", b.define(each, "loss"), None)
    return Value(total.expr / prod(n for k, n in enumerate(x.shape) if k != d))


def unsqueezed(b: Builder, x: Value, count: int) -> Value:
    """x with as many dimensions of size 1 behind its own."""
    for _ in range(count):
        x = unsqueeze(b, x, -1)
    return x


@operator("nll_loss_nd.default", "nll_loss.default", "nll_loss2d.default")
def nll_loss(
    b: Builder, x: Value, y: Value, weight: Value | None = None, reduction: int = MEAN, ignore: int = -100
) -> Value:
    """Of log-probabilities over dimension 1 (0 of a vector), and of class numbers."""
    return _picked(b, b.define(x), None, y, weight, reduction, ignore, min(1, x.rank - 1))


def _picked(
    b: Builder, x: Value, normaliser: Value | None, y: Value, weight: Value | None, reduction: int, ignore: int, d: int
) -> Value:
    """normaliser - x[y], weighted by weight[y]; the mean divides by the sum of the weights."""
    y = b.short(y)
    picked = gather(b, x, d, unsqueeze(b, y, d))
    assert isinstance(picked, Value)
    picked = select(b, picked, d, 0)
    if normaliser is None:
        each = b.pointwise_of(lambda e: -e, picked)
    else:
        each = b.pointwise_of(lambda z, e: z - e, normaliser, picked)
    factor = None
    if weight is not None:
        factor = read_at(b, weight, 0, y.expr, y.axes)
    if ignore >= 0:
        kept = b.pointwise_of(lambda y: Compare("!=", y, literal(ignore)), y)
        factor = kept if factor is None else times(b, factor, kept)
    else:
        b.notes.append("a target outside of the classes is refused when the program runs; torch would ignore -100")
    if factor is None:
        return _reduce(b, each, reduction)
    weighted = times(b, each, factor)
    weighted = weighted if reduction == NONE else b.define(weighted, "loss")
    if reduction != MEAN:
        return _reduce(b, weighted, reduction)
    top, bottom = reduced(b, "sum", weighted, None), reduced(b, "sum", factor, None)
    return Value(multiply(top.expr, power(bottom.expr, literal(-1))))
