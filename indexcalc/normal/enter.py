"""Into the normal form: a checked program to definitions, an expression to a polynomial over them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from itertools import permutations
from typing import Any, TypeVar

from ..diagnostics import IndexCalcError, fail
from ..ir import build
from ..ir.conditions import opposite
from ..ir.expr import (
    Access,
    Affine,
    Apply,
    Compare,
    Constant,
    Delta,
    Derivative,
    Expr,
    Extent,
    GeneralizedDelta,
    Index,
    IndexMap,
    IndexReduce,
    IndexSum,
    IndexValue,
    LeviCivita,
    Literal,
    Logic,
    MatrixApply,
    Number,
    Partial,
    Power,
    Product,
    Slot,
    Sum,
    Where,
)  # fmt: skip
from ..ir.guarded import guarded
from ..ir.index import affine, parity
from ..ir.inline import call_body
from ..ir.program import Define, FunctionDefinition, Program
from ..ir.slots import slot_spaces
from ..ir.walk import subexpressions
from ..ir.windows import in_statement
from . import poly as nf
from .atoms import Atom, Hole, access, comparison, delta, extent, fresh, note_symmetry, substitute_hole
from .definitions import Definition, Definitions, Operand, condition, plain_access
from .leave import slot_of
from .poly import Mono, Poly
from .symmetry import Sort, symmetry

Scope = Mapping[Index, Hole]
_Part = TypeVar("_Part")
_CONDITIONS = (Compare, Logic, Delta)  # 0 or 1 as they stand


def definitions_of(program: Program) -> Definitions:
    """The whole program in normal form.  Must run inside a `workspace`."""
    inputs = {t.name: t.indices for t in program.tensors}
    store = Definitions(inputs, [t.name for t in program.tensors if t.is_integer], taken_names(program))
    for t in program.tensors:
        store.declare(t)
    enter = Normaliser(store, program.functions)
    spaces = slot_spaces(program)
    for statement in program.statements:
        if isinstance(statement, Define):
            try:
                enter.define(in_statement(statement, spaces, proven=True))
            except IndexCalcError as error:
                raise error.located(statement.span, program.filename, program.source) from None
    store.learn()
    return store


def taken_names(program: Program) -> list[str]:
    """Names that nothing new may have: of tensors, definitions, indices, functions and extents."""
    names = [t.name for t in program.tensors] + [s.name for s in program.statements if isinstance(s, Define)]
    names += [*(i.name for i in program.indices), *(f.name for f in program.functions)]
    return names + [s.extent for s in program.spaces if isinstance(s.extent, str)]


class Normaliser:
    """Expr → Poly; what is not linear becomes a definition in the store."""

    def __init__(self, store: Definitions, functions: tuple[FunctionDefinition, ...] = ()) -> None:
        self.store = store
        self.functions = {f.name: f for f in functions}

    def define(self, statement: Define) -> None:
        name, free = statement.name, statement.indices
        before = set(self.store.table)
        value = self.poly(statement.body, {})
        last = next(reversed(self.store.table), None)
        alias = plain_access(value)
        fresh_operation = alias is not None and last == alias.name and last not in before
        if alias is not None and fresh_operation and len(alias.holes) == len(free) and set(alias.holes) == set(free):
            self.store.rename_last(name, free, alias.holes)  # the lifted operation *is* this definition
        else:
            self.store.add(Definition(name, free, "poly", value))

    def poly(self, e: Expr, scope: Scope) -> Poly:
        """The polynomial that equals `e`, with the indices in `scope` renamed."""
        return _ENTER[type(e)](self, e, scope)

    # ---- leaves -----------------------------------------------------------------------------------
    def literal(self, e: Literal, scope: Scope) -> Poly:
        return nf.constant(e.value)

    def constant(self, e: Constant, scope: Scope) -> Poly:
        return nf.atom_poly(Atom("constant", e.name, ()))

    def extent(self, e: Extent, scope: Scope) -> Poly:
        return nf.atom_poly(extent(e.space))

    def index_value(self, e: IndexValue, scope: Scope) -> Poly:
        return nf.atom_poly(Atom("value", "", (scope.get(e.index, e.index),)))

    def slot(self, slot: Slot, scope: Scope) -> Hole:
        if isinstance(slot, Index):
            return scope.get(slot, slot)
        if isinstance(slot, int):
            return slot
        if isinstance(slot, Access):
            return access(slot.tensor, tuple(self.slot(s, scope) for s in slot.slots))
        assert isinstance(slot, Affine)
        parts = tuple((c, self.slot(p, {}) if isinstance(p, Access) else p) for c, p in slot.terms)
        return substitute_hole(Affine(parts, slot.offset), scope)  # type: ignore[arg-type]

    def slots(self, slots: tuple[Slot, ...], scope: Scope) -> tuple[Hole, ...]:
        return tuple(self.slot(s, scope) for s in slots)

    def access(self, e: Access, scope: Scope) -> Poly:
        if e.variance:
            raise fail(
                "IX902",
                f"raising and lowering `{e.tensor}` by a metric cannot be differentiated or normalised",
                hint="write the metric's components as factors, or leave out the `metric` declaration",
            )
        slots = self.slots(e.slots, scope)
        if e.tensor in self.store.diagonal:
            return self.on_diagonal(e.tensor, slots)
        return self.store.resolve(access(e.tensor, slots))

    def on_diagonal(self, tensor: str, holes: tuple[Hole, ...], exponent: int = 1) -> Poly:
        """A component of a diagonal tensor or of its inverse: D_ij = D_ii δ_ij."""
        one, other = sorted(holes, key=lambda h: not isinstance(h, Index))
        return nf.make(1, (), [(access(tensor, (one, one)), exponent), (delta(one, other), 1)])

    def delta(self, e: Delta, scope: Scope) -> Poly:
        return nf.atom_poly(delta(*self.slots((e.left, e.right), scope)))

    def generalized_delta(self, e: GeneralizedDelta, scope: Scope) -> Poly:
        upper, lower = self.slots(e.upper, scope), self.slots(e.lower, scope)
        out = []
        for order in permutations(range(len(lower))):
            out.append(nf.make(parity(order), (), [(delta(u, lower[k]), 1) for u, k in zip(upper, order)]))
        return nf.add(*out)

    def levi_civita(self, e: LeviCivita, scope: Scope) -> Poly:
        rank = len(e.slots)
        atom = Atom("epsilon", str(rank), self.slots(e.slots, scope))
        note_symmetry(atom.head, symmetry([Sort(tuple((k,) for k in range(rank)), -1)], rank))
        return nf.atom_poly(atom)

    # ---- algebra ----------------------------------------------------------------------------------
    def sum(self, e: Sum, scope: Scope) -> Poly:
        return nf.add(*(self.poly(t, scope) for t in e.terms))

    def product(self, e: Product, scope: Scope) -> Poly:
        return self.multiply([self.poly(f, scope) for f in e.factors])

    def multiply(self, polys: list[Poly]) -> Poly:
        """Product without distributing: a factor of several terms gets a name, unless it stands alone with numbers."""
        total = nf.constant(1)
        several = sum(not _is_unit(p) for p in polys) > 1
        for p in polys:
            if len(p) > 1 and several:
                p = self.named(p)
            total = nf.multiply(total, p)
        return total

    def named(self, p: Poly) -> Poly:
        operand = self.store.operand(p)
        return nf.atom_poly(operand) if isinstance(operand, Atom) else nf.constant(operand.value)

    def index_sum(self, e: IndexSum, scope: Scope) -> Poly:
        inner = {b: fresh(b.space) for b in e.indices}
        return nf.bind(self.poly(e.body, {**scope, **inner}), inner.values())

    def power(self, e: Power, scope: Scope) -> Poly:
        base = self.poly(e.base, scope)
        if isinstance(e.exponent, Literal) and not isinstance(e.exponent.value, float):
            return self.raise_to(base, e.exponent.value)
        return self.apply("**", [base, self.poly(e.exponent, scope)])

    def raise_to(self, base: Poly, exponent: int | Fraction) -> Poly:
        """base^exponent: distributed over one product where that is an identity, else of a named base."""
        if nf.is_number(base):
            return _power_of_number(nf.number_of(base), exponent)
        if len(base) == 1:
            (mono, c), *_ = base.items()
            plain = c == 1 and len(mono.factors) == 1 and mono.factors[0][1] == 1
            whole = isinstance(exponent, int) and not isinstance(c, float)
            indicator = exponent <= 0 and any(a.is_indicator for a, _ in mono.factors)
            if not mono.bound and not indicator and (plain or whole):
                new = build.integer_power(c, int(exponent)) if c != 1 else c
                return nf.make(new, (), [(a, e * exponent) for a, e in mono.factors])
        operand = self.store.operand(base)
        assert isinstance(operand, Atom)
        return nf.atom_poly(operand, exponent)

    # ---- functions and conditions -----------------------------------------------------------------
    def function(self, e: Apply, scope: Scope) -> Poly:
        declared = self.functions.get(e.function)
        if declared is not None:
            return self.poly(call_body(declared, [self.once(a, scope) for a in e.arguments]), scope)
        return self.apply(e.function, [self.poly(a, scope) for a in e.arguments])

    def once(self, argument: Expr, scope: Scope) -> Expr:
        """The argument of a formula that may hold it several times: a sum gets a name, so as not to be repeated."""
        if not any(isinstance(part, IndexSum) for part in subexpressions(argument)):
            return argument
        p = self.poly(argument, scope)
        operand = self.store.operand(p) if _has_sum(p) else None
        return Access(operand.name, tuple(slot_of(h) for h in operand.holes)) if isinstance(operand, Atom) else argument

    def apply(self, name: str, arguments: list[Poly]) -> Poly:
        if name in ("silu", "gelu"):
            x = self.named(arguments[0]) if _has_sum(arguments[0]) else arguments[0]
            return self.multiply([x, self.apply("sigmoid", [x]) if name == "silu" else self.normal_cdf(x)])
        operands = tuple(self.store.operand(a) for a in arguments)
        return nf.atom_poly(self.store.lift_operation("map", (name, operands)))

    def normal_cdf(self, x: Poly) -> Poly:
        """Φ(x) = (1 + erf(x / √2)) / 2."""
        root = nf.atom_poly(Atom("number", "2", ()), Fraction(-1, 2))
        inner = self.apply("erf", [self.multiply([x, root])])
        return nf.add(nf.constant(Fraction(1, 2)), nf.scale(inner, Fraction(1, 2)))

    def matrix(self, e: MatrixApply, scope: Scope) -> Poly:
        if e.function != "inv":
            spaces = self._spaces(e.tensor)
            r, c = fresh(spaces[0]), fresh(spaces[1])
            return nf.atom_poly(self.store.lift_operation(e.function, (access(e.tensor, (r, c)),), (r, c)))
        if e.tensor in self.store.diagonal:
            return self.on_diagonal(e.tensor, self.slots(e.slots, scope), -1)
        spaces = self._spaces(e.tensor)
        c, r = fresh(spaces[1]), fresh(spaces[0])  # the inverse has the matrix's columns as its rows
        whole = self.store.lift("inv", (access(e.tensor, (r, c)),), (c, r))
        names = dict(zip((c, r), self.slots(e.slots, scope)))
        return nf.atom_poly(access(whole.name, tuple(substitute_hole(h, names) for h in whole.holes)))

    def _spaces(self, tensor: str) -> list[Any]:
        own = self.store.table[tensor].free if tensor in self.store.table else self.store.inputs[tensor]
        return [i.space for i in own]

    def condition(self, e: Expr, scope: Scope) -> Poly:
        """0 or 1: whether e is nonzero."""
        if isinstance(e, _CONDITIONS):
            return self.poly(e, scope)
        if isinstance(e, Product) and all(isinstance(f, _CONDITIONS) for f in e.factors):
            return self.multiply([self.poly(f, scope) for f in e.factors])
        return nf.atom_poly(comparison("!=", self._hole(self.poly(e, scope)), 0))

    def compare(self, e: Compare, scope: Scope) -> Poly:
        left, right = (self._as_written(self._hole(self.poly(x, scope)), x, scope) for x in (e.left, e.right))
        return nf.atom_poly(comparison(e.operator, left, right))

    def _as_written(self, part: _Part, e: Expr, scope: Scope) -> _Part | Atom:
        """An access with its slots in the order of the text: T_ij and T_ji of a T that is computed may differ in the
        last bit, which comparisons see."""
        if not isinstance(e, Access) or not isinstance(part, Atom) or part.head != e.tensor:
            return part
        return access(e.tensor, self.slots(e.slots, scope))

    def _hole(self, p: Poly) -> Hole:
        """A comparison's operand: an index, an integer, an affine form of indices, or an access."""
        form = _affine_value(p)
        if form is not None:
            return form
        operand = self.store.operand(p)
        if isinstance(operand, Literal) and isinstance(operand.value, int):
            return operand.value
        return operand

    def logic(self, e: Logic, scope: Scope) -> Poly:
        parts = [self.condition(a, scope) for a in e.arguments]
        if e.operator == "and":
            return self.multiply(parts)
        opposite = [nf.add(nf.constant(1), nf.scale(p, -1)) for p in parts]
        if e.operator == "not":
            return opposite[0]
        return nf.add(nf.constant(1), nf.scale(self.multiply(opposite), -1))

    def where(self, e: Where, scope: Scope) -> Poly:
        holds = self.condition(e.condition, scope)
        if nf.is_number(holds):
            return self.poly(e.then if nf.number_of(holds) else e.other, scope)
        branches = (guarded(e.then, e.condition), guarded(e.other, opposite(e.condition)))
        then, other = (self.store.operand(self.poly(x, scope)) for x in branches)
        return nf.atom_poly(self.store.lift_operation("where", (self._monomial(holds), then, other)))

    def _monomial(self, holds: Poly) -> Mono:
        """The condition as a product of indicators, named first where it is not one."""
        if len(holds) == 1:
            (mono, c), *_ = holds.items()
            if c == 1 and not mono.bound:
                return mono
        operand = self.store.operand(holds)
        assert isinstance(operand, Atom)
        return condition([(operand, 1)])

    # ---- reductions -------------------------------------------------------------------------------
    def reduce(self, e: IndexReduce, scope: Scope) -> Poly:
        count = build.multiply(*(Extent(i.space) for i in e.indices))
        mean = build.index_sum(e.body, e.indices) / count
        if e.operation == "mean":
            return self.named(self.poly(mean, scope))
        if e.operation == "norm":
            return self.poly(build.sqrt(build.index_sum(e.body**2, e.indices)), scope)
        if e.operation == "var":
            return self.variance(e, scope)
        inner = {i: fresh(i.space) for i in e.indices}
        argument = self.named_access(self.poly(e.body, {**scope, **inner}), inner.values())
        if e.operation in ("max", "min"):
            argument = self._as_written(argument, e.body, {**scope, **inner})
        over = tuple(inner.values())
        return nf.atom_poly(self.store.lift_operation(e.operation, (argument, over), over))

    def variance(self, e: IndexReduce, scope: Scope) -> Poly:
        """mean((x − mean x)²) with both means under a name, so that a mean which the program defines is found again."""
        inner = {i: fresh(i.space) for i in e.indices}
        body = self.poly(e.body, {**scope, **inner})
        weight = nf.make(1, (), [(extent(i.space), -1) for i in e.indices])
        mean = self.named(nf.multiply(nf.bind(body, inner.values()), weight))
        squared = self.raise_to(nf.add(body, nf.scale(mean, -1)), 2)
        return nf.multiply(nf.bind(squared, inner.values()), weight)

    def named_access(self, p: Poly, over: Any) -> Operand:
        """The operand of a reduction.  Where it lacks an index that is reduced over, 0·(value of the index) would not
        be the same thing, so it is refused."""
        operand = self.store.operand(p)
        missing = [i for i in over if isinstance(operand, Literal) or i not in operand.free]
        if missing or isinstance(operand, Literal):
            raise fail(
                "IX907",
                "a reduction over an index that its body lacks cannot be normalised",
                hint="leave that index out of the brackets, or write the body with it",
            )
        return operand

    def index_map(self, e: IndexMap, scope: Scope) -> Poly:
        over = tuple(scope.get(i, i) for i in e.indices)
        argument = self.named_access(self.poly(e.body, scope), over)
        parts = (argument, over, e.count) if e.operation == "topk" else (argument, over)
        return nf.atom_poly(self.store.lift_operation(e.operation, parts))  # type: ignore[arg-type]

    def unsupported(self, e: Expr, scope: Scope) -> Poly:
        what = "∂ of a field" if isinstance(e, Partial) else "diff(…)"
        raise fail("IX908", f"{what} inside a program cannot be normalised", hint="expand it first with `simplify`")


def _has_sum(p: Poly) -> bool:
    return any(m.bound for m in p)


def _is_unit(p: Poly) -> bool:
    return len(p) == 1 and all(a.is_unit for m in p for a, _ in m.factors)


def _power_of_number(value: Number, exponent: int | Fraction) -> Poly:
    """Exact where it is rational; √2 stays a root."""
    if (value == 0 and exponent < 0) or (value < 0 and not isinstance(exponent, int)):
        raise fail("IX902", f"({value}) ** ({exponent}) has no finite real value", hint="look for 1/0 and sqrt(-1)")
    if isinstance(value, float):
        return nf.constant(value**exponent)
    if isinstance(exponent, int):
        return nf.constant(build.integer_power(value, exponent))
    above, below = (_exact_root(part, exponent.denominator) for part in (value.numerator, value.denominator))
    if above is None or below is None:
        return nf.atom_poly(Atom("number", str(value), ()), exponent)
    return nf.constant(build.integer_power(Fraction(above, below), exponent.numerator))


def _exact_root(n: int, degree: int) -> int | None:
    """The integer whose power n ≥ 0 is, if there is one and floating point finds it."""
    root = round(n ** (1 / degree)) if n.bit_length() < 1000 else None
    return root if root is not None and root**degree == n else None


def _affine_value(p: Poly) -> Hole | None:
    """Σ integer · index value + integer, as a hole."""
    terms: list[tuple[int, Index]] = []
    offset = 0
    for mono, c in p.items():
        if not isinstance(c, int) or mono.bound:
            return None
        if not mono.factors:
            offset += c
            continue
        (atom, e), *more = mono.factors
        if more or e != 1 or atom.kind != "value" or not isinstance(atom.holes[0], Index):
            return None
        terms.append((c, atom.holes[0]))
    return affine(terms, offset)  # type: ignore[return-value]


_ENTER: dict[type[Expr], Callable[[Normaliser, Any, Scope], Poly]] = {
    Literal: Normaliser.literal,
    Constant: Normaliser.constant,
    Extent: Normaliser.extent,
    IndexValue: Normaliser.index_value,
    Access: lambda reader, e, scope: reader.access(e, scope),  # by name: a derivative's formula reads its own
    Delta: Normaliser.delta,
    GeneralizedDelta: Normaliser.generalized_delta,
    LeviCivita: Normaliser.levi_civita,
    Sum: Normaliser.sum,
    Product: Normaliser.product,
    Power: Normaliser.power,
    Apply: Normaliser.function,
    MatrixApply: Normaliser.matrix,
    Compare: Normaliser.compare,
    Logic: Normaliser.logic,
    Where: Normaliser.where,
    IndexSum: Normaliser.index_sum,
    IndexReduce: Normaliser.reduce,
    IndexMap: Normaliser.index_map,
    Partial: Normaliser.unsupported,
    Derivative: Normaliser.unsupported,
}
