"""Sums, products and extremes: loops whose innermost one runs along memory."""

from __future__ import annotations

from ...ir.graph import Reduce, Value
from ...ir.index import Index
from .layout import times
from .loops import Bound, Scalars
from .names import TYPES
from .writer import Writer

BLOCK = 256  # elements of the result that one thread sums side by side
PIECES = 64  # into which a sum without a free index is parted: always as many, so that the result is the same


def reduction(w: Writer, value: Value) -> None:
    """The result of a `Reduce`.

    Where the fastest axis of the operand is summed, each element of the result is one loop along it; where it is kept,
    a row of results is summed side by side.
    """
    (operand,) = value.operands
    body = w.scalars()
    at = {x: f"i{n}" for n, x in enumerate(operand.labels)}
    text = body.operand(operand, at)
    operation = value.operation
    assert isinstance(operation, Reduce)
    if operation.operation == "shift" and operand.kind == "float":
        text = f"ix::real_part({text})"
    w.guard(body, w.names.extents(operand.labels))
    w.target(value)
    if not value.axes:
        _whole(w, value, at, body, text)
    elif operand.labels[-1] in value.axes:
        _beside(w, value, at, body, text)
    else:
        _along(w, value, at, body, text)
    w.checked(body)


def _operation(value: Value) -> str:
    name: str = value.operation.operation  # type: ignore[union-attr]
    return "max" if name == "shift" else name


def neutral(operation: str, kind: str) -> str:
    """What changes nothing."""
    infinite = {"max": "real(-INFINITY)", "min": "real(INFINITY)"}
    return f"{kind}({infinite.get(operation, '1' if operation == 'prod' else '0')})"


def combined(operation: str, left: str, right: str, kind: str) -> str:
    """`left` with one more."""
    if operation in ("max", "min"):
        return f"ix::{operation}imum({left}, {kind}({right}))"
    return f"{left} {'*' if operation == 'prod' else '+'} {right}"


def _finished(value: Value, text: str) -> str:
    return f"ix::shown({text})" if value.operation == Reduce("shift") else text


def _simd(w: Writer, operation: str, kind: str, body: Scalars) -> None:
    """The pragma that lets the compiler keep several partial results of `sum` side by side."""
    if body.checks or (w.is_complex and kind == "value"):
        return
    if operation in ("max", "min"):
        w.headers["extremes"] = None
    how = {"sum": "+", "prod": "*", "max": "maximum", "min": "minimum"}[operation]
    w.lines.add(f"#pragma omp simd reduction({how} : sum)")


def _inner(w: Writer, value: Value, body: Scalars, text: str, bounds: list[Bound]) -> None:
    """sum = … over these loops, as a local variable."""
    operation, kind = _operation(value), TYPES[value.kind]
    w.lines.add(f"{kind} sum = {neutral(operation, kind)};")
    with w.lines.loops(bounds[:-1]):
        _simd(w, operation, kind, body)
        with w.lines.loops(bounds[-1:]):
            w.lines.add(*body.lines.text, f"sum = {combined(operation, 'sum', text, kind)};")


def _along(w: Writer, value: Value, at: dict[Index, str], body: Scalars, text: str) -> None:
    (operand,) = value.operands
    outer = [Bound(at[x], w.names.size(x.space)) for x in value.axes]
    inner = [Bound(at[x], w.names.size(x.space)) for x in operand.labels if x not in value.axes]
    w.lines.parallel(outer, len(outer), more=[b.end for b in inner])
    with w.lines.loops(outer):
        _inner(w, value, body, text, inner)
        w.lines.add(f"{_element(w, value, at)} = {_finished(value, 'sum')};")


def _element(w: Writer, value: Value, at: dict[Index, str]) -> str:
    return w.layouts[value.number].element([at[x] for x in value.axes])


def _beside(w: Writer, value: Value, at: dict[Index, str], body: Scalars, text: str) -> None:
    (operand,) = value.operands
    operation, kind = _operation(value), TYPES[value.kind]
    last = operand.labels[-1]
    count = w.names.size(last.space)
    outer = [Bound(at[x], w.names.size(x.space)) for x in value.axes if x != last]
    inner = [Bound(at[x], w.names.size(x.space)) for x in operand.labels if x not in value.axes]
    element = _element(w, value, at)
    row = Bound(at[last], "end", "first").head
    blocks = Bound("block", f"({count} + {BLOCK - 1}) / {BLOCK}")
    w.lines.parallel(outer, len(outer) + 1, more=[count, *(b.end for b in inner)])
    with w.lines.loops([*outer, blocks]):
        w.lines.add(f"const int64_t first = block * {BLOCK}, rest = {count} - first;")
        w.lines.add(f"const int64_t end = first + (rest < {BLOCK} ? rest : {BLOCK});")
        w.lines.add(f"{row} {element} = {neutral(operation, kind)};")
        with w.lines.loops(inner):
            if not body.checks:
                w.lines.add("#pragma omp simd")
            with w.lines.block(row):
                w.lines.add(*body.lines.text, f"{element} = {combined(operation, element, text, kind)};")
        if value.operation == Reduce("shift"):
            w.lines.add(f"{row} {element} = {_finished(value, element)};")


def _whole(w: Writer, value: Value, at: dict[Index, str], body: Scalars, text: str) -> None:
    """Without a free index: the outermost loop in pieces, whose results are combined in order."""
    (operand,) = value.operands
    operation, kind = _operation(value), TYPES[value.kind]
    bounds = [Bound(at[x], w.names.size(x.space)) for x in operand.labels]
    longest, *inner = bounds
    pieces = f"pieces_{w.names.text(value)}"
    w.lines.add(f"{kind} {pieces}[{PIECES}];")
    w.lines.add(f"#pragma omp parallel for if ({times(*(b.end for b in bounds))} > PARALLEL)")
    with w.lines.loops([Bound("piece", str(PIECES))]):
        w.lines.add(f"const int64_t first = {times(longest.end, 'piece')} / {PIECES}, "
                    f"end = {times(longest.end, '(piece + 1)')} / {PIECES};")  # fmt: skip
        _inner(w, value, body, text, [Bound(longest.variable, "end", "first"), *inner])
        w.lines.add(f"{pieces}[piece] = sum;")
    element = _element(w, value, at)
    w.lines.add(f"{element} = {neutral(operation, kind)};")
    w.lines.add(f"for (int64_t piece = 0; piece < {PIECES}; ++piece) "
                f"{element} = {combined(operation, element, f'{pieces}[piece]', kind)};")  # fmt: skip
    if value.operation == Reduce("shift"):
        w.lines.add(f"{element} = {_finished(value, element)};")
