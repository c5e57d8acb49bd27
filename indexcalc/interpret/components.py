"""Reading components: slots as integer arrays, accesses, δ, ε and matrix functions."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations
from math import prod

import numpy as np

from ..diagnostics import fail
from ..ir.expr import Access, Delta, GeneralizedDelta, LeviCivita, MatrixApply
from ..ir.index import Affine, Index, Slot
from ..ir.slots import slot_text
from .elementwise import log
from .value import Array, Context, Stored, Value, align


def slot_values(slot: Slot, context: Context) -> Value:
    """What the slot is, for all values of its indices, as integers."""
    if isinstance(slot, int):
        return Value(np.asarray(slot))
    if isinstance(slot, Index):
        return Value(np.arange(context.size(slot.space)), (slot,))
    if isinstance(slot, Affine):
        parts = [slot_values(p, context) for _, p in slot.terms]
        arrays, axes = align(parts)
        total = np.asarray(slot.offset)
        for (coefficient, _), array in zip(slot.terms, arrays):
            total = total + coefficient * array
        return Value(total, axes)
    assert isinstance(slot, Access)
    return _gathered(slot, context)


def _gathered(slot: Access, context: Context) -> Value:
    found = read_access(slot, context)
    values = found.array.real
    if not np.array_equal(values, np.rint(values)):
        raise fail("IX949", f"`{slot}` stands in a slot, but `{slot.tensor}` holds values that are no integers")
    return Value(values.astype(np.int64), found.axes)


def stored(name: str, context: Context) -> Stored:
    if name not in context.tensors:
        given = ", ".join(context.tensors) or "none"
        raise fail("IX941", f"no array is given for `{name}`", hint=f"given: {given}")
    return context.tensors[name]


def read_access(e: Access, context: Context) -> Value:
    return _components(e.tensor, stored(e.tensor, context), e.slots, context)


def _components(name: str, tensor: Stored, slots: Sequence[Slot], context: Context) -> Value:
    """The tensor at the slots' values: one advanced indexing whatever the slots are."""
    rank = tensor.array.ndim - len(tensor.extra)
    if rank != len(slots):
        raise fail("IX943", f"`{name}` has {rank} slots, but is read with {len(slots)}")
    values = [slot_values(s, context) for s in slots]
    outside = []
    for number, (slot, value) in enumerate(zip(slots, values), 1):
        size = tensor.array.shape[number - 1]
        left = Value((value.array < 0) | (value.array >= size), value.axes)
        if left.array.any():
            _check_unread(name, number, slot, value, left, size, context)
            outside.append(left)
            values[number - 1] = Value(np.where(left.array, 0, value.array), value.axes)
    arrays, axes = align(values)
    clash = set(axes) & set(tensor.extra)
    assert not clash, f"batch index {clash} also stands in a slot"
    if outside and tensor.array.size == 0:  # nothing could be read, and nothing is
        return Value(np.zeros(context.shape(axes)), axes)
    # Without slots the key is empty and the array is taken whole.
    found = Value.of(tensor.array[tuple(arrays)], axes + tensor.extra)
    for left in outside:  # read where it does not matter: 0 there
        (array, mask), both = align([found, left])
        found = Value(np.where(mask, 0, array), both)
    return found


def _check_unread(
    name: str, number: int, slot: Slot, value: Value, outside: Value, size: int, context: Context
) -> None:
    """Refuse a slot that leaves its range where the conditions around it hold."""
    arrays, axes = align([outside, *context.chosen])
    read = np.logical_and.reduce(np.broadcast_arrays(*arrays))
    if not read.any():
        return
    first = tuple(int(n) for n in np.argwhere(read)[0])
    wrong = np.broadcast_to(value.spread(axes), read.shape)[first]
    gather = not isinstance(slot, (int, Index, Affine))
    at = ", ".join(f"{i.name} = {n}" for i, n in zip(axes, first))
    raise fail(
        "IX948" if gather else "IX946",
        f"slot {number} of `{name}`, `{slot_text(slot)}`, takes the value {wrong}, but has size {size}",
        hint=f"its values must lie from 0 to {size - 1}" + (f"; it leaves at {at}" if at else ""),
    )


def delta(e: Delta, context: Context) -> Value:
    return _equal(e.left, e.right, context)


def _equal(left: Slot, right: Slot, context: Context) -> Value:
    (a, b), axes = align([slot_values(left, context), slot_values(right, context)])
    return Value((a == b).astype(float), axes)


def _parity(order: Sequence[int]) -> int:
    return -1 if sum(a > b for k, a in enumerate(order) for b in order[k + 1 :]) % 2 else 1


def generalized_delta(e: GeneralizedDelta, context: Context) -> Value:
    """Leibniz' formula for det δ(upper_a, lower_b)."""
    n = len(e.upper)
    entries = [[_equal(u, low, context) for low in e.lower] for u in e.upper]
    arrays, axes = align([x for row in entries for x in row])
    total = np.zeros(np.broadcast_shapes(*(a.shape for a in arrays)) if arrays else ())
    for order in permutations(range(n)):
        total = total + _parity(order) * prod((arrays[row * n + column] for row, column in enumerate(order)), start=1.0)
    return Value(np.asarray(total), axes)


def levi_civita(e: LeviCivita, context: Context) -> Value:
    """Π sign(s_b − s_a) over a < b: the sign of the permutation that sorts the slots, 0 where two agree."""
    arrays, axes = align([slot_values(s, context) for s in e.slots])
    result = np.ones(np.broadcast_shapes(*(a.shape for a in arrays)))
    for b, right in enumerate(arrays):
        for left in arrays[:b]:
            result = result * np.sign(right - left)
    return Value(result, axes)


def matrix_function(e: MatrixApply, context: Context) -> Value:
    """inv, det or logdet (NaN where the determinant is negative, as log is)."""
    tensor = stored(e.tensor, context)
    shape = tensor.array.shape[: tensor.array.ndim - len(tensor.extra)]
    if len(shape) != 2 or shape[0] != shape[1]:
        raise fail("IX944", f"{e.function}({e.tensor}) needs a square matrix, but `{e.tensor}` has shape {shape}")
    matrices = np.moveaxis(tensor.array, (0, 1), (-2, -1))
    if e.function == "det":
        return Value.of(np.asarray(np.linalg.det(matrices)), tensor.extra)
    if e.function == "logdet":
        return Value.of(_logdet(matrices), tensor.extra)
    if e.function != "inv":
        raise fail("IX902", f"unknown matrix function `{e.function}`", hint="known: inv, det, logdet")
    try:
        inverse = np.linalg.inv(matrices)
    except np.linalg.LinAlgError:
        raise fail("IX952", f"inv({e.tensor}): the matrix is singular") from None
    return _components(e.tensor, Stored(np.moveaxis(inverse, (-2, -1), (0, 1)), tensor.extra), e.slots, context)


def _logdet(matrices: Array) -> Array:
    sign, size = np.linalg.slogdet(matrices)
    # The phase of a complex determinant near the positive axis is the step of its logarithm.
    return np.asarray(log(np.asarray(sign)) + size)
