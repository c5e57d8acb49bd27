"""Lowering of a whole program: inline functions, lower every definition, drop what no output needs."""

from __future__ import annotations

from collections.abc import Mapping

from ..ir.graph import Graph, Output, Value
from ..ir.index import Space
from ..ir.program import Define, Program
from ..ir.signature import SizeTable, check_positions
from ..ir.slots import slot_spaces
from ..ir.windows import in_statement
from .builder import Builder
from .expressions import Lowering

REPRESENTATIVE = 64  # taken for an extent of which nothing is known


def lower_program(
    program: Program, *, sizes: Mapping[str, int] | None = None, native: frozenset[str] = frozenset()
) -> Graph:
    """The graph of array operations that computes the program's outputs.

    `sizes`: representative extents by name, by which contraction orders are compared; the graph is right for all.
    `native`: composite operations that the target has itself ("softmax", "logsumexp").

    >>> from ..ir.expr import Access, IndexSum, Product
    >>> from ..ir.index import Index
    >>> from ..ir.program import Tensor
    >>> i, j = Index("i", Space("m")), Index("j", Space("n"))
    >>> body = IndexSum(Product((Access("A", (i, j)), Access("x", (j,)))), (j,))
    >>> program = Program((i, j), (Tensor("A", (i, j)), Tensor("x", (j,))), (), (), (Define("y", (i,), body),), ("y",))
    >>> [type(v.operation).__name__ for v in lower_program(program)]
    ['Input', 'Input', 'Contract']
    """
    return lower_at(program, representative_sizes(program, sizes), native)


def lower_at(program: Program, sizes: Mapping[Space, int], native: frozenset[str] = frozenset()) -> Graph:
    """The same, for sizes of all spaces."""
    check_positions(program)
    build = Builder(sizes)
    functions = {f.name: f for f in program.functions}
    low = Lowering(build, program.inputs, functions, native)
    names: dict[int, str] = {}
    spaces = slot_spaces(program)
    makers: dict[int, str] = {}
    anew = frozenset(program.recomputed)
    for statement in program.statements:
        if isinstance(statement, Define):
            if anew and statement.name in anew:
                low.forget()
                anew = frozenset()  # those that follow may share with this one
            build.order = statement.indices
            operand = low.lower(in_statement(statement, spaces, proven=False).body)
            makers |= dict.fromkeys(range(len(makers), len(build.values)), statement.name)
            low.definitions[statement.name] = operand, statement.indices
            if not operand.value.is_inline:
                names.setdefault(operand.value.number, statement.name)
    outputs = []
    for name in program.outputs:
        operand, axes = low.source(name, 0)
        outputs.append(Output(name, build.floating(operand), axes))
        makers |= dict.fromkeys(range(len(makers), len(build.values)), name)
    return Graph(_needed(build.values, outputs), tuple(outputs), names, makers)


def representative_sizes(program: Program, sizes: Mapping[str, int] | None = None) -> dict[Space, int]:
    """A size for every space: declared, given, or a guess that is the same for all."""
    table = SizeTable(program)
    table.take_sizes(sizes or {})
    return {space: max(1, table.size(space) or REPRESENTATIVE) for space in table.spaces}


def _needed(values: list[Value], outputs: list[Output]) -> tuple[Value, ...]:
    """Dead code elimination: the values that some output depends on, in the order in which they were made."""
    needed: set[int] = set()
    stack = [o.operand.value for o in outputs]
    while stack:
        value = stack.pop()
        if value.number not in needed:
            needed.add(value.number)
            stack += [o.value for o in value.operands]
    return tuple(v for v in values if v.number in needed)
