"""A quotient exp(x − m) / Σ exp(x − m) that a kernel makes again from x is exp(x − l), with l = m + log Σ exp(x − m).

One pass less over every tile: the exponential is taken anyway, and the division is gone.  Only for targets with
kernels, and only for what is so large that it is made where it is used and never stored.

Numerics: where Z = 0 or x is infinite both forms are NaN at the same places, since log 0 = −∞ and −∞ − (−∞) is NaN, and
so are rows with a NaN.  x − l is rounded to the precision of x, as x itself is: the quotient's relative error is ε |x|.
"""

from __future__ import annotations

from ...ir.graph import Graph, Operand, Value
from ..estimate import extent, unstored
from ..exponentials import quotient_by_sum
from ..rebuild import Rebuild
from . import Context, Pass


def run(graph: Graph, context: Context) -> Graph:
    """The graph with quotients by sums of exponentials as exponentials."""
    limit = unstored(graph, context.sizes, context.target.machine)

    def rewrite(made: Rebuild, value: Value) -> Operand | None:
        if extent(value.axes, context.sizes) <= limit:
            return None
        found = quotient_by_sum(Operand(value, value.axes))
        if found is None:
            return None
        x, shift, total = (made.new(o) for o in found)
        build = made.build
        context.decide(
            f"{graph.makers[value.number]}: a quotient of {extent(value.axes, context.sizes)} exponentials "
            "is an exponential again, of the difference to the logarithm of the sum"
        )
        return build.map("exp", build.map("subtract", x, build.map("add", shift, build.map("log", total))))

    return Rebuild(graph, context.sizes).run(rewrite)


PASS = Pass(
    name="log-sum",
    summary="A quotient of an exponential by its sum, made again where it is used, is an exponential of a difference.",
    why="The backward pass of attention makes its probabilities from the scores again: with one exponential and no "
    "division for each.",
    example="""index i, j : seq(4096)
index a : feat(64)
P[i, j] = softmax[j](Q[i, a] K[j, a])
R[i, j] = P[i, j]**2
O[i, a] = R[i, j] V[j, a]
output O""",
    run=run,
)
