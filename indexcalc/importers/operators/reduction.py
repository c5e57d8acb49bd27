"""Operators that put one number in the place of many, or run along a dimension."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import prod

from ...ir.build import ONE, ZERO, add, index_sum, multiply, power, sqrt
from ...ir.build import number as literal
from ...ir.expr import Apply, Compare, Expr, IndexMap, IndexReduce, IndexValue, Literal, Where
from ..builder import Builder, axis_value
from ..value import Axis, Value, axis_size, extent
from .elementwise import log
from .registry import dimension, dimensions, number, operator, unsupported
from .shape import reshape

Dims = int | Sequence[int] | None


def reduced(b: Builder, operation: str, x: Value, dims: Dims, keepdim: bool = False) -> Value:
    """A reduction over dimensions.  Indices that the expression lacks are copies: they are counted, not run over."""
    gone = dimensions(dims, x.rank)
    x = b.pointwise(x)
    indices = [i for k in gone for i in x.axes[k]]
    own = tuple(i for i in indices if i in x.expr.free)
    copies = prod(extent(i) for i in indices if i not in x.expr.free)
    axes = tuple(() if k in gone else a for k, a in enumerate(x.axes) if keepdim or k not in gone)
    return Value(_reduction(operation, x.expr, own, copies), axes)


def _reduction(operation: str, e: Expr, own: Axis, copies: int) -> Expr:
    if operation == "sum":
        return multiply(literal(copies), index_sum(e, own))
    found = IndexReduce(operation, e, own) if own else ZERO if operation == "var" else e
    if operation == "prod":
        return power(found, literal(copies))
    if operation == "logsumexp" and copies > 1:
        return add(found, log(literal(copies)))
    return found


@operator("sum.default", "sum.dim_IntList")
def total(b: Builder, x: Value, dims: Dims = None, keepdim: bool = False, *, dtype: object = None) -> Value:
    return reduced(b, "sum", x, dims, keepdim)


@operator("mean.default", "mean.dim")
def mean(b: Builder, x: Value, dims: Dims = None, keepdim: bool = False, *, dtype: object = None) -> Value:
    return reduced(b, "mean", x, dims, keepdim)


@operator("prod.default", "prod.dim_int")
def product(b: Builder, x: Value, dim: Dims = None, keepdim: bool = False, *, dtype: object = None) -> Value:
    return reduced(b, "prod", x, dim, keepdim)


@operator("amax.default")
def amax(b: Builder, x: Value, dims: Dims = None, keepdim: bool = False) -> Value:
    return reduced(b, "max", x, dims, keepdim)


@operator("amin.default")
def amin(b: Builder, x: Value, dims: Dims = None, keepdim: bool = False) -> Value:
    return reduced(b, "min", x, dims, keepdim)


@operator("argmax.default")
def argmax(b: Builder, x: Value, dim: int | None = None, keepdim: bool = False) -> Value:
    if dim is None:
        x, dim = reshape(b, x, (-1,)), 0
    return reduced(b, "argmax", b.flat(x, dimension(dim, x.rank)), dim, keepdim)


@operator("argmin.default")
def argmin(b: Builder, x: Value, dim: int | None = None, keepdim: bool = False) -> Value:
    return argmax(b, b.pointwise_of(lambda x: -x, x), dim, keepdim)


@operator("max.default")
def largest(b: Builder, x: Value) -> Value:
    return amax(b, x)


@operator("min.default")
def smallest(b: Builder, x: Value) -> Value:
    return amin(b, x)


@operator("max.dim")
def largest_along(b: Builder, x: Value, dim: int, keepdim: bool = False) -> tuple[Value, Value]:
    x = b.define(x)
    return amax(b, x, dim, keepdim), argmax(b, x, dim, keepdim)


@operator("min.dim")
def smallest_along(b: Builder, x: Value, dim: int, keepdim: bool = False) -> tuple[Value, Value]:
    x = b.define(x)
    return amin(b, x, dim, keepdim), argmin(b, x, dim, keepdim)


@operator("logsumexp.default", "special_logsumexp.default")
def logsumexp(b: Builder, x: Value, dims: Dims, keepdim: bool = False) -> Value:
    return reduced(b, "logsumexp", x, dims, keepdim)


@operator("any.default", "any.dim", "any.dims")
def any_(b: Builder, x: Value, dims: Dims = None, keepdim: bool = False) -> Value:
    return reduced(b, "max", b.pointwise_of(lambda x: Compare("!=", x, ZERO), x), dims, keepdim)


@operator("all.default", "all.dim", "all.dims")
def all_(b: Builder, x: Value, dims: Dims = None, keepdim: bool = False) -> Value:
    return reduced(b, "min", b.pointwise_of(lambda x: Compare("!=", x, ZERO), x), dims, keepdim)


# ---- spread ----------------------------------------------------------------------------------------------
@operator("var.correction")
def var(b: Builder, x: Value, dims: Dims = None, *, correction: float | None = None, keepdim: bool = False) -> Value:
    """The mean squared deviation times n / (n - correction)."""
    n = prod(x.shape[k] for k in dimensions(dims, x.rank))
    found = reduced(b, "var", x, dims, keepdim)
    scale = Fraction(n) / (n - Fraction(1 if correction is None else correction))
    return Value(multiply(literal(scale), found.expr), found.axes)


@operator("var.default")
def var_all(b: Builder, x: Value, unbiased: bool = True) -> Value:
    return var(b, x, correction=int(unbiased))


@operator("var.dim")
def var_along(b: Builder, x: Value, dims: Dims, unbiased: bool = True, keepdim: bool = False) -> Value:
    return var(b, x, dims, correction=int(unbiased), keepdim=keepdim)


def _root(x: Value) -> Value:
    return Value(sqrt(x.expr), x.axes)


@operator("std.correction")
def std(b: Builder, x: Value, dims: Dims = None, *, correction: float | None = None, keepdim: bool = False) -> Value:
    return _root(var(b, x, dims, correction=correction, keepdim=keepdim))


@operator("std.default")
def std_all(b: Builder, x: Value, unbiased: bool = True) -> Value:
    return _root(var_all(b, x, unbiased))


@operator("std.dim")
def std_along(b: Builder, x: Value, dims: Dims, unbiased: bool = True, keepdim: bool = False) -> Value:
    return _root(var_along(b, x, dims, unbiased, keepdim))


@operator("var_mean.correction")
def var_mean(
    b: Builder, x: Value, dims: Dims = None, *, correction: float | None = None, keepdim: bool = False
) -> tuple[Value, Value]:
    x = b.define(x)
    return var(b, x, dims, correction=correction, keepdim=keepdim), mean(b, x, dims, keepdim)


# ---- norms -----------------------------------------------------------------------------------------------
@operator("linalg_vector_norm.default")
def vector_norm(
    b: Builder, x: Value, ord: float = 2, dims: Dims = None, keepdim: bool = False, *, dtype: object = None
) -> Value:
    indices = [i for k in dimensions(dims, x.rank) for i in x.axes[k]]
    if ord == 2 and indices and all(i in x.expr.free for i in indices):
        return reduced(b, "norm", x, dims, keepdim)
    size = b.pointwise_of(lambda x: Apply("abs", (x,)), x)
    if abs(ord) == float("inf"):
        return reduced(b, "max" if ord > 0 else "min", size, dims, keepdim)
    if ord == 0:
        return reduced(b, "sum", b.pointwise_of(lambda x: Compare("!=", x, ZERO), x), dims, keepdim)
    if ord == 1:
        return reduced(b, "sum", size, dims, keepdim)
    raised = b.pointwise_of(lambda x: power(x, number(ord)), x if ord % 2 == 0 else size)
    found = reduced(b, "sum", raised, dims, keepdim)
    return Value(power(found.expr, power(number(ord), literal(-1))), found.axes)


@operator("norm.Scalar", "norm.ScalarOpt_dim")
def norm(b: Builder, x: Value, p: float | None = 2, dims: Dims = None, keepdim: bool = False) -> Value:
    return vector_norm(b, x, 2 if p is None else p, dims, keepdim)


@operator("linalg_matrix_norm.str_ord", "linalg_norm.default")
def matrix_norm(b: Builder, x: Value, ord: object = None, dims: Dims = None, keepdim: bool = False) -> Value:
    if ord not in (None, "fro") and not (x.rank == 1 and isinstance(ord, (int, float))):
        raise unsupported(f"the matrix norm {ord!r}", "the Frobenius norm has one: ord='fro'")
    return vector_norm(b, x, ord if isinstance(ord, (int, float)) else 2, dims, keepdim)


# ---- along a dimension -----------------------------------------------------------------------------------
def mapped(b: Builder, operation: str, x: Value, dim: int, count: int = 0) -> Value:
    """softmax, cumsum or topk's mask along a dimension; to be given a name, since it can be read at no other slots."""
    d = dimension(dim, x.rank)
    if operation != "softmax":
        x = b.flat(x, d)
    x = b.pointwise(x)
    own = tuple(i for i in x.axes[d] if i in x.expr.free)
    if len(own) < len(x.axes[d]) or not own:
        return _over_copies(operation, x, d, own)
    return Value(IndexMap(operation, x.expr, own, count), x.axes)


def _over_copies(operation: str, x: Value, d: int, own: Axis) -> Value:
    """Where all components along the dimension are equal, or come in equal copies."""
    copies = axis_size(x.axes[d]) // axis_size(own)
    if operation == "softmax":
        e = IndexMap("softmax", x.expr, own) if own else ONE
        return Value(e / copies, x.axes)
    if operation == "cumsum":
        return Value(multiply(axis_value(x.axes[d]) + 1, x.expr), x.axes)
    raise unsupported("a choice among equal values", "they have no largest")


@operator("softmax.int", "_softmax.default")
def softmax(b: Builder, x: Value, dim: int, *ignored: object, **options: object) -> Value:
    return b.define(mapped(b, "softmax", x, dim))


@operator("log_softmax.int", "_log_softmax.default")
def log_softmax(b: Builder, x: Value, dim: int, *ignored: object, **options: object) -> Value:
    """x - logsumexp(x)."""
    x = b.define(x)
    d = dimension(dim, x.rank)
    return b.pointwise_of(lambda x, z: x - z, x, reduced(b, "logsumexp", x, d, keepdim=True))


@operator("cumsum.default")
def cumsum(b: Builder, x: Value, dim: int, *, dtype: object = None) -> Value:
    return b.define(mapped(b, "cumsum", x, dim))


def _up_to(b: Builder, operation: str, x: Value, dim: int, neutral: Expr) -> Value:
    """A reduction of x[s] over the s up to each t; what is not reached is neutral."""
    d = dimension(dim, x.rank)
    x = b.define(b.flat(x, d))
    if not x.axes[d]:
        return x
    (s,), t = x.axes[d], b.fresh(x.shape[d])
    b.unify(s, t)
    reached = Where(Compare("<=", IndexValue(s), IndexValue(t)), x.expr, neutral)
    return Value(IndexReduce(operation, reached, (s,)), (*x.axes[:d], (t,), *x.axes[d + 1 :]))


@operator("cumprod.default")
def cumprod(b: Builder, x: Value, dim: int, *, dtype: object = None) -> Value:
    return _up_to(b, "prod", x, dim, ONE)


@operator("logcumsumexp.default")
def logcumsumexp(b: Builder, x: Value, dim: int) -> Value:
    return _up_to(b, "logsumexp", x, dim, Literal(float("-inf")))
