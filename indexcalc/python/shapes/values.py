"""What an expression's value may be known to be: an array's shape, a size, a tuple, a layer, or a thing with a name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Union

from ..module import Dim, Shape
from .dims import agreed, agreed_shapes


@dataclass(frozen=True, slots=True)
class Symbol:
    """Something unknown that has a name.  Where a size is expected, it is `dim`."""

    dim: Dim


@dataclass(frozen=True, slots=True)
class Items:
    """A tuple or list.  `open_at` is where unknown many items stand."""

    values: tuple[Value, ...]
    open_at: int | None = None


@dataclass(frozen=True, slots=True)
class Layer:
    """A module of a neural network: its kind and what its constructor was told."""

    kind: str
    sizes: tuple[Dim, ...] = ()
    options: Mapping[str, bool] = field(default_factory=dict)


Value = Union[Shape, Dim, Symbol, Items, Layer, None]


def joined(a: Value, b: Value) -> Value:
    """What holds whichever of the two it is.

    >>> joined(Shape((Dim("b"), Dim("n"))), Shape((Dim("b"), Dim("m")))).dims[1].name is None
    True
    """
    if a == b:
        return a
    if isinstance(a, Shape) and isinstance(b, Shape):
        return agreed_shapes(a, b)
    if isinstance(a, Dim) and isinstance(b, Dim):
        return agreed(a, b)
    if isinstance(a, Items) and isinstance(b, Items) and (len(a.values), a.open_at) == (len(b.values), b.open_at):
        return Items(tuple(map(joined, a.values, b.values)), a.open_at)
    return None


def shape_items(shape: Shape) -> Items:
    """The value of `x.shape`."""
    return Items(shape.dims, shape.open_at)


def axis(shape: Shape, number: int) -> int | None:
    """Where the axis stands in `dims`; negative numbers count from the end; None where it cannot be told.

    >>> axis(Shape((Dim("b"), Dim("d")), 1), -1), axis(Shape((Dim("b"), Dim("d")), 1), 1)
    (1, None)
    """
    rank = len(shape.dims)
    if shape.open_at is None:
        place = number + rank if number < 0 else number
        return place if 0 <= place < rank else None
    if 0 <= number < shape.open_at:
        return number
    return rank + number if number < 0 and -number <= rank - shape.open_at else None
