"""Fusion of elementwise values and reductions over the same rows."""

from __future__ import annotations

from ...ir.graph import Graph
from . import Context, Pass


def run(graph: Graph, context: Context) -> Graph:
    """The graph with kernels where the target's machine has something of them."""
    from ..fuse.plan_rows import fused_rows

    return graph if context.target.machine is None else fused_rows(graph, context, context.target.machine)


PASS = Pass(
    name="fuse-rows",
    summary="Elementwise values and reductions over the same rows become kernels that walk over tiles of rows.",
    why="Each array is read and written once instead of once for each operation: a layer norm with its gradient has "
    "about 20 operations over three arrays in and two out.",
    example="index n : tok(4096)\nindex d : dim(1024)\nc[n, d] = x[n, d] - mean[d](x[n, d])\n"
    "y[n, d] = c[n, d] / sqrt(mean[d](c[n, d]**2) + 0.00001) g[d] + b[d]",
    run=run,
)
