"""Definitions, claims and bare expressions: read in a first pass, balanced and built in a second.

The second pass runs when every space of the program is known.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..diagnostics import Label, Span
from ..ir.program import Claim, Define
from ..syntax import tree as t
from . import balance
from .building import Builder
from .expressions import read
from .names import plain_name, symbol
from .scope import Scope, Statement, TensorInfo
from .slots import NotASlot, SlotOrGroup, Symmetriser, read_slots
from .terms import Bind, IndexSlot, Leaf, Term


@dataclass(slots=True)
class Read:
    """A statement after the first pass.  `name` is "" for a claim; `right` is None for a bare expression."""

    span: Span
    here: Statement
    left: Term
    right: Term | None
    name: str = ""


def read_statement(tree: t.Equation | t.Bare, scope: Scope) -> Read | None:
    """First pass over a statement; None where its left side cannot be one."""
    scope.here = Statement()
    if isinstance(tree, t.Bare):
        body = tree.body
        while isinstance(body, t.Group):
            body = body.body
        if isinstance(body, t.Compare) and len(body.rest) == 1 and body.rest[0][0] == "==":
            return _claim(tree.span, body.first, body.rest[0][1], scope)
        return Read(tree.span, scope.here, read(body, scope), None)
    target = _target(tree.left, scope)
    if target is None or not _fresh(target, tree, scope):
        return _claim(tree.span, tree.left, tree.right, scope)
    return _definition(tree, target, scope)


@dataclass(frozen=True, slots=True)
class Target:
    """The left side of a definition: name and slot trees (compact indices as names)."""

    name: str
    reference: t.Reference


def _target(tree: t.Tree, scope: Scope) -> Target | None:
    if not isinstance(tree, t.Reference) or (tree.primes and (tree.slots is not None or tree.scripts)):
        return None
    if tree.slots is not None:
        return Target(tree.name, tree)
    found = scope.survey.split(tree.name)
    if found is None:
        return None if tree.primes else Target(tree.name, tree)
    front = t.Script(tree.span, False, tuple(t.Name(tree.span, i) for i in found[1]), True)
    return Target(found[0], t.Reference(tree.span, found[0], 0, (front, *tree.scripts)))


def _fresh(target: Target, tree: t.Equation, scope: Scope) -> bool:
    """Whether the equation defines its left side.  A second definition is an error, not a claim."""
    name, bare = target.name, plain_name(target.reference) is not None
    known = scope.tensors.get(name)
    if (symbol(name) and not bare) or (known is not None and (known.declared or name in scope.metrics)):
        return False
    if bare and (name in scope.survey.indices or name in scope.extents):
        scope.claim_kind(name, "tensor", tree.left.span)
    elif bare and name in ("pi", "π", "inf"):
        scope.bad("IX504", f"`{name}` is a number, and cannot be defined", tree.left.span, "take another name")
    return True


def _claim(span: Span, left: t.Tree, right: t.Tree, scope: Scope) -> Read:
    sides: list[Term] = []
    for side, other in ((left, right), (right, left)):
        if isinstance(side, t.Call) and side.function == "einsum" and isinstance(other, t.Reference):
            probe = read(other, scope)
            scope.here.left = probe.slots if isinstance(probe, Leaf) else None
        sides.append(read(side, scope))
    return Read(span, scope.here, sides[0], sides[1])


def _definition(tree: t.Equation, target: Target, scope: Scope) -> Read:
    reference, here = target.reference, scope.here
    try:
        given = [] if plain_name(reference) is not None else read_slots(reference, scope)
    except NotASlot:
        given = []
    slots = _left_slots(reference, given, scope)
    here.left = slots
    left = Leaf(tree.left.span, {s.key: 1 for s in slots}, "access", target.name, slots)
    right = read(tree.right, scope)
    _define(target.name, slots, tree, right, scope)
    return Read(tree.span, here, left, right, target.name)


def _left_slots(reference: t.Reference, given: list[SlotOrGroup], scope: Scope) -> tuple[IndexSlot, ...]:
    """The plain, distinct indices of a left side."""
    out: dict[str, IndexSlot] = {}
    for slot in given:
        if not isinstance(slot, IndexSlot):
            shown = scope.findings.text(slot.span)
            what = "a symmetriser" if isinstance(slot, Symmetriser) else f"`{shown}`"
            hint = "write an index there, and choose on the right with δ or where: where(i == 0, …, 0)"
            scope.bad("IX104", f"{what} stands in a slot on the left, where only an index can", slot.span, hint)
        elif slot.key in out:
            hint = f"for a diagonal write two indices and delta[{slot.key}, {slot.key}'] on the right"
            scope.bad("IX104", f"`{slot.key}` stands twice on the left", reference.span, hint)
        else:
            out[slot.key] = slot
    return tuple(out.values())


def _define(name: str, slots: tuple[IndexSlot, ...], tree: t.Equation, right: Term, scope: Scope) -> None:
    span = tree.left.span
    known = scope.tensors.get(name)
    if known is not None and known.defined:
        labels = (Label(known.span, "first defined here"),) if known.span else ()
        hint = "take another name; for a claim write =="
        scope.bad("IX502", f"`{name}` is defined twice", span, hint, labels)
        return
    if known is not None and known.read is not None:
        own = span.start <= known.read.start <= tree.span.end
        message = f"`{name}` is read {'in its own definition' if own else 'before it is defined'}"
        hint = "take another name; for a claim write ==" if own else "move the definition up"
        labels = (Label(span, "defined here"),) if not own else ()
        scope.bad("IX501", message, known.read, hint, labels)
    if not scope.claim_kind(name, "tensor", span):
        return
    info = TensorInfo(name, len(slots), span, defined=True, example=slots)
    if isinstance(right, Bind) and right.operation == "argmax" and len(right.keys) == 1:
        info.integer = True
        scope.unify(("value", name), ("index", right.keys[0]), right.span)
    scope.tensors[name] = info
    scope.unify_slots(name, slots)


# ---- second pass ---------------------------------------------------------------------------------
def finish(found: Read, scope: Scope) -> Define | Claim | None:
    """Decide the sums, judge the balance, build.  None for a bare expression or where something was wrong."""
    scope.here = found.here
    errors = scope.findings.errors
    if found.right is None:
        balance.bare(found.left, scope)
        hint = "give it a name, or write the claim that it equals something"
        scope.findings.warning("IX506", "this expression stands alone and does nothing", found.span, hint)
        return None
    keys = balance.definition(found.left, found.right, scope) if found.name else None
    if keys is None:
        keys = balance.claim(found.left, found.right, scope)
    if found.here.broken or scope.findings.errors > errors:
        return None
    builder = Builder(scope, set(found.here.keys), frozenset(keys))
    env = {key: builder.index(key) for key in keys}
    right = builder.build(found.right, env)
    result: Define | Claim
    if found.name:
        indices = tuple(env[s.key] for s in found.left.slots if isinstance(s, IndexSlot))  # type: ignore[attr-defined]
        result = Define(found.name, indices, right, found.span)
    else:
        result = Claim(builder.build(found.left, env), right, found.span)
    report_lost(builder, scope)
    return result if scope.findings.errors == errors else None


def report_lost(builder: Builder, scope: Scope) -> None:
    """Values of indices that nothing binds."""
    for name, span in builder.lost.items():
        message = f"the value of `{name}` is used where `{name}` is neither free nor bound"
        hint = f"a use as a value sums nothing: write sum[{name}](…) around it, or put `{name}` on the left"
        scope.findings.error("IX102", message, span, hint)
