"""Matrix products and functions of matrices: calls of the support code."""

from __future__ import annotations

from ...ir.graph import MatrixFunction, Value
from .names import TYPES
from .writer import Writer


def contract(w: Writer, value: Value) -> None:
    """A product of two arrays, given by what each label is and how far it moves in each array."""
    left, right = value.operands
    w.headers["contract"] = None
    kind = TYPES[value.kind]
    a, b = w.operand(left, kind), w.operand(right, kind)
    out = w.target(value)
    strides = [dict(zip(labels, x.strides)) for labels, x in ((left.labels, a), (right.labels, b), (value.axes, out))]
    rows = []
    for label in dict.fromkeys((*value.axes, *left.labels, *right.labels)):
        inside = [label in s for s in strides]
        role = "SUMMED" if not inside[2] else "BATCH" if inside[0] and inside[1] else "ROW" if inside[0] else "COLUMN"
        moves = ", ".join(s.get(label, "0") for s in strides)
        rows.append(f"{{{role}, {w.names.size(label.space)}, {moves}}}")
    name = f"axes_{w.names.text(value)}"
    w.lines.add(f"const Axis {name}[] = {{{', '.join(rows)}}};")
    w.lines.add(
        f"if (!contract<{kind}>({name}, {len(rows)}, {a.pointer}, {b.pointer}, {out.pointer})) return RUN_MEMORY;"
    )


def matrix_function(w: Writer, value: Value) -> None:
    """An inverse, a determinant or its logarithm; what the call returns stops the run."""
    operation = value.operation
    assert isinstance(operation, MatrixFunction)
    w.headers["linear"] = None
    kind = TYPES[value.kind]
    (operand,) = value.operands
    source = w.operand(operand, kind)
    size = w.names.size(operand.labels[0].space)
    out = w.target(value)
    called = {"inv": "inverse", "det": "determinant", "logdet": "log_determinant"}[operation.function]
    arguments = [out.pointer, *out.strides, source.pointer, *source.strides, size]
    w.lines.add(f"if (int failed = {called}<{kind}>({', '.join(arguments)})) return failed;")
