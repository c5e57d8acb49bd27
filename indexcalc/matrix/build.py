"""Index expressions to matrix terms; None where matrix notation has no words for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

from ..ir.expr import (
    Access,
    Apply,
    Constant,
    Delta,
    Expr,
    Extent,
    Index,
    IndexMap,
    IndexReduce,
    IndexSum,
    Literal,
    MatrixApply,
    Power,
    Product,
    Slot,
    Sum,
)
from ..ir.program import Tensor
from ..ir.walk import fresh_index, slots_of, substitute
from .algebra import ONE, element_power, scaled, softmax, total
from .network import Network
from .nodes import (
    Identity,
    Map,
    MatrixPower,
    Norm,
    Number,
    OfMatrix,
    Ones,
    Reduced,
    Size,
    Symbol,
    Term,
)

Axes = tuple[Index, ...]
REDUCED = ("max", "min", "logsumexp", "prod", "var")


class _Unwritable(Exception):
    """Some part has no matrix notation; caught by `matrix_term`, which then gives None."""


def matrix_term(e: Expr, axes: Axes, inputs: Mapping[str, Tensor]) -> Term | None:
    """The expression over `axes`, rows first; `inputs` tells which matrices are symmetric.  None if it has no form."""
    if len(axes) > 2:
        return None
    try:
        return _Builder(inputs).over(e, axes)
    except _Unwritable:
        return None


class _Builder:
    def __init__(self, inputs: Mapping[str, Tensor]) -> None:
        self.inputs = inputs

    def over(self, e: Expr, axes: Axes) -> Term:
        """The term with exactly these axes: what lacks one is repeated along it."""
        own = tuple(i for i in axes if i in e.free)
        if not e.free <= set(axes):
            raise _Unwritable
        if isinstance(e, (Product, IndexSum, Access, Delta, Power, MatrixApply)):
            return self.monomial(e, axes)
        if isinstance(e, Sum):
            return total(self.over(t, axes) for t in e.terms)
        if own != axes:
            network = Network(axes, ())
            network.add(self.over(e, own), own)
            return _written(network.reduced())
        return self.leaf(e, axes)

    def leaf(self, e: Expr, axes: Axes) -> Term:
        """What is neither a sum nor a product."""
        if isinstance(e, Literal):
            if isinstance(e.value, float):
                raise _Unwritable
            return Number(Fraction(e.value))
        if isinstance(e, Constant):
            return Symbol("π" if e.name == "pi" else e.name, 0)
        if isinstance(e, Extent):
            return Size(e.space)
        if isinstance(e, Apply):
            return self.apply(e, axes)
        if isinstance(e, IndexReduce):
            return self.reduce(e, axes)
        if isinstance(e, IndexMap) and e.operation == "softmax" and len(e.indices) == 1:
            body = self.over(e.body, axes)
            return softmax(body, down=len(axes) == 2 and e.indices[0] == axes[0])
        raise _Unwritable

    def apply(self, e: Apply, axes: Axes) -> Term:
        arguments = [self.over(a, axes if a.free else ()) for a in e.arguments]
        if e.function == "sqrt":
            return element_power(arguments[0], Fraction(1, 2))
        return Map(e.function, tuple(arguments))

    def reduce(self, e: IndexReduce, axes: Axes) -> Term:
        if e.operation == "mean":
            sizes = [element_power(Size(i.space), Fraction(-1)) for i in e.indices]
            return scaled(ONE, sizes, self.monomial(IndexSum(e.body, e.indices), axes))
        if e.operation == "norm" and not axes and len(e.indices) <= 2:
            return Norm(self.over(e.body, e.indices))
        if e.operation not in REDUCED:
            raise _Unwritable
        if not axes and len(e.indices) <= 2:
            return Reduced(e.operation, self.over(e.body, e.indices), total=len(e.indices) == 2)
        if len(axes) == 1 and len(e.indices) == 1:
            return Reduced(e.operation, self.over(e.body, (axes[0], e.indices[0])))
        raise _Unwritable

    # ---- products -----------------------------------------------------------------------------------
    def monomial(self, e: Expr, axes: Axes) -> Term:
        """A product, summed or not."""
        if isinstance(e, Power):
            return self.power(e, axes)
        body, bound = (e.body, e.indices) if isinstance(e, IndexSum) else (e, ())
        network = Network(axes, bound)
        for factor in body.factors if isinstance(body, Product) else (body,):
            for term, indices in self.factor(factor):
                network.add(term, indices)
        found = network.reduced()
        if found is None and (flat := _flattened(e)) != e:
            return self.monomial(flat, axes)
        return _written(found)

    def factor(self, e: Expr) -> Iterator[tuple[Term, Axes]]:
        """A factor as terms with their indices; a square counts as two factors."""
        if isinstance(e, (Access, Delta, MatrixApply)):
            yield self.reference(e)
            return
        indices = e.free_indices
        if len(indices) > 2:
            raise _Unwritable
        if isinstance(e, Power) and e.exponent == Literal(2) and indices:
            base = self.over(e.base, indices)
            yield from ((base, indices), (base, indices))
            return
        yield self.over(e, indices), indices

    def power(self, e: Power, axes: Axes) -> Term:
        if not isinstance(e.exponent, Literal) or isinstance(e.exponent.value, float):
            raise _Unwritable
        own = tuple(i for i in axes if i in e.free)
        base = self.over(e.base, own)
        network = Network(axes, ())
        square = e.exponent.value == 2 and own
        for term in (base, base) if square else (element_power(base, Fraction(e.exponent.value)),):
            network.add(term, own)
        return _written(network.reduced())

    def reference(self, e: Access | Delta | MatrixApply) -> tuple[Term, Axes]:
        """A leaf with slots, and its indices."""
        indices = _plain(slots_of(e))
        if isinstance(e, Delta):
            if indices[0].space != indices[1].space:
                raise _Unwritable
            return Identity(indices[0].space), indices
        if isinstance(e, MatrixApply):
            matrix = self.symbol(e.tensor, 2)
            return (MatrixPower(matrix, -1) if e.function == "inv" else OfMatrix(e.function, matrix)), indices
        if e.variance or len(indices) > 2:
            raise _Unwritable
        if e.tensor == "ones" and len(indices) == 1 and "ones" not in self.inputs:
            return Ones(indices[0].space), indices
        return self.symbol(e.tensor, len(indices)), indices

    def symbol(self, name: str, rank: int) -> Symbol:
        tensor = self.inputs.get(name)
        symmetric = tensor is not None and any(a.name in ("symmetric", "diagonal") for a in tensor.attributes)
        return Symbol(name, rank, symmetric and rank == 2)


def _plain(slots: tuple[Slot, ...]) -> Axes:
    found = tuple(s for s in slots if isinstance(s, Index))
    if len(found) < len(slots):
        raise _Unwritable
    return found


def _written(term: Term | None) -> Term:
    if term is None:
        raise _Unwritable
    return term


def _flattened(e: Expr) -> Expr:
    """Sums that are factors merged into one sum around the whole product, their indices renamed apart."""
    body, bound = (e.body, e.indices) if isinstance(e, IndexSum) else (e, ())
    if not isinstance(body, Product):
        return e
    taken = {i.name for i in (*e.free, *body.free, *bound, *body.bound_indices)}
    factors: list[Expr] = []
    for factor in body.factors:
        if not isinstance(factor, IndexSum):
            factors.append(factor)
            continue
        names: dict[Index, Slot] = {}
        new: list[Index] = []
        for i in factor.indices:
            fresh = fresh_index(i, taken)
            taken.add(fresh.name)
            names[i] = fresh
            new.append(fresh)
        inside = substitute(factor.body, names)
        factors += inside.factors if isinstance(inside, Product) else (inside,)
        bound = (*bound, *new)
    return IndexSum(Product(tuple(factors)), bound) if bound else e
