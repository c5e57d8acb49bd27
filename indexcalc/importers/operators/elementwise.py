"""Operators that work component by component."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import partial

from ...ir.build import HALF, MINUS_ONE, ONE, ZERO, add, multiply, power, sqrt
from ...ir.build import number as literal
from ...ir.expr import Apply, Compare, Constant, Expr, Literal, Logic, Where
from ..builder import Builder
from ..value import Value
from .registry import OPERATORS, Argument, lift, number, operator, unsupported

NEGATIVE = Literal(float("-inf"))
OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}


def call(name: str, *arguments: Expr) -> Expr:
    return Apply(name, arguments)


def exp(x: Expr) -> Expr:
    return call("exp", x)


def log(x: Expr) -> Expr:
    return call("log", x)


def softplus(x: Expr) -> Expr:
    return call("softplus", x)


def chosen(condition: Expr, then: Expr, other: Expr) -> Expr:
    """where(…), with a negation or an opposite comparison of indices turned round: where(j <= i, x, -inf)."""
    if isinstance(condition, Logic) and condition.operator == "not":
        return Where(condition.arguments[0], other, then)
    if then == NEGATIVE and isinstance(condition, Compare) and not Value(condition).reads:
        return Where(negated(condition), other, then)
    return Where(condition, then, other)


def negated(condition: Expr) -> Expr:
    """The opposite.  A comparison of index values turns round; one of tensors does not, since NaN compares to none."""
    if isinstance(condition, Logic) and condition.operator == "not":
        return condition.arguments[0]
    if isinstance(condition, Compare) and not Value(condition).reads:
        return Compare(OPPOSITE[condition.operator], condition.left, condition.right)
    return Logic("not", (condition,))


def plus(x: Expr, y: Expr) -> Expr:
    """x + y; what adds -inf at masked places, and 0 elsewhere, puts -inf there."""
    for one, other in ((x, y), (y, x)):
        if isinstance(one, Where) and {one.then, one.other} == {ZERO, NEGATIVE}:
            then, otherwise = (other if part == ZERO else NEGATIVE for part in (one.then, one.other))
            return chosen(one.condition, then, otherwise)
    return add(x, y)


# ---- arithmetic ------------------------------------------------------------------------------------
@operator("add.Tensor", "add.Scalar")
def plus_scaled(b: Builder, x: Argument, y: Argument, alpha: float = 1) -> Value:
    return b.pointwise_of(lambda x, y: plus(x, multiply(number(alpha), y)), lift(x), lift(y))


@operator("sub.Tensor", "sub.Scalar")
def minus(b: Builder, x: Argument, y: Argument, alpha: float = 1) -> Value:
    return b.pointwise_of(lambda x, y: add(x, multiply(number(-alpha), y)), lift(x), lift(y))


@operator("rsub.Scalar", "rsub.Tensor")
def minus_reversed(b: Builder, x: Argument, y: Argument, alpha: float = 1) -> Value:
    return minus(b, y, x, alpha)


@operator("mul.Tensor", "mul.Scalar")
def times(b: Builder, x: Argument, y: Argument) -> Value:
    return b.pointwise_of(multiply, lift(x), lift(y))


@operator("div.Tensor", "div.Scalar", "true_divide.Tensor")
def divided(b: Builder, x: Argument, y: Argument) -> Value:
    return b.pointwise_of(lambda x, y: multiply(x, power(y, MINUS_ONE)), lift(x), lift(y))


@operator("pow.Tensor_Scalar", "pow.Tensor_Tensor", "pow.Scalar")
def raised(b: Builder, x: Argument, y: Argument) -> Value:
    return b.pointwise_of(power, lift(x), lift(y))


@operator("addcmul.default")
def add_product(b: Builder, x: Value, y: Value, z: Value, value: float = 1) -> Value:
    return b.pointwise_of(lambda x, y, z: add(x, multiply(number(value), y, z)), x, y, z)


@operator("addcdiv.default")
def add_quotient(b: Builder, x: Value, y: Value, z: Value, value: float = 1) -> Value:
    return b.pointwise_of(lambda x, y, z: add(x, multiply(number(value), y, power(z, MINUS_ONE))), x, y, z)


@operator("lerp.Scalar", "lerp.Tensor")
def between(b: Builder, x: Value, y: Value, weight: Argument) -> Value:
    return b.pointwise_of(lambda x, y, w: add(x, multiply(w, y - x)), x, y, lift(weight))


# ---- functions of one argument -----------------------------------------------------------------------
def _logsigmoid(x: Expr) -> Expr:
    return -softplus(-x)


_ONE: dict[str, Callable[[Expr], Expr]] = {
    **{name: partial(call, name) for name in
       ("exp", "log", "abs", "sin", "cos", "tan", "tanh", "sinh", "cosh", "sigmoid", "relu", "silu", "erf", "sign")},
    "sgn": lambda x: call("sign", x),
    "neg": lambda x: -x,
    "sqrt": sqrt,
    "rsqrt": lambda x: power(x, literal(Fraction(-1, 2))),
    "square": lambda x: power(x, literal(2)),
    "reciprocal": lambda x: power(x, MINUS_ONE),
    "exp2": lambda x: power(literal(2), x),
    "log2": lambda x: log(x) / log(literal(2)),
    "log10": lambda x: log(x) / log(literal(10)),
    "log1p": lambda x: log(1 + x),
    "expm1": lambda x: exp(x) - 1,
    "erfc": lambda x: 1 - call("erf", x),
    "log_sigmoid": _logsigmoid,
    "relu6": lambda x: call("min", call("relu", x), literal(6)),
    "hardsigmoid": lambda x: call("min", call("relu", x + 3), literal(6)) / 6,
    "hardswish": lambda x: x * call("min", call("relu", x + 3), literal(6)) / 6,
    "mish": lambda x: x * call("tanh", softplus(x)),
    "logical_not": negated,
    "bitwise_not": negated,
    "deg2rad": lambda x: x * Constant("pi") / 180,
    "selu": lambda x: number(1.0507009873554805) * _elu(x, number(1.6732632423543772)),
}  # fmt: skip


def _elu(x: Expr, alpha: Expr) -> Expr:
    return Where(Compare(">", x, ZERO), x, alpha * (exp(x) - 1))


def _register_one(name: str, f: Callable[[Expr], Expr]) -> None:
    OPERATORS[f"{name}.default"] = lambda b, x: b.pointwise_of(f, x)


for _name, _function in _ONE.items():
    _register_one(_name, _function)


@operator("gelu.default")
def gelu(b: Builder, x: Value, approximate: str = "none") -> Value:
    if approximate == "none":
        return b.pointwise_of(lambda x: call("gelu", x), x)
    root = sqrt(2 / Constant("pi"))
    return b.pointwise_of(lambda x: HALF * x * (1 + call("tanh", root * (x + number(0.044715) * x**3))), b.define(x))


@operator("softplus.default")
def softplus_scaled(b: Builder, x: Value, beta: float = 1, threshold: float = 20) -> Value:
    if beta == 1:
        return b.pointwise_of(softplus, x)
    return b.pointwise_of(lambda x: softplus(number(beta) * x) / number(beta), x)


@operator("elu.default")
def elu(b: Builder, x: Value, alpha: float = 1, scale: float = 1, input_scale: float = 1) -> Value:
    inner = number(input_scale)
    return b.pointwise_of(lambda x: number(scale) * _elu(inner * x, number(alpha)), x)


@operator("celu.default")
def celu(b: Builder, x: Value, alpha: float = 1) -> Value:
    a = number(alpha)
    return b.pointwise_of(lambda x: Where(Compare(">", x, ZERO), x, a * (exp(x / a) - 1)), x)


@operator("leaky_relu.default")
def leaky_relu(b: Builder, x: Value, slope: float = 0.01) -> Value:
    return b.pointwise_of(lambda x: Where(Compare(">", x, ZERO), x, number(slope) * x), x)


@operator("prelu.default")
def prelu(b: Builder, x: Value, weight: Value) -> Value:
    """One slope, or one for each channel (dimension 1)."""
    w = b.regroup(weight, (weight.shape[0], *(1,) * max(x.rank - 2, 0))) if x.rank > 1 else weight
    return b.pointwise_of(lambda x, w: Where(Compare(">", x, ZERO), x, w * x), x, w)


@operator("threshold.default")
def threshold(b: Builder, x: Value, limit: float, value: float) -> Value:
    return b.pointwise_of(lambda x: Where(Compare(">", x, number(limit)), x, number(value)), x)


# ---- comparison, choice ------------------------------------------------------------------------------
def _register_compare(name: str, sign: str) -> None:
    @operator(f"{name}.Tensor", f"{name}.Scalar")
    def compare(b: Builder, x: Argument, y: Argument) -> Value:
        return b.pointwise_of(lambda x, y: Compare(sign, x, y), lift(x), lift(y))


for _name, _sign in {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!="}.items():
    _register_compare(_name, _sign)


@operator("logical_and.default", "bitwise_and.Tensor", "__and__.Tensor")
def both(b: Builder, x: Value, y: Value) -> Value:
    _only_truth(b)
    return b.pointwise_of(lambda x, y: Logic("and", (x, y)), x, y)


@operator("logical_or.default", "bitwise_or.Tensor", "__or__.Tensor")
def either(b: Builder, x: Value, y: Value) -> Value:
    _only_truth(b)
    return b.pointwise_of(lambda x, y: Logic("or", (x, y)), x, y)


@operator("logical_xor.default", "bitwise_xor.Tensor", "__xor__.Tensor")
def one_of(b: Builder, x: Value, y: Value) -> Value:
    _only_truth(b)
    return b.pointwise_of(lambda x, y: Compare("!=", x, y), x, y)


def _only_truth(b: Builder) -> None:
    if b.kind != "bool":
        raise unsupported("an operation on the bits of integers", "use it on conditions, as in (x > 0) & (x < 1)")


@operator("where.self", "where.ScalarOther", "where.ScalarSelf", "where.Scalar")
def where(b: Builder, condition: Value, then: Argument, other: Argument) -> Value:
    return b.pointwise_of(chosen, condition, lift(then), lift(other))


@operator("masked_fill.Scalar", "masked_fill.Tensor")
def masked_fill(b: Builder, x: Value, mask: Value, value: Argument) -> Value:
    return where(b, mask, value, x)


@operator("maximum.default", "max.other", "clamp_min.default", "clamp_min.Tensor")
def maximum(b: Builder, x: Value, y: Argument) -> Value:
    return b.pointwise_of(lambda x, y: call("max", x, y), x, lift(y))


@operator("minimum.default", "min.other", "clamp_max.default", "clamp_max.Tensor")
def minimum(b: Builder, x: Value, y: Argument) -> Value:
    return b.pointwise_of(lambda x, y: call("min", x, y), x, lift(y))


@operator("clamp.default", "clamp.Tensor", "hardtanh.default")
def clamp(b: Builder, x: Value, low: Argument | None = None, high: Argument | None = None) -> Value:
    x = x if low is None else maximum(b, x, low)
    return x if high is None else minimum(b, x, high)


@operator("hypot.default")
def hypot(b: Builder, x: Value, y: Value) -> Value:
    return b.pointwise_of(lambda x, y: sqrt(x**2 + y**2), x, y)


@operator("logaddexp.default")
def logaddexp(b: Builder, x: Value, y: Value) -> Value:
    return b.pointwise_of(lambda x, y: x + softplus(y - x), b.define(x), b.define(y))


# ---- copies --------------------------------------------------------------------------------------------
@operator(
    "clone.default", "contiguous.default", "alias.default", "lift_fresh_copy.default", "view_as.default",
    "positive.default", "type_as.default", "_to_copy.default", "to.dtype", "to.device", "to.other", "to.dtype_layout",
)  # fmt: skip
def same(b: Builder, x: Value, *ignored: object, **options: object) -> Value:
    """The same numbers: memory layout, device and precision are no part of a program."""
    return x


@operator("dropout.default", "feature_dropout.default", "alpha_dropout.default")
def dropout(b: Builder, x: Value, p: float = 0.5, train: bool = True) -> Value:
    if train and p:
        raise unsupported("dropout in training mode, which is random,", "call module.eval(), or set p to 0")
    return x


@operator("zeros_like.default", "new_zeros.default", "zeros.default")
def zeros(b: Builder, like: Value | list[int], size: list[int] | None = None, **options: object) -> Value:
    return _filled(b, ZERO, like, size)


@operator("ones_like.default", "new_ones.default", "ones.default")
def ones(b: Builder, like: Value | list[int], size: list[int] | None = None, **options: object) -> Value:
    return _filled(b, ONE, like, size)


@operator("full_like.default", "full.default", "fill.Scalar", "fill.Tensor")
def full(b: Builder, like: Value | list[int], value: Argument, **options: object) -> Value:
    filled = lift(value)
    return _filled(b, filled.expr, like, None)


@operator("new_full.default")
def new_full(b: Builder, like: Value, size: list[int], value: float, **options: object) -> Value:
    return _filled(b, number(value), size, None)


@operator("scalar_tensor.default")
def scalar(b: Builder, value: float, **options: object) -> Value:
    return lift(value)


def _filled(b: Builder, e: Expr, like: Value | list[int], size: list[int] | None) -> Value:
    shape = size if size is not None else (like.shape if isinstance(like, Value) else like)
    return Value(e, tuple(b.axis(n) for n in shape))
