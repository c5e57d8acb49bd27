"""einsum in every listed spelling, as a sum over accesses.

Letters or names in a string, implicit or explicit, with ellipsis; or sublists, `einsum(A, [0, 1], B, [1, 2], [0, 2])`.
Its letters are its own: they share nothing with the program's indices of the same name.
"""

from __future__ import annotations

from ..diagnostics import Span
from ..einsum.expand import expanded
from ..einsum.parse import from_lists, parse
from ..einsum.spec import Spec, SpecError
from ..syntax import tree as t
from .references import access
from .scope import CALLS, Scope, slots
from .slots import NotASlot, Symmetriser, read_slots
from .terms import IndexSlot, SlotTerm, Term, bind, join


class _Refused(Exception):
    """What is wrong with a call, and how to mend it."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


def read_einsum(tree: t.Call, scope: Scope) -> Term:
    """The term of an einsum call."""
    try:
        operands, spec = _arguments(tree)
        target = _target(tree, scope)
        return _contract(tree, operands, spec, target, scope)
    except _Refused as refusal:
        return scope.bad("IX505", str(refusal), tree.span, refusal.hint)
    except SpecError as error:
        return scope.bad("IX505", error.message, _place(tree, error), error.hint)
    except NotASlot:
        return scope.bad_here(tree.span)


def _place(tree: t.Call, error: SpecError) -> Span:
    """Where the string is wrong; the whole call where it has lists instead."""
    text = tree.arguments[0] if tree.arguments else None
    if not isinstance(text, t.Text) or error.end <= error.start:
        return tree.span
    line, first = text.span.line, text.span.start + 1
    column = text.span.column + 1
    return Span(first + error.start, first + error.end, line, column + error.start, line, column + error.end)


def _arguments(tree: t.Call) -> tuple[list[t.Reference], Spec]:
    first = tree.arguments[0] if tree.arguments else None
    if isinstance(first, t.Text):
        spec = parse(first.value, "language")
        operands = [_operand(a) for a in tree.arguments[1:]]
    else:
        pairs, rest = list(tree.arguments), None
        if len(pairs) % 2:
            rest = pairs.pop()
        operands = [_operand(a) for a in pairs[::2]]
        spec = from_lists([_sublist(a) for a in pairs[1::2]], None if rest is None else _sublist(rest))
    if not operands:
        raise _Refused("einsum has no operands", 'einsum("ij,jk->ik", A, B)')
    return operands, spec


def _operand(tree: t.Tree) -> t.Reference:
    if not isinstance(tree, t.Reference) or tree.slots is not None or tree.scripts:
        raise _Refused("an operand of einsum is a tensor's bare name", "name the operand in a line of its own first")
    return tree


def _sublist(tree: t.Tree) -> list[object]:
    if not isinstance(tree, t.Sublist):
        raise _Refused("after each operand comes its list of labels", "einsum(A, [0, 1], B, [1, 2], [0, 2])")
    return [_entry(entry) for entry in tree.entries]


def _entry(entry: t.Tree) -> object:
    if isinstance(entry, t.Number) and entry.text.isdigit() and len(entry.text) < 10:
        return int(entry.text)
    if isinstance(entry, t.Ellipsis):
        return Ellipsis
    if isinstance(entry, t.Name):
        return entry.text
    if isinstance(entry, t.Reference):
        return entry.name
    raise _Refused("a list of labels holds whole numbers, names and ...")


def _target(tree: t.Call, scope: Scope) -> tuple[SlotTerm, ...] | None:
    """The slots that the value takes: its own bracket, else the left side's; None in a bare expression."""
    if tree.slots is None and not tree.scripts:
        return scope.here.left
    given = read_slots(tree, scope)
    plain = tuple(s for s in given if not isinstance(s, Symmetriser))
    if len(plain) < len(given):
        raise _Refused("einsum's value takes plain slots", "name it in a line of its own first")
    return plain


def _contract(
    tree: t.Call, operands: list[t.Reference], spec: Spec, target: tuple[SlotTerm, ...] | None, scope: Scope
) -> Term:
    ranks = [_rank(operand, k, spec, target, scope) for k, operand in enumerate(operands)]
    found = expanded(spec, ranks)
    inputs, output, summed = found.inputs, found.output, found.summed
    if target is not None and len(target) != len(output):
        message = f"this einsum has {slots(len(output))}, but {len(target)} are given"
        raise _Refused(message, "its value takes the left side's slots in order, or slots of its own: einsum(…)[b, c]")
    if target is None:
        target = tuple(scope.use_index(_letter(label, k), tree.span) for k, label in enumerate(output))
    place: dict[str, SlotTerm] = dict(zip(output, target))
    for k, label in enumerate(summed):
        place[label] = IndexSlot(scope.private_key(_letter(label, k)), tree.span)
    factors: list[Term] = []
    for operand, labels in zip(operands, inputs):
        given = tuple(place[label] for label in (labels[::-1] if operand.primes % 2 else labels))
        factors.append(access(operand, operand.name, given, scope))
    body = factors[0] if len(factors) == 1 else join(tree.span, "product", tuple(factors), ("",) * len(factors))
    if not summed:
        return body
    keys = tuple(s.key for s in (place[label] for label in summed) if isinstance(s, IndexSlot))
    return bind(tree.span, "sum", keys, body)


def _rank(operand: t.Reference, k: int, spec: Spec, target: tuple[SlotTerm, ...] | None, scope: Scope) -> int | None:
    """How many slots an operand with an ellipsis has; None for one without, whose labels say it."""
    if k >= len(spec.inputs) or not any(axis.is_ellipsis for axis in spec.inputs[k].axes):
        return None
    info = scope.tensors.get(operand.name)
    if info is not None and info.rank is not None:
        return info.rank
    with_ellipsis = [x for x in spec.inputs if any(axis.is_ellipsis for axis in x.axes)]
    if target is not None and spec.output is not None and len(with_ellipsis) == 1:
        return len(target) - len(spec.output.labels) + len(spec.inputs[k].labels)
    raise _Refused(f"how many slots `{operand.name}` has is not known yet", f"declare it: tensor {operand.name}[…]")


def _letter(label: str, position: int) -> str:
    """A name for an index that a label stands for."""
    if label[0].isalpha():
        return label[0] if label in CALLS or label in ("and", "or", "not") else label
    return "ijklmnpqrstuvwxyz"[(int(label) if label.isdecimal() else position) % 17]
