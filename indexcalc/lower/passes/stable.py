"""Logarithms of what would overflow or vanish before the logarithm is taken, in forms that do not.

| formula | as written at x = 10⁴ and −10⁴ | here |
|---|---|---|
| log softmax_j(x_j), others 0 | 0, −∞ | 0, −10⁴ |
| log Σ_j exp(x_j) | ∞, −∞ | 10⁴ + log n, −10⁴ + log n |
| log(1 + exp(x)) | ∞, 0 | 10⁴, 0 |
| log(sigmoid(x)), log(1 / (1 + exp(−x))) | 0, −∞ | 0, −10⁴ |
| 1 − sigmoid(x) | 0, 1 (0 from x = 37 on, in float64) | exp(−10⁴) = 0, 1 (exp(−x) to 745) |
| log(exp(x)) | ∞, −∞ | 10⁴, −10⁴ |

Where the formula as written is finite, both agree to rounding; NaN and infinite x give the same.  Rewritten is only
what nothing else reads, so that no exponential is taken twice.  softmax, logsumexp, softplus and the derivatives
1 − tanh(x)² and s − s², which lose digits only as their values vanish, need no pass: statements are lowered to them.
"""

from __future__ import annotations

from ...ir.graph import Graph, Map, Operand, Reduce, Value
from ..builder import Builder
from ..estimate import Uses, inside
from ..exponentials import quotient_by_sum
from ..rebuild import Rebuild
from . import Context, Pass


def run(graph: Graph, context: Context) -> Graph:
    """The graph with its logarithms and complements in stable forms."""
    uses = Uses(graph)

    def rewrite(made: Rebuild, value: Value) -> Operand | None:
        if value.kind not in ("float", "real"):
            return None
        whole = Operand(value, value.axes)
        if value.operation == Map("log"):
            found = _logarithm(made, uses, inside(whole)[0])
        elif value.operation == Map("subtract"):
            found = _complement(made, uses, *inside(whole))
        else:
            return None
        if found is not None:
            context.decide(f"{graph.makers[value.number]}: {found[1]}")
        return None if found is None else found[0]

    return Rebuild(graph, context.sizes).run(rewrite)


def _logarithm(made: Rebuild, uses: Uses, of: Operand) -> tuple[Operand, str] | None:
    """The logarithm of an old operand, and what it was recognised as."""
    build, operation = made.build, of.value.operation
    shifted = quotient_by_sum(of)
    if shifted is not None:
        x, shift, total = (made.new(o) for o in shifted)
        difference = build.map("subtract", x, shift)
        return build.map("subtract", difference, build.map("log", total)), "the logarithm of a softmax is a difference"
    if uses.only(of.value) is None:
        return None
    if operation == Map("exp"):
        return made.new(inside(of)[0]), "the logarithm of an exponential is its argument"
    if operation == Map("sigmoid"):
        return _minus_softplus(build, build.map("negative", made.new(inside(of)[0]))), "log sigmoid is -softplus"
    if operation == Map("reciprocal"):
        inverse = _one_plus_exp(inside(of)[0])
        return None if inverse is None else (_minus_softplus(build, made.new(inverse)), "-log(1 + exp) is -softplus")
    plain = _one_plus_exp(of)
    if plain is not None:
        return build.map("softplus", made.new(plain)), "log(1 + exp) is softplus"
    return _log_sum(made, uses, of)


def _minus_softplus(build: Builder, x: Operand) -> Operand:
    return build.map("negative", build.map("softplus", x))


def _one_plus_exp(operand: Operand) -> Operand | None:
    """x of 1 + exp(x)."""
    if operand.value.operation != Map("add"):
        return None
    parts = inside(operand)
    for one, other in (parts, parts[::-1]):
        if one.number() == 1 and other.value.operation == Map("exp"):
            return inside(other)[0]
    return None


def _log_sum(made: Rebuild, uses: Uses, of: Operand) -> tuple[Operand, str] | None:
    """log Σ exp(x), if it is not shifted yet, shifted by the largest x."""
    if of.value.operation != Reduce("sum"):
        return None
    (terms,) = of.value.operands
    if terms.value.operation != Map("exp") or uses.only(terms.value) is None:
        return None
    (x,) = inside(terms)
    if x.value.operation == Map("subtract") and inside(x)[1].value.operation in (Reduce("shift"), Reduce("max")):
        return None
    build, new = made.build, made.new(x)
    if not terms.label_set <= new.label_set:
        return None
    kept = [y for y in new.labels if y in of.value.axes]
    shift = build.make(Reduce("shift"), (new,), kept, "real")
    raised = build.map("exp", build.map("subtract", new, shift))
    total = build.make(Reduce("sum"), (raised,), [y for y in raised.labels if y in kept], raised.kind)
    result = build.map("add", build.map("log", total), shift)
    label = dict(zip(of.value.axes, of.labels))
    named = Operand(result.value, tuple(label[y] for y in result.labels))
    return named, "the logarithm of a sum of exponentials is shifted by the largest"


def _complement(made: Rebuild, uses: Uses, one: Operand, other: Operand) -> tuple[Operand, str] | None:
    """1 − sigmoid(x)."""
    if one.number() != 1 or other.value.operation != Map("sigmoid") or uses.only(other.value) is None:
        return None
    (x,) = inside(other)
    build = made.build
    return build.map("sigmoid", build.map("negative", made.new(x))), "1 - sigmoid(x) is sigmoid(-x)"


PASS = Pass(
    name="stable",
    summary="Logarithms of softmaxes, sums of exponentials, sigmoids and 1 + exp are taken without overflow.",
    why="The logarithm of a probability that was rounded to 0 is −∞; as a difference of scores it is right to the last "
    "digits, and one exponential less.",
    example="""index b : batch(B)
index v : vocab(V)
P[b, v] = softmax[v](Z[b, v])
Y[b, v] = log(P[b, v])
output Y""",
    run=run,
)
