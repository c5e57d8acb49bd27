"""Numbers: folding, powers, conditions that are known, values of functions at special points."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

from ...ir.build import HALF, ONE, ZERO, add, multiply, number, power
from ...ir.expr import COMPARISONS, Apply, Compare, Expr, IndexValue, Literal, Logic, Number, Power, Product, Sum, Where
from ..rule import Context, rule
from ..terms import finite

_AT_ZERO: Mapping[str, Expr] = {
    **dict.fromkeys(("sin", "tan", "tanh", "sinh", "erf", "abs", "sign", "relu", "gelu", "silu"), ZERO),
    **dict.fromkeys(("exp", "cos", "cosh"), ONE),
    "sigmoid": HALF,
}


@rule(
    "number-fold",
    title="add the numbers",
    on=Sum,
    law="2 + x + 3 = 5 + x",
    decreases="factors",
    example=("2 + x + 3", "5 + x"),
    given="scalar x",
)
def number_fold(node: Sum, context: Context) -> Expr | None:
    """Several numbers in a sum become one, at the place of the first.  inf - inf is left alone."""
    numbers = [t.value for t in node.terms if isinstance(t, Literal)]
    if len(numbers) < 2:
        return None
    total: Number = 0
    for value in numbers:
        total = total + value
    if total != total:
        return None
    first = next(k for k, t in enumerate(node.terms) if isinstance(t, Literal))
    kept = [t for t in node.terms if not isinstance(t, Literal)]
    return add(*kept[:first], number(total), *kept[first:])


@rule(
    "zero-product",
    title="times zero",
    on=Product,
    law=r"0 \cdot x = 0",
    decreases="nodes",
    example=("0 x[i]", "0"),
    given="index i : n(N)",
    note="only where x cannot be infinite",
)
def zero_product(node: Product, context: Context) -> Expr | None:
    """Zero times something finite is zero."""
    return ZERO if node.factors[0] == ZERO and all(map(finite, node.factors)) else None


@rule(
    "power-zero",
    title="power zero",
    on=Power,
    law="x^0 = 1",
    decreases="nodes",
    example=("x[i]**0", "1"),
    given="index i : n(N)",
)
def power_zero(node: Power, context: Context) -> Expr | None:
    """Anything to the power 0 is 1, 0 included."""
    return ONE if node.exponent == ZERO else None


@rule(
    "power-known",
    title="power of 0 or 1, exact root",
    on=Power,
    law=r"1^x = 1, \quad \sqrt{4} = 2",
    decreases="nodes",
    example=("4**0.5", "2"),
)
def power_known(node: Power, context: Context) -> Expr | None:
    """1 to any power, 0 to a positive one, and roots that come out exactly."""
    base, exponent = node.base, node.exponent
    if base == ONE:
        return ONE
    if not isinstance(exponent, Literal) or not isinstance(exponent.value, (int, Fraction)):
        return None
    if base == ZERO:
        return ZERO if exponent.value > 0 else None
    if not isinstance(base, Literal) or not isinstance(exponent.value, Fraction):
        return None
    if isinstance(base.value, float) or base.value < 0 or exponent.value.denominator > 64:
        return None
    roots = [_root(n, exponent.value.denominator) for n in Fraction(base.value).as_integer_ratio()]
    if roots[0] is None or roots[1] is None:
        return None
    return power(number(Fraction(roots[0], roots[1])), number(exponent.value.numerator))


def _root(n: int, degree: int) -> int | None:
    """The integer whose power is n, by bisection; None where there is none."""
    low, high = 0, 1 << (n.bit_length() // degree + 1)
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if middle**degree < n else (low, middle)
    return low if low**degree == n else None


@rule(
    "power-merge",
    title="merge powers",
    on=Product,
    law="x^a x^b = x^{a+b}",
    decreases="factors",
    example=("x[i] y[i] x[i]", "x[i]**2 y[i]"),
    given="index i : n(N)",
    left="i",
)
def power_merge(node: Product, context: Context) -> Expr | None:
    """Equal bases with integer exponents of one sign become one power."""
    return _merged(node, lambda a, b: isinstance(a, int) and isinstance(b, int) and (a > 0) == (b > 0))


@rule(
    "power-cancel",
    title="cancel",
    on=Product,
    law="x^a x^{-b} = x^{a-b}",
    decreases="factors",
    example=("x[i]**2 y[i] / x[i]", "x[i] y[i]"),
    given="index i : n(N)",
    left="i",
    note="where both sides are defined",
)
def power_cancel(node: Product, context: Context) -> Expr | None:
    """Equal bases with any rational exponents become one power.  The result may be defined in more places."""
    return _merged(node, lambda a, b: True)


def _merged(node: Product, may: Callable[[Number, Number], bool]) -> Expr | None:
    places: dict[Expr, int] = {}
    out: list[tuple[Expr, Number] | None] = []
    changed = False
    for factor in node.factors:
        base, exponent = _base(factor)
        at = places.get(base)
        held = out[at] if at is not None else None
        if at is None or held is None or isinstance(factor, Literal) or not may(held[1], exponent):
            places.setdefault(base, len(out))
            out.append((base, exponent))
        else:
            out[at] = (base, held[1] + exponent)
            changed = True
    if not changed:
        return None
    return multiply(*(power(b, number(e)) if e != 0 else ONE for b, e in filter(None, out)))


def _base(e: Expr) -> tuple[Expr, Number]:
    if isinstance(e, Power) and isinstance(e.exponent, Literal) and not isinstance(e.exponent.value, float):
        return e.base, e.exponent.value
    return e, 1


@rule(
    "function-value",
    title="a known value",
    on=Apply,
    law=r"e^0 = 1, \quad \log 1 = 0",
    decreases="nodes",
    example=("exp(0)", "1"),
)
def function_value(node: Apply, context: Context) -> Expr | None:
    """Functions at 0, log at 1, and sizes, signs, maxima of plain numbers."""
    if not all(isinstance(a, Literal) for a in node.arguments):
        return None
    values: list[Number] = [a.value for a in node.arguments if isinstance(a, Literal)]
    if node.function in ("max", "min"):
        return number(_extreme(values, node.function))
    if len(values) != 1:
        return None
    value = values[0]
    if value == 0 and node.function in _AT_ZERO:
        return _AT_ZERO[node.function]
    if node.function == "log" and value == 1:
        return ZERO
    if node.function == "exp" and value == float("-inf"):
        return ZERO
    if node.function == "abs":
        return number(value if value >= 0 else -value)
    if node.function == "sign":
        return number((value > 0) - (value < 0))
    if node.function == "relu":
        return number(value) if value > 0 else ZERO
    return None


def _extreme(values: list[Number], function: str) -> Number:
    best = values[0]
    for other in values[1:]:
        if (other > best) == (function == "max"):
            best = other
    return best


@rule(
    "log-exp",
    title="log undoes exp",
    on=Apply,
    law=r"\log e^x = x",
    decreases="nodes",
    example=("log(exp(x[i]))", "x[i]"),
    given="index i : n(N)",
)
def log_exp(node: Apply, context: Context) -> Expr | None:
    """The logarithm of an exponential is its argument."""
    inner = node.arguments[0]
    if node.function == "log" and isinstance(inner, Apply) and inner.function == "exp":
        return inner.arguments[0]
    return None


@rule(
    "compare-known",
    title="a known comparison",
    on=Compare,
    law="[2 < 3] = 1",
    decreases="nodes",
    example=("2 < 3", "1"),
)
def compare_known(node: Compare, context: Context) -> Expr | None:
    """Two numbers compare now; so does an index with itself."""
    left, right = node.left, node.right
    if isinstance(left, Literal) and isinstance(right, Literal):
        return number(int(COMPARISONS[node.operator](left.value, right.value)))
    if isinstance(left, IndexValue) and left == right:
        return number(int(COMPARISONS[node.operator](0, 0)))
    return None


@rule(
    "logic-known",
    title="a known condition",
    on=Logic,
    law=r"\neg 0 = 1",
    decreases="nodes",
    example=("not 0", "1"),
)
def logic_known(node: Logic, context: Context) -> Expr | None:
    """A condition made of numbers is decided now; one number may decide `and` and `or`."""
    known = [a.value != 0 for a in node.arguments if isinstance(a, Literal)]
    if node.operator == "not":
        return number(int(not known[0])) if known else None
    decisive = node.operator == "or"
    if decisive in known:
        return number(int(decisive))
    return number(int(not decisive)) if len(known) == len(node.arguments) else None


@rule(
    "where-known",
    title="a known choice",
    on=Where,
    law=r"\mathrm{where}(1, a, b) = a",
    decreases="nodes",
    example=("where(1, x[i], y[i])", "x[i]"),
    given="index i : n(N)",
)
def where_known(node: Where, context: Context) -> Expr | None:
    """A condition that is a number picks its branch; two equal branches need no condition."""
    if isinstance(node.condition, Literal):
        return node.then if node.condition.value != 0 else node.other
    return node.then if node.then == node.other else None


RULES = (
    number_fold, zero_product, power_zero, power_known, power_merge, power_cancel, function_value, log_exp,
    compare_known, logic_known, where_known,
)  # fmt: skip
