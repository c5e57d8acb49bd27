"""The operation graph: what a Program becomes before it is written out as array code.

A `Value` is the result of one array operation and has ordered, named axes.  Its operands are other values whose axes
are labelled by the names that this operation gives them, as in an einsum.  A graph is single-assignment: `values` is in
an order in which it can be computed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias, Union

from .index import Index, Space

if TYPE_CHECKING:
    from .kernel import Kernel

Kind: TypeAlias = Literal["float", "real", "int", "bool", "number"]
"""float: the dtype of the inputs.  real: its real part's (made from integers, never complex).  int: exact integers.
bool: a mask.  number: a plain scalar that takes the dtype of whatever it meets."""


@dataclass(frozen=True, slots=True)
class Input:
    """An array that the caller gives."""

    tensor: str


@dataclass(frozen=True, slots=True)
class Number:
    """A plain number, written where it is used."""

    value: int | float


@dataclass(frozen=True, slots=True)
class Size:
    """The extent of a space, written where it is used."""

    space: Space


@dataclass(frozen=True, slots=True)
class Range:
    """0, 1, … along the only axis."""


@dataclass(frozen=True, slots=True)
class Map:
    """An elementwise function of operands that are aligned by label and broadcast."""

    function: str


@dataclass(frozen=True, slots=True)
class Contract:
    """The product of two operands, summed over every label that the result lacks; at least one."""


@dataclass(frozen=True, slots=True)
class Reduce:
    """sum, prod, max, min, logsumexp or shift over every label that the result lacks.

    shift is the real maximum, 0 where that is infinite or nothing is there: safe to subtract before an exponential.
    """

    operation: str


@dataclass(frozen=True, slots=True)
class Along:
    """softmax, cumsum, reversed_cumsum or topk along `indices`, which the result keeps; argmax, which drops them.

    reversed_cumsum sums from the other end: Σ_{m ≥ j} x_m.  softmax and topk take several indices together, the last
    one fastest; the others take one.
    """

    operation: str
    indices: tuple[Index, ...]
    count: int = 0


@dataclass(frozen=True, slots=True)
class Form:
    """Σ coefficient · axis + offset: which element of a source axis a view's element is."""

    coefficients: tuple[int, ...]
    offset: int


@dataclass(frozen=True, slots=True)
class View:
    """Elements of the source without a copy: one form per source axis, over the axes of the result.

    Where it is `padded`, forms may point outside of the source: there it is 0.  The source is then copied, with as many
    zeros around it as the forms reach.
    """

    forms: tuple[Form, ...]
    padded: bool = False


@dataclass(frozen=True, slots=True)
class Gather:
    """source[position, …, :]: the source's labels `indices` are replaced by the integer operands that follow it.

    The result's axes: the labels of the positions, then the rest of the source's.
    """

    indices: tuple[Index, ...]


@dataclass(frozen=True, slots=True)
class Scatter:
    """base, or zeros, + the source added at positions: one integer operand for each of the result's axes `indices`.

    Operands: the source, the positions, then the base, if there is one.  The source's labels that the result lacks are
    those of the positions; with a base, it may lack some of them.  Equal positions add up.
    """

    indices: tuple[Index, ...]
    has_base: bool


@dataclass(frozen=True, slots=True)
class ScatterWindows:
    """The source added where forms over its labels `indices` point; what points outside is dropped.  A View's adjoint.

    The result's first axes are those that the forms give, one for each; the rest are the source's other labels.
    """

    forms: tuple[Form, ...]
    indices: tuple[Index, ...]


@dataclass(frozen=True, slots=True)
class MatrixFunction:
    """inv, det or logdet of a matrix."""

    function: str


@dataclass(frozen=True, slots=True)
class Broadcast:
    """The operand, repeated along the axes that it lacks."""


@dataclass(frozen=True, slots=True)
class Fused:
    """A kernel run on the operands, which are its inputs by place.  Has no axes: each of its outputs is a `Part`.

    `makers`: by the number of a block, the definition for which the kernel makes or loads it; the text does not differ.
    """

    kernel: Kernel
    makers: tuple[str, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Part:
    """One output of the fused kernel that is the operand."""

    number: int


Operation = Union[
    Input, Number, Size, Range, Map, Contract, Reduce, Along, View, Gather, Scatter, ScatterWindows, MatrixFunction,
    Broadcast, Fused, Part,
]  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Value:
    """The result of one operation.  Compared by identity: the builder makes equal values once."""

    number: int
    operation: Operation
    operands: tuple[Operand, ...]
    axes: tuple[Index, ...]
    kind: Kind

    @property
    def is_inline(self) -> bool:
        """Whether it is written where it is used instead of getting a line."""
        return isinstance(self.operation, (Number, Size))

    @property
    def is_view(self) -> bool:
        """Whether it shares memory with its first operand.

        So do a gather at one place, `x[t]` with a number t, and positions that were checked to lie inside.
        """
        if isinstance(self.operation, Gather):
            return not any(position.labels for position in self.operands[1:])
        return isinstance(self.operation, (View, Broadcast)) or self.operation == Map("inside")


@dataclass(frozen=True, slots=True)
class Operand:
    """A value with the names that its axes have here."""

    value: Value
    labels: tuple[Index, ...]

    @property
    def label_set(self) -> frozenset[Index]:
        return frozenset(self.labels)

    @property
    def kind(self) -> Kind:
        return self.value.kind

    @property
    def is_array(self) -> bool:
        """Not a number written in place."""
        return not self.value.is_inline

    def number(self) -> int | float | None:
        """The number that it is, or None."""
        operation = self.value.operation
        return operation.value if isinstance(operation, Number) else None


def positions_differ(scatter: Value) -> bool:
    """Whether the form of a scatter shows that no position occurs twice: each of their labels is a position itself."""
    assert isinstance(scatter.operation, Scatter)
    positions = scatter.operands[1 : 1 + len(scatter.operation.indices)]
    ranges = {x for p in positions if isinstance(p.value.operation, Range) for x in p.labels}
    along = {x for o in scatter.operands[: 1 + len(positions)] for x in o.labels}
    return along <= ranges.union(scatter.axes)


@dataclass(frozen=True)
class Output:
    """A named result and the order of its axes."""

    name: str
    operand: Operand
    axes: tuple[Index, ...]


@dataclass(frozen=True)
class Graph:
    """Values in an order in which they can be computed.

    `names`: definitions by their value's number.  `makers`: the definition for which a value was first made.  `anew`:
    numbers from each of which on values are made again that may equal earlier ones: none of those but inputs and
    numbers may take their place, since what was computed before may be meant to be gone.
    """

    values: tuple[Value, ...]
    outputs: tuple[Output, ...]
    names: Mapping[int, str]
    makers: Mapping[int, str]
    anew: tuple[int, ...] = ()

    def __iter__(self) -> Iterator[Value]:
        return iter(self.values)
