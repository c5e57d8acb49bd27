"""Constructors of matrix terms that keep them simple: flat products, scalars in front, few transposes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from fractions import Fraction
from itertools import pairwise

from .nodes import (
    MATRIX,
    SCALAR,
    Chain,
    Diag,
    Diagonal,
    ElementPower,
    Hadamard,
    Identity,
    Map,
    MatrixPower,
    Norm,
    Number,
    OfMatrix,
    Ones,
    Scaled,
    Size,
    Softmax,
    Symbol,
    Term,
    Total,
    Transpose,
)

ONE = Fraction(1)


def parts(term: Term) -> tuple[Fraction, tuple[Term, ...], Term | None]:
    """(number, scalars, the rest) of a term; the rest is None where the term is a scalar.

    >>> parts(Number(Fraction(2)))
    (Fraction(2, 1), (), None)
    """
    if isinstance(term, Scaled):
        return term.coefficient, term.scalars, term.body
    if isinstance(term, Number):
        return term.value, (), None
    return (ONE, (term,), None) if term.shape == SCALAR else (ONE, (), term)


def scaled(coefficient: Fraction, scalars: Iterable[Term], body: Term | None) -> Term:
    """coefficient · scalars · body, with what is scalar in the body brought to the front."""
    front: list[Term] = []
    inner = [parts(s) for s in scalars]
    if body is not None:
        number, own, body = parts(body)
        coefficient, front = coefficient * number, list(own)
    for number, own, _ in inner:
        coefficient *= number
        front += own
    front = _powers(front)
    if coefficient == 0:
        return Number(Fraction(0))
    if not front and body is None:
        return Number(coefficient)
    if coefficient == 1 and (body is None) == (len(front) == 1) and len(front) < 2:
        return front[0] if body is None else body
    return Scaled(coefficient, tuple(front), body)


def _powers(scalars: Sequence[Term]) -> list[Term]:
    """Equal scalars as powers, in order of first appearance."""
    exponents: dict[Term, Fraction] = {}
    for s in scalars:
        base, exponent = (s.base, s.exponent) if isinstance(s, ElementPower) else (s, ONE)
        exponents[base] = exponents.get(base, Fraction(0)) + exponent
    return [element_power(b, e) for b, e in exponents.items() if e]


def element_power(base: Term, exponent: Fraction) -> Term:
    """Every component to a power."""
    if exponent == 1:
        return base
    if isinstance(base, Number) and exponent.denominator == 1 and (base.value or exponent > 0):
        return Number(base.value ** int(exponent))
    if isinstance(base, ElementPower) and (exponent.denominator == 1 or isinstance(base.base, Norm)):
        return element_power(base.base, base.exponent * exponent)
    return ElementPower(base, exponent)


def transpose(term: Term) -> Term:
    """The transpose, pushed inside where that takes no more transposes."""
    if term.shape == SCALAR or isinstance(term, (Identity, Diag)) or (isinstance(term, Symbol) and term.symmetric):
        return term
    if isinstance(term, Transpose):
        return term.of
    if isinstance(term, Scaled) and term.body is not None:
        return scaled(term.coefficient, term.scalars, transpose(term.body))
    if isinstance(term, Chain):
        return chain(*(transpose(f) for f in reversed(term.factors)))
    if isinstance(term, MatrixPower) and (term.exponent > 0 or transpose(term.base) == term.base):
        return MatrixPower(transpose(term.base), term.exponent)
    inside: Term | None = None
    if isinstance(term, Total):
        inside = total(transpose(t) for t in term.terms)
    elif isinstance(term, Hadamard) and term.shape == MATRIX:
        inside = hadamard(*(transpose(f) for f in term.factors))
    elif isinstance(term, Map) and term.shape == MATRIX:
        inside = Map(term.function, tuple(transpose(a) for a in term.arguments))
    elif isinstance(term, ElementPower) and term.shape == MATRIX:
        inside = element_power(transpose(term.base), term.exponent)
    return inside if inside is not None and transposes(inside) <= transposes(term) else Transpose(term)


def subterms(term: Term) -> tuple[Term, ...]:
    """The terms directly inside."""
    found: list[Term] = []
    for field in fields(term):  # type: ignore[arg-type]
        value = getattr(term, field.name)
        found += [v for v in (value if isinstance(value, tuple) else (value,)) if isinstance(v, Term)]
    return tuple(found)


def transposes(term: Term) -> int:
    """How many ᵀ are written."""
    return isinstance(term, Transpose) + sum(map(transposes, subterms(term)))


def size(term: Term) -> int:
    """How many terms are written."""
    return 1 + sum(map(size, subterms(term)))


def _gathered(factors: Iterable[Term], kind: type[Chain] | type[Hadamard]) -> tuple[Fraction, list[Term], list[Term]]:
    """Number, scalars and the other factors of a product, those of inner products of the same kind included."""
    coefficient = ONE
    scalars: list[Term] = []
    flat: list[Term] = []
    for factor in factors:
        number, own, body = parts(factor)
        coefficient *= number
        scalars += own
        if body is not None:
            flat += body.factors if isinstance(body, kind) else (body,)
    return coefficient, scalars, flat


def chain(*factors: Term) -> Term:
    """The matrix product; scalars come to the front, I is dropped, neighbours are joined to powers."""
    coefficient, scalars, flat = _gathered(factors, Chain)
    space = next((f for f in flat if isinstance(f, Identity)), None)
    taken = _diagonal_taken(flat)
    if taken is not None:
        return scaled(coefficient, scalars, chain(*taken))
    kept = _joined([f for f in flat if not isinstance(f, Identity)])
    if not kept:
        return scaled(coefficient, scalars, space)
    return scaled(coefficient, scalars, _inner(kept) if len(kept) > 1 else kept[0])


def _diagonal_taken(factors: list[Term]) -> list[Term] | None:
    """The factors with one diag(v) 1 as v, or diag(v) (I − 1 uᵀ) as diag(v) − v uᵀ; None where there is neither."""
    for k, (left, right) in enumerate(pairwise(factors)):
        if not isinstance(left, Diag):
            continue
        if isinstance(right, Ones):
            return [*factors[:k], left.of, *factors[k + 2 :]]
        if isinstance(right, Total) and all(_scales_ones(t) for t in right.terms):
            return [*factors[:k], total(chain(left, t) for t in right.terms), *factors[k + 2 :]]
    return None


def _scales_ones(term: Term) -> bool:
    """Whether the term is I, or begins with 1, so that a diagonal matrix in front of it is taken in."""
    body = parts(term)[2]
    return isinstance(body.factors[0] if isinstance(body, Chain) else body, (Identity, Ones))


def _inner(factors: list[Term]) -> Term:
    """xᵀ x as a squared norm, 1ᵀ 1 as a size; any scalar with as few transposes as either direction needs."""
    whole = Chain(tuple(factors))
    if whole.shape != SCALAR:
        return whole
    last = factors[-1]
    if len(factors) == 2 and transpose(factors[0]) == last:
        return Size(last.space) if isinstance(last, Ones) else ElementPower(Norm(last), Fraction(2))
    half = len(factors) // 2
    if len(factors) % 2 == 0 and [transpose(f) for f in reversed(factors[:half])] == factors[half:]:
        return ElementPower(Norm(chain(*factors[half:])), Fraction(2))  # (A x)ᵀ (A x)
    other = Chain(tuple(transpose(f) for f in reversed(factors)))
    return other if transposes(other) < transposes(whole) else whole


def _joined(factors: list[Term]) -> list[Term]:
    """Neighbours with one base joined: A A is A², A⁻¹ A vanishes where something else is left."""
    out: list[Term] = []
    for factor in factors:
        base, exponent = (factor.base, factor.exponent) if isinstance(factor, MatrixPower) else (factor, 1)
        if out and factor.shape == MATRIX:
            before = out[-1]
            other, had = (before.base, before.exponent) if isinstance(before, MatrixPower) else (before, 1)
            if other == base and (had + exponent or len(factors) > 2):
                out.pop()
                if had + exponent:
                    out.append(base if had + exponent == 1 else MatrixPower(base, had + exponent))
                continue
        out.append(factor)
    return out if out else factors


def hadamard(*factors: Term) -> Term:
    """The elementwise product of terms of one shape; a vector of ones is dropped."""
    coefficient, scalars, flat = _gathered(factors, Hadamard)
    kept = [f for f in flat if not isinstance(f, Ones)] or flat[:1]
    diagonal = [f for f in kept if isinstance(f, (Identity, Diag))]
    if diagonal and len(kept) > 1:  # what stands beside a diagonal counts on the diagonal only
        rest = [f.of if isinstance(f, Diag) else Diagonal(f) for f in kept if not isinstance(f, Identity)]
        return scaled(coefficient, scalars, Diag(hadamard(*rest)) if rest else diagonal[0])
    return scaled(coefficient, scalars, _upright(kept) if len(kept) > 1 else kept[0])


def _upright(factors: list[Term]) -> Term:
    """(A ⊙ B)ᵀ rather than Aᵀ ⊙ Bᵀ."""
    flipped = [transpose(f) for f in factors]
    if factors[0].shape == MATRIX and sum(map(transposes, flipped)) + 1 < sum(map(transposes, factors)):
        return Transpose(Hadamard(tuple(flipped)))
    return Hadamard(tuple(factors))


def dot(left: Term, right: Term) -> Term:
    """Σ left · right of two column vectors."""
    return chain(transpose(left), right)


def trace_of_product(left: Term, right: Term, first: Callable[[Term], int]) -> Term:
    """Σᵢⱼ leftᵢⱼ rightᵢⱼ = tr(left rightᵀ) = tr(leftᵀ right), written with few transposes and turned around so that the
    factor with the least `first` leads."""
    a, b = parts(left), parts(right)
    coefficient, scalars = a[0] * b[0], (*a[1], *b[1])
    x, y = a[2], b[2]
    assert x is not None and y is not None
    if x == y:
        return scaled(coefficient, (*scalars, ElementPower(Norm(x), Fraction(2))), None)
    products = (chain(x, transpose(y)), chain(transpose(x), y))
    choices = [_turned(t, k) for t in products for k in range(len(t.factors) if isinstance(t, Chain) else 1)]
    best = min(choices, key=lambda t: (size(t), transposes(t), first(t)))
    return scaled(coefficient, (*scalars, trace(best)), None)


def _turned(product: Term, by: int) -> Term:
    """The factors of a product under a trace, turned around."""
    return chain(*product.factors[by:], *product.factors[:by]) if isinstance(product, Chain) else product


def trace(of: Term) -> Term:
    """The sum of the diagonal entries."""
    coefficient, scalars, body = parts(of)
    assert body is not None
    found = Size(body.space) if isinstance(body, Identity) else OfMatrix("tr", body)
    return scaled(coefficient, (*scalars, found), None)


def diag(of: Term) -> Term:
    """The matrix with the vector on its diagonal."""
    coefficient, scalars, body = parts(of)
    assert body is not None
    found = Identity(body.space) if isinstance(body, Ones) else Diag(body)
    return scaled(coefficient, scalars, found)


def scale_rows(weights: Term, matrix: Term) -> Term:
    """diag(weights) matrix, and diag(u)⁻¹ matrix for weights 1/u."""
    return chain(_diagonal_factor(weights), matrix)


def scale_columns(matrix: Term, weights: Term) -> Term:
    return chain(matrix, _diagonal_factor(weights))


def _diagonal_factor(weights: Term) -> Term:
    coefficient, scalars, body = parts(weights)
    if isinstance(body, ElementPower) and body.exponent < 0:
        inverse = MatrixPower(Diag(element_power(body.base, -body.exponent)), -1)
        return scaled(coefficient, scalars, inverse)
    return diag(weights)


def softmax(of: Term, *, down: bool = False) -> Term:
    """Along rows (or a vector); `down`: along columns."""
    return transpose(Softmax(transpose(of))) if down else Softmax(of)


def broadcast(term: Term, column: Term | None, row: Term | None) -> Term:
    """The term with ones for the axes that it lacks: s·1, v 1ᵀ, s·1 1ᵀ."""
    if term.shape == SCALAR:
        ones = [t for t in (column, None if row is None else transpose(row)) if t is not None]
        return chain(term, *ones) if ones else term
    return term


def total(terms: Iterable[Term]) -> Term:
    """The sum, with like terms added and common factors in front or behind."""
    from .collect import collected

    return collected(list(terms))
