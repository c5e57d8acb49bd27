"""Arrays that are what a declaration says, and the directions in which they can move and stay so."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import permutations

import numpy as np

from ..diagnostics import fail
from ..interpret.value import Array
from ..ir.program import Program, Tensor
from ..ir.structure import structure_of

SATISFIED = 1e-9  # relative to the largest component: how far given arrays may be off


def respect(tensor: Tensor, array: Array) -> Array:
    """The array turned into one that the declaration allows: the nearest one, but for an orthogonal tensor."""
    structure = structure_of(tensor.attributes, len(tensor.indices))
    if structure.orthogonal:
        if array.shape[0] < array.shape[1]:
            raise fail(
                "IX944",
                f"`{tensor.name}` is declared orthogonal, and a {array.shape[0]}×{array.shape[1]} matrix cannot have "
                "orthonormal columns",
                hint="give its first slot at least the size of its second, or exchange the two",
            )
        return np.asarray(np.linalg.qr(array)[0])
    return _nearest(tensor, array)


def _nearest(tensor: Tensor, array: Array) -> Array:
    """The nearest array of a linear space of arrays."""
    structure = structure_of(tensor.attributes, len(tensor.indices))
    if structure.diagonal:
        array = array * _on_diagonal(array.shape)
    if structure.riemann:
        return _riemann(array)
    for slots, sign in structure.exchanges:
        array = _mean(array, slots, sign < 0)
    return array


def tangents(tensor: Tensor, point: Array, directions: Array) -> Array:
    """The directions, which are the last axis, projected onto those in which the tensor can move from `point`."""
    structure = structure_of(tensor.attributes, len(tensor.indices))
    if structure.orthogonal:
        return _along_rotations(point, directions)
    if not structure.exchanges and not structure.diagonal:
        return directions
    count = directions.shape[-1]
    return np.stack([_nearest(tensor, directions[..., k]) for k in range(count)], axis=-1) if count else directions


def check_declared(program: Program, arrays: Mapping[str, Array]) -> None:
    """Refuse given arrays that are not what their declaration says."""
    for tensor in program.tensors:
        if tensor.is_integer:
            continue
        array = arrays[tensor.name]
        structure = structure_of(tensor.attributes, len(tensor.indices))
        allowed = SATISFIED * float(np.max(np.abs(array), initial=1.0))
        if structure.orthogonal:
            gap = np.abs(array.T @ array - np.eye(array.shape[1]))
        else:
            gap = np.abs(array - _nearest(tensor, array))
        names = [a.name for a in tensor.attributes if a.name != "positive"]
        if any(a.name == "positive" for a in tensor.attributes) and not np.all(array[_allowed(tensor, array)] > 0):
            names, gap = ["positive"], np.ones(1)
        if np.max(gap, initial=0.0) > allowed:
            raise fail(
                "IX956",
                f"`{tensor.name}` is declared {' '.join(names)}, and the array given for it is not",
                hint="gradients by a declared tensor are right only where it is what it is declared to be",
            )


def _allowed(tensor: Tensor, array: Array) -> Array:
    """Where a component may differ from zero."""
    return np.asarray(_nearest(tensor, np.ones_like(array)) != 0)


def _along_rotations(q: Array, directions: Array) -> Array:
    """Tangents D of the matrices with orthonormal columns satisfy QᵀD + DᵀQ = 0: what the linear map on the left sends
    elsewhere is taken out, by least squares."""
    size, columns = q.size, q.shape[1]
    units = np.eye(size).reshape(*q.shape, size)
    moved = np.einsum("ik,ilu->klu", q, units)
    constraint = (moved + moved.transpose(1, 0, 2)).reshape(columns * columns, size)
    flat = directions.reshape(size, -1)
    out = flat - np.linalg.lstsq(constraint, constraint @ flat, rcond=None)[0]
    return np.asarray(out.reshape(directions.shape))


def _mean(array: Array, axes: tuple[int, ...], signed: bool) -> Array:
    """The mean over the permutations of the axes, each with its sign where wanted."""
    orders = list(permutations(axes))
    total = np.zeros_like(array)
    for order in orders:
        full = list(range(array.ndim))
        for axis, source in zip(axes, order):
            full[axis] = source
        inversions = sum(a > b for k, a in enumerate(order) for b in order[k + 1 :])
        total += np.transpose(array, full) * (-1.0 if signed and inversions % 2 else 1.0)
    return total / len(orders)


def _on_diagonal(shape: tuple[int, ...]) -> Array:
    positions = np.indices(shape)
    equal: Array = np.all(positions == positions[:1], axis=0)
    return equal.astype(float)


def _riemann(r: Array) -> Array:
    """Antisymmetric in each pair, symmetric under their exchange, and with a vanishing cyclic sum."""
    r = _mean(_mean(r, (0, 1), True), (2, 3), True)
    r = (r + r.transpose(2, 3, 0, 1)) / 2
    return np.asarray(r - (r + r.transpose(0, 2, 3, 1) + r.transpose(0, 3, 1, 2)) / 3)
