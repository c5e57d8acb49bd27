"""Lowering of a whole program: inline functions, lower every definition, drop what no output needs."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ..ir.graph import Graph, Output
from ..ir.index import Space
from ..ir.program import Define, Program
from ..ir.signature import check_positions
from ..ir.slots import slot_spaces
from ..ir.windows import in_statement
from .builder import Builder
from .expressions import Lowering
from .passes import Context, Decision
from .passes.common import tell_shared
from .pipeline import run_passes
from .rebuild import needed
from .sizes import representative_sizes
from .target import ARRAYS, Target


def lower_program(
    program: Program,
    *,
    sizes: Mapping[str, int] | None = None,
    target: Target = ARRAYS,
    without: Collection[str] = (),
    stop_after: str | None = None,
    decisions: list[Decision] | None = None,
    check: bool = False,
) -> Graph:
    """The graph of array operations that computes the program's outputs.

    `sizes`: representative extents by name, by which alternatives are compared; the graph is right for all.
    `target`: where it will run.  `without`: passes to leave out; `stop_after`: the last pass to run.  What the passes
    decide is appended to `decisions`.  `check`: whether each pass's result is checked for well-formedness.

    >>> from ..ir.expr import Access, IndexSum, Product
    >>> from ..ir.index import Index
    >>> from ..ir.program import Tensor
    >>> i, j = Index("i", Space("m")), Index("j", Space("n"))
    >>> body = IndexSum(Product((Access("A", (i, j)), Access("x", (j,)))), (j,))
    >>> program = Program((i, j), (Tensor("A", (i, j)), Tensor("x", (j,))), (), (), (Define("y", (i,), body),), ("y",))
    >>> [type(v.operation).__name__ for v in lower_program(program)]
    ['Input', 'Input', 'Contract']
    """
    context = Context(representative_sizes(program, sizes), target, [] if decisions is None else decisions)
    return lower_in(program, context, without=without, stop_after=stop_after, check=check)


def lower_at(program: Program, sizes: Mapping[Space, int], target: Target = ARRAYS) -> Graph:
    """The same, for sizes of all spaces."""
    return lower_in(program, Context(sizes, target))


def lower_in(
    program: Program,
    context: Context,
    *,
    without: Collection[str] = (),
    stop_after: str | None = None,
    check: bool = False,
) -> Graph:
    """The same in a context, which holds stages and decisions afterwards."""
    graph = plain_graph(program, context, share="common" not in without)
    return run_passes(graph, context, without=without, stop_after=stop_after, check=check)


def plain_graph(program: Program, context: Context, *, share: bool = True) -> Graph:
    """The graph before any pass: statement by statement, sharing equal values between them where that is allowed."""
    check_positions(program)
    build = Builder(context.sizes)
    functions = {f.name: f for f in program.functions}
    low = Lowering(build, program.inputs, functions, context.target.native)
    names: dict[int, str] = {}
    spaces = slot_spaces(program)
    makers: dict[int, str] = {}
    again = frozenset(program.recomputed)
    anew: list[int] = []
    shared: set[int] = set()
    for statement in program.statements:
        if isinstance(statement, Define):
            if statement.name in again or not share:
                low.forget()
                anew.append(len(build.values))
            if statement.name in again:
                again = frozenset()  # those that follow may share with this one
            build.order = statement.indices
            before = len(build.values)
            build.found_again.clear()
            operand = low.lower(in_statement(statement, spaces, proven=False).body)
            makers |= dict.fromkeys(range(len(makers), len(build.values)), statement.name)
            shared |= {n for n in build.found_again if n < before}
            low.definitions[statement.name] = operand, statement.indices
            if not operand.value.is_inline:
                names.setdefault(operand.value.number, statement.name)
    outputs = []
    for name in program.outputs:
        operand, axes = low.source(name, 0)
        outputs.append(Output(name, build.floating(operand), axes))
        makers |= dict.fromkeys(range(len(makers), len(build.values)), name)
    graph = Graph(needed(build.values, outputs), tuple(outputs), names, makers, tuple(anew))
    if share:
        tell_shared(graph, shared, context)
    return graph
