"""einsum in every listed spelling, as a sum over accesses.

Letters or names in a string, implicit or explicit, with ellipsis; or sublists, `einsum(A, [0, 1], B, [1, 2], [0, 2])`.
Its letters are its own: they share nothing with the program's indices of the same name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..syntax import tree as t
from .references import access
from .scope import CALLS, Scope, slots
from .slots import NotASlot, Symmetriser, read_slots
from .terms import IndexSlot, SlotTerm, Term, bind, join

ELLIPSIS = "..."
Labels = list[str]


class Refused(Exception):
    """Says what is wrong with a spec, and how to mend it."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Spec:
    """Labels per operand and of the output; None while implicit."""

    inputs: list[Labels]
    output: Labels | None


def parse_spec(text: str) -> Spec:
    """The labels of a spec string.  Where a blank parts two labels, labels are names; else letters.

    >>> parse_spec("ij,jk->ik")
    Spec(inputs=[['i', 'j'], ['j', 'k']], output=['i', 'k'])
    >>> parse_spec("b seq_q h, b h -> b seq_q").inputs
    [['b', 'seq_q', 'h'], ['b', 'h']]
    """
    left, arrow, right = text.partition("->")
    operands = [o.strip() for o in left.split(",")]
    named = any(len(o.replace(ELLIPSIS, " ").split()) > 1 or "_" in o for o in (*operands, right.strip()))
    inputs = [_labels(o, named) for o in operands]
    return Spec(inputs, _labels(right.strip(), named) if arrow else None)


def _labels(text: str, named: bool) -> Labels:
    if "(" in text or ")" in text:
        raise Refused("einsum does not join or part axes", "give each axis a label of its own")
    out: Labels = []
    for word in text.replace(ELLIPSIS, f" {ELLIPSIS} ").split():
        out += [word] if named or word == ELLIPSIS else list(word)
    for label in out:
        if label != ELLIPSIS and not (label[0].isalpha() and label.replace("_", "").isalnum()):
            raise Refused(f"`{label}` is no label", "labels are letters, or names with blanks between them")
    if out.count(ELLIPSIS) > 1:
        raise Refused("an operand has at most one ellipsis")
    return out


def read_einsum(tree: t.Call, scope: Scope) -> Term:
    """The term of an einsum call."""
    try:
        operands, spec = _arguments(tree)
        target = _target(tree, scope)
        return _contract(tree, operands, spec, target, scope)
    except Refused as refusal:
        return scope.bad("IX505", str(refusal), tree.span, refusal.hint)
    except NotASlot:
        return scope.bad_here(tree.span)


def _arguments(tree: t.Call) -> tuple[list[t.Reference], Spec]:
    first = tree.arguments[0] if tree.arguments else None
    if isinstance(first, t.Text):
        spec = parse_spec(first.value)
        operands = [_operand(a) for a in tree.arguments[1:]]
    else:
        pairs, rest = list(tree.arguments), None
        if len(pairs) % 2:
            rest = pairs.pop()
        operands = [_operand(a) for a in pairs[::2]]
        spec = Spec([_sublist(a) for a in pairs[1::2]], None if rest is None else _sublist(rest))
    if not operands:
        raise Refused("einsum has no operands", 'einsum("ij,jk->ik", A, B)')
    if len(operands) != len(spec.inputs):
        message = f"the spec describes {len(spec.inputs)} operands, but {len(operands)} are given"
        raise Refused(message, "one group of labels for each operand, with commas between")
    return operands, spec


def _operand(tree: t.Tree) -> t.Reference:
    if not isinstance(tree, t.Reference) or tree.slots is not None or tree.scripts:
        raise Refused("an operand of einsum is a tensor's bare name", "name the operand in a line of its own first")
    return tree


def _sublist(tree: t.Tree) -> Labels:
    if not isinstance(tree, t.Sublist):
        raise Refused("after each operand comes its list of labels", "einsum(A, [0, 1], B, [1, 2], [0, 2])")
    out: Labels = []
    for entry in tree.entries:
        if isinstance(entry, t.Number) and entry.text.isdigit():
            out.append(f"{int(entry.text):06d}")  # sorted as numbers, as NumPy does
        elif isinstance(entry, t.Ellipsis):
            out.append(ELLIPSIS)
        elif isinstance(entry, (t.Name, t.Reference)):
            out.append(entry.text if isinstance(entry, t.Name) else entry.name)
        else:
            raise Refused("a list of labels holds whole numbers, names and ...")
    return out


def _target(tree: t.Call, scope: Scope) -> tuple[SlotTerm, ...] | None:
    """The slots that the value takes: its own bracket, else the left side's; None in a bare expression."""
    if tree.slots is None and not tree.scripts:
        return scope.here.left
    given = read_slots(tree, scope)
    plain = tuple(s for s in given if not isinstance(s, Symmetriser))
    if len(plain) < len(given):
        raise Refused("einsum's value takes plain slots", "name it in a line of its own first")
    return plain


def _contract(
    tree: t.Call, operands: list[t.Reference], spec: Spec, target: tuple[SlotTerm, ...] | None, scope: Scope
) -> Term:
    inputs, output = _without_ellipsis(operands, spec, target, scope)
    order = list(dict.fromkeys(label for labels in inputs for label in labels))
    _check_output(output, order)
    if target is not None and len(target) != len(output):
        message = f"this einsum has {slots(len(output))}, but {len(target)} are given"
        raise Refused(message, "its value takes the left side's slots in order, or slots of its own: einsum(…)[b, c]")
    if target is None:
        target = tuple(scope.use_index(_letter(label, k), tree.span) for k, label in enumerate(output))
    place: dict[str, SlotTerm] = dict(zip(output, target))
    summed = [label for label in order if label not in place]
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


def _without_ellipsis(
    operands: list[t.Reference], spec: Spec, target: tuple[SlotTerm, ...] | None, scope: Scope
) -> tuple[list[Labels], Labels]:
    """Labels with each ellipsis spelled out; broadcast axes align on the right."""
    widths: list[int] = []
    for operand, labels in zip(operands, spec.inputs):
        if ELLIPSIS in labels:
            widths.append(_rank(operand, spec, target, scope) - len(labels) + 1)
            if widths[-1] < 0:
                message = f"`{operand.name}` has fewer slots than the spec has labels for it"
                raise Refused(message, "see its declaration or its other uses")
    return _spelled(spec, widths)


def expanded(spec: Spec, ranks: Sequence[int]) -> tuple[list[Labels], Labels]:
    """The labels of operands of these ranks and of the output, each ellipsis and an implicit output spelled out.

    >>> expanded(parse_spec("...ij,jk"), [3, 2])
    ([['...0', 'i', 'j'], ['j', 'k']], ['...0', 'i', 'k'])
    """
    if len(ranks) != len(spec.inputs):
        message = f"the spec describes {len(spec.inputs)} operands, but {len(ranks)} are given"
        raise Refused(message, "one group of labels for each operand, with commas between")
    for labels, rank in zip(spec.inputs, ranks):
        if rank < len(labels) - 1 or (rank != len(labels) and ELLIPSIS not in labels):
            raise Refused(
                f"an operand of rank {rank} has the labels {' '.join(labels) or '(none)'}", "one label a slot"
            )
    inputs, output = _spelled(spec, [r - len(x) + 1 for x, r in zip(spec.inputs, ranks) if ELLIPSIS in x])
    _check_output(output, [label for labels in inputs for label in labels])
    return inputs, output


def _check_output(output: Labels, known: Sequence[str]) -> None:
    for label in output:
        if label not in known:
            raise Refused(f"the output's `{_show(label)}` is in no operand", "only labels of operands can stay")
    if len(set(output)) < len(output):
        raise Refused("the output repeats a label", "for a diagonal, repeat it in an operand")


def _spelled(spec: Spec, widths: Sequence[int]) -> tuple[list[Labels], Labels]:
    """Labels with each ellipsis as wide as given."""
    width = max(widths, default=0)
    axes = [f"{ELLIPSIS}{k}" for k in range(width)]
    own = iter(widths)
    inputs = [_spell(labels, axes[width - next(own) :] if ELLIPSIS in labels else []) for labels in spec.inputs]
    if spec.output is None:
        every = [label for labels in spec.inputs for label in labels if label != ELLIPSIS]
        return inputs, axes + sorted(label for label in set(every) if every.count(label) == 1)
    if axes and ELLIPSIS not in spec.output:
        raise Refused("the output has no ellipsis, but an operand has", "keep the ... in the output")
    return inputs, _spell(spec.output, axes)


def _spell(labels: Labels, axes: Labels) -> Labels:
    out: Labels = []
    for label in labels:
        out += axes if label == ELLIPSIS else [label]
    return out


def _rank(operand: t.Reference, spec: Spec, target: tuple[SlotTerm, ...] | None, scope: Scope) -> int:
    info = scope.tensors.get(operand.name)
    if info is not None and info.rank is not None:
        return info.rank
    if target is not None and spec.output is not None and len(operands_with_ellipsis(spec)) == 1:
        width = len(target) - len(spec.output) + (ELLIPSIS in spec.output)
        labels = operands_with_ellipsis(spec)[0]
        return width + len(labels) - 1
    raise Refused(f"how many slots `{operand.name}` has is not known yet", f"declare it: tensor {operand.name}[…]")


def operands_with_ellipsis(spec: Spec) -> list[Labels]:
    """The operands' labels that hold an ellipsis."""
    return [labels for labels in spec.inputs if ELLIPSIS in labels]


def _letter(label: str, position: int) -> str:
    """A name for an index that a label stands for."""
    if label[0].isalpha():
        return label[0] if label in CALLS or label in ("and", "or", "not") else label
    return "ijklmnpqrstuvwxyz"[(int(label) if label.isdigit() else position) % 17]


def _show(label: str) -> str:
    return str(int(label)) if label.isdigit() else label
