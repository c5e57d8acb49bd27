"""A spec as the reference of another: both with the axes in brackets as axes of their own."""

from __future__ import annotations

from collections.abc import Sequence

from ...einsum.dialects import DIALECTS
from ...einsum.expand import output_items
from ...einsum.parse import parse
from ...einsum.spec import Group, Operand, Spec
from ...elaborate.read import read_program
from ...importers.names import Names
from ...ir.program import Program
from ...python.module import Call

WIDTH = 2  # axes that an ellipsis stands for where nothing tells


def read_spec(text: str, call: Call | None) -> Spec:
    """The spec of a comment: of labels or names as it looks where it is a contraction, else in the call's dialect."""
    contracts = call is None or DIALECTS[call.dialect].operation == "contract"
    if contracts and "(" not in text:
        return parse(text, "language")
    return parse(text, "einops.rearrange" if call is None or contracts else call.dialect)


def groups_of(spec: Spec, width: int = WIDTH) -> list[list[int]]:
    """How many axes each axis of each operand, and of the output, consists of."""
    operands = (*spec.inputs, Operand(output_items(spec), 0, 0))
    return [[n for item in o.items for n in _parts(item, width)] for o in operands]


def _parts(item: object, width: int) -> list[int]:
    if isinstance(item, Group):
        return [len(item.parts)]
    return [1] * width if getattr(item, "is_ellipsis", False) else [1]


def spec_program(spec: Spec, operands: Sequence[str], width: int = WIDTH) -> Program:
    """The program of a spec for operands of these names, an ellipsis being so many axes."""
    names = Names()
    tensors = [names.new(o) for o in operands]
    result = names.new("result")
    place: dict[str, str] = {}

    def labels(operand: Operand) -> list[str]:
        out = []
        for a in operand.axes:
            wanted = [f"...{k}" for k in range(width)] if a.is_ellipsis else ["1"] if a.is_number else [a.name]
            for w in wanted:
                if w == "1":
                    out.append("0")
                    continue
                if w not in place:
                    place[w] = names.new(w) if w.isidentifier() and names.free(w) else names.index()
                out.append(place[w])
        return out

    factors = [_reference(t, labels(o)) for t, o in zip(tensors, spec.inputs)]
    inside = set(place.values())
    output = [x if x != "0" else names.index() for x in labels(Operand(output_items(spec), 0, 0))]
    new = [x for x in output if x not in inside]
    body = " * ".join([*factors, *(f"ones[{x}]" for x in new)])
    summed = [x for x in dict.fromkeys(place.values()) if x in inside and x not in output]
    body = f"sum[{', '.join(summed)}]({body})" if summed else body
    return read_program(f"{_reference(result, output)} = {body}\noutput {result}")


def _reference(name: str, slots: Sequence[str]) -> str:
    return f"{name}[{', '.join(slots)}]" if slots else name
