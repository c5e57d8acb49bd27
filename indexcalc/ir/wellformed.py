"""Invariants of expressions and programs.  A violation is a bug of the pass that made the term, so it is said loudly.

Passes call these before they rely on the shape; parsing and deriving are tested to keep it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from ..diagnostics import IndexCalcError, fail
from ..limits import MAX_RANK
from .build import ZERO
from .expr import (
    COMPARISONS,
    MAPS,
    MATRIX_FUNCTIONS,
    REDUCTIONS,
    Access,
    Affine,
    Apply,
    Binder,
    Compare,
    Constant,
    Derivative,
    Expr,
    Extent,
    Index,
    IndexMap,
    IndexReduce,
    IndexSum,
    Literal,
    Logic,
    MatrixApply,
    Power,
    Product,
    Slot,
    Space,
    Sum,
)
from .functions import BUILTIN
from .index import plain_part
from .program import Claim, Define, Program, Statement
from .walk import children, indices_in, slots_of

NAME = re.compile(r"[^\W\d_]\w*'*")


def ill_formed(what: str) -> IndexCalcError:
    """The complaint."""
    return fail("IX990", f"ill-formed {what}", hint="this is a bug in indexcalc; please report it with the program")


@dataclass(frozen=True)
class Scope:
    """What is known where an expression stands: slot spaces by tensor, value spaces by integer tensor, arities by
    declared function.  None: anything goes."""

    spaces: Mapping[str, tuple[Space, ...]] | None = None
    values: Mapping[str, Space] = field(default_factory=dict)
    functions: Mapping[str, int] | None = None


def check_expression(e: Expr, scope: Scope | None = None, left: Iterable[Index] = ()) -> None:
    """Raise when `e` is not a canonical, closed, well-scoped expression.

    >>> check_expression(Sum((Literal(1),)))
    Traceback (most recent call last):
    indexcalc.diagnostics.IndexCalcError: error IX990: ill-formed Sum: fewer than two terms
      help: this is a bug in indexcalc; please report it with the program
    """
    scope = scope or Scope()
    spaces: dict[str, Space] = {}
    for index in (*left, *indices_in(e)):
        if not isinstance(index, Index):
            raise ill_formed(f"index list: holds {index!r}")
        if spaces.setdefault(index.name, index.space) != index.space:
            raise ill_formed(f"expression: index `{index.name}` ranges over two spaces")
    # Everything that is checked looks at one node and what encloses it, so an explicit stack does.
    stack: list[tuple[Expr, frozenset[str]]] = [(e, frozenset(i.name for i in left))]
    while stack:
        now, enclosing = stack.pop()
        if not isinstance(now, Expr):
            raise ill_formed(f"expression: holds {now!r}")
        _check_node(now, scope, enclosing)
        if isinstance(now, Binder):
            enclosing |= {i.name for i in now.indices}
        stack += [(part, enclosing) for part in children(now)]


def _check_node(e: Expr, scope: Scope, enclosing: frozenset[str]) -> None:
    check = _CHECKS.get(type(e))
    if check is not None:
        check(e)
    if isinstance(e, Binder):
        _check_binder(e, enclosing)
    elif isinstance(e, (Access, MatrixApply)):
        _check_access(e, scope)
    elif isinstance(e, Derivative):
        _check_access(e.wrt, scope)
    elif isinstance(e, Apply):
        _check_apply(e, scope)
    for slot in slots_of(e):
        _check_slot(slot, scope)


# ---- one node -------------------------------------------------------------------------------------
def _check_literal(e: Literal) -> None:
    value = e.value
    if isinstance(value, bool) or not isinstance(value, (int, Fraction, float)):
        raise ill_formed(f"Literal: {value!r} is no number")
    if isinstance(value, float) and not math.isinf(value):
        raise ill_formed(f"Literal: {value!r} is neither exact nor infinite")
    if isinstance(value, Fraction) and value.denominator == 1:
        raise ill_formed(f"Literal: {value!r} is an integer kept as a fraction")


def _check_sum(e: Sum) -> None:
    if len(e.terms) < 2:
        raise ill_formed("Sum: fewer than two terms")
    if any(isinstance(t, Sum) for t in e.terms):
        raise ill_formed("Sum: a term is a sum (sums are flat)")
    if ZERO in e.terms:
        raise ill_formed("Sum: a term is 0")


def _check_product(e: Product) -> None:
    if len(e.factors) < 2:
        raise ill_formed("Product: fewer than two factors")
    if any(isinstance(f, Product) for f in e.factors):
        raise ill_formed("Product: a factor is a product (products are flat)")
    if any(isinstance(f, Literal) for f in e.factors[1:]):
        raise ill_formed("Product: a number stands behind the first place")
    if e.factors[0] == Literal(1):
        raise ill_formed("Product: a factor is 1")


def _check_power(e: Power) -> None:
    exponent = e.exponent
    if exponent == Literal(1):
        raise ill_formed("Power: the exponent is 1")
    if not isinstance(exponent, Literal) or not isinstance(exponent.value, int):
        return
    if isinstance(e.base, Literal) and not isinstance(e.base.value, float):
        if (e.base.value or exponent.value >= 0) and abs(exponent.value) <= 64:
            raise ill_formed("Power: a number to an integer power is not computed")
        return
    inner = e.base.exponent if isinstance(e.base, Power) else None
    if isinstance(inner, Literal) and not isinstance(inner.value, float):
        raise ill_formed("Power: an integer power of a power is not merged")


def _check_compare(e: Compare) -> None:
    if e.operator not in COMPARISONS:
        raise ill_formed(f"Compare: no operator {e.operator!r}")


def _check_logic(e: Logic) -> None:
    if e.operator not in ("and", "or", "not"):
        raise ill_formed(f"Logic: no operator {e.operator!r}")
    if (len(e.arguments) == 1) != (e.operator == "not") or not e.arguments:
        raise ill_formed(f"Logic: {len(e.arguments)} arguments of {e.operator!r}")


def _check_constant(e: Constant) -> None:
    if e.name != "pi":
        raise ill_formed(f"Constant: no constant {e.name!r}")


def _check_extent(e: Extent) -> None:
    if not isinstance(e.space.extent, str):
        raise ill_formed(f"Extent: space `{e.space.name}` has no named extent")


def _check_matrix(e: MatrixApply) -> None:
    if e.function not in MATRIX_FUNCTIONS or len(e.slots) != (2 if e.function == "inv" else 0):
        raise ill_formed(f"MatrixApply: {e.function} with {len(e.slots)} slots")


_CHECKS: dict[type, Callable[[Any], None]] = {
    Literal: _check_literal,
    Sum: _check_sum,
    Product: _check_product,
    Power: _check_power,
    Compare: _check_compare,
    Logic: _check_logic,
    Constant: _check_constant,
    Extent: _check_extent,
    MatrixApply: _check_matrix,
}


def _check_binder(e: Binder, enclosing: frozenset[str]) -> None:
    kind, indices = type(e).__name__, e.indices
    names = [i.name for i in indices]
    if not names:
        raise ill_formed(f"{kind}: binds nothing")
    if len(set(names)) != len(names):
        raise ill_formed(f"{kind}: binds `{max(names, key=names.count)}` twice")
    if isinstance(e, (IndexReduce, IndexMap)) and e.operation not in (MAPS if e.keeps else REDUCTIONS):
        raise ill_formed(f"{kind}: no operation {e.operation!r}")
    if isinstance(e, IndexMap) and (e.count > 0) != (e.operation == "topk"):
        raise ill_formed(f"{kind}: {e.operation} with count {e.count}")
    if isinstance(e, IndexSum) and isinstance(e.body, IndexSum):
        raise ill_formed("IndexSum: a sum directly inside a sum is not merged")
    if not e.keeps:
        for name in names:
            if name in enclosing:
                raise ill_formed(f"{kind}: bound index `{name}` hides an index of the same name")


def _check_access(e: Access | MatrixApply, scope: Scope) -> None:
    if len(e.slots) > MAX_RANK:
        raise ill_formed(f"Access: `{e.tensor}` has {len(e.slots)} slots")
    if isinstance(e, Access) and e.variance and (len(e.variance) != len(e.slots) or set(e.variance) - set("^_")):
        raise ill_formed(f"Access: `{e.tensor}` has {len(e.slots)} slots and positions {e.variance!r}")
    if scope.spaces is None:
        return
    if e.tensor not in scope.spaces:
        raise ill_formed(f"Access: `{e.tensor}` is neither declared nor defined before")
    spaces = scope.spaces[e.tensor]
    if isinstance(e, MatrixApply) and not e.slots:
        return
    if len(spaces) != len(e.slots):
        raise ill_formed(f"Access: `{e.tensor}` has rank {len(spaces)}, not {len(e.slots)}")
    for position, (slot, space) in enumerate(zip(e.slots, spaces), 1):
        found = slot.space if isinstance(slot, Index) else _values(slot, scope)
        if found is not None and found != space:
            raise ill_formed(f"Access: slot {position} of `{e.tensor}` is over {space.name}, not {found.name}")


def _values(slot: Slot, scope: Scope) -> Space | None:
    """The space that a gathered tensor's values index, where one stands in the slot."""
    return scope.values.get(slot.tensor) if isinstance(slot, Access) else None


def _check_apply(e: Apply, scope: Scope) -> None:
    if e.function in BUILTIN:
        arity = BUILTIN[e.function].arity
    elif scope.functions is None:
        return
    elif e.function in scope.functions:
        arity = scope.functions[e.function]
    else:
        raise ill_formed(f"Apply: no function `{e.function}`")
    if len(e.arguments) != arity and not (arity == 0 and len(e.arguments) >= 2):
        raise ill_formed(f"Apply: `{e.function}` with {len(e.arguments)} arguments")


def _check_slot(slot: Slot, scope: Scope) -> None:
    if isinstance(slot, Affine):
        if not slot.terms or isinstance(plain_part(slot), Access):
            raise ill_formed("Affine: is a plain slot")
        if any(not isinstance(c, int) or c == 0 for c, _ in slot.terms):
            raise ill_formed("Affine: a coefficient is 0 or not an integer")
        for _, part in slot.terms:
            if not isinstance(part, (Index, Access)):
                raise ill_formed(f"Affine: holds {part!r}")
            _check_slot(part, scope)
    elif isinstance(slot, Access):
        if scope.spaces is not None and slot.tensor not in scope.values:
            raise ill_formed(f"slot: `{slot.tensor}` is no integer tensor")
        _check_access(slot, scope)
        for inner in slot.slots:
            _check_slot(inner, scope)
    elif isinstance(slot, bool) or not isinstance(slot, (Index, int)):
        raise ill_formed(f"slot: {slot!r}")


# ---- programs -------------------------------------------------------------------------------------
def check_program(p: Program) -> None:
    """Raise when a statement is ill-formed, or names, spaces, ranks or outputs do not fit together."""
    spaces = _check_index_names(p)
    known: dict[str, tuple[Space, ...]] = {}
    functions = {f.name: len(f.parameters) for f in p.functions}
    for t in p.tensors:
        if t.name in known or t.name in spaces or t.name in functions:
            raise ill_formed(f"program: the name `{t.name}` is used twice")
        known[t.name] = t.spaces
    values = {t.name: t.values for t in p.tensors if t.values is not None}
    for f in p.functions:
        check_expression(f.body, Scope(dict.fromkeys(f.parameters, ()), {}, functions))
    for s in p.statements:
        _check_statement(s, Scope(known, values, functions))
        if isinstance(s, Define):
            if s.name in known or s.name in spaces or s.name in functions:
                raise ill_formed(f"program: the name `{s.name}` is used twice")
            known[s.name] = tuple(i.space for i in s.indices)
    defined = p.definitions
    for name in p.outputs:
        if name not in defined:
            raise ill_formed(f"program: output `{name}` is not defined")
    for name in p.recomputed:
        if name not in defined:
            raise ill_formed(f"program: recomputed `{name}` is not defined")
    if len(set(p.outputs)) != len(p.outputs) or (defined and not p.outputs):
        raise ill_formed("program: outputs are missing or repeated")


def _check_index_names(p: Program) -> dict[str, Space]:
    """One space to each index name, one extent to each space; every index of a statement is the program's."""
    from .declarations import all_indices

    spaces: dict[str, Space] = {}
    extents: dict[str, Space] = {}
    for index in all_indices(p):
        if not NAME.fullmatch(index.name):
            raise ill_formed(f"program: {index.name!r} is no index name")
        if spaces.setdefault(index.name, index.space) != index.space:
            raise ill_formed(f"program: index `{index.name}` ranges over two spaces")
        if extents.setdefault(index.space.name, index.space) != index.space:
            raise ill_formed(f"program: space `{index.space.name}` has two extents")
    return spaces


def _check_statement(s: Statement, scope: Scope) -> None:
    if isinstance(s, Claim):
        free = s.left.free | s.right.free
        check_expression(s.left, scope, free)
        check_expression(s.right, scope, free)
        return
    names = [i.name for i in s.indices]
    if len(set(names)) != len(names):
        raise ill_formed(f"definition of `{s.name}`: an index stands twice on the left")
    loose = s.body.free - set(s.indices)
    if loose:
        raise ill_formed(f"definition of `{s.name}`: `{min(i.name for i in loose)}` is free on the right only")
    check_expression(s.body, scope, s.indices)


__all__ = ["Scope", "check_expression", "check_program", "ill_formed"]
