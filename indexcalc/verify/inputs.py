"""Random inputs that respect what the program declares about them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..interpret.value import Array
from ..ir.expr import MatrixApply
from ..ir.index import Space
from ..ir.program import Program, Tensor
from ..ir.signature import statement_bodies
from ..ir.walk import subexpressions
from .structured import respect

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
        found[tensor.name] = respect(tensor, array)
    return found


def _components(tensor: Tensor, shape: tuple[int, ...], rng: np.random.Generator, kind: str) -> Array:
    if kind == "unit interval":
        return rng.uniform(0.1, 0.9, shape)
    if kind == "positive" or any(a.name == "positive" for a in tensor.attributes):
        return rng.uniform(0.5, 2.0, shape)
    return rng.normal(size=shape)
