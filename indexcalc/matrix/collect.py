"""Sums of matrix terms: like terms added, shared numbers and scalars in front, shared factors of chains pulled out."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from math import gcd

from .algebra import ONE, chain, parts, scaled, transpose, transposes
from .nodes import SCALAR, Chain, Number, Term, Total

Part = tuple[Fraction, tuple[Term, ...], Term | None]
MOST_PARTS = 12  # the largest denominator that is put in front of a bracket
MOST_TERMS = 32  # of one sum, among which shared factors are looked for


def collected(terms: list[Term]) -> Term:
    """The sum of terms of one shape.

    >>> from indexcalc.matrix.algebra import transpose
    >>> from indexcalc.matrix.nodes import Symbol
    >>> A, x = Symbol("A", 2), Symbol("x", 1)
    >>> found = collected([chain(A, x), chain(transpose(A), x)])
    >>> type(found).__name__, len(found.factors)
    ('Chain', 2)
    """
    flat = [p for t in terms for p in (t.terms if isinstance(t, Total) else (t,))]
    like = _like_terms([parts(t) for t in flat])
    if not like:
        return Number(Fraction(0))
    if len(like) == 1:
        return scaled(*like[0])
    if scaled(*like[0]).shape == SCALAR:  # (xᵀ A x + 2) / N reads no better than its terms apart
        return Total(tuple(scaled(*p) for p in like))
    number, scalars, inner = _common_scalars(like)
    inner = _upright_first(inner)
    if len(inner) <= MOST_TERMS:
        inner = _common_factors(inner)
    if len(inner) == 1:
        return scaled(number, scalars, scaled(*inner[0]))
    lead = next((k for k, p in enumerate(inner) if p[0] > 0), 0)
    inner.insert(0, inner.pop(lead))  # a − b rather than −b + a
    return scaled(number, scalars, Total(tuple(scaled(*p) for p in inner)))


def _like_terms(found: list[Part]) -> list[Part]:
    numbers: dict[tuple[tuple[Term, ...], Term | None], Fraction] = {}
    for number, scalars, body in found:
        key = scalars, body
        numbers[key] = numbers.get(key, Fraction(0)) + number
    return [(n, *key) for key, n in numbers.items() if n]


def _common_scalars(found: list[Part]) -> tuple[Fraction, tuple[Term, ...], list[Part]]:
    """The number and the scalars that all terms have, and the terms without them."""
    below = 1
    for number, _, _ in found:
        below = below * number.denominator // gcd(below, number.denominator)
    above = 0
    for number, _, _ in found:
        above = gcd(above, abs(int(number * below)))
    common = Fraction(above, below) if below <= MOST_PARTS else ONE
    if all(n < 0 for n, _, _ in found):
        common = -common
    shared = Counter(found[0][1])
    for _, scalars, _ in found[1:]:
        shared &= Counter(scalars)
    inner = [(n / common, _without(scalars, shared), body) for n, scalars, body in found]
    return common, tuple(shared.elements()), inner


def _upright_first(found: list[Part]) -> list[Part]:
    """A + Aᵀ rather than Aᵀ + A."""
    out = list(found)
    for k, (number, scalars, body) in enumerate(found):
        if body is None:
            continue
        other = (number, scalars, transpose(body))
        if other in found[k + 1 :] and transposes(other[2]) < transposes(body):
            at = found.index(other)
            out[k], out[at] = found[at], found[k]
    return out


def _without(scalars: tuple[Term, ...], shared: Counter[Term]) -> tuple[Term, ...]:
    left = Counter(shared)
    out = []
    for s in scalars:
        if left[s]:
            left[s] -= 1
        else:
            out.append(s)
    return tuple(out)


def _common_factors(found: list[Part]) -> list[Part]:
    """Pairs of terms that begin or end alike joined, until none do: A x + Aᵀ x is (A + Aᵀ) x."""
    found = list(found)
    while True:
        joined = _first_joined(found)
        if joined is None:
            return found
        found = joined


def _first_joined(found: list[Part]) -> list[Part] | None:
    for a in range(len(found)):
        for b in range(a + 1, len(found)):
            one = _joined(found[a], found[b])
            if one is not None:
                return [*found[:a], parts(one), *found[a + 1 : b], *found[b + 1 :]]
    return None


def _joined(first: Part, second: Part) -> Term | None:
    """The sum of two terms as one chain, where both are chains that share factors on one side."""
    if not isinstance(first[2], Chain) or not isinstance(second[2], Chain) or first[1] != second[1]:
        return None
    ratio = second[0] / first[0]
    if abs(ratio) != 1:
        return None
    x, y = first[2].factors, second[2].factors
    front = _shared(x, y)
    back = _shared(x[::-1], y[::-1])
    if not front and not back:
        return None
    if front >= back:
        middle = collected([chain(*x[front:]), scaled(ratio, (), chain(*y[front:]))])
        whole = chain(*x[:front], middle)
    else:
        middle = collected([chain(*x[: len(x) - back]), scaled(ratio, (), chain(*y[: len(y) - back]))])
        whole = chain(middle, *x[len(x) - back :])
    return scaled(first[0], first[1], whole)


def _shared(x: tuple[Term, ...], y: tuple[Term, ...]) -> int:
    """How many leading factors are equal, while both keep one of their own."""
    count = 0
    while count < min(len(x), len(y)) - 1 and x[count] == y[count]:
        count += 1
    return count
