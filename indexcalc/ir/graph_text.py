"""A graph as one line for each value, for readers; a fused value with its kernel below."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from .graph import (
    Along,
    Broadcast,
    Contract,
    Form,
    Fused,
    Gather,
    Graph,
    Input,
    Map,
    MatrixFunction,
    Number,
    Operand,
    Part,
    Range,
    Reduce,
    Scatter,
    ScatterWindows,
    Size,
    Value,
    View,
)
from .index import Index
from .kernel_text import INDENT, extent_text, kernel_text, sum_text


def graph_text(graph: Graph) -> str:
    """A value is `v` with its number and axes, its kind where that is not float, its name in the program behind `#`.

    >>> from .index import Space
    >>> i = Index("i", Space("rows", "M"))
    >>> x = Value(0, Input("x"), (), (i,), "float")
    >>> y = Value(1, Map("exp"), (Operand(x, (i,)),), (i,), "float")
    >>> print(graph_text(Graph((x, y), (), {1: "y"}, {0: "y", 1: "y"})))
    v0[i] = input x
    v1[i] = exp(v0[i])  # y
    """
    return "\n".join(_lines(graph))


def _lines(graph: Graph) -> Iterator[str]:
    for value in graph:
        if not value.is_inline:
            name = graph.names.get(value.number)
            comment = f"  # {name}" if name is not None and value.operation != Input(name) else ""
            yield f"{_made(value)} = {_TEXTS[type(value.operation)](value, value.operation)}{comment}"
            if isinstance(value.operation, Fused):
                yield from (INDENT + line for line in kernel_text(value.operation.kernel).splitlines())
    for output in graph.outputs:
        yield f"output {output.name}{_listed(output.axes)} = {_use(output.operand)}"


def _made(value: Value) -> str:
    return f"v{value.number}{_listed(value.axes)}" + ("" if value.kind == "float" else f": {value.kind}")


def _listed(labels: Iterable[Index]) -> str:
    found = ", ".join(i.name for i in labels)
    return f"[{found}]" if found else ""


def _use(operand: Operand) -> str:
    operation = operand.value.operation
    if isinstance(operation, Number):
        return repr(operation.value)
    if isinstance(operation, Size):
        return extent_text(operation.space)
    return f"v{operand.value.number}{_listed(operand.labels)}"


def _uses(value: Value) -> str:
    return ", ".join(_use(o) for o in value.operands)


def _gone(value: Value) -> str:
    return _listed(dict.fromkeys(x for o in value.operands for x in o.labels if x not in value.axes))


def _form(form: Form, axes: Iterable[Index]) -> str:
    return sum_text(zip(form.coefficients, (x.name for x in axes)), form.offset)


def _forms(forms: Iterable[Form], axes: tuple[Index, ...]) -> str:
    return f"[{', '.join(_form(f, axes) for f in forms)}]"


def _view(value: Value, operation: View) -> str:
    return (
        f"{'padded ' if operation.padded else ''}v{value.operands[0].value.number}{_forms(operation.forms, value.axes)}"
    )


def _gather(value: Value, operation: Gather) -> str:
    source, *positions = value.operands
    at = dict(zip(operation.indices, positions))
    slots = (_use(at[x]) if x in at else x.name for x in source.labels)
    return f"v{source.value.number}[{', '.join(slots)}]"


def _scatter(value: Value, operation: Scatter) -> str:
    source, *rest = value.operands
    at = dict(zip(operation.indices, rest))
    places = ", ".join(_use(at[x]) if x in at else x.name for x in value.axes)
    base = _use(rest[-1]) if operation.has_base else "0"
    return f"{base} with {_use(source)} added at [{places}]"


def _scatter_windows(value: Value, operation: ScatterWindows) -> str:
    rest = [x.name for x in value.axes[len(operation.forms) :]]
    places = ", ".join([*(_form(f, operation.indices) for f in operation.forms), *rest])
    return f"0 with {_uses(value)} added at [{places}]"


def _along(value: Value, operation: Along) -> str:
    count = f", {operation.count}" if operation.count else ""
    return f"{operation.operation}{_listed(operation.indices)}({_uses(value)}{count})"


_TEXTS: Mapping[type, Callable[[Value, Any], str]] = {
    Along: _along,
    Broadcast: lambda v, op: f"broadcast({_uses(v)})",
    Contract: lambda v, op: f"sum{_gone(v)}({' * '.join(map(_use, v.operands))})",
    Fused: lambda v, op: f"kernel({_uses(v)})" + (f"  # {op.kernel.note}" if op.kernel.note else ""),
    Gather: _gather,
    Input: lambda v, op: f"input {op.tensor}",
    Map: lambda v, op: f"{op.function}({_uses(v)})",
    MatrixFunction: lambda v, op: f"{op.function}({_uses(v)})",
    Part: lambda v, op: f"output {op.number} of {_uses(v)}",
    Range: lambda v, op: "positions",
    Reduce: lambda v, op: f"{op.operation}{_gone(v)}({_uses(v)})",
    Scatter: _scatter,
    ScatterWindows: _scatter_windows,
    View: _view,
}
