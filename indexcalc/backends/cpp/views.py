"""Values that are not computed: inputs, and other ways to look at memory that is there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ...ir.graph import Broadcast, Gather, Input, Value, View
from ..formula import formula
from .layout import Layout, times
from .names import TYPES, comment
from .writer import Writer


def _input(w: Writer, value: Value) -> Layout:
    """An array of the caller's, with strides of its own; along the last axis of what loops read it has no gaps."""
    number = list(w.names.arrays.values()).index(w.names.text(value))
    name, kind = w.names.text(value), TYPES[value.kind]
    strides = []
    w.lines.add(f"const {kind}* const {name} = static_cast<const {kind}*>(in[{number}].data);")
    rank = len(value.axes)
    if rank and value.number in w.plan.looped():
        w.rows.add(number)
        rank -= 1
    for axis in range(rank):
        strides.append(f"{name}_{axis}")
        w.lines.add(f"const int64_t {name}_{axis} = in[{number}].strides[{axis}];")
    strides += ["1"] * (len(value.axes) - rank)
    return Layout(name, kind, tuple(strides))


def _view(w: Writer, value: Value) -> Layout:
    """Strides of the view; every position is compared with the extent, unless it is plainly an axis as a whole."""
    operation, source = value.operation, value.operands[0].value
    assert isinstance(operation, View)
    extents, result = w.names.extents(source.axes), w.names.extents(value.axes)
    tests: dict[str, None] = {}
    for form, extent in zip(operation.forms, extents):
        moved = [(c, n) for c, n in zip(form.coefficients, result) if c]
        if form.offset == 0 and moved == [(1, extent)]:
            continue
        high = " + ".join([str(form.offset), *(f"{c} * ({n} - 1)" for c, n in moved if c > 0)])
        low = " + ".join([str(form.offset), *(f"({c}) * ({n} - 1)" for c, n in moved if c < 0)])
        tests[f"{high} >= {extent}"] = None
        if low != "0" and (form.offset < 0 or any(c < 0 for c, _ in moved)):
            tests[f"{low} < 0"] = None
    if tests:
        some = "".join(f"{n} > 0 && " for n in dict.fromkeys(result) if not n.isdigit())
        w.lines.add("", comment(formula(value, w.names.told)))
        w.lines.add(f"if ({some}({' || '.join(tests)})) return RUN_OUTSIDE;")
    return w.layouts[source.number].viewed(operation.forms, len(value.axes))


def _broadcast(w: Writer, value: Value) -> Layout:
    (operand,) = value.operands
    layout = w.layouts[operand.value.number]
    stride = dict(zip(operand.labels, layout.strides))
    return Layout(layout.base, layout.type, tuple(stride.get(x, "0") for x in value.axes), layout.offset)


def _at_place(w: Writer, value: Value) -> Layout:
    """source[position] at one place: the position is read, and the rest is a view."""
    operation = value.operation
    assert isinstance(operation, Gather)
    source, *positions = value.operands
    layout = w.layouts[source.value.number]
    stride = dict(zip(source.labels, layout.strides))
    extent = dict(zip(source.labels, w.names.extents(source.value.axes)))
    offset = layout.offset
    w.lines.add("", comment(formula(value, w.names.told)))
    for n, (index, position) in enumerate(zip(operation.indices, positions)):
        body = w.scalars()
        text = body.operand(position, {})
        name = f"{w.names.text(value)}_{n}"
        w.lines.add(*body.lines.text, f"const int64_t {name} = ix::checked({text}, {extent[index]}, &code);")
        w.lines.add("if (code) return code;")
        moved = times(name, stride[index])
        offset = moved if offset == "0" else f"{offset} + {moved}"
    return Layout(layout.base, layout.type, tuple(stride[x] for x in value.axes), offset)


LAYOUTS: Mapping[type, Callable[[Writer, Any], Layout]] = {
    Broadcast: _broadcast,
    Gather: _at_place,
    Input: _input,
    View: _view,
}
