"""Running whole programs through the interpreter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..diagnostics import fail
from ..ir.expr import Expr
from ..ir.index import Space
from ..ir.program import Claim, Define, Program, Tensor
from ..ir.signature import bind_sizes, check_names, check_positions
from .evaluate import arranged, as_numbers, evaluate_in
from .value import Array, Context, Stored


def run(program: Program, arrays: Mapping[str, Any], sizes: Mapping[str, int] | None = None) -> dict[str, Array]:
    """Every definition of the program by name, in their order.

    Arrays are checked against the program first; `sizes` gives extents that no array tells.
    """
    inputs, bound = prepare(program, arrays, sizes)
    return {name: np.array(s.array) for name, s in run_stored(program, inputs, bound).items()}


def run_outputs(
    program: Program, arrays: Mapping[str, Any], sizes: Mapping[str, int] | None = None
) -> dict[str, Array]:
    """The program's outputs by name.  An output may be an input that is passed through."""
    inputs, bound = prepare(program, arrays, sizes)
    found = {**inputs, **run_stored(program, inputs, bound)}
    return {name: np.array(found[name].array) for name in program.outputs}


def prepare(
    program: Program, arrays: Mapping[str, Any], sizes: Mapping[str, int] | None = None
) -> tuple[dict[str, Stored], dict[Space, int]]:
    """The inputs as numbers and the size of every space, or a refusal."""
    check_names(program, arrays)
    check_positions(program)
    found = {name: np.asarray(arrays[name]) for name in program.inputs}
    bound = bind_sizes(program, {name: a.shape for name, a in found.items()}, sizes)
    for name, tensor in program.inputs.items():
        _check_integers(tensor, found[name], bound)
    return {name: Stored(as_numbers(a)) for name, a in found.items()}, bound


def _check_integers(tensor: Tensor, array: Array, sizes: Mapping[Space, int]) -> None:
    if tensor.values is None:
        return
    if array.dtype.kind not in "biu":
        raise fail("IX949", f"`{tensor.name}` holds integers, but its array is of type {array.dtype}")
    limit = sizes.get(tensor.values)
    if limit is None or array.size == 0:
        return
    outside = array[(array < 0) | (array >= limit)]
    if outside.size:
        message = f"`{tensor.name}` holds the value {outside.flat[0]}, but its values index `{tensor.values.name}`"
        raise fail("IX948", f"{message} of size {limit}", hint=f"values must lie from 0 to {limit - 1}")


def run_stored(program: Program, tensors: Mapping[str, Stored], sizes: Mapping[Space, int]) -> dict[str, Stored]:
    """Every definition, for inputs that may be batched along extra indices: then so are the results."""
    known = dict(tensors)
    context = context_of(program, known, sizes)
    found: dict[str, Stored] = {}
    for statement in program.statements:
        if isinstance(statement, Define):
            found[statement.name] = known[statement.name] = arranged(
                evaluate_in(statement.body, context), statement.indices, context
            )
    return found


def context_of(program: Program, tensors: Mapping[str, Stored], sizes: Mapping[Space, int]) -> Context:
    return Context(tensors, sizes, {f.name: f for f in program.functions})


def claim_sides(
    program: Program, claim: Claim, tensors: Mapping[str, Stored], sizes: Mapping[Space, int]
) -> tuple[Array, Array]:
    """Both sides of a claim over all its free indices; `tensors` holds inputs and definitions."""
    context = context_of(program, tensors, sizes)
    indices = tuple(sorted(claim.left.free | claim.right.free, key=lambda i: i.name))

    def side(e: Expr) -> Array:
        return arranged(evaluate_in(e, context), indices, context).array

    return side(claim.left), side(claim.right)
