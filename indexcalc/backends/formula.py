"""One line of index notation for each statement, for the comment behind it."""

from __future__ import annotations

from collections.abc import Callable

from ..ir.graph import (
    Along,
    Broadcast,
    Contract,
    Gather,
    Map,
    MatrixFunction,
    Range,
    Reduce,
    Scatter,
    ScatterWindows,
    Value,
    View,
)  # fmt: skip
from ..ir.index import Affine, Index
from ..ir.slots import slot_text
from .spelling import INFIX

MAX_COMMENT = 150


def sanitised(text: str, limit: int = MAX_COMMENT) -> str:
    """Text that cannot leave a comment: every character that is not printable is escaped, long lines are cut.

    >>> sanitised("a" + chr(10) + "import os")
    'a\\\\nimport os'
    """
    safe = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return safe if len(safe) <= limit else safe[: limit - 1] + "…"


def formula(value: Value, named: Callable[[Value], str]) -> str:
    """`P[i, j] = …` for the value; `named` gives the name of a value or the number that it is."""
    left = _reference(named(value), value.axes)
    parts = [_reference(named(o.value), o.labels) for o in value.operands]
    sources = [named(o.value) for o in value.operands]
    return sanitised(f"{left} = {_right(value, parts, sources)}")


def _reference(name: str, labels: tuple[Index, ...]) -> str:
    return f"{name}[{_names(labels)}]" if labels else name


def _names(labels: tuple[Index, ...]) -> str:
    return ", ".join(i.name for i in labels)


def _right(value: Value, parts: list[str], sources: list[str]) -> str:
    operation = value.operation
    if isinstance(operation, Map):
        return _map(operation.function, parts)
    if isinstance(operation, Contract):
        return f"sum[{_names(_summed(value))}]({parts[0]} {parts[1]})"
    if isinstance(operation, Reduce):
        return f"{operation.operation}[{_names(_summed(value))}]({parts[0]})"
    if isinstance(operation, Along):
        count = f", {operation.count}" if operation.operation == "topk" else ""
        return f"{operation.operation}[{_names(operation.indices)}{count}]({parts[0]})"
    if isinstance(operation, View):
        slots = ", ".join(_form(f.coefficients, f.offset, value.axes) for f in operation.forms)
        return f"{sources[0]}[{slots}]"
    if isinstance(operation, Gather):
        chosen = dict(zip(operation.indices, parts[1:]))
        slots = ", ".join(chosen.get(x, x.name) for x in value.operands[0].labels)
        return f"{sources[0]}[{slots}]"
    if isinstance(operation, Scatter):
        deltas = " ".join(f"delta[{i.name}, {p}]" for i, p in zip(operation.indices, parts[1:]))
        added = f"sum({deltas} {parts[0]})"
        return f"{parts[-1]} + {deltas} {parts[0]}" if operation.has_base else added
    if isinstance(operation, ScatterWindows):
        forms = [_form(f.coefficients, f.offset, operation.indices) for f in operation.forms]
        deltas = " ".join(f"delta[{i.name}, {f}]" for i, f in zip(value.axes, forms))
        return f"sum[{_names(operation.indices)}]({deltas} {parts[0]})"
    if isinstance(operation, MatrixFunction):
        return f"{operation.function}({sources[0]})"
    if isinstance(operation, Range):
        return _names(value.axes)
    return parts[0] if isinstance(operation, Broadcast) else ""


def _summed(value: Value) -> tuple[Index, ...]:
    labels = dict.fromkeys(x for o in value.operands for x in o.labels)
    return tuple(x for x in labels if x not in value.axes)


def _map(function: str, parts: list[str]) -> str:
    if function in INFIX:
        return INFIX[function].format(*parts)
    if function == "masked":
        return f"where({parts[1]}, {parts[2]}, {parts[0]})"
    if function == "as_real":
        return parts[0]
    return f"{function}({', '.join(parts)})"


def _form(coefficients: tuple[int, ...], offset: int, axes: tuple[Index, ...]) -> str:
    terms = tuple((c, a) for c, a in zip(coefficients, axes) if c)
    return slot_text(Affine(terms, offset)) if terms else str(offset)
