"""The calls with a reading of their own: where, diff, the matrix functions, einsum."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..syntax import tree as t
from .references import expand, matrix_name
from .scope import Scope
from .slots import NotASlot, read_slots
from .terms import IndexSlot, Leaf, SlotTerm, Term, bind, join, leaf

Reader = Callable[[t.Tree, Scope], Term]
BINDERS = frozenset(
    ["sum", "mean", "prod", "max", "min", "logsumexp", "norm", "var", "argmax", "softmax", "cumsum", "topk", "partial"]
)  # what runs over indices in brackets


def arguments_of(tree: t.Call, scope: Scope, read: Reader) -> tuple[Term, ...]:
    """The arguments' terms."""
    out: list[Term] = []
    for argument in tree.arguments:
        out.append(read(argument, scope))
    return tuple(out)


def _where(tree: t.Call, scope: Scope, read: Reader) -> Term:
    if len(tree.arguments) != 3 or tree.slots is not None or tree.scripts:
        message = f"`where` takes three arguments, but {len(tree.arguments)} given"
        return scope.bad("IX505", message, tree.span, "where(condition, then, otherwise)")
    return join(tree.span, "where", arguments_of(tree, scope, read))


def _diff(tree: t.Call, scope: Scope, read: Reader) -> Term:
    if len(tree.arguments) != 2 or tree.slots is not None or tree.scripts:
        message = f"`diff` takes two arguments, but {len(tree.arguments)} given"
        return scope.bad("IX505", message, tree.span, "diff(f, x[k]) is ∂f/∂x_k")
    body, wrt = arguments_of(tree, scope, read)
    if scope.here.broken and isinstance(wrt, Leaf) and wrt.kind == "expr":
        return wrt
    if not (isinstance(wrt, Leaf) and wrt.kind == "access"):
        message = "`diff` differentiates with respect to a tensor's component"
        return scope.bad("IX505", message, tree.arguments[1].span, "diff(f, x[k]) is ∂f/∂x_k")
    return join(tree.span, "derivative", (body, wrt))


def _matrix(tree: t.Call, scope: Scope, read: Reader) -> Term:
    """inv(A)[i, j], det(A), logdet(A)."""
    function, slotted = tree.function, tree.slots is not None or bool(tree.scripts)
    if len(tree.arguments) != 1:
        message = f"`{function}` takes one matrix, but {len(tree.arguments)} given"
        return scope.bad("IX505", message, tree.span, f"{function}(A)")
    name = matrix_name(tree.arguments[0], function, scope)
    if name is None:
        return scope.bad_here(tree.span)
    scope.squares.append((name, tree.span))
    if function != "inv":
        if slotted or tree.primes:
            return scope.bad("IX505", f"{function} is a number and takes no slots", tree.span, f"{function}({name})")
        return leaf(tree.span, "matrix", name, (), function)
    try:
        given = read_slots(tree, scope) if slotted else []
    except NotASlot:
        return scope.bad_here(tree.span)
    if len(given) != 2:
        message = f"inv(…) has two slots, but {len(given) or 'none'} here"
        return scope.bad("IX203", message, tree.span, f"inv({name})[i, j]")
    if tree.primes % 2:
        given = given[::-1]

    def make(plain: tuple[SlotTerm, ...]) -> Term:
        for slot, position in zip(plain, ("1", "0")):  # the inverse maps back: its slots are A's in reverse
            if isinstance(slot, IndexSlot):
                scope.unify(("slot", name, position), ("index", slot.key), slot.span)
        return leaf(tree.span, "matrix", name, plain, "inv")

    return expand(tree, given, scope, make)


def _trace(tree: t.Call, scope: Scope, read: Reader) -> Term:
    """tr(A) is the sum over A[i, i]."""
    if len(tree.arguments) != 1 or tree.slots is not None or tree.scripts or tree.primes:
        return scope.bad("IX505", "`tr` takes one matrix, and its value no slots", tree.span, "tr(A)")
    name = matrix_name(tree.arguments[0], "tr", scope)
    if name is None:
        return scope.bad_here(tree.span)
    slot = IndexSlot(scope.private_key("i"), tree.span)
    scope.unify_slots(name, (slot, slot))
    body = leaf(tree.span, "access", name, (slot, slot))
    return bind(tree.span, "sum", (slot.key,), body)


def _einsum(tree: t.Call, scope: Scope, read: Reader) -> Term:
    from .einsum import read_einsum  # most programs have none, and the reader of einsum strings is a package of its own

    return read_einsum(tree, scope)


READ: Mapping[str, Callable[[t.Call, Scope, Reader], Term]] = {
    "where": _where,
    "diff": _diff,
    "inv": _matrix,
    "det": _matrix,
    "logdet": _matrix,
    "tr": _trace,
    "einsum": _einsum,
}
