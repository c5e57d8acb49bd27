"""Expressions.  Bound indices are explicit; sums and products are flat; subtraction, division and roots have no nodes.

    a - b     Sum((a, Product((Literal(-1), b))))        a / b     Product((a, Power(b, Literal(-1))))
    sqrt(x)   Power(x, Literal(1/2))                      0.5       Literal(Fraction(1, 2))

Build them with `ir.build`, whose constructors keep this canonical shape; the classes themselves check nothing
(`ir.wellformed` does).
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, TypeAlias, Union

from .index import Affine, Index, Slot, Space, substitute_slot
from .node import Node, node

if TYPE_CHECKING:
    from typing import Any

Number: TypeAlias = Union[int, Fraction, float]  # a float only for ±inf: everything else is exact


class Expr(Node):
    """An index expression.  Immutable, hashable, compared by structure, picklable."""

    __slots__ = ()

    @property
    def free_indices(self) -> tuple[Index, ...]:
        """Free indices in the order in which they first appear."""
        from .walk import free_in_order

        return free_in_order(self)

    @property
    def bound_indices(self) -> tuple[Index, ...]:
        """Indices bound by some sum or reduction inside, in order of first appearance."""
        from .walk import bound_in_order

        return bound_in_order(self)

    @property
    def shape(self) -> tuple[str | int | None, ...]:
        """Extents of the free indices: a name, an integer, or None where unknown."""
        return tuple(i.space.extent for i in self.free_indices)

    @property
    def einsum(self) -> str | None:
        """The einsum string of a contraction of tensors, its output in the order of `free_indices`; else None."""
        from .einsum_text import einsum_text

        return einsum_text(self)

    def to_sympy(self) -> Any:
        """The SymPy expression of one component; see `indexcalc.scalar.to_sympy`.

        >>> import indexcalc as ic
        >>> ic.simplify("A[i,j] x[j]", given="index i, j : n(N)").to_sympy()
        Sum(A[i, j]*x[j], (j, 0, N - 1))
        """
        # The one import that leads to the right: see CONVENIENCES in tests/test_imports.py.
        from ..scalar.to_sympy import to_sympy

        return to_sympy(self)

    def __str__(self) -> str:
        from .text import expression_text

        return expression_text(self)

    # Operators, so that rules read like formulas.
    def __add__(self, other: Any) -> Expr:
        from .build import add, lift

        return add(self, lift(other))

    def __radd__(self, other: Any) -> Expr:
        from .build import add, lift

        return add(lift(other), self)

    def __neg__(self) -> Expr:
        from .build import multiply

        return multiply(Literal(-1), self)

    def __sub__(self, other: Any) -> Expr:
        from .build import lift

        return self + (-lift(other))

    def __rsub__(self, other: Any) -> Expr:
        from .build import lift

        return lift(other) + (-self)

    def __mul__(self, other: Any) -> Expr:
        from .build import lift, multiply

        return multiply(self, lift(other))

    def __rmul__(self, other: Any) -> Expr:
        from .build import lift, multiply

        return multiply(lift(other), self)

    def __truediv__(self, other: Any) -> Expr:
        from .build import lift, multiply, power

        return multiply(self, power(lift(other), Literal(-1)))

    def __rtruediv__(self, other: Any) -> Expr:
        from .build import lift, multiply, power

        return multiply(lift(other), power(self, Literal(-1)))

    def __pow__(self, other: Any) -> Expr:
        from .build import lift, power

        return power(self, lift(other))


@node
class Literal(Expr):
    """An exact number, or ±inf."""

    value: Number


@node
class Constant(Expr):
    """A named irrational number: "pi"."""

    name: str


@node
class Extent(Expr):
    """The number of values of a space, as a scalar."""

    space: Space


@node
class IndexValue(Expr):
    """The value of an index, counted from 0, as a number: `j <= i`, `abs(i - j)`."""

    index: Index


@node
class Access(Expr):
    """A tensor's component.  `slots` may hold Index, int, Affine, or the Access of an integer tensor (a gather).

    `variance` is "" where positions are mere notation, else one of "^" and "_" per slot (a metric is declared).
    """

    tensor: str
    slots: tuple[Slot, ...]
    variance: str = ""

    def with_slots(self, slots: tuple[Slot, ...]) -> Access:
        return Access(self.tensor, slots, self.variance)


@node
class Delta(Expr):
    """Kronecker's δ: 1 where the slots are equal, else 0."""

    left: Slot
    right: Slot


@node
class GeneralizedDelta(Expr):
    """det of the matrix δ(upper_a, lower_b)."""

    upper: tuple[Slot, ...]
    lower: tuple[Slot, ...]


@node
class LeviCivita(Expr):
    """ε: the sign of the permutation that the slots are, 0 where two agree."""

    slots: tuple[Slot, ...]


@node
class Sum(Expr):
    """n-ary addition.  A term may lack a free index that another has, and broadcasts."""

    terms: tuple[Expr, ...]


@node
class Product(Expr):
    """n-ary multiplication; a number comes first, if there is one."""

    factors: tuple[Expr, ...]


@node
class Power(Expr):
    base: Expr
    exponent: Expr


@node
class Apply(Expr):
    """An elementwise function, built in (`ir.functions`) or declared by the program."""

    function: str
    arguments: tuple[Expr, ...]


@node
class MatrixApply(Expr):
    """inv, det or logdet of a two-slot tensor, by name.  inv has two slots (row, column), the others none."""

    function: str
    tensor: str
    slots: tuple[Slot, ...]


@node
class Compare(Expr):
    """1 where the comparison holds, else 0.  `operator` is one of < <= > >= == !=."""

    operator: str
    left: Expr
    right: Expr


@node
class Logic(Expr):
    """and, or, not of conditions (nonzero is true), as 0 or 1."""

    operator: str
    arguments: tuple[Expr, ...]


@node
class Where(Expr):
    """`then` where the condition is nonzero, else `other`.  What is not chosen does not matter, not even inf or NaN."""

    condition: Expr
    then: Expr
    other: Expr


class Binder(Expr):
    """Has a body and indices that are bound in it (and free outside only where `keeps`)."""

    __slots__ = ()
    keeps = False

    if TYPE_CHECKING:  # fields of every subclass

        @property
        def body(self) -> Expr: ...
        @property
        def indices(self) -> tuple[Index, ...]: ...

    def _find_free(self) -> frozenset[Index]:
        bound = frozenset(self.indices)
        return self.body.free | bound if self.keeps else self.body.free - bound


@node
class IndexSum(Binder):
    """Σ over the indices.  An index that the body lacks multiplies by its extent."""

    body: Expr
    indices: tuple[Index, ...]


@node
class IndexReduce(Binder):
    """mean, prod, max, min, logsumexp, norm, var (divides by the extent) or argmax over the indices."""

    operation: str
    body: Expr
    indices: tuple[Index, ...]


@node
class IndexMap(Binder):
    """softmax, cumsum or topk along the indices, which stay free.  `count` is topk's k, else 0."""

    operation: str
    body: Expr
    indices: tuple[Index, ...]
    count: int = 0
    keeps = True


@node
class Partial(Expr):
    """∂_index of a field: every tensor not declared constant depends on the coordinates."""

    body: Expr
    index: Index


@node
class Derivative(Expr):
    """∂ body / ∂ wrt, for a component of a tensor."""

    body: Expr
    wrt: Access


REDUCTIONS = ("mean", "prod", "max", "min", "logsumexp", "norm", "var", "argmax")
MAPS = ("softmax", "cumsum", "topk")
COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
MATRIX_FUNCTIONS = ("inv", "det", "logdet")

__all__ = [
    "COMPARISONS",
    "MAPS", "MATRIX_FUNCTIONS", "REDUCTIONS", "Access", "Affine", "Apply", "Binder", "Compare", "Constant", "Delta",
    "Derivative", "Expr", "Extent", "GeneralizedDelta", "Index", "IndexMap", "IndexReduce", "IndexSum", "IndexValue",
    "LeviCivita", "Literal", "Logic", "MatrixApply", "Number", "Partial", "Power", "Product", "Slot", "Space", "Sum",
    "Where", "substitute_slot",
]  # fmt: skip
