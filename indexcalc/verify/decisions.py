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
from ..ir.walk import tensors_in
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


def ties(program: Program, tensors: Mapping[str, Stored], sizes: Mapping[Space, int]) -> int:
    """How many decisions of the program are undecided at a point: equal numbers that are compared, several components
    that attain a maximum.  There a derivative by what is compared is a convention.  `tensors`: inputs and definitions.
    """
    context = context_of(program, tensors, sizes)
    integer = {t.name for t in program.tensors if t.is_integer}
    parts = (found for define in program.definitions.values() for found in _deciding(define.body, context))
    return sum(int(np.count_nonzero(_tied(part, inner))) for part, inner in parts if tensors_in(part) - integer)


def _decisions(e: Expr, outer: Context) -> Iterator[Value]:
    return (_decision(part, context) for part, context in _deciding(e, outer))


def _deciding(e: Expr, outer: Context) -> Iterator[tuple[Expr, Context]]:
    """The parts that decide something by values, each with the context that it is evaluated in."""
    for part, conditions in guarded_parts(e):
        context = inside(conditions, outer)
        if isinstance(part, Apply) and part.function in context.functions:
            yield from _in_function(part, context)
        elif _decides(part):
            yield part, context


def _decides(part: Expr) -> bool:
    if isinstance(part, Apply):
        return part.function in BUILTIN and not BUILTIN[part.function].analytic
    if isinstance(part, IndexReduce):
        return part.operation in SELECTING_REDUCTIONS
    return isinstance(part, (Compare, Where)) or (isinstance(part, IndexMap) and part.operation == "topk")


def _decision(part: Expr, context: Context) -> Value:
    if isinstance(part, Compare):
        (left, right), axes = align([evaluate_in(part.left, context), evaluate_in(part.right, context)])
        return Value(_side(left, right), axes)
    if isinstance(part, Where):
        condition = evaluate_in(part.condition, context)
        return Value(condition.array.real != 0, condition.axes)
    if isinstance(part, Apply):
        return _chosen(part, context)
    if isinstance(part, IndexReduce):
        array, kept = _joined(part, context)
        return Value(np.asarray(np.argmin(array, -1) if part.operation == "min" else np.argmax(array, -1)), kept)
    return evaluate_in(part, context)


def _tied(part: Expr, context: Context) -> Array:
    """Where the part could as well decide otherwise."""
    if isinstance(part, Compare):
        return np.asarray(_decision(part, context).array == 0)
    if isinstance(part, Apply):
        arrays, _ = align([evaluate_in(a, context) for a in part.arguments])
        return np.asarray(arrays[0].real == (arrays[1].real if len(arrays) > 1 else 0))
    if isinstance(part, IndexReduce):
        array, _ = _joined(part, context)
        best = array.min(-1, keepdims=True) if part.operation == "min" else array.max(-1, keepdims=True)
        return np.asarray(np.count_nonzero(array == best, axis=-1) > 1)
    if isinstance(part, IndexMap):
        array, _ = _joined(part, context)
        in_order = -np.sort(-array, axis=-1)
        last = in_order[..., : part.count + 1][..., -2:]
        return np.asarray((last[..., :1] == last[..., 1:]).any(-1))
    return np.zeros(())  # a where decides by a condition, which has a place of its own


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


def _joined(e: IndexReduce | IndexMap, context: Context) -> tuple[Array, tuple[Index, ...]]:
    """The values that are compared, along one last axis, and the indices of the other axes."""
    whole = widen(evaluate_in(e.body, context), e.indices, context)
    kept = tuple(i for i in whole.axes if i not in e.indices)
    array = np.transpose(whole.array.real, axis_numbers(whole, kept + e.indices))
    return array.reshape(*array.shape[: len(kept)], -1), kept


def _in_function(e: Apply, context: Context) -> Iterator[tuple[Expr, Context]]:
    """What decides inside a declared function's body, where its parameters mean the arguments."""
    function = context.functions[e.function]
    arguments = [evaluate_in(a, context) for a in e.arguments]
    bound = {name: Stored(v.array, v.axes) for name, v in zip(function.parameters, arguments)}
    others = {name: f for name, f in context.functions.items() if name != function.name}
    yield from _deciding(function.body, Context({**context.tensors, **bound}, context.sizes, others))
