"""From expressions to SymPy: each component as a scalar formula, with explicit sums.

SymPy simplifies as it builds, by laws that hold for all complex numbers (`exp(log(x))` becomes `x`), so that the result
may have a value where the expression has none; it never has another value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import permutations
from typing import Any, TypeAlias

import sympy

from ..diagnostics import IndexCalcError, fail
from ..ir.build import ONE, index_sum, lift, multiply, power
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
    Partial,
    Power,
    Product,
    Slot,
    Sum,
    Where,
)
from ..ir.index import parity
from ..ir.walk import fresh_index, indices_in, substitute
from ..ir.wellformed import check_expression
from ..limits import MAX_SYMMETRISED
from .symbols import extent_symbol, index_symbol, limits_of

Formula: TypeAlias = Callable[..., sympy.Expr]


def to_sympy(expr: Expr) -> sympy.Expr:
    """The SymPy expression of one component: indices are integer symbols, `A[i, k]` is `Indexed`, sums are `Sum`.

    >>> from indexcalc.ir.expr import Space
    >>> i, k = Index("i", Space("rows")), Index("k", Space("columns", "K"))
    >>> to_sympy(IndexSum(Product((Access("A", (i, k)), Access("x", (k,)))), (k,)))
    Sum(A[i, k]*x[k], (k, 0, K - 1))
    """
    check_expression(expr)
    found = _Writer({i.name for i in indices_in(expr)}).write(expr)
    if found.has(sympy.nan, sympy.zoo, sympy.I):
        raise _no_value(expr)
    return found


def _no_value(e: Expr) -> IndexCalcError:
    return fail("IX902", f"`{e}` has no real value, so SymPy has none for it", hint="look for 1/0, 0·inf or sqrt(-1)")


def _sigmoid(x: sympy.Expr) -> sympy.Expr:
    return 1 / (1 + sympy.exp(-x))


def _cases(then: Any, condition: Any, other: Any) -> sympy.Expr:
    """A Piecewise.  SymPy makes an ITE of a comparison with a Piecewise in it, as in relu(relu(x)); by and, or, not it
    is what comes back from the language."""
    found = sympy.Piecewise((then, condition), (other, True))
    return found.replace(lambda part: isinstance(part, sympy.ITE), lambda part: part.to_nnf())


def _relu(x: sympy.Expr) -> sympy.Expr:
    return _cases(x, x > 0, 0)


def _gelu(x: sympy.Expr) -> sympy.Expr:
    return x * (1 + sympy.erf(x / sympy.sqrt(2))) / 2


FUNCTIONS: Mapping[str, Formula] = {
    "exp": sympy.exp,
    "log": sympy.log,
    "abs": sympy.Abs,
    "sign": sympy.sign,
    "sin": sympy.sin,
    "cos": sympy.cos,
    "tan": sympy.tan,
    "tanh": sympy.tanh,
    "sinh": sympy.sinh,
    "cosh": sympy.cosh,
    "sigmoid": _sigmoid,
    "relu": _relu,
    "gelu": _gelu,
    "silu": lambda x: x * _sigmoid(x),
    "softplus": lambda x: sympy.log(1 + sympy.exp(x)),
    "erf": sympy.erf,
    "max": sympy.Max,
    "min": sympy.Min,
}
RELATIONS: Mapping[str, Formula] = {
    "<": sympy.Lt,
    "<=": sympy.Le,
    ">": sympy.Gt,
    ">=": sympy.Ge,
    "==": sympy.Eq,
    "!=": sympy.Ne,
}
LOGIC: Mapping[str, Formula] = {"and": sympy.And, "or": sympy.Or, "not": sympy.Not}
# What to do about a form that has no formula in components.
HINTS: Mapping[type, str] = {
    Derivative: "carry the derivative out first: ic.simplify(…) or ic.diff(…)",
    Partial: "carry the derivative out first: ic.simplify(…)",
    MatrixApply: "give the matrix function's value as a tensor of its own",
    IndexReduce: "SymPy has no reduction of this kind; sum, prod, mean, var, norm and logsumexp have formulas",
    IndexMap: "SymPy has no map of this kind; softmax has a formula",
}


class _Writer:
    """Writes one expression.  `taken` are the index names in use, for new dummies."""

    def __init__(self, taken: set[str]) -> None:
        self.taken = taken

    def write(self, e: Expr) -> sympy.Expr:
        method = _METHODS.get(type(e))
        if method is None:
            raise self.refuse(e)
        found = getattr(self, method)(e)
        if found is sympy.nan or (found.is_number and found.is_extended_real is False):
            raise _no_value(e)
        return found

    def refuse(self, e: Expr) -> IndexCalcError:
        return fail("IX902", f"`{e}` cannot be written as a SymPy expression", hint=HINTS.get(type(e), ""))

    # ---- leaves ------------------------------------------------------------------------------------
    def literal(self, e: Literal) -> sympy.Expr:
        if isinstance(e.value, float):
            return sympy.oo if e.value > 0 else -sympy.oo
        return sympy.Rational(e.value.numerator, e.value.denominator)

    def constant(self, e: Constant) -> sympy.Expr:
        if e.name != "pi":
            raise self.refuse(e)
        return sympy.pi

    def extent(self, e: Extent) -> sympy.Expr:
        return extent_symbol(e.space)

    def index_value(self, e: IndexValue) -> sympy.Expr:
        return index_symbol(e.index)

    def access(self, e: Access) -> sympy.Expr:
        name = sympy.Symbol(e.tensor)
        return sympy.Indexed(sympy.IndexedBase(name), *map(self.slot, e.slots)) if e.slots else name

    def slot(self, slot: Slot) -> sympy.Expr:
        if isinstance(slot, Index):
            return index_symbol(slot)
        if isinstance(slot, int):
            return sympy.Integer(slot)
        if isinstance(slot, Affine):
            return sympy.Add(slot.offset, *(c * self.slot(part) for c, part in slot.terms))
        assert isinstance(slot, Access)
        if not slot.slots:
            hint = "a symbol in a slot is an index; give the tensor a slot, or use an index"
            raise fail("IX902", f"the scalar `{slot.tensor}` stands in a slot, where SymPy has only indices", hint=hint)
        return self.access(slot)

    def delta(self, e: Delta) -> sympy.Expr:
        return sympy.KroneckerDelta(self.slot(e.left), self.slot(e.right))

    def generalized_delta(self, e: GeneralizedDelta) -> sympy.Expr:
        size = len(e.upper)
        if size > MAX_SYMMETRISED:
            raise fail("IX009", f"δ with {size} upper slots has {size}! terms", hint=f"at most {MAX_SYMMETRISED}")
        terms = []
        for order in permutations(range(size)):
            deltas = (sympy.KroneckerDelta(self.slot(u), self.slot(e.lower[k])) for u, k in zip(e.upper, order))
            terms.append(sympy.Mul(parity(order), *deltas))
        return sympy.Add(*terms)

    def levi_civita(self, e: LeviCivita) -> sympy.Expr:
        """SymPy's ε divides by factorials that are right where the space has as many values as ε has slots."""
        rank = len(e.slots)
        wrong = [s.space.extent for s in e.slots if isinstance(s, Index) and s.space.extent != rank]
        if any(isinstance(extent, int) for extent in wrong):
            raise fail("IX204", f"ε has {rank} slots, but its space has extent {wrong[0]}")
        if all(isinstance(s, int) for s in e.slots):
            return sympy.Integer(parity(e.slots) if len(set(e.slots)) == rank else 0)  # type: ignore[arg-type]
        return sympy.LeviCivita(*map(self.slot, e.slots))

    # ---- arithmetic, functions, conditions -----------------------------------------------------------
    def sum(self, e: Sum) -> sympy.Expr:
        return sympy.Add(*map(self.write, e.terms))

    def product(self, e: Product) -> sympy.Expr:
        return sympy.Mul(*map(self.write, e.factors))

    def power(self, e: Power) -> sympy.Expr:
        return sympy.Pow(self.write(e.base), self.write(e.exponent))

    def apply(self, e: Apply) -> sympy.Expr:
        if e.function not in FUNCTIONS:
            hint = "write the formula of a declared function in its place"
            raise fail("IX902", f"`{e.function}` is no built-in function", hint=hint)
        return FUNCTIONS[e.function](*map(self.write, e.arguments))

    def condition(self, e: Expr) -> Any:
        """A truth value: a comparison as it is, any other number by being nonzero."""
        if isinstance(e, Compare):
            return RELATIONS[e.operator](self.write(e.left), self.write(e.right))
        if isinstance(e, Logic):
            return LOGIC[e.operator](*map(self.condition, e.arguments))
        return sympy.Ne(self.write(e), 0)

    def truth(self, e: Compare | Logic) -> sympy.Expr:
        return _cases(1, self.condition(e), 0)

    def where(self, e: Where) -> sympy.Expr:
        return _cases(self.write(e.then), self.condition(e.condition), self.write(e.other))

    # ---- binders -------------------------------------------------------------------------------------
    def index_sum(self, e: IndexSum) -> sympy.Expr:
        if e.body == ONE and not any(i.space.extent for i in e.indices):
            return self.count(e.indices)  # so an extent without a name is written in the language
        return sympy.Sum(self.write(e.body), *map(limits_of, e.indices))

    def index_reduce(self, e: IndexReduce) -> sympy.Expr:
        """By formula.  The centred square of `var` needs dummies of its own for the mean inside."""
        if e.operation == "prod":
            return sympy.Product(self.write(e.body), *map(limits_of, e.indices))
        if e.operation == "logsumexp":
            return sympy.log(self.write(index_sum(Apply("exp", (e.body,)), e.indices)))
        if e.operation == "norm":
            return sympy.sqrt(self.write(index_sum(power(e.body, lift(2)), e.indices)))
        if e.operation == "mean":
            return self.write(index_sum(e.body, e.indices)) / self.count(e.indices)
        if e.operation == "var":
            body, indices = self.apart(e.body, e.indices)
            mean = IndexReduce("mean", body, indices)
            return self.write(IndexReduce("mean", power(e.body - mean, lift(2)), e.indices))
        raise self.refuse(e)

    def count(self, indices: Sequence[Index]) -> sympy.Expr:
        return sympy.Mul(*(extent_symbol(i.space) for i in indices))

    def index_map(self, e: IndexMap) -> sympy.Expr:
        if e.operation != "softmax":
            raise self.refuse(e)
        raised = Apply("exp", (e.body,))
        body, indices = self.apart(raised, e.indices)
        return self.write(multiply(raised, power(index_sum(body, indices), lift(-1))))

    def apart(self, body: Expr, indices: Sequence[Index]) -> tuple[Expr, tuple[Index, ...]]:
        """The body over new dummies in the place of the indices."""
        renamed: dict[Index, Slot] = {}
        new: list[Index] = []
        for index in indices:
            new.append(fresh_index(index, self.taken))
            self.taken.add(new[-1].name)
            renamed[index] = new[-1]
        return substitute(body, renamed), tuple(new)


_METHODS: Mapping[type, str] = {
    Literal: "literal",
    Constant: "constant",
    Extent: "extent",
    IndexValue: "index_value",
    Access: "access",
    Delta: "delta",
    GeneralizedDelta: "generalized_delta",
    LeviCivita: "levi_civita",
    Sum: "sum",
    Product: "product",
    Power: "power",
    Apply: "apply",
    Compare: "truth",
    Logic: "truth",
    Where: "where",
    IndexSum: "index_sum",
    IndexReduce: "index_reduce",
    IndexMap: "index_map",
}
