"""From SymPy to expressions: `Indexed`, sums and products over indices, δ, ε, piecewise and elementwise functions.

Two passes.  `_Reader` writes the expression with a key in the place of each index's space and notes what must be one
space; then the spaces are resolved and `finish.Finisher` puts them in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import sympy

from ..diagnostics import IndexCalcError, fail
from ..ir.build import ONE, ZERO, add, index_sum, multiply, number, power
from ..ir.expr import (
    Access,
    Apply,
    Compare,
    Constant,
    Delta,
    Expr,
    Index,
    IndexReduce,
    LeviCivita,
    Literal,
    Logic,
    Slot,
    Space,
    Where,
)
from ..ir.index import affine
from ..limits import MAX_DEPTH, MAX_DIGITS, MAX_RANK, MAX_TERMS
from .finish import Finisher
from .names import check_name, check_spellings
from .spaces import Classes, Key
from .symbols import UNNAMED
from .to_sympy import FUNCTIONS, RELATIONS

# Functions of the language that are classes of SymPy; the others come back as their formulas.
_FUNCTIONS: dict[Any, str] = {f: name for name, f in FUNCTIONS.items() if isinstance(f, type)}
_RELATIONS: dict[Any, str] = {relation: operator for operator, relation in RELATIONS.items()}
_LEAST = sympy.Rational(1, 10**MAX_DIGITS)
_LOGIC: dict[Any, str] = {sympy.And: "and", sympy.Or: "or", sympy.Not: "not"}


def from_sympy(e: sympy.Basic, *, spaces: Mapping[str, Space] = {}) -> Expr:
    """The expression that a SymPy expression stands for.

    A symbol in a slot, or summed over, is an index; the n of a sum to n - 1 is an extent; any other symbol is a scalar.
    `spaces` gives the spaces of indices by name.  Sums run from 0.

    >>> i, j, n = sympy.symbols("i j n", integer=True)
    >>> A, x = sympy.IndexedBase(sympy.Symbol("A")), sympy.IndexedBase(sympy.Symbol("x"))
    >>> print(from_sympy(sympy.Sum(A[i, j] * x[j], (j, 0, n - 1))))
    A[i, j] x[j]
    """
    if not isinstance(e, sympy.Basic):
        hint = "text is read by ic.parse and ic.simplify" if isinstance(e, str) else "sympy.Integer(2), for example"
        raise fail("IX901", f"from_sympy takes a SymPy expression, not {type(e).__name__}", hint=hint)
    reader = _Reader(spaces)
    placed = reader.read(e, {}, 0)
    return Finisher(reader.settle(), spaces.values(), reader.kinds, reader.integers).finish(placed)


class _Reader:
    """The first pass.  `env` maps the name of each bound index to its key; a free index's key is its name."""

    def __init__(self, spaces: Mapping[str, Space]) -> None:
        self.spaces = spaces
        self.classes = Classes(taken={s.name for s in spaces.values()})
        self.names: dict[Key, str] = {}  # of indices
        self.kinds: dict[str, str] = {}  # "index", "extent" or "tensor"; a name that is none is a scalar
        self.ranks: dict[str, int] = {}
        self.symbols: dict[str, sympy.Symbol] = {}
        self.integers: set[str] = set()
        for name in spaces:
            self.kind(name, "index")

    # ---- names ---------------------------------------------------------------------------------------
    def kind(self, name: str, kind: str) -> None:
        before = self.kinds.setdefault(name, kind)
        if before != kind:
            hint = "rename one of them with xreplace"
            raise fail("IX504", f"`{name}` is used as two kinds: {before} and {kind}", hint=hint)

    def symbol(self, s: sympy.Symbol) -> str:
        """The symbol's name.  Two symbols that differ only in their assumptions are not one name."""
        if not s.is_commutative:
            raise fail("IX902", f"`{s}` does not commute", hint="components are numbers: use commutative symbols")
        if self.symbols.setdefault(s.name, s) != s:
            message = f"two different symbols are called `{s.name}`"
            raise fail("IX902", message, hint="they differ in their assumptions; replace one of them with xreplace")
        if s.is_integer:
            self.integers.add(s.name)
        return str(s.name)

    def index(self, e: sympy.Expr, env: Mapping[str, str]) -> Index:
        """The index that a symbol or an Idx is, with its key as its space's name."""
        name = self.symbol(e.label if isinstance(e, sympy.Idx) else e)
        self.kind(name, "index")
        check_name(name, index=True)
        key = env.get(name, name)
        self.names[("index", key)] = name
        if key == name and name in self.spaces:
            self.classes.given.append((("index", key), self.spaces[name], name))
        if isinstance(e, sympy.Idx) and e.upper is not None:
            self.limits(name, key, e.lower, e.upper)
        return Index(key, Space(key))

    def limits(self, name: str, key: str, lower: sympy.Expr, upper: sympy.Expr) -> None:
        if lower != 0:
            hint = "indices count from 0: shift the index, f(k) → f(k + 1), and its limits"
            raise fail("IX902", f"index `{name}` runs from {lower}", hint=hint)
        self.extent(("index", key), upper + 1, name)

    def extent(self, key: Key, size: sympy.Expr, name: str) -> None:
        if isinstance(size, sympy.Symbol):
            self.kind(check_name(self.symbol(size)), "extent")
            if size.name.startswith(UNNAMED):  # one such extent, one space
                self.classes.unify(("space", size.name), key)
        elif not (size.is_Integer and size >= 0):
            hint = "it runs from 0 to n - 1, for an integer or a symbol n; Piecewise leaves terms out"
            raise fail("IX902", f"the limit {size - 1} of index `{name}` gives no extent", hint=hint)
        self.classes.extents.append((key, size, name))

    def settle(self) -> dict[str, Index]:
        """The index of each key, its space resolved."""
        scalars = [check_name(n) for n in self.symbols if n not in self.kinds]
        check_spellings([*self.kinds, *scalars])
        found = self.classes.resolve(self.names)
        return {key[1]: Index(name, found[key]) for key, name in self.names.items()}

    # ---- expressions -----------------------------------------------------------------------------------
    def read(self, e: Any, env: Mapping[str, str], depth: int) -> Expr:
        if depth > MAX_DEPTH:
            raise fail("IX009", f"the expression is nested more than {MAX_DEPTH} deep", hint="split it")
        if len(e.args) > MAX_TERMS:
            raise fail("IX009", f"{len(e.args)} terms or factors; at most {MAX_TERMS} are read", hint="split it")
        for kinds, method in _METHODS:
            if isinstance(e, kinds):
                return method(self, e, env, depth + 1)
        name = _FUNCTIONS.get(e.func)
        if name is not None:
            return Apply(name, self.all(e.args, env, depth + 1))
        raise _refuse(e)

    def all(self, parts: tuple[Any, ...], env: Mapping[str, str], depth: int) -> tuple[Expr, ...]:
        return tuple(self.read(part, env, depth) for part in parts)

    def constant(self, e: Any, env: Mapping[str, str], depth: int) -> Expr:
        if e in (sympy.oo, -sympy.oo):
            return Literal(float("inf") if e == sympy.oo else float("-inf"))
        if e == sympy.pi:
            return Constant("pi")
        if e == sympy.E:
            return Apply("exp", (ONE,))
        raise _refuse(e)

    def rational(self, e: Any, env: Mapping[str, str], depth: int) -> Expr:
        value = Fraction(int(e.p), int(e.q))
        if max(abs(value.numerator), value.denominator) >= 10**MAX_DIGITS:
            raise _too_long()
        return number(value)

    def decimal(self, e: Any, env: Mapping[str, str], depth: int) -> Expr:
        """Of double precision, the shortest decimal that means it: 0.1 is 1/10; else the exact binary value."""
        if e and not _LEAST < abs(e) < 1 / _LEAST:
            raise _too_long()
        shortest = Fraction(repr(float(e))) if abs(e) < 1e300 and sympy.Float(float(e)) == e else None
        exact = sympy.Rational(e) if shortest is None else sympy.Rational(shortest.numerator, shortest.denominator)
        return self.rational(exact, env, depth)

    def scalar(self, e: Any, env: Mapping[str, str], depth: int) -> Expr:
        """A bound index's value, or a name whose kind is known only when everything is read."""
        if e.name in self.spaces:
            return self.idx(e, env, depth)
        name = self.symbol(e)
        return Access(env.get(name, name), ())

    def idx(self, e: Any, env: Mapping[str, str], depth: int) -> Expr:
        return Access(self.index(e, env).name, ())

    def indexed(self, e: Any, env: Mapping[str, str], depth: int) -> Expr:
        label = e.base.label
        if not isinstance(label, sympy.Symbol):
            raise _refuse(e)
        name = check_name(self.symbol(label))
        self.kind(name, "tensor")
        if self.ranks.setdefault(name, len(e.indices)) != len(e.indices) or len(e.indices) > MAX_RANK:
            message = f"`{name}` has {self.ranks[name]} slots, but also {len(e.indices)}"
            raise fail("IX203" if len(e.indices) <= MAX_RANK else "IX009", message, hint="give it one rank")
        slots = tuple(self.slot(s, env, depth) for s in e.indices)
        for position, slot in enumerate(slots):
            own: Key = ("slot", name, str(position))
            self.meet(own, slot)
            if e.base.shape is not None:
                self.extent(own, e.base.shape[position], f"slot {position + 1} of {name}")
        return Access(name, slots)

    def meet(self, own: Key, slot: Slot) -> None:
        """What stands in the slot is in the slot's space; an affine form tells nothing of its own."""
        if isinstance(slot, Index):
            self.classes.unify(own, ("index", slot.name))
        elif isinstance(slot, Access):
            self.classes.unify(own, ("value", slot.tensor))

    def slot(self, e: Any, env: Mapping[str, str], depth: int) -> Slot:
        """Σ integer · (index or integer tensor) + integer."""
        if isinstance(e, sympy.Idx) and isinstance(e.label, sympy.Integer):
            e = e.label
        terms: list[tuple[int, Any]] = []
        offset = 0
        for term in sympy.Add.make_args(e):
            coefficient, part = term.as_coeff_Mul()
            if not coefficient.is_Integer:
                raise _bad_slot(e)
            if part == 1:
                offset += int(coefficient)
            elif isinstance(part, (sympy.Symbol, sympy.Idx)):
                terms.append((int(coefficient), self.index(part, env)))
            elif isinstance(part, sympy.Indexed):
                terms.append((int(coefficient), self.read(part, env, depth)))
            else:
                raise _bad_slot(e)
        return affine(terms, offset)

    def symbol_of(self, e: Any, env: Mapping[str, str], depth: int) -> Expr:
        """δ and ε: their slots are in one space, which a δ may know the limits of."""
        slots = tuple(self.slot(s, env, depth) for s in (e.args[:2] if isinstance(e, sympy.KroneckerDelta) else e.args))
        own: Key = ("symbol", str(len(self.classes.parent)))
        for slot in slots:
            self.meet(own, slot)
            if isinstance(e, sympy.KroneckerDelta) and len(e.args) == 3 and isinstance(slot, Index):
                self.limits(self.names["index", slot.name], slot.name, *e.args[2])
        if isinstance(e, sympy.LeviCivita):
            return LeviCivita(slots)
        return Delta(*slots)

    def step(self, e: Any, env: Mapping[str, str], depth: int) -> Expr:
        """Heaviside's step, the slope of Max(x, 0): 1/2 at 0, or what its second argument says."""
        x, middle = self.all(e.args, env, depth)
        return Where(Compare("==", x, ZERO), middle, Compare(">", x, ZERO))

    def sum(self, e: Any, env: Mapping[str, str], depth: int) -> Expr:
        return add(*self.all(_ordered(e), env, depth))

    def product(self, e: Any, env: Mapping[str, str], depth: int) -> Expr:
        return multiply(*self.all(_ordered(e), env, depth))

    def power(self, e: Any, env: Mapping[str, str], depth: int) -> Expr:
        return power(*self.all(e.args, env, depth))

    def over(self, e: Any, env: Mapping[str, str], depth: int) -> Expr:
        """Sum and Product over indices; the first limits are the innermost, so they win over later ones."""
        inner, bound = dict(env), list[Index]()
        for limit in reversed(e.limits):
            if len(limit) != 3 or not isinstance(limit[0], (sympy.Symbol, sympy.Idx)):
                raise fail("IX902", f"`{e}` has no index with two limits", hint="an index runs from 0 to n - 1")
            name = self.symbol(limit[0].label if isinstance(limit[0], sympy.Idx) else limit[0])
            inner[name] = key = f"{name} {len(self.names)}"  # a blank: no symbol of the expression is called so
            bound.insert(0, self.index(limit[0], {name: key}))
            self.limits(name, key, limit[1], limit[2])
            if name in self.spaces:
                self.classes.given.append((("index", key), self.spaces[name], name))
        body = self.read(e.function, inner, depth)
        return index_sum(body, bound) if isinstance(e, sympy.Sum) else IndexReduce("prod", body, tuple(bound))

    def relation(self, e: Any, env: Mapping[str, str], depth: int) -> Expr:
        operator = _RELATIONS.get(e.func)
        if operator is None:
            raise _refuse(e)
        return Compare(operator, *self.all(e.args, env, depth))

    def logic(self, e: Any, env: Mapping[str, str], depth: int) -> Expr:
        return Logic(_LOGIC[e.func], self.all(e.args, env, depth))

    def choice(self, e: Any, env: Mapping[str, str], depth: int) -> Expr:
        """SymPy makes an ITE of a comparison whose side is a Piecewise: relu(relu(x))."""
        return Where(*self.all(e.args, env, depth))

    def truth(self, e: Any, env: Mapping[str, str], depth: int) -> Expr:
        return ONE if e == sympy.true else ZERO

    def piecewise(self, e: Any, env: Mapping[str, str], depth: int) -> Expr:
        """The branches from the last to the first; 1 where a comparison holds, else 0, is the comparison."""
        *branches, last = e.args
        if last.cond != sympy.true:
            hint = "end it with (value, True)"
            raise fail("IX902", f"`{e}` has no value where no condition holds", hint=hint)
        found = self.read(last.expr, env, depth + len(branches))
        for k in reversed(range(len(branches))):
            condition = self.read(branches[k].cond, env, depth + k)
            then = self.read(branches[k].expr, env, depth + k)
            found = condition if (then, found) == (ONE, ZERO) else Where(condition, then, found)
        return found


def _ordered(e: Any) -> tuple[Any, ...]:
    """Terms or factors as SymPy prints them: the order of `args` is of no use to a reader."""
    return tuple(sorted(e.args, key=sympy.default_sort_key))


def _refuse(e: Any) -> IndexCalcError:
    known = "sums, products, powers, Sum, Product, Indexed, KroneckerDelta, LeviCivita, Piecewise, relations, "
    hint = "carry out what is left to do with .doit(), or rewrite it in " + known + ", ".join(_FUNCTIONS.values())
    return fail("IX902", f"`{e}` ({type(e).__name__}) has no counterpart in index notation", hint=hint)


def _too_long() -> IndexCalcError:
    return fail("IX009", f"a number has more than {MAX_DIGITS} digits", hint="make it a scalar's value")


def _bad_slot(e: Any) -> IndexCalcError:
    hint = "a slot holds an index, an integer, an integer tensor's component, or integers times these, added"
    return fail("IX902", f"`{e}` cannot stand in a slot", hint=hint)


_Method = Callable[[_Reader, Any, Mapping[str, str], int], Expr]
_METHODS: tuple[tuple[Any, _Method], ...] = (
    (sympy.Float, _Reader.decimal),
    (sympy.Rational, _Reader.rational),
    (sympy.Idx, _Reader.idx),
    (sympy.Symbol, _Reader.scalar),
    (sympy.Indexed, _Reader.indexed),
    (sympy.Add, _Reader.sum),
    (sympy.Mul, _Reader.product),
    (sympy.Pow, _Reader.power),
    ((sympy.Sum, sympy.Product), _Reader.over),
    (sympy.Piecewise, _Reader.piecewise),
    ((sympy.KroneckerDelta, sympy.LeviCivita), _Reader.symbol_of),
    (sympy.core.relational.Relational, _Reader.relation),
    ((sympy.And, sympy.Or, sympy.Not), _Reader.logic),
    (sympy.ITE, _Reader.choice),
    (sympy.Heaviside, _Reader.step),
    ((type(sympy.true), type(sympy.false)), _Reader.truth),
    ((sympy.core.numbers.Number, sympy.NumberSymbol), _Reader.constant),
)
