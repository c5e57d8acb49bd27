"""Terms of matrix notation.  Vectors are columns; a row is a transposed vector.

`shape` says for rows and for columns whether there are several: (True, False) is a column vector.  Build terms with
`matrix.algebra`, whose constructors keep them simple.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from ..ir.expr import Space

Shape = tuple[bool, bool]
SCALAR, COLUMN, ROW, MATRIX = (False, False), (True, False), (False, True), (True, True)


class Term:
    """A scalar, a vector or a matrix."""

    __slots__ = ()

    @property
    def shape(self) -> Shape:
        return SCALAR


@dataclass(frozen=True, slots=True)
class Symbol(Term):
    """A tensor by its name.  `symmetric`: a matrix that equals its transpose."""

    name: str
    rank: int
    symmetric: bool = False

    @property
    def shape(self) -> Shape:
        return (self.rank > 0, self.rank > 1)


@dataclass(frozen=True, slots=True)
class Number(Term):
    value: Fraction


@dataclass(frozen=True, slots=True)
class Size(Term):
    """The number of values of a space."""

    space: Space


@dataclass(frozen=True, slots=True)
class Ones(Term):
    """The column vector of ones over a space."""

    space: Space

    @property
    def shape(self) -> Shape:
        return COLUMN


@dataclass(frozen=True, slots=True)
class Identity(Term):
    """I, δ in matrix notation; `space` is that of its rows."""

    space: Space

    @property
    def shape(self) -> Shape:
        return MATRIX


@dataclass(frozen=True, slots=True)
class Transpose(Term):
    of: Term

    @property
    def shape(self) -> Shape:
        return self.of.shape[::-1]


@dataclass(frozen=True, slots=True)
class Chain(Term):
    """A matrix product, from left to right: A B, A x, xᵀ A y, x yᵀ."""

    factors: tuple[Term, ...]

    @property
    def shape(self) -> Shape:
        return (self.factors[0].shape[0], self.factors[-1].shape[1])


@dataclass(frozen=True, slots=True)
class Scaled(Term):
    """coefficient · scalars · body; without a body a product of scalars."""

    coefficient: Fraction
    scalars: tuple[Term, ...]
    body: Term | None

    @property
    def shape(self) -> Shape:
        return SCALAR if self.body is None else self.body.shape


@dataclass(frozen=True, slots=True)
class Total(Term):
    """A sum of terms of one shape."""

    terms: tuple[Term, ...]

    @property
    def shape(self) -> Shape:
        return self.terms[0].shape


@dataclass(frozen=True, slots=True)
class Hadamard(Term):
    """An elementwise product of vectors or of matrices."""

    factors: tuple[Term, ...]

    @property
    def shape(self) -> Shape:
        return self.factors[0].shape


@dataclass(frozen=True, slots=True)
class MatrixPower(Term):
    """A² = A A, and A⁻¹."""

    base: Term
    exponent: int

    @property
    def shape(self) -> Shape:
        return MATRIX


@dataclass(frozen=True, slots=True)
class ElementPower(Term):
    """Every component to a power; of a scalar, its power."""

    base: Term
    exponent: Fraction

    @property
    def shape(self) -> Shape:
        return self.base.shape


@dataclass(frozen=True, slots=True)
class Map(Term):
    """An elementwise function; scalar arguments serve every component."""

    function: str
    arguments: tuple[Term, ...]

    @property
    def shape(self) -> Shape:
        shapes = [a.shape for a in self.arguments]
        return (any(s[0] for s in shapes), any(s[1] for s in shapes))


@dataclass(frozen=True, slots=True)
class Softmax(Term):
    """Along each row of a matrix, or along a vector."""

    of: Term

    @property
    def shape(self) -> Shape:
        return self.of.shape


@dataclass(frozen=True, slots=True)
class Reduced(Term):
    """max, min, logsumexp, prod or var of each row of a matrix, or of all of a vector; "total": of all of a matrix."""

    operation: str
    of: Term
    total: bool = False

    @property
    def shape(self) -> Shape:
        return COLUMN if self.of.shape == MATRIX and not self.total else SCALAR


@dataclass(frozen=True, slots=True)
class OfMatrix(Term):
    """tr, det or logdet."""

    function: str
    of: Term


@dataclass(frozen=True, slots=True)
class Norm(Term):
    """√(Σ x²) of a vector, or of a matrix (Frobenius)."""

    of: Term


@dataclass(frozen=True, slots=True)
class Diagonal(Term):
    """The vector of a matrix' diagonal entries."""

    of: Term

    @property
    def shape(self) -> Shape:
        return COLUMN


@dataclass(frozen=True, slots=True)
class Diag(Term):
    """The matrix with a vector on its diagonal."""

    of: Term

    @property
    def shape(self) -> Shape:
        return MATRIX
