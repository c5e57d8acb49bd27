"""∂f/∂x[k] asked for from outside, where f and x[k] are written apart and may use one letter for two indices."""

from __future__ import annotations

from collections.abc import Mapping

from .scope import Scope
from .terms import IndexSlot, Join, Leaf, SlotTerm, Term, join, leaf


def wrt_apart(term: Term, scope: Scope) -> tuple[Term, Mapping[str, str]]:
    """The derivative with new keys for those indices of x[k] that the body sums; new key -> the one that was written.

    In `diff(x[i] x[i], x[i])` within a program i stands three times, which is an error there.
    """
    if not (isinstance(term, Join) and term.kind == "derivative"):
        return term, {}
    body, wrt = term.parts
    assert isinstance(wrt, Leaf)
    new: dict[str, str] = {}
    for key in wrt.counts:
        if body.counts.get(key) == 2:
            name = key + "'"
            while name in scope.order or name in scope.kinds:
                name += "'"
            new[key] = name
    if not new:
        return term, {}
    slots = tuple(_renamed(s, new, scope) for s in wrt.slots)
    scope.unify_slots(wrt.name, slots)
    component = leaf(wrt.span, "access", wrt.name, slots)
    return join(term.span, "derivative", (body, component)), {n: k for k, n in new.items()}


def _renamed(slot: SlotTerm, new: Mapping[str, str], scope: Scope) -> SlotTerm:
    if not isinstance(slot, IndexSlot) or slot.key not in new:
        return slot
    return scope.use_index(new[slot.key], slot.span, slot.mark)
