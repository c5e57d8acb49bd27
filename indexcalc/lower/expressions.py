"""Expressions to graph values: one short function per kind of node, found by type."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..diagnostics import fail
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
)  # fmt: skip
from ..ir.graph import Input, MatrixFunction, Operand
from ..ir.index import Index, Slot, Space
from ..ir.program import FunctionDefinition, Tensor
from .access import take
from .builder import COMPARISONS, Builder
from .deltas import mask_of
from .factors import as_float
from .functions import lower_function
from .powers import lower_power
from .products import is_split, lower_product
from .reductions import lower_map, lower_reduce
from .sums import lower_sum
from .symbols import generalized_delta, levi_civita

CONSTANTS = {"pi": math.pi, "e": math.e}


class Lowering:
    """What names mean while one program is lowered."""

    def __init__(
        self,
        build: Builder,
        inputs: Mapping[str, Tensor],
        functions: Mapping[str, FunctionDefinition],
        native: frozenset[str],
    ) -> None:
        self.build = build
        self.inputs = inputs
        self.functions = functions
        self.native = native
        self.definitions: dict[str, tuple[Operand, tuple[Index, ...]]] = {}
        self.parameters: dict[str, Operand] = {}
        self._seen: dict[Expr, Operand] = {}

    def lower(self, e: Expr, wanted: Sequence[Index] = ()) -> Operand:
        """The operand whose labels are (some of) the free indices of `e`; `wanted` is a wish for their order."""
        found = self._seen.get(e)
        if found is None:
            found = _DISPATCH[type(e)](self, e, wanted or self.build.order)
            self._seen[e] = found
        return found

    def forget(self) -> None:
        """Share nothing with what was lowered before, but what has a name."""
        self._seen = {}
        self.build.forget()

    def call(self, function: FunctionDefinition, arguments: Sequence[Operand]) -> Operand:
        """A declared function: its body, with the parameters standing for the arguments."""
        outside = self.parameters, self._seen
        self.parameters, self._seen = dict(zip(function.parameters, arguments)), {}
        result = self.lower(function.body)
        self.parameters, self._seen = outside
        return result

    def squares(self, factor: Expr, bound: Sequence[Index]) -> list[Operand]:
        """A factor of a summed product; x² is two factors x, so that Σ x² is a contraction."""
        if isinstance(factor, Power) and factor.exponent == Literal(2) and not factor.free.isdisjoint(bound):
            base = self.build.numeric(self.lower(factor.base))
            return [base, base]
        return [self.lower(factor)]

    def source(self, tensor: str, rank: int) -> tuple[Operand, tuple[Index, ...]]:
        """A tensor's value and the names of its slots: of an input all, of a definition those it depends on."""
        if tensor in self.definitions:
            return self.definitions[tensor]
        declared = self.inputs.get(tensor)
        if declared is None:
            raise fail("IX902", f"`{tensor}` is neither an input nor defined before it is used")
        # One formal name per slot: `tensor A[i, i]` declares a square matrix, not a diagonal.
        formal = tuple(Index(f"{i.name}@{n}", i.space) for n, i in enumerate(declared.indices))
        named = formal if len(set(declared.indices)) < len(formal) else declared.indices
        kind = "int" if declared.is_integer else "float"
        return self.build.make(Input(tensor), (), named, kind), named  # type: ignore[arg-type]

    def values_of(self, slot: Slot) -> Space | None:
        """The space that an integer tensor's values index."""
        tensor = self.inputs.get(slot.tensor) if isinstance(slot, Access) else None
        return tensor.values if tensor is not None else None


def _access(low: Lowering, e: Access, wanted: Sequence[Index]) -> Operand:
    if not e.slots and e.tensor in low.parameters:
        return low.parameters[e.tensor]
    operand, formal = low.source(e.tensor, len(e.slots))
    if len(formal) != len(e.slots):
        raise fail("IX902", f"`{e.tensor}` has {len(formal)} slots, but is used with {len(e.slots)}")
    slot_of = dict(zip(formal, e.slots))
    return take(low.build, operand, [slot_of[x] for x in operand.labels], low.lower)


def _matrix(low: Lowering, e: MatrixApply, wanted: Sequence[Index]) -> Operand:
    operand, formal = low.source(e.tensor, 2)
    if len(formal) != 2:
        raise fail("IX902", f"{e.function}({e.tensor}) needs a tensor with two slots; `{e.tensor}` has {len(formal)}")
    matrix = low.build.floating(low.build.broadcast(operand, formal))
    if e.function != "inv":  # neither sees a transpose, so the value's own order of axes will do
        return low.build.make(MatrixFunction(e.function), (matrix,), (), matrix.kind)
    # inv(A) has A's columns as rows; where the value is Aᵀ, its inverse is the transpose of inv(A).
    inverse = low.build.make(MatrixFunction("inv"), (matrix,), matrix.labels[::-1], matrix.kind)
    slot_of = dict(zip(formal[::-1], e.slots))
    return take(low.build, inverse, [slot_of[x] for x in inverse.labels], low.lower)


def _constant(low: Lowering, e: Constant, wanted: Sequence[Index]) -> Operand:
    if e.name not in CONSTANTS:
        raise fail("IX902", f"unknown constant `{e.name}`", hint=f"known: {', '.join(CONSTANTS)}")
    return low.build.number(CONSTANTS[e.name])


def _compare(low: Lowering, e: Compare, wanted: Sequence[Index]) -> Operand:
    return low.build.map(COMPARISONS[e.operator], low.lower(e.left), low.lower(e.right))


def _logic(low: Lowering, e: Logic, wanted: Sequence[Index]) -> Operand:
    parts = [low.build.mask(low.lower(a)) for a in e.arguments]
    if e.operator == "not":
        return low.build.map("logical_not", parts[0])
    result = parts[0]
    for part in parts[1:]:
        result = low.build.map("logical_and" if e.operator == "and" else "logical_or", result, part)
    return result


def _where(low: Lowering, e: Where, wanted: Sequence[Index]) -> Operand:
    return low.build.map("where", low.lower(e.condition), low.lower(e.then), low.lower(e.other))


def _index_sum(low: Lowering, e: IndexSum, wanted: Sequence[Index]) -> Operand:
    if isinstance(e.body, Sum) and is_split(e.body, e.indices):
        return low.lower(Sum(tuple(IndexSum(t, e.indices) for t in e.body.terms)), wanted)
    return lower_product(low, e.body, e.indices, wanted)


def _unsupported(low: Lowering, e: Expr, wanted: Sequence[Index]) -> Operand:
    what = "∂ of a field" if isinstance(e, Partial) else "a derivative"
    hint = "differentiate first: only its result has numbers"
    if isinstance(e, Partial):
        hint = "a field's derivative has no value on arrays; write the difference quotient you mean"
    raise fail("IX905", f"{what} cannot be compiled: {e}", hint=hint)


_DISPATCH: Mapping[type, Callable[[Lowering, Any, Sequence[Index]], Operand]] = {
    Access: _access,
    Apply: lambda low, e, wanted: lower_function(low, e),
    Compare: _compare,
    Constant: _constant,
    Delta: lambda low, e, wanted: mask_of(low, e),
    Derivative: _unsupported,
    Extent: lambda low, e, wanted: low.build.size(e.space),
    GeneralizedDelta: lambda low, e, wanted: generalized_delta(low, e),
    IndexMap: lambda low, e, wanted: lower_map(low, e),
    IndexReduce: lambda low, e, wanted: lower_reduce(low, e),
    IndexSum: _index_sum,
    IndexValue: lambda low, e, wanted: low.build.range(e.index),
    LeviCivita: lambda low, e, wanted: levi_civita(low, e),
    Literal: lambda low, e, wanted: low.build.number(as_float(e.value)),
    Logic: _logic,
    MatrixApply: _matrix,
    Partial: _unsupported,
    Power: lambda low, e, wanted: lower_power(low, e),
    Product: lambda low, e, wanted: lower_product(low, e, (), wanted),
    Sum: lambda low, e, wanted: lower_sum(low, e, wanted),
    Where: _where,
}
