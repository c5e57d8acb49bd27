"""Operations that go along an axis in order: running sums, the largest of a row, and where the largest is."""

from __future__ import annotations

from ...diagnostics import fail
from ...ir.graph import Along, Value
from ...ir.index import Index
from .layout import plus, times
from .loops import Bound
from .names import TYPES
from .writer import Writer


def along(w: Writer, value: Value) -> None:
    """The result of an `Along`."""
    operation = value.operation
    assert isinstance(operation, Along)
    if operation.operation in ("cumsum", "reversed_cumsum"):
        _running(w, value, operation)
    elif operation.operation == "topk":
        _largest(w, value, operation)
    elif operation.operation == "argmax":
        _where_largest(w, value, operation)
    else:
        raise fail("IX902", f"the cpp backend has no operation {operation.operation}")


def _running(w: Writer, value: Value, operation: Along) -> None:
    """Each element is the one before it plus the source's: the axis in order, axes behind it side by side."""
    (operand,) = value.operands
    (index,) = operation.indices
    source, out = w.layouts[operand.value.number], w.target(value)
    at = {x: f"i{n}" for n, x in enumerate(value.axes)}
    count = w.names.size(index.space)
    place = at[index] if operation.operation == "cumsum" else f"({count} - 1 - {at[index]})"
    here = {**at, index: place}
    before = {**at, index: f"({place} {'-' if operation.operation == 'cumsum' else '+'} 1)"}
    new, old = (out.element([p[x] for x in value.axes]) for p in (here, before))
    added = source.element([here[x] for x in operand.labels])
    front = value.axes[: value.axes.index(index)]
    bounds = [Bound(at[x], w.names.size(x.space)) for x in value.axes]
    if front:
        w.lines.parallel(bounds, len(front))
    with w.lines.loops(bounds):
        w.lines.add(f"{new} = {at[index]} == 0 ? {added} : {old} + {added};")


def _rows(w: Writer, value: Value, operation: Along) -> tuple[list[Bound], list[Bound], dict[Index, str], str]:
    """Loops over the rows, loops within a row, the places, and the number of an element within its row."""
    (operand,) = value.operands
    at: dict[Index, str] = {x: f"i{n}" for n, x in enumerate(operand.labels)}
    rest = [x for x in operand.labels if x not in operation.indices]
    outer = [Bound(at[x], w.names.size(x.space)) for x in rest]
    inner = [Bound(at[x], w.names.size(x.space)) for x in operation.indices]
    number, step = [], "1"
    for bound in reversed(inner):
        number.append(times(bound.variable, step))
        step = times(bound.end, step)
    return outer, inner, at, plus(reversed(number))


def _largest(w: Writer, value: Value, operation: Along) -> None:
    """A mask of the `count` largest of each row, of equal ones the first."""
    w.headers["ranked"] = None
    (operand,) = value.operands
    source, out = w.layouts[operand.value.number], w.target(value)
    outer, inner, at, number = _rows(w, value, operation)
    text = source.element([at[x] for x in operand.labels])
    if operand.kind == "float":
        text = f"ix::real_part({text})"
    count = operation.count
    if outer:
        w.lines.parallel(outer, len(outer), more=[b.end for b in inner])
    with w.lines.loops(outer):
        w.lines.add(f"Scratch<Ranked<real>> heap({count});", "if (!heap.data) ix::stopped(RUN_MEMORY, &code);")
        w.lines.add(f"Largest<real> largest(heap.data, heap.data ? {count} : 0);")
        with w.lines.loops(inner):
            w.lines.add(f"largest.offer({text}, {number});")
        with w.lines.loops(inner):
            w.lines.add(f"{out.element([at[x] for x in value.axes])} = largest.keeps({text}, {number});")
    w.lines.add("if (code) return code;")


def _where_largest(w: Writer, value: Value, operation: Along) -> None:
    """The place of the largest of each row, of equal ones the first; of the first NaN, where there is one."""
    (operand,) = value.operands
    source, out = w.layouts[operand.value.number], w.target(value)
    outer, inner, at, number = _rows(w, value, operation)
    text = source.element([at[x] for x in operand.labels])
    if operand.kind == "float":
        text = f"ix::real_part({text})"
    element = out.element([at[x] for x in value.axes])
    if outer:
        w.lines.parallel(outer, len(outer), more=[b.end for b in inner])
    with w.lines.block("") if not outer else w.lines.loops(outer):
        w.lines.add(f"{TYPES[operand.kind if operand.kind == 'int' else 'real']} best = 0;", "int64_t place = -1;")
        with w.lines.loops(inner):
            w.lines.add(f"const auto x = {text};")
            with w.lines.block("if (place < 0 || x > best || (x != x && best == best))"):
                w.lines.add("best = x;", f"place = {number};")
        w.lines.add(f"{element} = place;")
