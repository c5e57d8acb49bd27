"""The decisions that an evaluation takes: signs, comparisons, selections.

Two points lie on the same smooth piece only if they take the same decisions; a difference quotient between points that
do not is no derivative.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from ..interpret.evaluate import evaluate_in, inside
from ..interpret.run import context_of, run_stored
from ..interpret.value import Array, Context, Stored, Value, align, axis_numbers, widen
from ..ir.conditions import guarded_parts
from ..ir.expr import Apply, Compare, Expr, IndexMap, IndexReduce, Where
from ..ir.functions import BUILTIN
from ..ir.index import Index, Space
from ..ir.program import Define, Program
from .dependence import SELECTING_REDUCTIONS


def same_piece(
    program: Program, tensors: Mapping[str, Stored], sizes: Mapping[Space, int], batch: Index, way: list[Define]
) -> Array:
    """For each point along `batch`, whether it decides everything as point 0 does, in the definitions `way`."""
    known = {**tensors, **run_stored(program, tensors, sizes)}
    context = context_of(program, known, sizes)
    same = np.ones(context.size(batch.space), dtype=bool)
    for define in way:
        for decision in _decisions(define.body, context):
            if batch in decision.axes:
                array = np.moveaxis(decision.array, decision.axes.index(batch), 0)
                array = array.reshape(len(array), -1)
                same &= np.all(array == array[:1], axis=1)
    return same


def _decisions(e: Expr, outer: Context) -> Iterator[Value]:
    for part, conditions in guarded_parts(e):
        context = inside(conditions, outer)
        if isinstance(part, Apply) and part.function in context.functions:
            yield from _in_function(part, context)
        elif isinstance(part, Compare):
            (left, right), axes = align([evaluate_in(part.left, context), evaluate_in(part.right, context)])
            yield Value(_side(left, right), axes)
        elif isinstance(part, Where):
            condition = evaluate_in(part.condition, context)
            yield Value(condition.array.real != 0, condition.axes)
        elif isinstance(part, Apply) and part.function in BUILTIN and not BUILTIN[part.function].analytic:
            yield _chosen(part, context)
        elif isinstance(part, IndexReduce) and part.operation in SELECTING_REDUCTIONS:
            yield _position(part, context)
        elif isinstance(part, IndexMap) and part.operation == "topk":
            yield evaluate_in(part, context)


def _side(left: Array, right: Array) -> Array:
    """-1, 0 or 1 as left lies below, at or above right; infinities compare like numbers."""
    return np.asarray((left.real > right.real).astype(int) - (left.real < right.real).astype(int))


def _chosen(e: Apply, context: Context) -> Value:
    """The sign of the argument of abs, sign, relu; which argument max or min takes."""
    arrays, axes = align([evaluate_in(a, context) for a in e.arguments])
    if len(arrays) == 1:
        return Value(np.sign(arrays[0].real), axes)
    stacked = np.stack(np.broadcast_arrays(*(a.real for a in arrays)))
    return Value(np.asarray(np.argmin(stacked, 0) if e.function == "min" else np.argmax(stacked, 0)), axes)


def _position(e: IndexReduce, context: Context) -> Value:
    whole = widen(evaluate_in(e.body, context), e.indices, context)
    kept = tuple(i for i in whole.axes if i not in e.indices)
    array = np.transpose(whole.array.real, axis_numbers(whole, kept + e.indices))
    joined = array.reshape(*array.shape[: len(kept)], -1)
    return Value(np.asarray(np.argmin(joined, -1) if e.operation == "min" else np.argmax(joined, -1)), kept)


def _in_function(e: Apply, context: Context) -> Iterator[Value]:
    """Decisions inside a declared function's body, where its parameters mean the arguments."""
    function = context.functions[e.function]
    arguments = [evaluate_in(a, context) for a in e.arguments]
    bound = {name: Stored(v.array, v.axes) for name, v in zip(function.parameters, arguments)}
    others = {name: f for name, f in context.functions.items() if name != function.name}
    yield from _decisions(function.body, Context({**context.tensors, **bound}, context.sizes, others))
