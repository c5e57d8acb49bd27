"""Values at which a formula, or its gradient, is not finite: roots at 0, divisors that vanish, logarithms of 0."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from ...diagnostics import Diagnostic
from ...ir.build import MINUS_ONE, multiply
from ...ir.expr import (
    Access,
    Apply,
    Compare,
    Expr,
    Index,
    IndexReduce,
    IndexSum,
    IndexValue,
    Literal,
    Power,
    Product,
    Sum,
    Where,
)  # fmt: skip
from ...ir.program import Statement
from ...ir.walk import children, subexpressions, substitute
from ..facts import Facts, Sign, at_index, shown, standard
from ..places import sides
from ..registry import Checked, lint_rule

STRICT_ONLY = {"ml": "off", "einstein": "off", "chemistry": "off"}


@lint_rule(
    "IX607",
    name="root-at-zero",
    summary="the square root of what is certainly 0 somewhere, where its slope is infinite",
    why="The distance of a point to itself is 0, and the derivative of sqrt at 0 is infinite: times the 0 of the inner "
    "derivative it gives NaN, and one NaN on the diagonal spoils the whole gradient.",
    bad="index i, j : points(N)\nr[i, j] = sqrt(sum[d]((x[i, d] - x[j, d])**2))",
    good="index i, j : points(N)\nr[i, j] = sqrt(sum[d]((x[i, d] - x[j, d])**2) + 1e-12)",
    right="No gradient is taken, or the diagonal is left out by `where(i != j, …, 0)`.",
)
def root_at_zero(checked: Checked) -> Iterator[Diagnostic]:
    """Roots and norms of squares that all vanish where two free indices are equal."""
    facts = checked.facts
    roots = {id(s) for kind in (Power, IndexReduce) for s, p in facts.parts(kind) if _under_root(p, facts) is not None}
    for statement, root, guards in _guarded(tuple(s for s in checked.program.statements if id(s) in roots)):
        squares = _under_root(root, facts)
        pair = _coinciding(squares) if squares is not None else None
        if pair is not None and not any({*pair} <= g.free for g in guards):
            one, two = (i.name for i in pair)
            message = f"a root that is 0 where `{one}` equals `{two}`: its gradient there is NaN"
            hint = f"add a small number under the root, or leave the diagonal out: where({one} != {two}, …, 0)"
            yield checked.warning("IX607", message, statement.span, hint)


@lint_rule(
    "IX608",
    name="divisor-may-vanish",
    summary="a division by a sum or a spread that can be 0",
    why="Weights that sum to 0, a row that is masked away, a batch of equal values: the divisor is 0 and the result "
    "NaN or inf, for one example in the middle of a run. Layer norm adds eps under the root for this.",
    bad="y[i] = x[i] / sum[j](x[j])",
    good="tensor x[i] positive\ny[i] = x[i] / sum[j](x[j])",
    right="The values cannot sum to 0: then declare the tensor `positive`, which says so.",
)
def divisor_may_vanish(checked: Checked) -> Iterator[Diagnostic]:
    """Terms divided by their own sum, means with weights, spreads without eps, divisors that are cut off at 0."""
    facts, places = checked.facts, checked.places
    for found, others in facts.divisions:
        assert isinstance(found[1], Power)
        divisor = facts.meaning(found[1].base)
        what = _spread(found[1], facts) or _total(divisor, others, facts) or _cut(divisor)
        if what:
            span = places.span(places.divisor(found), found[0])
            hint = "add a small number to it, or declare what cannot be 0 as positive"
            yield checked.warning("IX608", f"{what}, so that this divisor can be 0", span, hint)


@lint_rule(
    "IX609",
    name="log-at-zero",
    summary="the logarithm of what is often exactly 0",
    why="relu, a mask and a hard threshold are 0 on whole regions, and log(0) is -inf; times a weight of 0 it is NaN.",
    bad="y[i] = log(relu(x[i]))",
    good="y[i] = log(relu(x[i]) + 1e-9)",
    right="The result is only compared or exponentiated, where -inf is meant.",
)
def log_at_zero(checked: Checked) -> Iterator[Diagnostic]:
    """log(relu(…)), log of a comparison, and of definitions that are these."""
    facts, places = checked.facts, checked.places
    for found in checked.facts.calls("log"):
        assert isinstance(found[1], Apply)
        cause = _cut(facts.meaning(found[1].arguments[0]))
        if cause:
            span = places.span(places.call(found, "log"), found[0])
            hint = "add a small number, or choose with where(…)"
            yield checked.warning("IX609", f"{cause}, and its log is then -inf", span, hint)


@lint_rule(
    "IX610",
    name="label-as-number",
    summary="the components of an integer tensor enter arithmetic as numbers",
    why="An integer tensor holds values of an index: the name of a token, an expert, a bucket. Its size says nothing, "
    "and nothing can be differentiated through it. It is meant for slots, E[tok[b], d], and for comparisons.",
    bad="integer tok[b] : vocab(V)\ny[b] = w tok[b] + c",
    good="integer tok[b] : vocab(V)\ny[b, d] = E[tok[b], d]",
    right="The index counts something, such as a position or an age: then its value is a number.",
)
def label_as_number(checked: Checked) -> Iterator[Diagnostic]:
    """Integer inputs as terms or factors, where nothing shows that their values are positions."""
    facts, inputs = checked.facts, checked.program.inputs
    labels = {n for n, tensor in inputs.items() if tensor.is_integer and tensor.values}
    counted = {p.index.space for _, p in facts.parts(IndexValue)}
    arithmetic = (x for kind in (Sum, Product, Power) for x in facts.parts(kind)) if labels else ()
    for statement, part in arithmetic:
        for inner in children(part):
            if isinstance(inner, Access) and inner.tensor in labels:
                space = inputs[inner.tensor].values
                if space is not None and space not in counted:
                    message = f"`{inner}` names a value of `{space.name}`, and is used as a number"
                    hint = f"read a table at it, E[{inner}, …], or compare it with an index"
                    yield checked.warning("IX610", message, statement.span, hint)


@lint_rule(
    "IX611",
    name="norm-may-vanish",
    summary="a division by a norm or another value that is 0 at the origin",
    why="x / |x| is 0/0 at x = 0. Textbooks write it so, and libraries add eps, as do all that run for long.",
    bad="u[i] = x[i] / norm[i](x[i])",
    good="u[i] = x[i] / (norm[i](x[i]) + 1e-12)",
    severity="note",
    right="The vector cannot be 0. The rule is off outside of the profile `strict`.",
    profiles=STRICT_ONLY,
)
def norm_may_vanish(checked: Checked) -> Iterator[Diagnostic]:
    """Divisors that are at least 0 by their form, and not above it."""
    facts, places = checked.facts, checked.places
    for found, others in facts.divisions:
        assert isinstance(found[1], Power)
        divisor = facts.meaning(found[1].base)
        told = _spread(found[1], facts) or _total(divisor, others, facts) or _cut(divisor)
        if not told and facts.sign(divisor) == Sign.NOT_NEGATIVE and _depends(divisor):
            span = places.span(places.divisor(found), found[0])
            hint = "add a small number to it"
            yield checked.warning("IX611", "this divisor is 0 where all its terms are", span, hint, severity="note")


def _guarded(statements: tuple[Statement, ...]) -> Iterator[tuple[Statement, Expr, tuple[Expr, ...]]]:
    """Every part with the conditions of the `where`s, and of the 0/1 factors, under which it is read."""
    for statement in statements:
        stack: list[tuple[Expr, tuple[Expr, ...]]] = [(side, ()) for side in sides(statement)]
        while stack:
            part, guards = stack.pop()
            yield statement, part, guards
            if isinstance(part, Where):
                guards = (*guards, part.condition)
            elif isinstance(part, Product):
                guards = (*guards, *(f for f in part.factors if isinstance(f, Compare)))
            stack += [(e, guards) for e in reversed(children(part))]


def _under_root(e: Expr, facts: Facts) -> Expr | None:
    """The squares that a root or a norm adds up, each as its base, or None."""
    if isinstance(e, IndexReduce) and e.operation == "norm":
        return e.body
    if not isinstance(e, Power) or not isinstance(e.exponent, Literal) or not isinstance(e.exponent.value, Fraction):
        return None
    inside = facts.meaning(e.base)
    while isinstance(inside, IndexSum) or (isinstance(inside, IndexReduce) and inside.operation == "mean"):
        inside = inside.body
    if isinstance(inside, Power) and inside.exponent == Literal(2):
        return inside.base
    if isinstance(inside, Product) and len(inside.factors) == 2 and inside.factors[0] == inside.factors[1]:
        return inside.factors[0]
    return None


def _coinciding(difference: Expr) -> tuple[Index, Index] | None:
    """Two indices of one space, in the order of the text, at whose equal values a difference a − b is 0."""
    if not isinstance(difference, Sum) or len(difference.terms) != 2:
        return None
    one, two = difference.terms[0], multiply(MINUS_ONE, difference.terms[1])
    first, second = one.free - two.free, two.free - one.free
    if len(first) != 1 or len(second) != 1:
        return None
    (i,), (j,) = first, second
    same = i.space == j.space and standard(substitute(one, {i: j})) == standard(two)
    return (i, j) if same else None


def _spread(division: Power, facts: Facts) -> str:
    """A variance or standard deviation with nothing added to it."""
    below = facts.meaning(division.base)
    if isinstance(below, Power) and isinstance(below.exponent, Literal) and below.exponent.value > 0:
        below = facts.meaning(below.base)
    if isinstance(below, IndexReduce) and below.operation == "var":
        return f"the variance along `{shown(below.indices[0])}` is 0 where all values are equal"
    return ""


def _total(divisor: Expr, others: tuple[Expr, ...], facts: Facts) -> str:
    """The sum of the terms that are divided, or of the weights of a weighted sum, where it is not surely above 0."""
    if not isinstance(divisor, IndexSum) or len(divisor.indices) != 1 or not _depends(divisor.body):
        return ""
    (bound,), body = divisor.indices, divisor.body
    if facts.sign(IndexSum(facts.meaning(body), divisor.indices)) == Sign.POSITIVE:
        return ""
    if isinstance(body, Access) or facts.sign(body) == Sign.NOT_NEGATIVE:
        if any(at_index(body, bound, e) for e in others):
            return f"the terms along `{shown(bound)}` can add up to 0"
        if any(_weighted(e, body, bound) for e in others):
            return f"the weights along `{shown(bound)}` can add up to 0"
    return ""


def _weighted(e: Expr, weight: Expr, bound: Index) -> bool:
    """Whether a factor is Σ weight · something."""
    if not isinstance(e, IndexSum) or not isinstance(e.body, Product):
        return False
    indices = [i for i in e.indices if i.space == bound.space]
    return any(substitute(weight, {bound: i}) in e.body.factors for i in indices)


def _cut(e: Expr) -> str:
    """Why a value is exactly 0 on whole regions, by its form."""
    if isinstance(e, Apply) and e.function == "relu":
        return "relu is 0 for every negative argument"
    if isinstance(e, Compare):
        return "a comparison is 0 where it does not hold"
    return ""


def _depends(e: Expr) -> bool:
    """Whether a value depends on a tensor's."""
    return any(isinstance(p, Access) for p in subexpressions(e))


RULES = (root_at_zero, divisor_may_vanish, log_at_zero, label_as_number, norm_may_vanish)
