"""What each operation of a graph asks of its value: operands, kinds, axes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from .elementwise import ARITY, misfit, result_kind
from .graph import (
    Along,
    Broadcast,
    Contract,
    Form,
    Fused,
    Gather,
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
from .kernel_check import fault

REDUCTIONS = frozenset({"sum", "prod", "max", "min", "logsumexp", "shift"})
ALONG = frozenset({"softmax", "cumsum", "reversed_cumsum", "topk", "argmax"})
MATRIX_RANK = {"inv": 2, "det": 0, "logdet": 0}  # of the result
FLOATING = frozenset({"float", "real"})


class Misfit(Exception):
    """What is wrong with one value or output."""


def expect(holds: bool, otherwise: str) -> None:
    """Raise unless something holds."""
    if not holds:
        raise Misfit(otherwise)


def distinct(indices: Sequence[Index]) -> bool:
    return len(set(indices)) == len(indices)


def _same(found: Iterable[Index], wanted: Iterable[Index], what: str) -> None:
    found, wanted = tuple(found), tuple(wanted)
    if found != wanted:
        raise Misfit(f"its axes are {_shown(found)}, {what} {_shown(wanted)}")


def _same_set(found: Iterable[Index], wanted: Iterable[Index], what: str) -> None:
    found, wanted = tuple(found), tuple(dict.fromkeys(wanted))
    if set(found) != set(wanted):
        raise Misfit(f"its axes are {_shown(found)}, {what} {_shown(wanted)}")


def _shown(indices: Iterable[Index]) -> str:
    return f"[{', '.join(i.name for i in indices)}]"


def _arity(value: Value, count: int) -> None:
    found = len(value.operands)
    expect(found == count, f"it has {found} operand{'' if found == 1 else 's'} where it takes {count}")


def _kind(value: Value, wanted: str) -> None:
    expect(value.kind == wanted, f"it is of kind {value.kind} where it should be {wanted}")


def _array(operand: Operand) -> None:
    expect(operand.is_array and operand.kind in FLOATING, f"an operand of kind {operand.kind} is no floating array")


def _input(value: Value, operation: Input) -> None:
    _arity(value, 0)
    expect(value.kind in ("float", "int"), f"an input of kind {value.kind}")


def _number(value: Value, operation: Number) -> None:
    _arity(value, 0)
    _same(value.axes, (), "those of a number are")
    _kind(value, "int" if isinstance(operation.value, int) else "number")


def _size(value: Value, operation: Size) -> None:
    _arity(value, 0)
    _same(value.axes, (), "those of an extent are")
    _kind(value, "int")


def _range(value: Value, operation: Range) -> None:
    _arity(value, 0)
    expect(len(value.axes) == 1, f"a range has one axis, not {len(value.axes)}")
    _kind(value, "int")


def _map(value: Value, operation: Map) -> None:
    expect(operation.function in ARITY, f"no function is called {operation.function!r}")
    _arity(value, ARITY[operation.function])
    kinds = [o.kind for o in value.operands]
    wrong = misfit(operation.function, kinds, [o.is_array for o in value.operands])
    expect(not wrong, wrong)
    _kind(value, result_kind(operation.function, kinds))
    _same_set(value.axes, (x for o in value.operands for x in o.labels), "its operands have")


def _contract(value: Value, operation: Contract) -> None:
    """The result lies as a batched matrix product gives it: batch, rows, columns."""
    _arity(value, 2)
    left, right = value.operands
    for operand in value.operands:
        _array(operand)
    _kind(value, "float" if "float" in (left.kind, right.kind) else "real")
    both = left.label_set & right.label_set
    expect(both - set(value.axes) != set(), "no label is summed")
    batch = [x for x in value.axes if x in both]
    rows = [x for x in value.axes if x in left.label_set - both]
    columns = [x for x in value.axes if x in right.label_set - both]
    _same_set(value.axes, (*batch, *left.label_set - both, *right.label_set - both), "its operands leave")
    _same(value.axes, (*batch, *rows, *columns), "as batch, rows and columns they are")


def _reduce(value: Value, operation: Reduce) -> None:
    _arity(value, 1)
    (operand,) = value.operands
    _array(operand)
    expect(operation.operation in REDUCTIONS, f"no reduction is called {operation.operation!r}")
    _kind(value, "real" if operation.operation == "shift" else operand.kind)
    _same(value.axes, (x for x in operand.labels if x in value.axes), "in its operand's order they are")
    expect(len(value.axes) < len(operand.labels), "no label is reduced")


def _along(value: Value, operation: Along) -> None:
    _arity(value, 1)
    (operand,) = value.operands
    indices = operation.indices
    expect(operation.operation in ALONG, f"no operation along an axis is called {operation.operation!r}")
    _array(operand)
    _indices(indices, operand)
    rest = tuple(x for x in operand.labels if x not in indices)
    several = operation.operation in ("softmax", "topk")
    expect(len(indices) == 1 or several, f"it goes along {len(indices)} axes")
    expect(operation.operation != "topk" or operation.count > 0, "it takes the 0 largest")
    if operation.operation == "argmax":
        _same(value.axes, rest, "left are")
    else:
        _same(value.axes, operand.labels if len(indices) == 1 else (*rest, *indices), "its operand gives")
    _kind(value, {"topk": "bool", "argmax": "int"}.get(operation.operation, operand.kind))


def _indices(indices: Sequence[Index], operand: Operand) -> None:
    expect(bool(indices) and distinct(indices), "it names no axis, or one twice")
    expect(set(indices) <= operand.label_set, f"it names axes {_shown(indices)} that its operand lacks")


def _forms(forms: Sequence[Form], axes: Sequence[Index]) -> None:
    for n, form in enumerate(forms):
        expect(len(form.coefficients) == len(axes), f"form {n} has not one coefficient for each axis")


def _view(value: Value, operation: View) -> None:
    _arity(value, 1)
    (operand,) = value.operands
    _kind(value, operand.kind)
    expect(operand.is_array, "a number has no elements to look at")
    expect(len(operation.forms) == len(operand.labels), f"{len(operation.forms)} forms for {len(operand.labels)} axes")
    _forms(operation.forms, value.axes)
    for n, axis in enumerate(value.axes):
        expect(any(f.coefficients[n] for f in operation.forms), f"no form has axis `{axis.name}`")
    if not operation.padded:
        least = min((min((*f.coefficients, f.offset)) for f in operation.forms), default=0)
        expect(least >= 0, "it leaves its source on the near side and is not padded")


def _positions(operands: Sequence[Operand], count: int) -> None:
    expect(len(operands) == count, f"{len(operands)} positions for {count} axes")
    for operand in operands:
        expect(operand.kind == "int", f"a position of kind {operand.kind}")


def _gather(value: Value, operation: Gather) -> None:
    expect(bool(value.operands), "it has no source")
    source, *positions = value.operands
    _kind(value, source.kind)
    _indices(operation.indices, source)
    _positions(positions, len(operation.indices))
    along = dict.fromkeys(x for o in positions for x in o.labels)
    rest = tuple(x for x in source.labels if x not in operation.indices)
    _same(value.axes, (*along, *rest), "its positions and its source give")


def _scatter(value: Value, operation: Scatter) -> None:
    count = len(operation.indices)
    _arity(value, 1 + count + operation.has_base)
    source, positions = value.operands[0], value.operands[1 : 1 + count]
    _positions(positions, count)
    expect(bool(count) and distinct(operation.indices), "it names no axis, or one twice")
    expect(set(operation.indices) <= set(value.axes), f"axes {_shown(operation.indices)} are not among its own")
    rest = set(value.axes) - set(operation.indices)
    along = {x for o in positions for x in o.labels}
    expect(along.isdisjoint(value.axes), "a position has a label of the result")
    expect(source.label_set <= along | rest, "its source has a label that neither result nor positions have")
    if operation.has_base:
        base = value.operands[-1]
        _same(value.axes, base.labels, "its base has")
        _kind(value, base.kind)
    else:
        _array(source)
        _kind(value, source.kind)
        expect(source.label_set == along | rest, "without a base its source has to have every label")


def _scatter_windows(value: Value, operation: ScatterWindows) -> None:
    _arity(value, 1)
    (source,) = value.operands
    _array(source)
    _kind(value, source.kind)
    _indices(operation.indices, source)
    _forms(operation.forms, operation.indices)
    expect(bool(operation.forms), "it has no form")
    rest = [x for x in source.labels if x not in operation.indices]
    _same_set(value.axes[len(operation.forms) :], rest, "behind those of its forms; its source leaves")


def _matrix_function(value: Value, operation: MatrixFunction) -> None:
    _arity(value, 1)
    (operand,) = value.operands
    _array(operand)
    _kind(value, operand.kind)
    expect(operation.function in MATRIX_RANK, f"no function of a matrix is called {operation.function!r}")
    expect(len(operand.labels) == 2, f"a matrix has two axes, not {len(operand.labels)}")
    # The inverse of a matrix has its columns as rows.
    _same(value.axes, operand.labels[::-1] if MATRIX_RANK[operation.function] else (), "those of the result are")


def _broadcast(value: Value, operation: Broadcast) -> None:
    _arity(value, 1)
    (operand,) = value.operands
    _array(operand)
    _kind(value, operand.kind)
    expect(operand.label_set < set(value.axes), "it adds no axis, or loses one")


def _fused(value: Value, operation: Fused) -> None:
    kernel = operation.kernel
    _arity(value, len(kernel.inputs))
    _same(value.axes, (), "a Fused value has none:")
    for n, (operand, array) in enumerate(zip(value.operands, kernel.inputs)):
        spaces = [a.space for a in array.axes]
        expect([x.space for x in operand.labels] == spaces, f"operand {n} has not the spaces of the kernel's input")
        expect(operand.kind == array.kind, f"operand {n} is of kind {operand.kind} where the kernel takes {array.kind}")
    wrong = fault(kernel)
    expect(not wrong, f"its kernel: {wrong}")


def _part(value: Value, operation: Part) -> None:
    _arity(value, 1)
    whole = value.operands[0].value.operation
    assert isinstance(whole, Fused)  # checked with the operands
    count = len(whole.kernel.outputs)
    expect(0 <= operation.number < count, f"no output {operation.number} of {count}")
    array = whole.kernel.outputs[operation.number]
    expect([x.space for x in value.axes] == [a.space for a in array.axes], "its axes have not the output's spaces")
    _kind(value, array.kind)


CHECKS: Mapping[type, Callable[[Value, Any], None]] = {
    Along: _along,
    Broadcast: _broadcast,
    Contract: _contract,
    Fused: _fused,
    Gather: _gather,
    Input: _input,
    Map: _map,
    MatrixFunction: _matrix_function,
    Number: _number,
    Part: _part,
    Range: _range,
    Reduce: _reduce,
    Scatter: _scatter,
    ScatterWindows: _scatter_windows,
    Size: _size,
    View: _view,
}
