"""Gradients by structured variables: the projection of the unconstrained gradient onto what the declaration allows.

A declaration says in which set a tensor lies.  Its gradient is the tangent vector of that set whose Frobenius inner
product with every tangent vector is the directional derivative: the orthogonal projection of the gradient that treats
all components as independent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import permutations, product
from math import factorial
from typing import TypeAlias

from .. import limits
from ..diagnostics import fail
from ..ir import build
from ..ir.expr import Access, Delta, Expr, Index, Slot, Space
from ..ir.index import parity
from ..ir.program import Attribute, Tensor
from ..ir.structure import RIEMANN_PAIRS, Structure, structure_of
from ..normal import poly as nf
from ..normal.atoms import access, delta, fresh
from ..normal.definitions import Definition, Definitions
from ..normal.enter import Normaliser, Scope
from ..normal.poly import Poly

Slots: TypeAlias = tuple[Slot, ...]
HALF = Fraction(1, 2)
LINEAR = ("symmetric", "antisymmetric", "riemann", "diagonal")


def projection(
    tensor: Tensor, slots: Slots, gradient: Callable[[Slots], Expr], new_index: Callable[[Space], Index]
) -> Expr:
    """The component at `slots` of the gradient by a declared tensor, where `gradient(slots)` is a component of the
    unconstrained one.  `new_index` gives indices to sum over.
    """
    structure = checked_structure(tensor)
    if structure.orthogonal:
        return _orthogonal(tensor, slots, gradient, new_index)
    if structure.diagonal:
        return build.multiply(Delta(*slots), gradient(slots))
    terms = _orders(structure, len(slots)) if structure.exchanges else [(tuple(range(len(slots))), Fraction(1))]
    return build.add(*(build.multiply(build.number(c), gradient(tuple(slots[k] for k in order))) for order, c in terms))


def has_structure(tensor: Tensor) -> bool:
    """Whether the gradient by the tensor is projected."""
    return structure_of(tensor.attributes, len(tensor.indices)) != Structure()


def checked_structure(tensor: Tensor) -> Structure:
    """The declared structure; refuses what no projection is known for."""
    structure = structure_of(tensor.attributes, len(tensor.indices))
    if structure.orthogonal and (structure.exchanges or structure.diagonal):
        names = " ".join(a.name for a in tensor.attributes)
        raise fail(
            "IX905",
            f"`{tensor.name}` is declared {names}: no projection onto the tangents of such matrices is known",
            hint="declare one of them, or write the tensor as a formula of independent ones",
        )
    for slots, _ in structure.exchanges:
        if len(slots) > limits.MAX_SYMMETRISED:
            raise fail(
                "IX009",
                f"the gradient by `{tensor.name}` would be a mean over {factorial(len(slots))} orders of its slots",
                hint=f"at most {limits.MAX_SYMMETRISED} slots of a differentiated tensor may be exchanged",
            )
    return structure


def _orders(structure: Structure, rank: int) -> Iterator[tuple[tuple[int, ...], Fraction]]:
    """The orders of the slots whose signed mean is the projection."""
    if structure.riemann:
        yield from _riemann_orders()
        return
    groups = [[(g, order, sign) for order in permutations(g)] for g, sign in structure.exchanges]
    for choice in product(*groups):
        whole, c = list(range(rank)), Fraction(1)
        for group, order, sign in choice:
            c *= Fraction(parity(order) if sign < 0 else 1, factorial(len(group)))
            for slot, source in zip(group, order):
                whole[slot] = source
        yield tuple(whole), c


def _riemann_orders() -> Iterator[tuple[tuple[int, ...], Fraction]]:
    """The mean over the eight exchanges in and of the pairs, less the totally antisymmetric part, which the cyclic
    identity forbids."""
    (a, b), (c, d) = RIEMANN_PAIRS
    for order in permutations(range(4)):
        paired = {frozenset(order[:2]), frozenset(order[2:])} == {frozenset((a, b)), frozenset((c, d))}
        yield order, Fraction(parity(order), 8) * paired - Fraction(parity(order), 24)


def _orthogonal(
    tensor: Tensor, slots: Slots, gradient: Callable[[Slots], Expr], new_index: Callable[[Space], Index]
) -> Expr:
    """G − Q sym(QᵀG), for orthonormal columns; (G − Q Gᵀ Q) / 2 where Q is square, for then Q Qᵀ = 1."""
    row, column = slots
    rows, columns = tensor.spaces

    def q(*at: Slot) -> Expr:
        return Access(tensor.name, at)

    m, n = new_index(rows), new_index(columns)
    turned = build.index_sum(q(row, n) * gradient((m, n)) * q(m, column), (m, n))  # Q Gᵀ Q
    if rows == columns:
        return (gradient(slots) - turned) * build.number(HALF)
    along = build.index_sum(q(row, n) * q(m, n) * gradient((m, column)), (m, n))  # Q Qᵀ G
    return gradient(slots) - (along + turned) * build.number(HALF)


# ---- in the normal form -----------------------------------------------------------------------------
def full_name(result: str) -> str:
    """What the unconstrained gradient is called beside the projected one."""
    return f"{result}_full"


def onto_tangent(
    store: Definitions, name: str, result: str, own: tuple[Index, ...], whole: tuple[Index, ...], free: Poly
) -> Poly:
    """The gradient by an input as its declaration allows it.  `free` is the unconstrained one, at the input's `own`
    indices, which are among the `whole` ones.  It gets a name where the projection would compute it more than once.
    """
    tensor = store.structured.get(name)
    if tensor is None or not free:
        return free
    found = _projected(store, tensor, own, free)
    if len(found) <= len(free) or all(not m.bound and len(m.factors) <= 1 for m in free):
        return found
    named = store.add(Definition(store.new_name(full_name(result)), whole, "poly", free))
    return _projected(store, tensor, own, nf.atom_poly(named))


def _projected(store: Definitions, tensor: Tensor, own: tuple[Index, ...], free: Poly) -> Poly:
    placeholder = Access("%gradient", own)
    formula = projection(tensor, own, placeholder.with_slots, fresh)
    return _Formula(store, own, free).poly(formula, {})


class _Formula(Normaliser):
    """Reads a projection, in which the placeholder stands for the unconstrained gradient."""

    def __init__(self, store: Definitions, own: tuple[Index, ...], gradient: Poly) -> None:
        super().__init__(store)
        self.own, self.gradient = own, gradient

    def access(self, e: Access, scope: Scope) -> Poly:
        if e.tensor != "%gradient":
            return super().access(e, scope)
        return nf.instantiate(self.gradient, dict(zip(self.own, self.slots(e.slots, scope))))

    def multiply(self, polys: list[Poly]) -> Poly:
        """Multiplied out: a gradient of several terms has its name, or needs none."""
        total = nf.constant(1)
        for p in polys:
            total = nf.multiply(total, p)
        return total


def tangent_seed(store: Definitions, name: str, own: tuple[Index, ...], seed: Poly) -> Poly:
    """The directions in which an input is moved, one for each component, as its declaration allows them."""
    tensor = store.structured.get(name)
    return seed if tensor is None else _projected(store, tensor, own, seed)


def tangent_attributes(tensor: Tensor) -> tuple[Attribute, ...]:
    """What a declaration says about the directions in which a tensor can move: a subspace is its own tangent space."""
    return tuple(a for a in tensor.attributes if a.name in LINEAR)


def orthogonal_facts(store: Definitions) -> Iterator[tuple[str, tuple[Index, ...], Poly, Poly]]:
    """Σ_i Q_ik Q_il = δ_kl, and the same of the rows where Q is square: name, free indices, both sides."""
    for tensor in store.structured.values():
        if not structure_of(tensor.attributes, len(tensor.indices)).orthogonal:
            continue
        rows, columns = tensor.spaces
        for summed in (0, 1) if rows == columns else (0,):
            i, k, m = fresh(tensor.spaces[summed]), fresh(columns), fresh(columns)
            pair = [access(tensor.name, (i, a) if summed == 0 else (a, i)) for a in (k, m)]
            yield tensor.name, (k, m), nf.make(1, (i,), [(a, 1) for a in pair]), nf.atom_poly(delta(k, m))
