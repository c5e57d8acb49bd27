"""Runs the passes over a graph, each result checked for well-formedness where that is asked for."""

from __future__ import annotations

from collections.abc import Collection

from ..ir.graph import Graph, Input, Part
from ..ir.graph_check import check_graph
from .passes import Context, Stage, known_passes, passes

LOWERING = "lowering"  # the name of what comes before the passes


def run_passes(
    graph: Graph,
    context: Context,
    *,
    without: Collection[str] = (),
    stop_after: str | None = None,
    check: bool = False,
) -> Graph:
    """The graph after all passes, or after `stop_after`; those in `without` are left out.

    `stop_after="lowering"` is before all of them.  With `check`, an ill-formed graph raises IX990, which names the pass
    that made it.  IX901 where a name is no pass.
    """
    known_passes([*without, *([] if stop_after in (None, LOWERING) else [stop_after])])
    context.stages.append(_checked(graph, LOWERING, check))
    for each in passes() if stop_after != LOWERING else ():
        if each.name in without:
            context.stages.append(Stage(each.name, operations_in(graph), left_out=True))
        else:
            context.current = each.name
            graph = each.run(graph, context)
            context.stages.append(_checked(graph, each.name, check))
        if each.name == stop_after:
            break
    return graph


def _checked(graph: Graph, name: str, check: bool) -> Stage:
    if check:
        check_graph(graph, name)
    return Stage(name, operations_in(graph))


def operations_in(graph: Graph) -> int:
    """How many operations run: inputs and plain numbers are none, of a kernel's results only the kernel counts."""
    return sum(not value.is_inline and not isinstance(value.operation, (Input, Part)) for value in graph)
