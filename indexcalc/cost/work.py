"""Arithmetic and traffic of one operation of a graph.

The rules, which docs/cli.md tells users: a multiplication and an addition are one FLOP each, so that a contraction
over labels of sizes n₁ … n_k takes Πn multiplications and 2 Πn FLOPs; a reduction one FLOP for each element that it
reads; an elementwise function one for each element of its result.  Integers, comparisons, masks and selections take
none, and neither does moving data: views, gathers, broadcasts.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..ir.graph import (
    Along,
    Broadcast,
    Contract,
    Fused,
    Gather,
    Graph,
    Input,
    Map,
    MatrixFunction,
    Number,
    Part,
    Range,
    Reduce,
    Scatter,
    ScatterWindows,
    Size,
    Value,
    View,
)  # fmt: skip
from ..ir.index import Index, Space
from ..ir.kernel import Kernel
from ..ir.program import Tensor
from .kernels import kernel_memory, kernel_memory_bound, kernel_work
from .rules import Work, function_work, width


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
        return width(value.kind, self.item) * self.elements(value.axes)

    def inputs(self, tensors: Iterable[Tensor]) -> int:
        """Bytes of the inputs."""
        return sum((8 if t.is_integer else self.item) * self.elements(t.indices) for t in tensors if t.indices)

    def work(self, value: Value) -> Work:
        """Arithmetic, and bytes read and written."""
        if isinstance(value.operation, Fused):
            return sum(kernel_work(value.operation.kernel, self.sizes, self.item).values(), Work())
        found: Work = _ARITHMETIC[type(value.operation)](self, value)
        return found + Work(bytes=self._traffic(value))

    def parts(self, graph: Graph, value: Value) -> dict[str, Work]:
        """The same by the definition for which it is done: of a kernel's blocks each for its own."""
        operation, maker = value.operation, graph.makers[value.number]
        if not isinstance(operation, Fused) or not operation.makers:
            return {maker: self.work(value)}
        found: dict[str, Work] = {}
        for number, work in kernel_work(operation.kernel, self.sizes, self.item).items():
            name = operation.makers[number]
            found[name] = found.get(name, Work()) + work
        return found

    def by_definition(self, graph: Graph) -> dict[str, Work]:
        """The work of all values, by the definition that is the first to need it."""
        found: dict[str, Work] = {}
        for value in graph:
            for name, work in self.parts(graph, value).items():
                found[name] = found.get(name, Work()) + work
        return found

    def results(self, kernel: Kernel) -> int:
        """Bytes of the arrays that a kernel makes."""
        return sum(width(o.kind, self.item) * self.elements(o.axes) for o in kernel.outputs if o.axes)

    def inside(self, kernel: Kernel, threads: int) -> int:
        """Bytes that a kernel needs while it runs, beside its inputs and outputs."""
        return kernel_memory(kernel, self.sizes, self.item, threads)

    def _traffic(self, value: Value) -> int:
        operation = value.operation
        if isinstance(operation, (Input, Number, Part, Size)) or value.is_view:
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


class BoundingMeter(Meter):
    """Measures memory by additions and multiplications alone, so that polynomials may stand for sizes and `item`; of
    a kernel a bound."""

    def inside(self, kernel: Kernel, threads: int) -> int:
        found: int = kernel_memory_bound(kernel, self.sizes, self.item, threads)
        return found


def _nothing(meter: Meter, value: Value) -> Work:
    return Work()


def _map(meter: Meter, value: Value) -> Work:
    if value.kind in ("int", "bool"):
        return Work()
    function: str = value.operation.function  # type: ignore[union-attr]
    return function_work(function, meter.elements(value.axes))


def _contract(meter: Meter, value: Value) -> Work:
    count = meter.elements({label: None for o in value.operands for label in o.labels})
    return Work(2 * count, count, matmul=2 * count)


def _reduce(meter: Meter, value: Value) -> Work:
    operation: str = value.operation.operation  # type: ignore[union-attr]
    count = meter.elements(value.operands[0].labels)
    if operation == "logsumexp":  # maximum, difference, exp, sum; log and the maximum added
        rows = meter.elements(value.axes)
        return Work(4 * count + 2 * rows, functions=count + rows)
    return Work(count, count if operation == "prod" else 0)


def _along(meter: Meter, value: Value) -> Work:
    count = meter.elements(value.operands[0].labels)
    if value.operation.operation == "softmax":  # type: ignore[union-attr]  # maximum, difference, exp, sum, division
        return Work(5 * count, count, count)
    return Work(count)


def _adding(meter: Meter, value: Value) -> Work:
    labels = {x: None for o in value.operands[:1] for x in o.labels}
    if isinstance(value.operation, Scatter):
        positions = value.operands[1 : 1 + len(value.operation.indices)]
        labels |= {x: None for o in positions for x in o.labels}
    return Work(meter.elements(labels))


def _matrix(meter: Meter, value: Value) -> Work:
    """Gaussian elimination: n(n−1)/2 divisions and (n−1)n(2n−1)/6 multiplications with as many additions; an inverse
    n³ multiplications."""
    n = meter.sizes[value.operands[0].labels[0].space]
    if value.operation.function == "inv":  # type: ignore[union-attr]
        return Work(2 * n**3, n**3)
    divisions, products = n * (n - 1) // 2, (n - 1) * n * (2 * n - 1) // 6
    diagonal, logs = (n, 0) if value.operation.function == "det" else (n, n)  # type: ignore[union-attr]
    return Work(divisions + 2 * products + diagonal + logs, divisions + products + diagonal - logs, logs)


_ARITHMETIC: Mapping[type, Callable[[Meter, Any], Work]] = {
    Along: _along,
    Broadcast: _nothing,
    Contract: _contract,
    Gather: _nothing,
    Input: _nothing,
    Map: _map,
    MatrixFunction: _matrix,
    Number: _nothing,
    Part: _nothing,
    Range: _nothing,
    Reduce: _reduce,
    Scatter: _adding,
    ScatterWindows: _adding,
    Size: _nothing,
    View: _nothing,
}
