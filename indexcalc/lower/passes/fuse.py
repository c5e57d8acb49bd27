"""Fusion of values that are better never stored into kernels that walk over tiles."""

from __future__ import annotations

from ...ir.graph import Graph
from . import Context, Pass


def run(graph: Graph, context: Context) -> Graph:
    """The graph with kernels where the target's machine has something of them."""
    from ..fuse.plan import fused

    return graph if context.target.machine is None else fused(graph, context, context.target.machine)


PASS = Pass(
    name="fuse",
    summary="Large values between contractions and reductions become kernels that walk over tiles.",
    why="An array of L² elements that is never stored costs no memory traffic: attention with L = 4096 and 8 heads "
    "needs 512 MiB for its scores in float32, a kernel 1 MiB.",
    example="index i, j : seq(4096)\nindex d, a : feat(64)\nS[i, j] = Q[i, d] K[j, d] / 8\n"
    "O[i, a] = softmax[j](S[i, j]) V[j, a]",
    run=run,
)
