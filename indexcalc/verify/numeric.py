"""Numerical directional derivatives of a program through the interpreter, many directions in one evaluation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod

import numpy as np

from ..interpret.run import run_stored
from ..interpret.value import Array, Stored
from ..ir.index import Index, Space
from ..ir.program import Define, Program
from ..ir.walk import subexpressions
from .decisions import same_piece

COMPLEX_STEP = 1e-20
# Components of the largest intermediate array of one batched evaluation: 64 MiB of complex numbers.
MAX_BATCH_COMPONENTS = 2**22


@dataclass(frozen=True)
class Point:
    """A program at given inputs, with the weights that make a number of its output: Σ weights · output."""

    program: Program
    inputs: Mapping[str, Array]
    sizes: Mapping[Space, int]
    output: str
    weights: Array


def complex_step(point: Point, wrt: str, directions: Array) -> Array:
    """Im f(x + i h d) / h for each direction d, which is the last axis.  No difference is taken: no cancellation."""
    parts = [
        _outputs(point, wrt, point.inputs[wrt][..., None] + 1j * COMPLEX_STEP * block).imag / COMPLEX_STEP
        for block in _blocks(point, directions)
    ]
    return np.concatenate([np.zeros(0), *parts])


def richardson(point: Point, wrt: str, directions: Array, step: float) -> Array:
    """Central differences at `step` and `step`/2, extrapolated: (4 D(h/2) − D(h)) / 3, with an error of order h⁴."""
    parts = [_richardson(point, wrt, block, step) for block in _blocks(point, directions)]
    return np.concatenate([np.zeros(0), *parts])


def _richardson(point: Point, wrt: str, block: Array, step: float) -> Array:
    x = point.inputs[wrt][..., None]
    quotients = []
    for h in (step, step / 2):
        moved = np.concatenate([x + h * block, x - h * block], axis=-1)
        up, down = np.split(_outputs(point, wrt, moved), 2)
        quotients.append((up - down) / (2 * h))
    return np.asarray((4 * quotients[1] - quotients[0]) / 3)


def smooth_directions(point: Point, wrt: str, directions: Array, step: float, way: list[Define]) -> Array:
    """For each direction, whether the central differences' points lie on the same smooth piece as the centre.

    Points at twice the step are asked too, for a kink may hide between two samples.
    """
    found = []
    x = point.inputs[wrt][..., None]
    for block in _blocks(point, directions, 6):
        reaches = [h * block for h in (2 * step, step, step / 2)]
        points = np.concatenate([x, *(x + r for r in reaches), *(x - r for r in reaches)], axis=-1)
        batch, tensors, sizes = _batched(point, wrt, points)
        same = same_piece(point.program, tensors, sizes, batch, way)[1:]
        found.append(same.reshape(6, -1).all(axis=0))
    return np.concatenate([np.zeros(0, dtype=bool), *found])


def _outputs(point: Point, wrt: str, moved: Array) -> Array:
    """Σ weights · output for each of the inputs along the last axis of `moved`."""
    batch, tensors, sizes = _batched(point, wrt, moved)
    found = run_stored(point.program, tensors, sizes)[point.output]
    if batch not in found.extra:  # the output does not depend on the input at all
        return np.full(moved.shape[-1], np.sum(found.array * point.weights))
    return np.asarray(np.sum(found.array * point.weights[..., None], axis=tuple(range(point.weights.ndim))))


def _batched(point: Point, wrt: str, moved: Array) -> tuple[Index, dict[str, Stored], dict[Space, int]]:
    """Inputs of which one is stacked along an index that no program can name."""
    space = Space("direction of differentiation")
    batch = Index("#", space)
    tensors = {name: Stored(array) for name, array in point.inputs.items()}
    return batch, {**tensors, wrt: Stored(moved, (batch,))}, {**point.sizes, space: moved.shape[-1]}


def _blocks(point: Point, directions: Array, copies: int = 2) -> Iterator[Array]:
    """The directions in blocks that keep the largest intermediate array within bounds."""
    length = max(1, MAX_BATCH_COMPONENTS // (copies * largest_array(point.program, point.sizes)))
    for start in range(0, directions.shape[-1], length):
        yield directions[..., start : start + length]


def largest_array(program: Program, sizes: Mapping[Space, int]) -> int:
    """Components of the largest array that the interpreter stores for one point."""
    parts = (part for define in program.definitions.values() for part in subexpressions(define.body))
    return max((prod(sizes[i.space] for i in part.free) for part in parts), default=1) or 1
