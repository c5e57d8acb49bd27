"""Arithmetic and traffic of one operation of a graph.

The rules, which docs/cli.md tells users: a multiplication and an addition are one FLOP each, so that a contraction
over labels of sizes n₁ … n_k takes Πn multiplications and 2 Πn FLOPs; a reduction one FLOP for each element that it
reads; an elementwise function one for each element of its result.  Integers, comparisons, masks and selections take
none, and neither does moving data: views, gathers, broadcasts.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..ir.graph import (
    Along,
    Broadcast,
    Contract,
    Gather,
    Input,
    Map,
    MatrixFunction,
    Number,
    Operand,
    Range,
    Reduce,
    Scatter,
    ScatterWindows,
    Size,
    Value,
    View,
)  # fmt: skip
from ..ir.index import Index, Space
from ..ir.program import Tensor

ADDITIVE = frozenset({"add", "subtract", "negative", "maximum", "minimum", "relu", "abs", "sign"})
MULTIPLICATIVE = frozenset({"multiply", "divide", "reciprocal", "square"})
FUNCTIONS = frozenset(
    {"exp", "log", "sqrt", "sin", "cos", "tan", "tanh", "sinh", "cosh", "sigmoid", "softplus", "erf", "power"}
)
FREE = frozenset(
    {"as_real", "inside", "masked", "where", "logical_and", "logical_or", "logical_not"}
    | {"less", "less_equal", "greater", "greater_equal", "equal", "not_equal"}
)


@dataclass(frozen=True, slots=True)
class Work:
    """What some operations take.  `functions`: evaluations of exp, log, sqrt and the like, which are also FLOPs."""

    flops: int = 0
    multiplications: int = 0
    functions: int = 0
    bytes: int = 0

    def __add__(self, other: Work) -> Work:
        return Work(
            self.flops + other.flops,
            self.multiplications + other.multiplications,
            self.functions + other.functions,
            self.bytes + other.bytes,
        )


class Meter:
    """Measures values at given sizes.  `item`: bytes of a floating-point number; an integer takes 8, a mask 1."""

    def __init__(self, sizes: Mapping[Space, int], item: int) -> None:
        self.sizes = sizes
        self.item = item

    def elements(self, labels: Iterable[Index]) -> int:
        return math.prod(self.sizes[i.space] for i in labels)

    def size(self, value: Value) -> int:
        """Bytes of the value as an array of its own; none for a number without axes."""
        if not value.axes:
            return 0
        width = {"int": 8, "bool": 1}.get(value.kind, self.item)
        return width * self.elements(value.axes)

    def inputs(self, tensors: Iterable[Tensor]) -> int:
        """Bytes of the inputs."""
        return sum((8 if t.is_integer else self.item) * self.elements(t.indices) for t in tensors if t.indices)

    def work(self, value: Value) -> Work:
        """Arithmetic, and bytes read and written."""
        flops, multiplications, functions = _ARITHMETIC[type(value.operation)](self, value)
        return Work(flops, multiplications, functions, self._traffic(value))

    def _traffic(self, value: Value) -> int:
        operation = value.operation
        if isinstance(operation, (Input, Number, Size)) or value.is_view:
            return 0
        read = [self._read(o.value) for o in value.operands]
        if isinstance(operation, Gather):  # of the source what is taken
            read[0] = self.size(value)
        if isinstance(operation, Scatter) and operation.has_base:  # of the base what is added to
            read[-1] = self._read(value.operands[0].value)
            return sum(read) + read[-1]
        return sum(read) + self.size(value)

    def _read(self, value: Value) -> int:
        """Bytes that reading all of it moves: of a broadcast those of its source, of a number none."""
        if value.is_inline:
            return 0
        return self._read(value.operands[0].value) if isinstance(value.operation, Broadcast) else self.size(value)


def _nothing(meter: Meter, value: Value) -> tuple[int, int, int]:
    return 0, 0, 0


def _map(meter: Meter, value: Value) -> tuple[int, int, int]:
    function = value.operation.function  # type: ignore[union-attr]
    if function in FREE or value.kind in ("int", "bool"):
        return 0, 0, 0
    count = meter.elements(value.axes)
    if function in MULTIPLICATIVE:
        return count, count, 0
    if function in FUNCTIONS:
        return count, 0, count
    assert function in ADDITIVE, f"no rule counts `{function}`"
    return count, 0, 0


def _contract(meter: Meter, value: Value) -> tuple[int, int, int]:
    count = meter.elements({label: None for o in value.operands for label in o.labels})
    return 2 * count, count, 0


def _reduce(meter: Meter, value: Value) -> tuple[int, int, int]:
    operation: str = value.operation.operation  # type: ignore[union-attr]
    count = _read_elements(meter, value.operands[0])
    if operation == "logsumexp":  # maximum, difference, exp, sum; log and the maximum added
        rows = meter.elements(value.axes)
        return 4 * count + 2 * rows, 0, count + rows
    return count, count if operation == "prod" else 0, 0


def _along(meter: Meter, value: Value) -> tuple[int, int, int]:
    count = _read_elements(meter, value.operands[0])
    if value.operation.operation == "softmax":  # type: ignore[union-attr]  # maximum, difference, exp, sum, division
        return 5 * count, count, count
    return count, 0, 0


def _adding(meter: Meter, value: Value) -> tuple[int, int, int]:
    labels = {x: None for o in value.operands[:1] for x in o.labels}
    if isinstance(value.operation, Scatter):
        positions = value.operands[1 : 1 + len(value.operation.indices)]
        labels |= {x: None for o in positions for x in o.labels}
    return meter.elements(labels), 0, 0


def _matrix(meter: Meter, value: Value) -> tuple[int, int, int]:
    """Gaussian elimination: n(n−1)/2 divisions and (n−1)n(2n−1)/6 multiplications with as many additions; an inverse
    n³ multiplications."""
    n = meter.sizes[value.operands[0].labels[0].space]
    if value.operation.function == "inv":  # type: ignore[union-attr]
        return 2 * n**3, n**3, 0
    divisions, products = n * (n - 1) // 2, (n - 1) * n * (2 * n - 1) // 6
    diagonal, logs = (n, 0) if value.operation.function == "det" else (n, n)  # type: ignore[union-attr]
    return divisions + 2 * products + diagonal + logs, divisions + products + diagonal - logs, logs


def _read_elements(meter: Meter, operand: Operand) -> int:
    return meter.elements(operand.labels)


_ARITHMETIC: Mapping[type, Callable[[Meter, Any], tuple[int, int, int]]] = {
    Along: _along,
    Broadcast: _nothing,
    Contract: _contract,
    Gather: _nothing,
    Input: _nothing,
    Map: _map,
    MatrixFunction: _matrix,
    Number: _nothing,
    Range: _nothing,
    Reduce: _reduce,
    Scatter: _adding,
    ScatterWindows: _adding,
    Size: _nothing,
    View: _nothing,
}
