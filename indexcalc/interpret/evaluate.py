"""The naive meaning of every expression: the oracle that everything faster is compared with.

Each node's value is an array with one axis per free index, found from its children's values by broadcasting; a bound
index is an axis that is reduced.  Nothing is rearranged.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import reduce
from operator import add
from typing import Any, TypeAlias

import numpy as np

from ..diagnostics import fail
from ..ir.conditions import Conditions, branches, chosen, conjuncts, on_indices
from ..ir.expr import (
    Access,
    Apply,
    Compare,
    Constant,
    Delta,
    Derivative,
    Expr,
    Extent,
    GeneralizedDelta,
    IndexMap,
    IndexReduce,
    IndexSum,
    IndexValue,
    LeviCivita,
    Literal,
    Logic,
    MatrixApply,
    Partial,
    Power,
    Product,
    Sum,
    Where,
)
from ..ir.index import Index, Space
from ..ir.program import FunctionDefinition
from . import components, elementwise, reductions
from .value import Array, Context, Stored, Value, align, axis_numbers, in_order, widen

Handler: TypeAlias = Callable[[Any, Context], Value]

# np.einsum takes 64 operands and 52 letters; longer products are multiplied out.
MAX_EINSUM_OPERANDS, MAX_EINSUM_AXES = 60, 50
MAX_AT_ONCE = 3  # factors whose loops are nested; a chain of twenty matrices would take 3²¹ steps
MAX_VOLUME = 1 << 28  # entries of a product that is stored

CONSTANTS = {"pi": math.pi, "e": math.e}


def evaluate(
    expr: Expr,
    arrays: Mapping[str, Array],
    sizes: Mapping[Space, int],
    functions: Mapping[str, FunctionDefinition] | None = None,
) -> tuple[Array, tuple[Index, ...]]:
    """The expression's value and its axes: the distinct free indices, sorted by name.

    >>> i, n = Index("i", Space("n")), Space("n")
    >>> array, axes = evaluate(Access("x", (i,)) * 2, {"x": np.arange(3)}, {n: 3})
    >>> array.tolist(), [a.name for a in axes]
    ([0.0, 2.0, 4.0], ['i'])
    """
    context = Context({name: Stored(as_numbers(a)) for name, a in arrays.items()}, sizes, functions or {})
    found = evaluate_in(expr, context)
    axes = in_order(expr.free)
    return np.asarray(widen(found, axes, context).array), axes


def value(
    expr: Expr,
    indices: tuple[Index, ...],
    arrays: Mapping[str, Array],
    sizes: Mapping[Space, int],
    functions: Mapping[str, FunctionDefinition] | None = None,
) -> Array:
    """The expression's value with one axis for each of `indices` in this order, repeated along those it lacks."""
    context = Context({name: Stored(as_numbers(a)) for name, a in arrays.items()}, sizes, functions or {})
    return arranged(evaluate_in(expr, context), indices, context).array


def arranged(found: Value, indices: tuple[Index, ...], context: Context) -> Stored:
    """The value's axes in the order of `indices`, then whatever else it has."""
    whole = widen(found, indices, context)
    extra = tuple(i for i in whole.axes if i not in indices)
    return Stored(np.asarray(np.transpose(whole.array, axis_numbers(whole, indices + extra))), extra)


def as_numbers(array: object) -> Array:
    """A float64 or complex128 array; anything but numbers is refused."""
    found = np.asarray(array)
    if found.dtype.kind not in "biufc":
        raise fail("IX949", f"an array of numbers is needed, not one of type {found.dtype}")
    return found.astype(complex if found.dtype.kind == "c" else float, copy=False)


def evaluate_in(expr: Expr, context: Context) -> Value:
    """The value of an expression where names mean what the context says."""
    handler = _HANDLERS.get(type(expr))
    if handler is None:
        raise fail("IX902", f"{type(expr).__name__} has no numerical meaning")
    with np.errstate(all="ignore"):
        return handler(expr, context)


def _all(parts: tuple[Expr, ...], context: Context) -> tuple[list[Array], tuple[Index, ...]]:
    return align([evaluate_in(p, context) for p in parts])


def _literal(e: Literal, context: Context) -> Value:
    try:
        return Value(np.asarray(float(e.value)))
    except OverflowError:
        raise fail("IX949", "a number of the formula is too large for a 64-bit float") from None


def _constant(e: Constant, context: Context) -> Value:
    return Value(np.asarray(CONSTANTS[e.name]))


def _extent(e: Extent, context: Context) -> Value:
    return Value(np.asarray(float(context.size(e.space))))


def _index_value(e: IndexValue, context: Context) -> Value:
    return Value(np.arange(context.size(e.index.space), dtype=float), (e.index,))


def _sum(e: Sum, context: Context) -> Value:
    arrays, axes = _all(e.terms, context)
    return Value(reduce(add, arrays), axes)


def _product(e: Product, context: Context) -> Value:
    arrays, axes = _all(chosen(e).factors, context)
    return Value(reduce(elementwise.times, arrays), axes)


def _power(e: Power, context: Context) -> Value:
    (base, exponent), axes = _all((e.base, e.exponent), context)
    if isinstance(e.exponent, Literal):
        exponent = np.asarray(float(e.exponent.value))
    return Value(elementwise.power(base, exponent), axes)


def _apply(e: Apply, context: Context) -> Value:
    if e.function in context.functions:
        return _call(context.functions[e.function], e, context)
    if e.function not in elementwise.FUNCTIONS:
        raise fail("IX902", f"unknown function `{e.function}`")
    arrays, axes = _all(e.arguments, context)
    return Value(elementwise.FUNCTIONS[e.function](*arrays), axes)


def _call(function: FunctionDefinition, e: Apply, context: Context) -> Value:
    """A declared function: its parameters are rank-0 tensors that are spread over the arguments' axes."""
    if len(e.arguments) != len(function.parameters):
        message = f"`{function.name}` takes {len(function.parameters)} arguments, got {len(e.arguments)}"
        raise fail("IX902", message)
    arguments = [evaluate_in(a, context) for a in e.arguments]
    bound = {name: Stored(v.array, v.axes) for name, v in zip(function.parameters, arguments)}
    others = {name: f for name, f in context.functions.items() if name != function.name}  # no recursion
    found = evaluate_in(function.body, Context({**context.tensors, **bound}, context.sizes, others))  # no slots there
    return widen(found, (i for v in arguments for i in v.axes), context)


def _compare(e: Compare, context: Context) -> Value:
    (left, right), axes = _all((e.left, e.right), context)
    return Value(elementwise.compare(e.operator, left, right), axes)


def _logic(e: Logic, context: Context) -> Value:
    arrays, axes = align([evaluate_in(part, inside(more, context)) for part, more in branches(e)])
    return Value(elementwise.logic(e.operator, arrays), axes)


def inside(conditions: Conditions, context: Context) -> Context:
    """The context of what is read only where the conditions hold."""
    tests = [t for c in conditions for t in conjuncts(c) if on_indices(t)]
    found = [evaluate_in(t, context) for t in tests]
    return context.where(*(Value(v.array.real != 0, v.axes) for v in found)) if found else context


def _where(e: Where, context: Context) -> Value:
    parts = [evaluate_in(part, inside(more, context)) for part, more in branches(e)]
    (condition, then, other), axes = align(parts)
    return Value(np.where(condition.real != 0, then, other), axes)


def _index_sum(e: IndexSum, context: Context) -> Value:
    context = context.without(e.indices)
    if isinstance(e.body, Product):
        factors = [evaluate_in(f, context) for f in chosen(e.body).factors]
        axes = in_order(i for f in factors for i in f.axes)
        finite = all(np.isfinite(f.array).all() for f in factors)
        if finite and len(factors) <= MAX_EINSUM_OPERANDS and len(axes) <= MAX_EINSUM_AXES:
            return _einsum(factors, e.indices, context)
        # np.einsum makes NaN of −inf · (2 + 0j), so infinite factors are multiplied by `times`.
        _check_volume(axes, context)
        arrays, axes = align(factors)
        body = Value(reduce(elementwise.times, arrays), axes)
    else:
        body = evaluate_in(e.body, context)
    whole = widen(body, e.indices, context)
    total = np.sum(whole.array, axis=axis_numbers(whole, e.indices))
    return Value(np.asarray(total), tuple(i for i in whole.axes if i not in e.indices))


def _einsum(factors: list[Value], summed: tuple[Index, ...], context: Context) -> Value:
    """Σ of the product without storing it: at once where that is short, else pair by pair."""
    missing = [i for i in summed if not any(i in f.axes for f in factors)]
    factors = factors + [Value(np.ones(context.size(i.space)), (i,)) for i in missing]
    axes = in_order(i for f in factors for i in f.axes)
    number = {index: k for k, index in enumerate(axes)}
    kept = tuple(i for i in axes if i not in summed)
    operands: list[Any] = []
    for factor in factors:
        operands += [factor.array, [number[i] for i in factor.axes]]
    order = "greedy" if len(factors) > MAX_AT_ONCE else False
    return Value(np.asarray(np.einsum(*operands, [number[i] for i in kept], optimize=order)), kept)


def _check_volume(axes: tuple[Index, ...], context: Context) -> None:
    volume = math.prod(context.size(i.space) for i in axes)
    if volume > MAX_VOLUME:
        raise fail(
            "IX009",
            f"a product over {len(axes)} indices has {volume:,} entries, too many to evaluate naively",
            hint="define parts of the product first, or give smaller sizes",
        )


def _bound_last(e: IndexReduce | IndexMap, context: Context) -> tuple[Array, tuple[Index, ...], tuple[int, ...]]:
    """The body with the bound axes joined into one last axis, the other axes, and the bound sizes."""
    whole = widen(evaluate_in(e.body, context.without(e.indices)), e.indices, context)
    kept = tuple(i for i in whole.axes if i not in e.indices)
    array = np.transpose(whole.array, axis_numbers(whole, kept + e.indices))
    bound = array.shape[len(kept) :]
    return array.reshape(*array.shape[: len(kept)], math.prod(bound)), kept, bound


def _index_reduce(e: IndexReduce, context: Context) -> Value:
    if e.operation not in reductions.REDUCTIONS:
        raise fail("IX902", f"unknown reduction `{e.operation}`")
    if e.operation == "argmax" and len(e.indices) > 1:
        raise fail("IX902", "argmax over several indices has no single value", hint="take argmax over one index")
    array, kept, _ = _bound_last(e, context)
    return Value(reductions.REDUCTIONS[e.operation](array), kept)


def _index_map(e: IndexMap, context: Context) -> Value:
    array, kept, bound = _bound_last(e, context)
    if e.operation == "softmax":
        mapped = reductions.softmax(array)
    elif e.operation == "topk":
        mapped = reductions.topk(array, e.count)
    elif e.operation == "cumsum":
        mapped = array.reshape(*array.shape[:-1], *bound)
        for axis in range(len(kept), mapped.ndim):
            mapped = np.cumsum(mapped, axis=axis)
    else:
        raise fail("IX902", f"unknown map `{e.operation}`")
    return Value.of(mapped.reshape(*array.shape[:-1], *bound), kept + e.indices)


def _not_evaluated(e: Partial | Derivative, context: Context) -> Value:
    what = "∂ of a field" if isinstance(e, Partial) else "diff(…)"
    raise fail("IX902", f"{what} has no value before it is differentiated: `{e}`", hint="derive it first")


_HANDLERS: Mapping[type, Handler] = {
    Literal: _literal,
    Constant: _constant,
    Extent: _extent,
    IndexValue: _index_value,
    Access: components.read_access,
    Delta: components.delta,
    GeneralizedDelta: components.generalized_delta,
    LeviCivita: components.levi_civita,
    MatrixApply: components.matrix_function,
    Sum: _sum,
    Product: _product,
    Power: _power,
    Apply: _apply,
    Compare: _compare,
    Logic: _logic,
    Where: _where,
    IndexSum: _index_sum,
    IndexReduce: _index_reduce,
    IndexMap: _index_map,
    Partial: _not_evaluated,
    Derivative: _not_evaluated,
}
