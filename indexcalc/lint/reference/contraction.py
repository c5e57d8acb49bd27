"""A call with an einsum string or an einops pattern as a formula: labels of the spec to labels of the result."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ...einsum.dialects import DIALECTS
from ...einsum.expand import output_items
from ...einsum.spec import Axis, Group, Item, Operand, Spec
from ...python.module import Call
from .axes import NotReadable, constant, shown
from .operations import REDUCTIONS

if TYPE_CHECKING:
    from .expression import Reader

OPERATIONS = ("contract", "rearrange", "reduce", "repeat")
Labels = tuple[str, ...]


def contraction_text(reader: Reader, call: Call, labels: Labels) -> str:
    """The component of a call's value at these labels.  An axis in brackets, `(h d)`, counts as its parts."""
    spec = readable(call)
    if len(call.operands) != len(spec.inputs):
        raise NotReadable(call.node, f"the spec describes {len(spec.inputs)} operands, not {len(call.operands)}")
    place = _placed(spec, labels, call)
    own = _labels_in(spec)
    summed = [x for x in own if x not in place]
    place |= {x: reader.label(x) for x in summed}
    factors = []
    for argument, operand in zip(call.operands, spec.inputs):
        slots = _slots(operand, place, labels)
        if any(isinstance(i, Group) for i in operand.items):
            factors.append(reader.access(argument.node, slots))
        else:
            factors.append(operand_text(reader, argument.node, slots))
    body = " * ".join([*factors, *_repeated(spec, place)])
    if not summed:
        return f"({body})"
    over = ", ".join(place[x] for x in summed)
    return f"{_reduction(call)}[{over}]({body})"


def operand_text(reader: Reader, node: ast.expr, slots: Labels) -> str:
    """An operand: an expression where it can be read, else an array of its own."""
    try:
        return reader.text(node, slots)
    except NotReadable:
        if not isinstance(node, (ast.Call, ast.Subscript, ast.Attribute, ast.Name)):
            raise
        return reader.access(node, slots)


def readable(call: Call) -> Spec:
    """The call's spec, where it is one whose meaning is written here."""
    spec = call.spec
    if spec is None or not call.string.whole:
        raise NotReadable(call.node, "its string is not known")
    if DIALECTS[call.dialect].operation not in OPERATIONS or spec.more_outputs:
        raise NotReadable(call.node, f"what `{call.dialect}` computes has no formula here")
    every = [a for o in spec.operands for a in o.axes]
    if any(a.repeated or (a.is_number and a.name != "1") for a in every):
        raise NotReadable(call.node, "its pattern has axes that are no names")
    if any(g.bracketed or g.concatenated or g.repeated for o in spec.operands for g in o.groups):
        raise NotReadable(call.node, "its pattern has brackets that have no formula here")
    return spec


def flat(items: Sequence[Item]) -> list[Axis]:
    """Axes from left to right, those in brackets too, without those of size 1 that a pattern makes up."""
    return list(Operand(tuple(items), 0, 0).axes)


def _placed(spec: Spec, labels: Labels, call: Call) -> dict[str, str]:
    """The result's label for each of the spec's output labels; an ellipsis has `...0`, `...1`, … from the right."""
    output = flat(output_items(spec))
    width = len(labels) - len(output) + 1
    if not any(a.is_ellipsis for a in output):
        if width != 1:
            message = f"`{shown(call.node)}` has {len(output)} axes, and {len(labels)} are asked for"
            raise NotReadable(call.node, message)
    elif width < 0:
        raise NotReadable(call.node, f"`{shown(call.node)}` has more than {len(labels)} axes")
    place: dict[str, str] = {}
    given = iter(labels)
    for a in output:
        if a.is_ellipsis:
            place |= {f"...{k}": next(given) for k in reversed(range(width))}
        elif a.is_number:
            next(given)
        else:
            place[a.name] = next(given)
    return place


def _slots(operand: Operand, place: Mapping[str, str], labels: Labels) -> Labels:
    """The operand's labels; its ellipsis stands for as many axes as the result's, which broadcasting may make fewer."""
    out: list[str] = []
    width = sum(x.startswith("...") for x in place)
    for a in operand.axes:
        if a.is_ellipsis:
            out += [place[f"...{k}"] for k in reversed(range(width))]
        else:
            out.append("0" if a.is_number else place[a.name])
    return tuple(out)


def _labels_in(spec: Spec) -> list[str]:
    return list(dict.fromkeys(a.name for o in spec.inputs for a in o.axes if a.is_label))


def _repeated(spec: Spec, place: Mapping[str, str]) -> list[str]:
    """A factor 1 along each new axis of `repeat`."""
    own = _labels_in(spec)
    new = [a.name for a in flat(output_items(spec)) if a.is_label and a.name not in own]
    return [f"ones[{place[x]}]" for x in new]


def _reduction(call: Call) -> str:
    """What an einops `reduce` does along the axes that go away; an einsum sums."""
    if DIALECTS[call.dialect].operation != "reduce":
        return "sum"
    given = call.node.args[2] if len(call.node.args) > 2 else call.keywords.get("reduction")
    name = constant(given)
    found = {**REDUCTIONS, "max": "max", "min": "min"}.get(name) if isinstance(name, str) else None
    if found is None:
        raise NotReadable(call.node, f"the reduction `{name}` has no formula here")
    return found
