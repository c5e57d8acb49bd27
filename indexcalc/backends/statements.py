"""The right-hand side of the line for each operation of a graph."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..ir.elementwise import COMPARING
from ..ir.graph import (
    Along,
    Broadcast,
    Contract,
    Form,
    Gather,
    Map,
    MatrixFunction,
    Operand,
    Range,
    Reduce,
    Scatter,
    ScatterWindows,
    Value,
    View,
    positions_differ,
)  # fmt: skip
from ..ir.index import Index
from ..lower.liveness import COMMUTATIVE, Liveness
from .matmul import contraction
from .names import Names, tuple_text


class Statements:
    """Writes values.  `reused` tells, after a value was written, whose buffer it took over."""

    def __init__(self, names: Names, alive: Liveness) -> None:
        self.names = names
        self.alive = alive
        self.spelling = names.spelling
        self.operations = names.spelling.operations
        self.reused: dict[int, int] = {}

    def text(self, value: Value) -> str:
        """The text of the value's operation."""
        return _DISPATCH[type(value.operation)](self, value)

    def overwrites(self, value: Value) -> int | None:
        """The operand whose buffer takes the result, if there is one; notes it."""
        n = self.alive.taken_over(value, self.spelling.in_place, number_first=self.spelling.number_first)
        if n is not None:
            self.reused[value.number] = value.operands[n].value.number
        return n


def _map(s: Statements, value: Value) -> str:
    function = value.operation.function  # type: ignore[union-attr]
    parts = [s.names.aligned(o, value.axes) for o in value.operands]
    if function in COMPARING:
        parts = [s.spelling.real_part.format(p) if o.kind == "float" else p for p, o in zip(parts, value.operands)]
    if function == "masked":
        return _masked(s, value, parts)
    n = s.overwrites(value)
    if n is None:
        return s.spelling.maps[function].format(*parts)
    if n > 0 and function in COMMUTATIVE:
        parts = [parts[n], *parts[:n], *parts[n + 1 :]]
        n = 0
    if n == 0 and function in s.spelling.onto_first:
        return s.spelling.onto_first[function].format(*parts)
    return s.spelling.in_place[function].format(", ".join(parts), parts[n])


def _masked(s: Statements, value: Value, parts: list[str]) -> str:
    if s.overwrites(value) is not None:
        return s.operations["masked"].format(*parts)
    return s.spelling.maps["where"].format(parts[1], parts[2], parts[0])


def _reduce(s: Statements, value: Value) -> str:
    (operand,) = value.operands
    gone = [x for x in operand.labels if x not in value.axes]
    labels = operand.labels if _follows(operand.labels, value.axes) else (*value.axes, *gone)
    axes = tuple_text(str(n) for n, x in enumerate(labels) if x in gone)
    name = value.operation.operation  # type: ignore[union-attr]
    return s.operations[name].format(s.names.ordered(operand, labels), axes)


def _follows(labels: Sequence[Index], axes: tuple[Index, ...]) -> bool:
    """Whether the labels that are among the axes stand in their order."""
    return tuple(x for x in labels if x in axes) == axes


def _along(s: Statements, value: Value) -> str:
    """Along one axis directly; along several, with these moved last and merged into one."""
    operation = value.operation
    assert isinstance(operation, Along)
    (operand,) = value.operands
    template = s.operations[operation.operation]
    if len(operation.indices) == 1:
        axis = operand.labels.index(operation.indices[0])
        return template.format(s.names.text(operand.value), axis, operation.count)
    rest = tuple(x for x in operand.labels if x not in operation.indices)
    flat = s.names.ordered(operand, (*rest, *operation.indices))
    dims = [*(s.names.size(x.space) for x in rest), s.names.product(operation.indices)]
    text = template.format(s.operations["reshape"].format(flat, tuple_text(dims)), len(rest), operation.count)
    return s.operations["reshape"].format(text, s.names.shape(value.axes))


def _view(s: Statements, value: Value) -> str:
    operation = value.operation
    assert isinstance(operation, View)
    source = s.names.text(value.operands[0].value)
    if operation.padded:
        return s.operations["windows"].format(source, s.names.shape(value.axes), _forms(operation.forms))
    slots = [_plain(n, value) for n in range(len(operation.forms))]
    if all(x is not None for x in slots):
        return f"{source}[{', '.join(x for x in slots if x)}]"
    return s.operations["strided"].format(source, s.names.shape(value.axes), _forms(operation.forms))


def _plain(slot: int, value: Value) -> str | None:
    """`:` or a number where the slot is one; None where only strides can say it."""
    forms: tuple[Form, ...] = value.operation.forms  # type: ignore[union-attr]
    form = forms[slot]
    if not any(form.coefficients):
        return str(form.offset)
    axis = form.coefficients.index(max(form.coefficients))
    lone = [c for c in form.coefficients if c] == [1] and sum(1 for f in forms if f.coefficients[axis]) == 1
    whole = value.axes[axis].space == value.operands[0].value.axes[slot].space  # else a window `p + 0`
    return ":" if lone and form.offset == 0 and whole else None


def _forms(forms: Sequence[Form]) -> str:
    return tuple_text(f"({tuple_text(map(str, f.coefficients))}, {f.offset})" for f in forms)


def _gather(s: Statements, value: Value) -> str:
    operation = value.operation
    assert isinstance(operation, Gather)
    source, *positions = value.operands
    along = _labels(positions)
    rest = tuple(x for x in source.labels if x not in operation.indices)
    text = s.names.ordered(source, (*operation.indices, *rest))
    return f"{text}[{', '.join(s.names.aligned(p, along) for p in positions)}]"


def _labels(operands: Sequence[Operand]) -> tuple[Index, ...]:
    return tuple(dict.fromkeys(x for o in operands for x in o.labels))


def _scatter(s: Statements, value: Value) -> str:
    operation = value.operation
    assert isinstance(operation, Scatter)
    count = len(operation.indices)
    source, positions = value.operands[0], value.operands[1 : 1 + count]
    rest = tuple(x for x in value.axes if x not in operation.indices)
    along = tuple(dict.fromkeys(x for o in (source, *positions) for x in o.labels if x not in rest))
    places = tuple_text(s.names.aligned(p, along) for p in positions)
    added = s.names.aligned(source, (*along, *rest))
    if not operation.has_base:
        return s.operations["scatter"].format(s.names.shape(value.axes), places, added)
    base = s.names.text(value.operands[-1].value)
    if s.overwrites(value) is None:
        base = s.operations["copy"].format(base)
    order = tuple_text(str(value.axes.index(x)) for x in (*operation.indices, *rest))
    return s.operations["add_at" if positions_differ(value) else "add_repeated"].format(base, order, places, added)


def _scatter_windows(s: Statements, value: Value) -> str:
    operation = value.operation
    assert isinstance(operation, ScatterWindows)
    (source,) = value.operands
    rest = value.axes[len(operation.forms) :]
    text = s.names.ordered(source, (*operation.indices, *rest))
    return s.operations["scatter_windows"].format(s.names.shape(value.axes), _forms(operation.forms), text)


def _broadcast(s: Statements, value: Value) -> str:
    text = s.names.aligned(value.operands[0], value.axes)
    return s.operations["broadcast"].format(text, s.names.shape(value.axes))


def _range(s: Statements, value: Value) -> str:
    return s.operations["range"].format(s.names.size(value.axes[0].space))


def _matrix_function(s: Statements, value: Value) -> str:
    return s.operations[value.operation.function].format(s.names.text(value.operands[0].value))  # type: ignore[union-attr]


_DISPATCH: Mapping[type, Callable[[Statements, Any], str]] = {
    Along: _along,
    Broadcast: _broadcast,
    Contract: lambda s, value: contraction(s.names, value),
    Gather: _gather,
    Map: _map,
    MatrixFunction: _matrix_function,
    Range: _range,
    Reduce: _reduce,
    Scatter: _scatter,
    ScatterWindows: _scatter_windows,
    View: _view,
}
