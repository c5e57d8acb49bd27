"""The steps of a graph, each by what writes its operation, and the results that end up elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ...ir.graph import (
    Along,
    Contract,
    Fused,
    Gather,
    Input,
    Map,
    MatrixFunction,
    Output,
    Part,
    Range,
    Reduce,
    Scatter,
    ScatterWindows,
    Value,
    View,
)
from ..formula import formula
from .along import along
from .calls import contract, matrix_function
from .fused import fused
from .layout import Layout, dense
from .loops import Bound
from .names import TYPES, comment
from .plan import is_alias
from .reduce import reduction
from .scatter import scatter, scatter_windows
from .views import LAYOUTS
from .writer import Writer


def write(w: Writer) -> None:
    """Every step, then the results that are not yet where they belong."""
    for place, value in enumerate(w.graph.values):
        w.place = place
        if isinstance(value.operation, Input) or is_alias(value):
            w.layouts[value.number] = LAYOUTS[type(value.operation)](w, value)
        elif not w.plan.is_inline(value) and not isinstance(value.operation, Part):
            told = formula(value, w.names.told)
            if isinstance(value.operation, Fused):
                told = " ".join(value.operation.kernel.note.split())
            w.lines.add("", comment(told))
            _STEPS[type(value.operation)](w, value)
            w.release(value)
    w.place += 1
    for number, output in enumerate(w.graph.outputs):
        if w.destined.get(output.operand.value.number) != number:
            _copy_out(w, number, output)


def _copy_out(w: Writer, number: int, output: Output) -> None:
    """A result that is read from where it lies, since it is an input, a view, or a result twice."""
    kind = TYPES[output.operand.kind]
    extents = w.names.extents(output.axes)
    w.lines.add("", comment(f"output {number}: {output.name}"))
    w.lines.add(f"{kind}* const r_{number} = static_cast<{kind}*>(out[{number}].data);")
    at = [f"i{n}" for n in range(len(extents))]
    body = w.scalars()
    text = body.operand(output.operand, dict(zip(output.axes, at)))
    element = Layout(f"r_{number}", kind, dense(extents)).element(at)
    w.nest([Bound(i, n) for i, n in zip(at, extents)], body, f"{element} = {text};")


def _pointwise(w: Writer, value: Value) -> None:
    """One loop over the result's places, written over an operand that nobody needs any more where there is one."""
    body = w.scalars()
    at = tuple(f"i{n}" for n in range(len(value.axes)))
    text = body.text(value, at)
    extents = w.names.extents(value.axes)
    w.guard(body, extents)
    layout = w.taken_over(value, body.loads, at) or w.target(value)
    w.nest([Bound(at[n], extents[n]) for n in layout.order], body, f"{layout.element(at)} = {text};")
    w.checked(body)


_STEPS: Mapping[type, Callable[[Writer, Any], None]] = {
    Along: along,
    Contract: contract,
    Fused: fused,
    Gather: _pointwise,
    Map: _pointwise,
    MatrixFunction: matrix_function,
    Range: _pointwise,
    Reduce: reduction,
    Scatter: scatter,
    ScatterWindows: scatter_windows,
    View: _pointwise,
}
