"""Reads that may leave their slot's range, made explicit: `where(k <= t, x[t - k], 0)` as Σ_s x[s] δ(s, t − k).

The δ says that x is 0 outside.  A condition that says the same is then dropped, so that a padded convolution is a
contraction, and its derivatives hold δs and no condition.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial

from .build import ZERO, index_sum, multiply
from .conditions import Conditions, branches, chosen, conjuncts, is_window, joined, kept_inside, on_indices, opposite
from .expr import (
    Access,
    Apply,
    Compare,
    Constant,
    Delta,
    Expr,
    Extent,
    Index,
    IndexSum,
    IndexValue,
    Literal,
    Logic,
    Power,
    Product,
    Slot,
    Space,
    Sum,
    Where,
)  # fmt: skip
from .linear import Clause, Linear, clauses, implied
from .program import Define
from .ranges import facts, is_guarded
from .truth import settled
from .walk import children, indices_in, rebuild

FILLER = Literal(Fraction(1, 2))  # where nothing is read: log, 1/x, 1/(1 − x) and their derivatives are finite there
SMOOTH = frozenset({"exp", "sinh", "cosh"})
FINITE = frozenset(
    {"abs", "sign", "sin", "cos", "tanh", "sigmoid", "relu", "gelu", "silu", "softplus", "erf", "max", "min"}
)


def in_statement(statement: Define, spaces: Mapping[str, tuple[Space, ...]], *, proven: bool) -> Define:
    """The definition with `zero_extended` applied to its right side."""
    body = zero_extended(statement.body, spaces, statement.indices, proven=proven)
    return statement if body is statement.body else replace(statement, body=body)


def zero_extended(e: Expr, spaces: Mapping[str, tuple[Space, ...]], left: Iterable[Index], *, proven: bool) -> Expr:
    """`e` with a sum over δ for each affine slot that is read under conditions.

    `spaces`: those of each tensor's slots.  `left`: indices whose names are taken.  `proven`: only slots of which the
    conditions show that they stay inside, for all sizes; the others keep their form, and are checked when it runs.
    """
    taken = {i.name for i in (*left, *indices_in(e))}
    return _Pass(spaces, proven, taken).rewrite(e, (), True)


@dataclass
class _Pass:
    spaces: Mapping[str, tuple[Space, ...]]
    proven: bool
    taken: set[str]

    def rewrite(self, e: Expr, conditions: Conditions, at_zero: bool) -> Expr:
        """`at_zero`: whether what encloses `e` and its derivatives are finite where a read gives 0."""
        if isinstance(e, Access):
            return self._access(e, conditions, at_zero)
        if isinstance(e, Where) and (holds := settled(e.condition)) is not None:
            return self.rewrite(e.then if holds else e.other, conditions, at_zero)
        now: Expr = chosen(e) if isinstance(e, Product) else e
        inside = kept_inside(now, conditions)
        new = []
        for part, more in branches(now):
            fine = at_zero and (not isinstance(now, Where) or is_finite(part, FINITE | SMOOTH))
            new.append(self.rewrite(part, (*inside, *more), fine))
        if all(a is b for a, b in zip(new, children(now))):
            return e
        if isinstance(now, Where):
            return _selected(*new)
        if isinstance(now, Product):
            return _conditions_dropped(Product(tuple(new)))
        return rebuild(now, tuple(new))

    def _access(self, e: Access, conditions: Conditions, at_zero: bool) -> Expr:
        own = self.spaces.get(e.tensor)
        tests = [t for c in conditions for t in conjuncts(c) if on_indices(t)]
        if not tests or own is None or e.variance or not any(map(is_window, e.slots)):
            return e
        summed: list[Index] = []
        deltas: list[Expr] = []
        slots: list[Slot] = []
        for slot, space in zip(e.slots, own):
            if is_window(slot) and (not self.proven or is_guarded(slot, space, tests)):
                summed.append(self._fresh(space))
                deltas.append(Delta(summed[-1], slot))
                slots.append(summed[-1])
            else:
                slots.append(slot)
        window = index_sum(multiply(e.with_slots(tuple(slots)), *deltas), summed)
        # A slot that only the sizes settle stays with its condition, also where its value gets a name.
        return window if at_zero and not any(map(is_window, slots)) else Where(joined(tests), window, FILLER)

    def _fresh(self, space: Space) -> Index:
        name = "s"
        while name in self.taken:
            name += "'"
        self.taken.add(name)
        return Index(name, space)


def _selected(condition: Expr, then: Expr, other: Expr) -> Expr:
    """where(condition, then, other) without what the δs in a branch beside 0 say already."""
    tests = list(conjuncts(condition))
    if other == ZERO and is_finite(then):
        left = _unsaid(tests, support(then))
        if len(left) < len(tests):
            return Where(joined(left), then, ZERO) if left else then
    if then == ZERO and is_finite(other) and not _unsaid(list(conjuncts(opposite(condition))), support(other)):
        return other
    return Where(condition, then, other)


def _conditions_dropped(e: Product) -> Expr:
    """The product without the conditions that its δs imply."""
    tests = [f for f in e.factors if isinstance(f, Compare) and on_indices(f)]
    others = [f for f in e.factors if f not in tests]
    if not tests or not all(map(is_finite, others)):
        return e
    left = _unsaid(tests, [fact for f in others for fact in support(f)])
    return multiply(*(f for f in e.factors if f not in tests or f in left))


def _unsaid(tests: Sequence[Expr], known: Sequence[Linear]) -> list[Expr]:
    """The conditions that do not follow."""
    return [t for t in tests if not (on_indices(t) and _follows(t, known))]


def _follows(test: Expr, known: Sequence[Linear]) -> bool:
    found = clauses((test,))
    return any(clause and all(implied(known, fact) for fact in clause) for clause in found)


def support(e: Expr) -> Clause:
    """Constraints that hold wherever `e` is not 0."""
    if isinstance(e, Product):
        return tuple(fact for f in e.factors for fact in support(f))
    if isinstance(e, Sum):
        first, *more = [support(t) for t in e.terms]
        return tuple(fact for fact in first if all(implied(known, fact) for known in more))
    if isinstance(e, Power) and isinstance(e.exponent, Literal) and e.exponent.value > 0:
        return support(e.base)
    if isinstance(e, IndexSum):
        kept = [f for f in support(e.body) if not set(e.indices) & set(f.indices)]
        factors = e.body.factors if isinstance(e.body, Product) else (e.body,)
        for delta in (f for f in factors if isinstance(f, Delta)):
            for index, slot in ((delta.left, delta.right), (delta.right, delta.left)):
                if isinstance(index, Index) and index in e.indices and is_window(slot):
                    kept += facts(slot, index.space)
        return tuple(f for f in kept if not set(e.indices) & set(f.indices))
    if isinstance(e, (Compare, Delta)) and on_indices(e):
        found = clauses((e,))
        return found[0] if len(found) == 1 else ()
    return ()


def is_finite(e: Expr, functions: Collection[str] = FINITE) -> bool:
    """Whether `e` has a finite value wherever the tensors that it reads have."""
    if isinstance(e, Literal):
        return not isinstance(e.value, float)
    if isinstance(e, (Access, Constant, Extent, IndexValue, Delta)):
        return True
    finite = partial(is_finite, functions=functions)
    if isinstance(e, Power):
        whole = isinstance(e.exponent, Literal) and isinstance(e.exponent.value, int) and e.exponent.value >= 0
        return whole and finite(e.base)
    if isinstance(e, Apply):
        return e.function in functions and all(map(finite, e.arguments))
    return isinstance(e, (Sum, Product, IndexSum, Compare, Logic)) and all(map(finite, children(e)))
