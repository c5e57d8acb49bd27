"""References as terms: tensors, scalars, index values, extents, δ, ε, ones, transposes and symmetrisers."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from itertools import permutations, product

from .. import limits
from ..ir.build import number
from ..ir.expr import Constant, Literal
from ..syntax import tree as t
from .names import symbol
from .scope import ARTICLE, CALLS, Scope, slots
from .slots import NotASlot, SlotOrGroup, Symmetriser, read_slots
from .terms import Leaf, SlotTerm, Term, constant, join, leaf

Make = Callable[[tuple[SlotTerm, ...]], Term]


def read_reference(tree: t.Reference, scope: Scope) -> Term:
    """The term that a reference stands for."""
    if tree.slots is None and not tree.scripts:
        return _bare(tree, scope)
    name, front = tree.name, list[SlotOrGroup]()
    try:
        if tree.slots is None:
            name, front = _compact_front(tree, scope)
        given = front + read_slots(tree, scope)
    except NotASlot:
        return scope.bad_here(tree.span)
    return _applied(tree, name, given, scope)


def _compact_front(tree: t.Reference, scope: Scope) -> tuple[str, list[SlotOrGroup]]:
    """`A_i^j` arrives as the name `A_i` with a script."""
    found = scope.survey.split(tree.name)
    if found is None:
        return tree.name, []
    return found[0], [scope.use_index(i, tree.span, "_") for i in found[1]]


def _applied(tree: t.Reference, name: str, given: list[SlotOrGroup], scope: Scope) -> Term:
    kind = "" if name in scope.tensors and scope.tensors[name].rank else symbol(name)
    if kind:
        return _symbol(tree, kind, given, scope)
    if name in CALLS and name not in scope.kinds and name not in ("max", "min"):
        return scope.bad("IX505", f"`{name}` is a function: it takes arguments, not slots", tree.span, f"{name}(…)")
    if tree.primes % 2:
        if sum(len(g.slots) if isinstance(g, Symmetriser) else 1 for g in given) != 2:
            return scope.bad("IX203", "a transpose has two slots", tree.span, f"write {name}'[i, j]")
        given = given[::-1]
    return expand(tree, given, scope, lambda s: access(tree, name, s, scope))


def access(tree: t.Tree, name: str, given: tuple[SlotTerm, ...], scope: Scope) -> Term:
    """A tensor's component."""
    info = scope.use_tensor(name, len(given), tree.span)
    if info is None:
        return scope.bad_here(tree.span)
    info.example = info.example or given
    scope.unify_slots(name, given)
    return leaf(tree.span, "access", name, given)


def expand(tree: t.Tree, given: list[SlotOrGroup], scope: Scope, make: Make) -> Term:
    """Without symmetrisers, the one term; with them, the signed mean over all permutations."""
    groups = [g for g in given if isinstance(g, Symmetriser)]
    if not groups:
        return make(tuple(s for s in given if not isinstance(s, Symmetriser)))
    count = math.prod(math.factorial(len(g.slots)) for g in groups)
    if count > math.factorial(limits.MAX_SYMMETRISED):
        message = f"these symmetrisers give {count} terms; at most {math.factorial(limits.MAX_SYMMETRISED)} are made"
        return scope.bad("IX009", message, tree.span, "name a part in a line of its own")
    terms: list[Term] = []
    signs: list[str] = []
    for orders in product(*(permutations(range(len(g.slots))) for g in groups)):
        flat: list[SlotTerm] = []
        arranged = iter(zip(groups, orders))
        for slot in given:
            if isinstance(slot, Symmetriser):
                group, order = next(arranged)
                flat += [group.slots[k] for k in order]
            else:
                flat.append(slot)
        odd = sum(_inversions(o) for g, o in zip(groups, orders) if g.sign < 0) % 2
        terms.append(make(tuple(flat)))
        signs.append("-" if odd else "+")
    mean = constant(tree.span, number(Fraction(1, count)))
    whole = join(tree.span, "sum", tuple(terms), tuple(signs))
    return join(tree.span, "product", (mean, whole), ("", ""))


def _inversions(order: tuple[int, ...]) -> int:
    return sum(a > b for k, a in enumerate(order) for b in order[k + 1 :])


# ---- symbols -------------------------------------------------------------------------------------
def _symbol(tree: t.Reference, kind: str, given: list[SlotOrGroup], scope: Scope) -> Term:
    if kind == "delta" and _is_generalised(tree, given):
        return _generalised(tree, given, scope)

    def make(plain: tuple[SlotTerm, ...]) -> Term:
        if kind != "ones":
            scope.unify_alike(plain)
        return leaf(tree.span, kind, slots=plain)

    size = sum(len(g.slots) if isinstance(g, Symmetriser) else 1 for g in given)
    if kind == "delta" and size != 2:
        hint = "δ_ij: delta[i, j]; for several pairs delta[^i ^j, _k _l]"
        return scope.bad("IX204", f"δ has two slots, but {size} here", tree.span, hint)
    if kind == "eps" and size < 2:
        return scope.bad("IX204", f"ε has two slots or more, but {size} here", tree.span, "ε_ijk: eps[i, j, k]")
    return expand(tree, given, scope, make)


def _is_generalised(tree: t.Reference, given: list[SlotOrGroup]) -> bool:
    """delta[^i ^j, _k _l], delta[^i, ^j, _k, _l] or δ^{ij}_{kl}: more than two slots, all of them placed."""
    if tree.slots and any(isinstance(s, t.Positions) for s in tree.slots):
        return True
    return len(given) > 2 and all(isinstance(s, Symmetriser) or s.mark for s in given)


def _generalised(tree: t.Reference, given: list[SlotOrGroup], scope: Scope) -> Term:
    """delta[^i ^j, _k _l]: as many upper as lower positions."""
    plain = tuple(s for s in given if not isinstance(s, Symmetriser))
    upper = tuple(s for s in plain if s.mark == "^")
    lower = tuple(s for s in plain if s.mark == "_")
    if len(upper) != len(lower) or len(upper) + len(lower) != len(given):
        message = f"the generalised δ has {len(upper)} upper and {len(lower)} lower positions"
        return scope.bad("IX204", message, tree.span, "it takes as many upper as lower ones: delta[^i ^j, _k _l]")
    scope.unify_alike(upper + lower)
    return leaf(tree.span, "generalised", slots=upper + lower, split=len(upper))


# ---- bare names ----------------------------------------------------------------------------------
def _bare(tree: t.Reference, scope: Scope) -> Term:
    here = scope.here
    full = tree.name + "'" * tree.primes
    if here.parameters is not None:
        return _parameter(tree, full, scope)
    if full in scope.survey.indices and (full in scope.order or full not in scope.survey.declared):
        scope.use_index(full, tree.span)
        return Leaf(tree.span, {}, "value", full)
    if tree.primes:
        return _primed(tree, full, scope)
    return _scalar(tree, scope)


def _parameter(tree: t.Reference, full: str, scope: Scope) -> Term:
    assert scope.here.parameters is not None
    if full in scope.here.parameters:
        return leaf(tree.span, "access", full)
    if full in NUMBERS:
        return _number(tree, full)
    hint = "its formula may use its parameters, numbers and functions declared before it"
    return scope.bad("IX501", f"`{full}` is no parameter of this function", tree.span, hint)


NUMBERS = {"pi": Constant("pi"), "π": Constant("pi"), "inf": Literal(math.inf)}


def _number(tree: t.Tree, name: str) -> Term:
    return constant(tree.span, NUMBERS[name])


def _primed(tree: t.Reference, full: str, scope: Scope) -> Term:
    stem, _, last = full.rpartition("_")
    if stem and last in scope.survey.indices and tree.name not in scope.survey.tensors:  # y_j' is y[j']
        before = scope.survey.split(stem)
        base, front = before or (stem, ())
        given: list[SlotOrGroup] = [scope.use_index(i, tree.span, "_") for i in (*front, last)]
        return _applied(t.Reference(tree.span, base), base, given, scope)
    hint = f"for the transpose write {tree.name}'[i, j]; for an index, use `{full}` in a slot as well"
    return scope.bad("IX501", f"`{full}` is neither an index nor a transposed component", tree.span, hint)


def _scalar(tree: t.Reference, scope: Scope) -> Term:
    name, span = tree.name, tree.span
    if name in scope.extents:
        return Leaf(span, {}, "extent", name)
    if name not in scope.tensors:
        if name in NUMBERS:
            return _number(tree, name)
        if name in scope.functions or (name in CALLS and name not in scope.survey.tensors):
            return scope.bad("IX505", f"function `{name}` stands without its arguments", span, f"{name}(…)")
        found = scope.survey.split(name)
        if found is not None:
            given: list[SlotOrGroup] = [scope.use_index(i, span, "_") for i in found[1]]
            return _applied(t.Reference(span, found[0]), found[0], given, scope)
        if "_" in name:
            scope.here.whole.setdefault(name, span)
    known = scope.kinds.get(name)
    if known is not None and known[0] != "tensor":
        return scope.bad("IX504", f"`{name}` is {ARTICLE[known[0]]}, not a scalar", span, "take another name")
    info = scope.tensors.get(name)
    if info is not None and info.rank:
        message = f"`{name}` has {slots(info.rank)}, but none here"
        return scope.bad("IX203", message, span, f"write {scope.example(info)}")
    return access(tree, name, (), scope)


def matrix_name(tree: t.Tree, function: str, scope: Scope) -> str | None:
    """The bare two-slot tensor that a matrix function takes, or None and a finding."""
    if not isinstance(tree, t.Reference) or tree.slots is not None or tree.scripts or tree.primes:
        message = f"{function} takes a tensor by its bare name"
        scope.bad("IX505", message, tree.span, f"name the matrix first, then {function}(M)")
        return None
    return tree.name if scope.use_tensor(tree.name, 2, tree.span) is not None else None
