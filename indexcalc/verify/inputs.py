"""Random inputs that respect what the program declares about them."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import permutations

import numpy as np

from ..diagnostics import fail
from ..interpret.value import Array
from ..ir.expr import MatrixApply
from ..ir.index import Space
from ..ir.program import Attribute, Program, Tensor
from ..ir.signature import statement_bodies
from ..ir.walk import subexpressions

# Tried in turn until every output is finite: as is, positive for log and roots, inside (0, 1) for log(1 - x).
RANGES = ("normal", "positive", "unit interval")


def draw(program: Program, sizes: Mapping[Space, int], rng: np.random.Generator, kind: str) -> dict[str, Array]:
    """One array per input: floats from the range, integers that lie in the space they index."""
    matrices = {
        part.tensor
        for body in statement_bodies(program)
        for part in subexpressions(body)
        if isinstance(part, MatrixApply)
    }
    found = {}
    for tensor in program.tensors:
        shape = tuple(sizes[s] for s in tensor.spaces)
        if tensor.values is not None:
            found[tensor.name] = rng.integers(0, max(1, sizes.get(tensor.values, 2)), shape)
            continue
        array = _components(tensor, shape, rng, kind)
        if tensor.name in matrices:
            # Near a multiple of the identity: a badly conditioned inverse would hide what is looked for.
            array = np.eye(shape[0]) * (1.0 + 0.5 * shape[0]) + 0.4 * array
        for attribute in tensor.attributes:
            array = _respect(attribute, array)
        found[tensor.name] = array
    return found


def _components(tensor: Tensor, shape: tuple[int, ...], rng: np.random.Generator, kind: str) -> Array:
    if kind == "unit interval":
        return rng.uniform(0.1, 0.9, shape)
    if kind == "positive" or any(a.name == "positive" for a in tensor.attributes):
        return rng.uniform(0.5, 2.0, shape)
    return rng.normal(size=shape)


def _respect(attribute: Attribute, array: Array) -> Array:
    axes = tuple(s - 1 for s in attribute.slots) or tuple(range(array.ndim))
    if attribute.name in ("symmetric", "antisymmetric"):
        return _project(array, axes, attribute.name == "antisymmetric")
    if attribute.name == "diagonal":
        return array * _on_diagonal(array.shape)
    if attribute.name == "orthogonal":
        rows, columns = array.shape
        square = np.linalg.qr(array if rows >= columns else array.T)[0]
        return square if rows >= columns else square.T
    if attribute.name == "riemann":
        return _riemann(array)
    return array


def _project(array: Array, axes: tuple[int, ...], signed: bool) -> Array:
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
    if r.ndim != 4:
        raise fail("IX901", "a tensor declared `riemann` needs four slots")
    r = _project(_project(r, (0, 1), True), (2, 3), True)
    r = (r + r.transpose(2, 3, 0, 1)) / 2
    return np.asarray(r - (r + r.transpose(0, 2, 3, 1) + r.transpose(0, 3, 1, 2)) / 3)
