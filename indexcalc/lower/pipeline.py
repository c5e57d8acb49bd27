"""Runs the passes over a graph, each result checked for well-formedness where that is asked for."""

from __future__ import annotations

from collections.abc import Collection

from ..ir.graph import Graph
from ..ir.graph_check import check_graph
from .passes import Context, known_passes, passes


def run_passes(
    graph: Graph,
    context: Context,
    *,
    without: Collection[str] = (),
    stop_after: str | None = None,
    check: bool = False,
) -> Graph:
    """The graph after all passes, or after `stop_after`; those in `without` are left out.

    With `check`, an ill-formed graph raises IX990, which names the pass that made it.  IX901 where a name is no pass.
    """
    known_passes([*without, *([stop_after] if stop_after else [])])
    if check:
        check_graph(graph, "lowering")
    for each in passes():
        if each.name not in without:
            context.current = each.name
            graph = each.run(graph, context)
            if check:
                check_graph(graph, each.name)
        if each.name == stop_after:
            break
    return graph
