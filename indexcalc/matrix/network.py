"""One product of vectors and matrices, summed over indices, as a chain.

Indices are the vertices of a graph, matrices its edges, vectors the weights of its vertices.  Summed vertices are
eliminated: one without edges gives a scalar product, a leaf a matrix times a vector, one between two edges a product of
matrices, two parallel edges a trace.  What cannot be eliminated so has no matrix notation.
"""

from __future__ import annotations

from fractions import Fraction

from ..ir.expr import Index
from .algebra import (
    ONE,
    chain,
    diag,
    dot,
    hadamard,
    parts,
    scale_columns,
    scale_rows,
    scaled,
    trace_of_product,
    transpose,
)
from .nodes import Chain, Diagonal, Identity, Ones, Size, Term

Edge = tuple[Index, Index, Term]


class Network:
    """The factors of one product; `axes` are the indices that stay, `bound` the summed ones."""

    def __init__(self, axes: tuple[Index, ...], bound: tuple[Index, ...]) -> None:
        self.axes, self.bound = axes, list(bound)
        self.coefficient: Fraction = ONE
        self.scalars: list[Term] = []
        self.weights: dict[Index, list[Term]] = {i: [] for i in (*axes, *bound)}
        self.edges: list[Edge] = []
        self.given: list[Term] = []

    def add(self, term: Term, indices: tuple[Index, ...]) -> None:
        """A factor with these indices; rows first."""
        self.given.append(term)
        number, scalars, body = parts(term)
        self.coefficient *= number
        self.scalars += scalars
        if body is None:
            return
        if len(indices) == 2 and indices[0] == indices[1]:
            self.add(Ones(body.space) if isinstance(body, Identity) else Diagonal(body), indices[:1])
        elif len(indices) == 2:
            self.edges.append((indices[0], indices[1], body))
        else:
            self.weights[indices[0]].append(body)

    def reduced(self) -> Term | None:
        """The whole product in matrix notation, or None."""
        while self.bound:
            if not (self._isolated() or self._trace() or self._leaf() or self._between()):
                return None
        result = self._matrix() if len(self.axes) == 2 else self._vector() if self.axes else None
        return scaled(self.coefficient, self.scalars, result)

    # ---- eliminations -------------------------------------------------------------------------------
    def _neighbours(self, index: Index) -> list[Index]:
        found = {(b if a == index else a): None for a, b, _ in self.edges if index in (a, b)}
        return list(found)

    def _isolated(self) -> bool:
        for index in self.bound:
            if self._neighbours(index):
                continue
            weights = self._drop(index)
            if not weights:
                self._scalar(Size(index.space))
            elif len(weights) == 1:
                self._scalar(dot(Ones(index.space), weights[0]))
            else:
                self._scalar(dot(hadamard(*weights[:-1]), weights[-1]))
            return True
        return False

    def _trace(self) -> bool:
        """Two summed indices tied by two matrices, and by nothing else."""
        for i in self.bound:
            near = self._neighbours(i)
            if len(near) != 1 or near[0] not in self.bound or self._neighbours(near[0]) != [i]:
                continue
            j = near[0]
            if self.weights[i] or self.weights[j] or len(self._between_indices(i, j)) != 2:
                continue
            left, right = self._take(i, j)
            self.bound = [k for k in self.bound if k not in (i, j)]
            self._scalar(trace_of_product(left, right, self._place))
            return True
        return False

    def _leaf(self) -> bool:
        """A summed index with one neighbour: a matrix times a vector, which weighs the neighbour."""
        for index in reversed(self.bound):
            near = self._neighbours(index)
            if len(near) == 1:
                matrix = hadamard(*self._take(near[0], index))
                vector = hadamard(*(self._drop(index) or [Ones(index.space)]))
                self.add(chain(matrix, vector), (near[0],))
                return True
        return False

    def _between(self) -> bool:
        """A summed index between two others: a product of matrices."""
        for index in self.bound:
            near = self._neighbours(index)
            if len(near) == 2:
                left, right = (hadamard(*self._take(a, b)) for a, b in ((near[0], index), (index, near[1])))
                weights = self._drop(index)
                middle = [scale_columns(left, hadamard(*weights))] if weights else [left]
                self.add(chain(*middle, right), (near[0], near[1]))
                return True
        return False

    def _between_indices(self, i: Index, j: Index) -> list[Edge]:
        return [e for e in self.edges if {e[0], e[1]} == {i, j}]

    def _take(self, rows: Index, columns: Index) -> list[Term]:
        """The matrices between two indices, each with these rows; they leave the graph."""
        found = self._between_indices(rows, columns)
        self.edges = [e for e in self.edges if e not in found]
        return [m if a == rows else transpose(m) for a, _, m in found]

    def _place(self, product: Term) -> int:
        """When the leading factor of a product was given, itself or transposed."""
        lead = product.factors[0] if isinstance(product, Chain) else product
        return next((k for k, t in enumerate(self.given) if lead in (t, transpose(t))), len(self.given))

    def _drop(self, index: Index) -> list[Term]:
        """A summed index is dealt with; its weights."""
        self.bound.remove(index)
        return self.weights.pop(index)

    def _scalar(self, term: Term) -> None:
        self.add(term, ())

    # ---- what is left -------------------------------------------------------------------------------
    def _weight(self, index: Index) -> Term | None:
        found = self.weights[index]
        return hadamard(*found) if found else None

    def _vector(self) -> Term:
        (index,) = self.axes
        return self._weight(index) or Ones(index.space)

    def _matrix(self) -> Term:
        rows, columns = self.axes
        u, v = self._weight(rows), self._weight(columns)
        matrices = self._take(rows, columns)
        if not matrices:
            return chain(u or Ones(rows.space), transpose(v or Ones(columns.space)))
        found = hadamard(*matrices)
        if isinstance(parts(found)[2], Identity) and (u or v):
            return diag(hadamard(*(w for w in (u, v) if w is not None)))
        found = scale_rows(u, found) if u is not None else found
        return scale_columns(found, v) if v is not None else found
