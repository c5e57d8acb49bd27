"""Formulas that overflow, underflow or cancel, although an equal one does not."""

from __future__ import annotations

from collections.abc import Iterator

from ...diagnostics import Diagnostic
from ...ir.build import MINUS_ONE, ONE, multiply
from ...ir.expr import Access, Apply, Expr, IndexMap, IndexReduce, IndexSum, Literal, Power, Product, Sum
from ...ir.walk import subexpressions
from ...syntax import tree as t
from ..facts import Facts, Sign, at_index, shown, standard
from ..registry import Checked, lint_rule

OVERFLOW = "exp(x) is inf from x = 709.8 in float64 and from x = 88.8 in float32"


@lint_rule(
    "IX601",
    name="log-of-softmax",
    summary="the logarithm of a softmax, whose small probabilities round to 0",
    why="A logit that lies 104 (float32) or 746 (float64) below the largest has the probability 0, and log(0) is -inf; "
    "the gradient is then NaN. S - logsumexp[j](S) is the same number and finite for finite logits: what is small is "
    "never exponentiated on its own.",
    bad="p[n, c] = log(softmax[c](z[n, c]))",
    good="p[n, c] = z[n, c] - logsumexp[c](z[n, c])",
    right="The logits are known to lie close together, or a formula is to be shown and not run.",
    fix="Writes the difference from logsumexp, where the softmax stands in the logarithm itself.",
)
def log_of_softmax(checked: Checked) -> Iterator[Diagnostic]:
    """log(softmax(…)), also by way of a definition that only logarithms read."""
    facts, places = checked.facts, checked.places
    for found in checked.facts.calls("log"):
        argument = _argument(found[1], facts)
        if not isinstance(argument, IndexMap) or argument.operation != "softmax":
            continue
        call = places.call(found, "log")
        inner = call.arguments[0] if call else None
        fix, along = None, ", ".join(map(shown, argument.indices))
        if isinstance(inner, t.Reduce) and inner.operation == "softmax" and call is not None:
            body = places.text(inner.arguments[0])
            fix = f"({places.bracketed(inner.arguments[0])} - logsumexp[{places.binders(inner)}]({body}))"
        yield checked.warning(
            "IX601",
            "log of a softmax is -inf where a probability rounds to 0",
            places.span(call, found[0]),
            f"write {fix}" if fix else f"take the logits z instead: z - logsumexp[{along}](z)",
            fix=fix,
            safe=True,
        )


@lint_rule(
    "IX602",
    name="log-sum-exp",
    summary="log of a sum of exponentials, which overflows where logsumexp does not",
    why=f"{OVERFLOW}, and where all terms underflow the result is log(0). logsumexp[k](x) takes out the largest x "
    "first, which changes nothing in exact arithmetic.",
    bad="y = log(sum[k](exp(x[k])))",
    good="y = logsumexp[k](x[k])",
    right="The exponents are bounded by what they are, as the -|x - y|**2 of a density.",
    fix="Writes logsumexp, where sum and exp stand in the logarithm itself.",
)
def log_sum_exp(checked: Checked) -> Iterator[Diagnostic]:
    """log(sum(exp(…)))."""
    facts, places = checked.facts, checked.places
    for found in checked.facts.calls("log"):
        argument = _argument(found[1], facts)
        if not isinstance(argument, IndexSum) or not _is(argument.body, "exp") or _is_bounded(argument.body, facts):
            continue
        call = places.call(found, "log")
        inner = call.arguments[0] if call else None
        fix, along = None, ", ".join(map(shown, argument.indices))
        if isinstance(inner, t.Reduce) and inner.operation == "sum" and isinstance(inner.arguments[0], t.Call):
            fix = f"logsumexp[{places.binders(inner)}]({places.text(inner.arguments[0].arguments[0])})"
        yield checked.warning(
            "IX602",
            "log of a sum of exponentials overflows where logsumexp does not",
            places.span(call, found[0]),
            f"write {fix}" if fix else f"write logsumexp[{along}](…) of the exponents",
            fix=fix,
            safe=True,
        )


@lint_rule(
    "IX603",
    name="softmax-by-hand",
    summary="exponentials divided by their sum without a shift by the maximum",
    why=f"{OVERFLOW}, and inf / inf is NaN. softmax[k](x) takes out the largest x first; a compiled program does so "
    "for softmax and logsumexp, and for no other sum of exponentials.",
    bad="p[i, k] = exp(x[i, k]) / sum[k](exp(x[i, k]))",
    good="p[i, k] = softmax[k](x[i, k])",
    right="The exponents cannot be large, or the sum has a further term (a softmax with a sink).",
)
def softmax_by_hand(checked: Checked) -> Iterator[Diagnostic]:
    """exp(u) / Σ exp(u), also by way of definitions."""
    facts, places = checked.facts, checked.places
    for found, others in facts.divisions:
        divisor = found[1]
        if not isinstance(divisor, Power) or divisor.exponent != MINUS_ONE:
            continue
        total = facts.meaning(divisor.base)
        if not isinstance(total, IndexSum) or len(total.indices) != 1:
            continue
        raised = facts.meaning(total.body)
        if not _is(raised, "exp") or _is_bounded(raised, facts):
            continue
        whole = (facts.meaning(e) for e in others)
        index = next((i for e in whole if (i := at_index(raised, total.indices[0], e))), None)
        if index is not None:
            message = f"exponentials over their sum along `{shown(index)}` overflow where softmax does not"
            span = places.span(places.divisor(found), found[0])
            hint = f"write softmax[{shown(index)}](…) of the exponents"
            yield checked.warning("IX603", message, span, hint)


@lint_rule(
    "IX604",
    name="log-of-sigmoid",
    summary="the logarithm of a sigmoid, which underflows far below 0",
    why="sigmoid(x) rounds to 0 below x = -104 in float32 (-746 in float64), and log(0) is -inf. -softplus(-x) is the "
    "same number, and about x there.",
    bad="y[i] = log(sigmoid(x[i]))",
    good="y[i] = -softplus(-x[i])",
    right="x is bounded from below.",
    fix="Writes -softplus(-(x)).",
)
def log_of_sigmoid(checked: Checked) -> Iterator[Diagnostic]:
    """log(sigmoid(x))."""
    places = checked.places
    for found in checked.facts.calls("log"):
        argument = found[1].arguments[0]  # type: ignore[attr-defined]
        if isinstance(argument, Apply) and argument.function == "sigmoid":
            call = places.call(found, "log")
            inner = call.arguments[0] if call else None
            fix = None
            if call and isinstance(inner, t.Call) and inner.function == "sigmoid":
                body = inner.arguments[0]
                fix = f"(-softplus({places.text(body.body)}))" if isinstance(body, t.Negate) else None
                fix = fix or f"(-softplus(-{places.bracketed(body)}))"
            message = "log of a sigmoid is -inf where the sigmoid rounds to 0"
            span = places.span(call, found[0])
            yield checked.warning("IX604", message, span, f"write {fix or '-softplus(-x)'}", fix=fix, safe=True)


@lint_rule(
    "IX605",
    name="softplus-by-hand",
    summary="log(1 + exp(x)) overflows where softplus(x) does not",
    why=f"{OVERFLOW}, where softplus(x) is simply about x; and far below 0 the 1 swallows exp(x).",
    bad="y[i] = log(1 + exp(x[i]))",
    good="y[i] = softplus(x[i])",
    right="x is bounded.",
    fix="Writes softplus(x).",
)
def softplus_by_hand(checked: Checked) -> Iterator[Diagnostic]:
    """log(1 + exp(x)) and log(exp(x) + 1)."""
    places = checked.places
    for found in checked.facts.calls("log"):
        argument = found[1].arguments[0]  # type: ignore[attr-defined]
        if not isinstance(argument, Sum) or len(argument.terms) != 2 or ONE not in argument.terms:
            continue
        (raised,) = (x for x in argument.terms if x != ONE)
        if not (isinstance(raised, Apply) and raised.function == "exp"):
            continue
        call = places.call(found, "log")
        inner = places.inside(call.arguments[0]) if call else None
        terms = [x for _, x in inner.terms] if isinstance(inner, t.Sum) else []
        written = next((x for x in terms if isinstance(x, t.Call)), None)
        fix = f"softplus({places.text(written.arguments[0])})" if written else None
        message = "log(1 + exp(x)) overflows where softplus(x) does not"
        hint = f"write {fix or 'softplus(x)'}"
        yield checked.warning("IX605", message, places.span(call, found[0]), hint, fix=fix, safe=True)


@lint_rule(
    "IX606",
    name="variance-by-difference",
    summary="a variance as mean of squares minus square of mean, which cancels",
    why="The two numbers are almost equal where the mean is large beside the spread: with mean 1e4 and spread 1 no "
    "digit of the difference is right in float32, and it may be negative. var[k](x) subtracts the mean first.",
    bad="v = mean[k](x[k]**2) - mean[k](x[k])**2",
    good="v = var[k](x[k])",
    right="The mean is known to be near 0, or the sums have to be accumulated in one pass.",
)
def variance_by_difference(checked: Checked) -> Iterator[Diagnostic]:
    """E[x²] − E[x]², also by way of definitions."""
    facts = checked.facts
    for statement, part in facts.parts(Sum) if facts.parts(IndexReduce) else ():
        squares = _cancelling(part, facts)
        if squares is not None:
            along = ", ".join(map(shown, squares.indices))
            message = f"a variance along `{along}` as a difference of two means, which cancels"
            yield checked.warning("IX606", message, statement.span, f"write var[{along}](…)")


def _argument(e: Expr, facts: Facts) -> Expr:
    """What a log is taken of.  A definition that nothing but logarithms reads is written out: it could go."""
    assert isinstance(e, Apply)
    argument = e.arguments[0]
    if not isinstance(argument, Access) or argument.tensor in facts.program.outputs:
        return argument
    only = facts.logarithms[argument.tensor] == facts.reads[argument.tensor]
    return facts.meaning(argument) if only else argument


def _is(e: Expr, function: str) -> bool:
    return isinstance(e, Apply) and e.function == function


def _is_bounded(e: Expr, facts: Facts) -> bool:
    """Whether an exponential is of something minus a maximum, or of what lies below 0 by its form."""
    assert isinstance(e, Apply)
    exponent = e.arguments[0]
    inner = (facts.meaning(p) for p in subexpressions(exponent) if isinstance(p, (Access, IndexReduce)))
    if any(isinstance(p, IndexReduce) and p.operation in ("max", "logsumexp") for p in inner):
        return True
    return facts.sign(multiply(MINUS_ONE, exponent)) > Sign.ANY


def _cancelling(e: Sum, facts: Facts) -> IndexReduce | None:
    """The mean of squares, where a sum is one minus the square of the mean."""
    means = [m for x in e.terms if isinstance(m := facts.meaning(x), IndexReduce) and m.operation == "mean"]
    for term in e.terms if means else ():
        root = _root(multiply(MINUS_ONE, term))
        mean = facts.meaning(root) if root is not None else None
        if not isinstance(mean, IndexReduce) or mean.operation != "mean":
            continue
        for squares in means:
            base = _root(squares.body)
            if base is not None and standard(IndexReduce("mean", base, squares.indices)) == standard(mean):
                return squares
    return None


def _root(e: Expr) -> Expr | None:
    """x of x**2 and of x x."""
    if isinstance(e, Power):
        return e.base if e.exponent == Literal(2) else None
    if isinstance(e, Product) and len(e.factors) == 2 and e.factors[0] == e.factors[1]:
        return e.factors[0]
    return None


RULES = (log_of_softmax, log_sum_exp, softmax_by_hand, log_of_sigmoid, softplus_by_hand, variance_by_difference)
