"""Arrays whose axes are indices, and how they line up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np

from ..diagnostics import fail
from ..ir.index import Index, Space
from ..ir.program import FunctionDefinition

Array: TypeAlias = np.ndarray[Any, Any]


def in_order(indices: Iterable[Index]) -> tuple[Index, ...]:
    """The distinct indices, sorted by name: the order of every value's axes."""
    return tuple(sorted(set(indices), key=lambda i: (i.name, repr(i.space))))


@dataclass(frozen=True)
class Value:
    """An array with one axis per index, in the order of `in_order`."""

    array: Array
    axes: tuple[Index, ...] = ()

    @staticmethod
    def of(array: Array, axes: Sequence[Index]) -> Value:
        """From an array whose axes come in any order."""
        ordered = in_order(axes)
        return Value(np.transpose(array, [axes.index(i) for i in ordered]), ordered)

    def spread(self, axes: tuple[Index, ...]) -> Array:
        """The array with a length-1 axis for each of `axes` (in order, a superset) that the value lacks."""
        return self.array[tuple(slice(None) if i in self.axes else None for i in axes)]


@dataclass(frozen=True)
class Stored:
    """A tensor's components: one axis per slot, then one per index in `extra` (a batch of evaluations at once)."""

    array: Array
    extra: tuple[Index, ...] = ()


@dataclass(frozen=True)
class Context:
    """What names mean while an expression is evaluated."""

    tensors: Mapping[str, Stored]
    sizes: Mapping[Space, int]
    functions: Mapping[str, FunctionDefinition]
    chosen: tuple[Value, ...] = ()  # truths that all hold where what is evaluated is read

    def where(self, *truths: Value) -> Context:
        """The context inside a branch."""
        return replace(self, chosen=(*self.chosen, *truths))

    def without(self, indices: Iterable[Index]) -> Context:
        """The context inside a binder, where the indices take values of their own."""
        gone = frozenset(indices)
        kept = tuple(v for v in self.chosen if gone.isdisjoint(v.axes))
        return self if len(kept) == len(self.chosen) else replace(self, chosen=kept)

    def size(self, space: Space) -> int:
        """The number of values of a space."""
        if space in self.sizes:
            return self.sizes[space]
        if isinstance(space.extent, int):
            return space.extent
        raise fail("IX945", f"the size of space `{space.name}` is not given", hint="give it in sizes")

    def shape(self, axes: Iterable[Index]) -> tuple[int, ...]:
        return tuple(self.size(i.space) for i in axes)


def align(values: Sequence[Value]) -> tuple[list[Array], tuple[Index, ...]]:
    """The arrays shaped so that they broadcast against each other, and the axes of the result."""
    axes = in_order(i for v in values for i in v.axes)
    return [v.spread(axes) for v in values], axes


def widen(value: Value, indices: Iterable[Index], context: Context) -> Value:
    """The value with all of these indices among its axes, repeated along those it lacked."""
    axes = in_order((*value.axes, *indices))
    if axes == value.axes:
        return value
    sizes = dict(zip(value.axes, value.array.shape))
    shape = tuple(sizes[i] if i in sizes else context.size(i.space) for i in axes)
    return Value(np.broadcast_to(value.spread(axes), shape), axes)


def axis_numbers(value: Value, indices: Iterable[Index]) -> tuple[int, ...]:
    return tuple(value.axes.index(i) for i in indices)
