"""Conditions on indices as linear inequalities over integers, and what follows from them.

A constraint is Σ coefficient · variable + constant ≥ 0; a variable is an index or an extent.  A condition becomes a
list of clauses, one of which holds wherever the condition does.  What cannot be expressed is left out, which makes
clauses weaker: a slot is then thought to be read in more places than it is, never in fewer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, product
from math import ceil, floor, gcd, lcm
from typing import TypeAlias

from .conditions import conjuncts
from .expr import Apply, Compare, Delta, Expr, Extent, IndexValue, Literal, Logic, Product, Slot, Space, Sum
from .index import Index
from .slots import Unknown, linear_form, unknown_of

Variable: TypeAlias = Index | Unknown
Terms: TypeAlias = Mapping[Variable, Fraction | int]
MAX_CLAUSES = 64  # of one condition: beyond them nothing is said
MAX_JOINED = 3  # constraints that are added up in a proof


@dataclass(frozen=True)
class Linear:
    """Σ coefficient · variable + constant; as a constraint, that this is ≥ 0."""

    terms: Terms
    constant: Fraction | int = 0

    def __add__(self, other: Linear) -> Linear:
        terms = dict(self.terms)
        for variable, c in other.terms.items():
            terms[variable] = terms.get(variable, 0) + c
        return Linear({v: c for v, c in terms.items() if c}, self.constant + other.constant)

    def __mul__(self, factor: Fraction | int) -> Linear:
        return Linear({v: c * factor for v, c in self.terms.items()}, self.constant * factor)

    def __sub__(self, other: Linear) -> Linear:
        return self + other * -1

    @property
    def indices(self) -> list[Index]:
        return [v for v in self.terms if isinstance(v, Index)]


Clause: TypeAlias = tuple[Linear, ...]


def number(value: Fraction | int) -> Linear:
    return Linear({}, value)


def extent(space: Space) -> Linear:
    """The number of values of a space."""
    return number(space.extent) if isinstance(space.extent, int) else Linear({unknown_of(space): 1})


def of_slot(slot: Slot) -> Linear | None:
    """The slot's value; None where an integer tensor takes part."""
    terms, offset = linear_form(slot)
    if terms is None:
        return None
    total = number(offset)
    for c, index in terms:
        total += Linear({index: c})
    return total


def of_expression(e: Expr) -> Linear | None:
    """The value of a linear expression in indices and extents; None where it is something else."""
    if isinstance(e, Literal):
        return None if isinstance(e.value, float) else number(e.value)
    if isinstance(e, IndexValue):
        return Linear({e.index: 1})
    if isinstance(e, Extent):
        return extent(e.space)
    if isinstance(e, Sum):
        total = number(0)
        for term in e.terms:
            part = of_expression(term)
            if part is None:
                return None
            total += part
        return total
    return _of_product(e) if isinstance(e, Product) else None


def _of_product(e: Product) -> Linear | None:
    total = number(1)
    for factor in e.factors:
        part = of_expression(factor)
        if part is None or (part.terms and total.terms):
            return None
        total = part * total.constant if part.terms or not total.terms else total * part.constant
    return total


# ---- conditions to clauses --------------------------------------------------------------------------
def clauses(conditions: Iterable[Expr]) -> list[Clause]:
    """Alternatives, one of which holds wherever all the conditions do."""
    found: list[Clause] = [()]
    for condition in conditions:
        found = _both(found, _clauses(condition, True))
    return found


def _both(left: list[Clause], right: list[Clause]) -> list[Clause]:
    if len(left) * len(right) > MAX_CLAUSES:
        return left
    return [(*a, *b) for a, b in product(left, right)]


def _clauses(e: Expr, holds: bool) -> list[Clause]:
    if isinstance(e, Logic) and e.operator == "not":
        return _clauses(e.arguments[0], not holds)
    parts = list(conjuncts(e))
    joint = len(parts) > 1
    if joint or (isinstance(e, Logic) and e.operator == "or"):
        found = [_clauses(p, holds) for p in (parts if joint else e.arguments)]  # type: ignore[attr-defined]
        if joint == holds:
            every: list[Clause] = [()]
            for one in found:
                every = _both(every, one)
            return every
        some = [clause for one in found for clause in one]
        return some if len(some) <= MAX_CLAUSES else [()]
    if isinstance(e, Compare):
        return _compared(e.operator if holds else _OPPOSITE[e.operator], e.left, e.right)
    if isinstance(e, Delta):
        left, right = of_slot(e.left), of_slot(e.right)
        return [()] if left is None or right is None else _ordered("==" if holds else "!=", left, right)
    return [()]


_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}


def _compared(operator: str, left: Expr, right: Expr) -> list[Clause]:
    if isinstance(right, Apply) and right.function == "abs":
        operator, left, right = _MIRRORED[operator], right, left
    bound = of_expression(right)
    if isinstance(left, Apply) and left.function == "abs" and bound is not None:
        inner = of_expression(left.arguments[0])
        if inner is None:
            return [()]
        sides = [_ordered(operator, inner, bound), _ordered(operator, inner * -1, bound)]
        if operator in ("<", "<="):  # |a| ≤ b: both signs; |a| ≥ b: one of them
            return _both(*sides)
        return [*sides[0], *sides[1]] if operator in (">", ">=") else [()]
    value = of_expression(left)
    return [()] if value is None or bound is None else _ordered(operator, value, bound)


def _ordered(operator: str, left: Linear, right: Linear) -> list[Clause]:
    if operator in ("<", "<="):
        left, right = right, left
    gap = _whole(left - right)
    if operator in ("<=", ">="):
        return [(tightened(gap),)]
    if operator in ("<", ">"):
        return [(tightened(gap - number(1)),)]
    if operator == "==":
        return [(tightened(gap), tightened(gap * -1))]
    return [(tightened(gap - number(1)),), (tightened(gap * -1 - number(1)),)]


def _whole(form: Linear) -> Linear:
    """Times the least common denominator."""
    return form * lcm(*(Fraction(c).denominator for c in (form.constant, *form.terms.values())))


def tightened(form: Linear) -> Linear:
    """The constraint divided by the common divisor of its coefficients: 2 t − 1 ≥ 0 is t − 1 ≥ 0 for integers."""
    shared = gcd(*(int(c) for c in form.terms.values()))
    if shared < 2:
        return form
    return Linear({v: int(c) // shared for v, c in form.terms.items()}, floor(Fraction(form.constant) / shared))


# ---- what follows -----------------------------------------------------------------------------------
def implied(known: Sequence[Linear], target: Linear) -> bool:
    """Whether target ≥ 0 follows from the constraints and the ranges of the indices, for all extents.

    Tried are sums of up to three constraints; what is left must not be negative anywhere.

    >>> n = Space("n", "N")
    >>> t, k = Index("t", n), Index("k", Space("m", "K"))
    >>> implied([Linear({t: 1, k: -1})], Linear({t: 1, k: -1}, 1)), implied([], Linear({t: 1, k: -1}))
    (True, False)
    """
    target = tightened(_whole(target))
    some = {unknown_of(i.space) for form in (*known, target) for i in form.indices}  # an index has a value
    for count in range(min(MAX_JOINED, len(known)) + 1):
        for joined in combinations(known, count):
            rest = target
            for form in joined:
                rest = rest - form
            if _never_negative(rest, some):
                return True
    return False


def _never_negative(form: Linear, some: set[Unknown]) -> bool:
    """At the worst values of the indices, and for all extents from 0, or from 1 where some index has a value."""
    low = Linear({v: c for v, c in form.terms.items() if not isinstance(v, Index)}, form.constant)
    for index in form.indices:
        if form.terms[index] < 0:
            low += (extent(index.space) - number(1)) * form.terms[index]
    if any(c < 0 for c in low.terms.values()):
        return False
    return low.constant + sum(c for v, c in low.terms.items() if v in some) >= 0


def sized(form: Linear, sizes: Mapping[Unknown, int]) -> Linear:
    """The form with numbers in place of extents."""
    total = Linear({v: c for v, c in form.terms.items() if isinstance(v, Index)}, form.constant)
    for variable, c in form.terms.items():
        if not isinstance(variable, Index):
            total += number(c * sizes[variable])
    return total


MAX_BOXES = 2_000
MAX_PASSES = 4
Box: TypeAlias = dict[Index, tuple[int, int]]


class TooComplex(Exception):
    """The search for a point was given up."""


def some_point(constraints: Sequence[Linear], box: Box) -> dict[Index, int] | None:
    """Integers inside the box that meet every constraint, or None.  Branch and bound; raises TooComplex.

    >>> t = Index("t", Space("n"))
    >>> some_point([Linear({t: 2}, -5)], {t: (0, 9)})
    {Index('t', Space('n', None)): 3}
    """
    stack, steps = [box], 0
    sums = [a + b for a, b in combinations(constraints, 2)]  # they see at once what t ≥ k and t < k exclude
    while stack:
        steps += 1
        if steps > MAX_BOXES:
            raise TooComplex
        narrowed = _narrowed([*constraints, *sums], stack.pop())
        if narrowed is None:
            continue
        undecided = [c for c in constraints if _least(c, narrowed) < 0]
        if not undecided:
            return {i: low for i, (low, _) in narrowed.items()}
        longest = max(undecided[0].indices, key=lambda i: narrowed[i][1] - narrowed[i][0])
        low, high = narrowed[longest]
        middle = (low + high) // 2
        stack += [{**narrowed, longest: (middle + 1, high)}, {**narrowed, longest: (low, middle)}]
    return None


def _least(form: Linear, box: Box) -> Fraction | int:
    return form.constant + sum(form.terms[i] * box[i][0 if form.terms[i] > 0 else 1] for i in form.indices)


def _narrowed(constraints: Sequence[Linear], box: Box) -> Box | None:
    """The box without values that some constraint alone excludes; None where nothing is left."""
    box = dict(box)
    for _ in range(MAX_PASSES):  # more would creep: t > k and k ≥ t move each other by 1
        before = dict(box)
        for form in constraints:
            most = -_least(form * -1, box)
            if most < 0:
                return None
            for index in form.indices:
                c, (low, high) = form.terms[index], box[index]
                slack = most - c * (high if c > 0 else low)  # what the others can give
                edge = -slack / Fraction(c)
                new = (max(low, ceil(edge)), high) if c > 0 else (low, min(high, floor(edge)))
                if new[0] > new[1]:
                    return None
                box[index] = new
                most = -_least(form * -1, box)
        if box == before:
            break
    return box
