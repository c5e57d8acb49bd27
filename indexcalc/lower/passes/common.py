"""Equal operations, up to the names of their labels, are one value.

Nothing is left to do when the passes run: `lower/builder.py` finds a value that exists before it makes one, so that a
statement also takes over the layout of what it shares.  With this pass left out each statement is lowered by itself.
"""

from __future__ import annotations

from collections.abc import Collection

from ...ir.graph import Graph, Input
from . import Context, Decision, Pass

NAME = "common"
MAX_TOLD = 6


def tell_shared(graph: Graph, numbers: Collection[int], context: Context) -> None:
    """Tell which values several statements share; `numbers` are theirs."""
    shared = [v for v in graph if v.number in numbers and not v.is_inline and not isinstance(v.operation, Input)]
    if shared:
        names = [graph.names.get(v.number, f"v{v.number} of {graph.makers[v.number]}") for v in shared[:MAX_TOLD]]
        more = f" and {len(shared) - MAX_TOLD} more" if len(shared) > MAX_TOLD else ""
        told = f"computed once for several statements: {', '.join(names)}{more}"
        context.decisions.append(Decision(NAME, told))


PASS = Pass(
    NAME,
    "Equal operations, up to the names of their indices, are computed once.",
    "A gradient asks for the exponentials of its forward part again; written apart, both are one array.",
    """\
index i, j : n(100)
tensor A[i, j], x[i]
u[i] = exp(A[i, j] x[j])
w[j] = 2 exp(x[i] A[j, i])
""",
    lambda graph, context: graph,
)
