"""Terms as expressions: sums made explicit, bound indices named apart from everything that is free around them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ..diagnostics import IndexCalcError, Span
from ..ir.build import MINUS_ONE, ONE, add, index_sum, multiply, power, sqrt
from ..ir.expr import (
    Access,
    Apply,
    Compare,
    Delta,
    Derivative,
    Expr,
    Extent,
    GeneralizedDelta,
    Index,
    IndexMap,
    IndexReduce,
    IndexValue,
    LeviCivita,
    Literal,
    Logic,
    MatrixApply,
    Partial,
    Slot,
    Where,
)
from ..ir.index import Space, affine_form
from .findings import quoted
from .scope import Scope
from .spaces import Key
from .terms import AffineSlot, Bind, GatherSlot, IndexSlot, Join, Leaf, LiteralSlot, SlotTerm, Term, base_name

Env = Mapping[str, Index]


@dataclass(slots=True)
class Builder:
    """Builds the expressions of one statement; `env` maps an index's key to the Index in scope."""

    scope: Scope
    reserved: set[str]  # names that the statement uses
    free: frozenset[str] = frozenset()
    lost: dict[str, Span] = field(default_factory=dict)  # values of indices used where nothing binds them

    # ---- names -----------------------------------------------------------------------------------
    def index(self, key: str) -> Index:
        """The Index of a name as it is."""
        return Index(key, space_of(self.scope, ("index", key)))

    def bound(self, key: str, env: Env) -> Index:
        """The Index that a binder introduces: the same name where it is apart from all around, else with primes."""
        root: Key = ("index", key)
        name = base_name(key)
        around = {i.name for i in env.values()}
        if name == key and name not in around:
            return self.index(key)
        while not self._apart(name, root, around):
            name += "'"
        if name not in self.scope.order:
            self.scope.order[name] = None
            self.scope.kinds.setdefault(name, ("index", None))
            self.scope.spaces.unify(root, ("index", name), None)  # the finished root stays
        return self.index(name)

    def _apart(self, name: str, root: Key, around: set[str]) -> bool:
        if name in around or name in self.reserved or name in self.scope.survey.avoid:
            return False
        if name in self.scope.order:
            return self.scope.spaces.find(("index", name)) == self.scope.spaces.find(root)
        return name not in self.scope.kinds and name not in self.scope.survey.tensors

    # ---- terms -----------------------------------------------------------------------------------
    def build(self, term: Term, env: Env) -> Expr:
        """The expression of a term."""
        if term.sums:
            found = [(key, self.bound(key, env)) for key in term.sums]
            env = {**env, **dict(found)}
            return index_sum(_BUILDERS[type(term)](self, term, env), (i for _, i in found))
        return _BUILDERS[type(term)](self, term, env)

    def _leaf(self, term: Term, env: Env) -> Expr:
        assert isinstance(term, Leaf)
        if term.kind == "expr":
            assert term.expr is not None
            return term.expr
        if term.kind == "value":
            if term.name not in env:
                self.lost.setdefault(term.name, term.span)
                return ONE
            return IndexValue(env[term.name])
        if term.kind == "extent":
            return Extent(space_of(self.scope, self.scope.extents[term.name]))
        slots = tuple([self.slot(s, env) for s in term.slots])
        if term.kind == "access":
            return Access(term.name, slots, self._variance(term.name, term.slots))
        return self._symbol(term, slots)

    def _symbol(self, term: Leaf, slots: tuple[Slot, ...]) -> Expr:
        if term.kind == "delta":
            return Delta(*slots)
        if term.kind == "generalised":
            return GeneralizedDelta(slots[: term.split], slots[term.split :])
        if term.kind == "eps":
            return LeviCivita(slots)
        if term.kind == "matrix":
            return MatrixApply(term.detail, term.name, slots)
        return ONE  # ones; and the coordinate of ∂, which its parent reads

    def _variance(self, name: str, slots: tuple[SlotTerm, ...]) -> str:
        """Positions matter where a slot's space has a metric; one that is not written is a lower one."""
        scope = self.scope
        if not scope.metrics:
            return ""
        roots = {scope.spaces.find(key) for _, key, _ in scope.metrics.values()}
        if not any(scope.spaces.find(("slot", name, str(k))) in roots for k in range(len(slots))):
            return ""
        return "".join(s.mark or "_" if isinstance(s, (IndexSlot, LiteralSlot)) else "_" for s in slots)

    def slot(self, slot: SlotTerm, env: Env) -> Slot:
        if isinstance(slot, IndexSlot):
            return env[slot.key] if slot.key in env else self.index(slot.key)
        if isinstance(slot, LiteralSlot):
            return slot.value
        if isinstance(slot, GatherSlot):
            inner = tuple([self.slot(s, env) for s in slot.slots])
            return Access(slot.tensor, inner, self._variance(slot.tensor, slot.slots))
        assert isinstance(slot, AffineSlot)
        parts: list[tuple[int, Index | Expr]] = []
        for factor, part in slot.terms:
            built = self.slot(part, env)
            assert isinstance(built, (Index, Expr))
            parts.append((factor, built))
        return affine_form(parts, slot.offset)

    def _join(self, term: Term, env: Env) -> Expr:
        assert isinstance(term, Join)
        parts: list[Expr] = []
        for part in term.parts:
            if part.sums or type(part) is not Leaf:
                parts.append(self.build(part, env))
            else:
                parts.append(self._leaf(part, env))
        try:
            return _JOINERS[term.kind](self, term, parts, env)
        except IndexCalcError as error:  # a number that is too large to compute
            found = error.diagnostics[0]
            self.scope.findings.error(found.code, found.message, term.span, found.hint)
            return ONE

    def _sum(self, term: Join, parts: list[Expr], env: Env) -> Expr:
        if self.scope.convention:
            self._same_free(term, parts)
        return add(*(multiply(MINUS_ONE, p) if op == "-" else p for op, p in zip(term.operators, parts)))

    def _same_free(self, term: Join, parts: list[Expr]) -> None:
        """convention einstein: every term of a sum has the same free indices."""
        first = parts[0]
        for part, inner in zip(parts, term.parts):
            if part.free != first.free and Literal(0) not in (part, first):
                names = sorted(i.name for i in part.free ^ first.free)
                message = f"a term of this sum has {quoted(names)}, another has not"
                hint = "under `convention einstein` each free index stands once in every term"
                self.scope.bad("IX106", message, inner.span, hint)
                return

    def _product(self, term: Join, parts: list[Expr], env: Env) -> Expr:
        if self.scope.convention:
            for key, count in term.counts.items():
                if count > 1 and key in self.free:
                    message = f"free index `{key}` stands {count} times in one term"
                    hint = "under `convention einstein` a free index stands once in every term"
                    self.scope.bad("IX106", message, term.span, hint)
        factors = [power(p, MINUS_ONE) if op == "/" else p for op, p in zip(term.operators, parts)]
        values = [f.value for f in factors if isinstance(f, Literal)]
        if 0 in values and any(abs(v) == math.inf for v in values):
            self.scope.bad("IX205", "0 times inf is no number", term.span, "use where(…) to choose")
            return ONE
        return multiply(*factors)

    def _apply(self, term: Join, parts: list[Expr], env: Env) -> Expr:
        if term.operators[0] == "sqrt":
            return sqrt(parts[0])
        return Apply(term.operators[0], tuple(parts))

    def _partial(self, term: Join, parts: list[Expr], env: Env) -> Expr:
        coordinate = term.parts[0]
        assert isinstance(coordinate, Leaf)
        slot = coordinate.slots[0]
        index = self.slot(slot, env)
        assert isinstance(index, Index)
        metrics = {self.scope.spaces.find(key) for _, key, _ in self.scope.metrics.values()}
        if slot.mark == "^" and self.scope.spaces.find(("index", coordinate.name)) in metrics:
            hint = "raise it with the metric: g[^i, ^j] partial[_j](…)"
            self.scope.bad("IX301", "∂ has a lower position in a space with a metric", slot.span, hint)
        return Partial(parts[1], index)

    def _derivative(self, term: Join, parts: list[Expr], env: Env) -> Expr:
        wrt = parts[1]
        assert isinstance(wrt, Access)
        return Derivative(parts[0], wrt)

    def _bind(self, term: Term, env: Env) -> Expr:
        assert isinstance(term, Bind)
        if term.keeps:
            along = tuple([env[k] if k in env else self.index(k) for k in term.keys])
            inner = {**env, **dict(zip(term.keys, along))}
            return IndexMap(term.operation, self.build(term.body, inner), along, term.count)
        found: dict[str, Index] = dict(env)
        indices: tuple[Index, ...] = ()
        for key in term.keys:
            found[key] = fresh = self.bound(key, {**env, **{i.name: i for i in indices}})
            indices += (fresh,)
        body = self.build(term.body, found)
        for index in indices:
            self._known_extent(term, body, index)
        if term.operation == "sum":
            return index_sum(body, indices)
        return IndexReduce(term.operation, body, indices)

    def _known_extent(self, term: Bind, body: Expr, index: Index) -> None:
        """Rule 8: a reduction over an index that the body lacks needs the extent."""
        if index in body.free:
            return
        group = self.scope.spaces.group(("index", index.name))
        if group.extent is None and not group.has_slots:
            message = f"`{term.operation}` runs over `{index.name}`, which is not inside and has no known extent"
            self.scope.bad("IX205", message, term.span, f"declare it: index {index.name} : its_space(N)")


def space_of(scope: Scope, key: Key) -> Space:
    """The finished space of a class; an anonymous one is called after the first index in it, else after its tensor."""
    root = scope.spaces.find(key)
    known = scope.spaces.resolved(root)
    if known is not None:
        return known
    first = key[1]
    if not scope.spaces.groups[root].name:
        first = next(iter(scope.indices_in(root)), first)
    return scope.spaces.resolve(root, first)


def _where(self: Builder, term: Join, parts: list[Expr], env: Env) -> Expr:
    return Where(*parts)


def _power(self: Builder, term: Join, parts: list[Expr], env: Env) -> Expr:
    return power(*parts)


def _compare(self: Builder, term: Join, parts: list[Expr], env: Env) -> Expr:
    return Compare(term.operators[0], *parts)


def _logic(self: Builder, term: Join, parts: list[Expr], env: Env) -> Expr:
    return Logic(term.operators[0], tuple(parts))


_JOINERS: Mapping[str, Callable[[Builder, Join, list[Expr], Env], Expr]] = {
    "sum": Builder._sum,
    "product": Builder._product,
    "apply": Builder._apply,
    "partial": Builder._partial,
    "derivative": Builder._derivative,
    "where": _where,
    "power": _power,
    "compare": _compare,
    "logic": _logic,
}
_BUILDERS: Mapping[type[Term], Callable[[Builder, Term, Env], Expr]] = {
    Leaf: Builder._leaf,
    Join: Builder._join,
    Bind: Builder._bind,
}
