"""Runs the passes over a graph, each result checked for well-formedness where that is asked for."""

from __future__ import annotations

from collections.abc import Collection

from ..ir.graph import Graph
from .passes import Context, passes


def run_passes(
    graph: Graph, context: Context, *, without: Collection[str] = (), stop_after: str | None = None
) -> Graph:
    """The graph after all passes, or after `stop_after`; those in `without` are left out."""
    for each in passes():
        if each.name not in without:
            context.current = each.name
            graph = each.run(graph, context)
        if each.name == stop_after:
            break
    return graph
