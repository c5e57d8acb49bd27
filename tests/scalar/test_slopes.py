"""The derivative of every built-in function against SymPy's derivative of its definition."""

from fractions import Fraction

import pytest
import sympy as sp

from indexcalc.ir.expr import Access, Apply, Compare, Constant, Expr, Literal, Power, Product, Sum, Where
from indexcalc.ir.functions import BUILTIN

x, a, b = sp.symbols("x a b", real=True)
SIGMOID = 1 / (1 + sp.exp(-x))
DEFINITIONS = {
    **{
        name: getattr(sp, name)(x)
        for name in ("exp", "log", "sign", "sin", "cos", "tan", "tanh", "sinh", "cosh", "erf")
    },
    "abs": sp.Abs(x),
    "sigmoid": SIGMOID,
    "relu": sp.Max(x, 0),
    "gelu": x * (1 + sp.erf(x / sp.sqrt(2))) / 2,
    "silu": x * SIGMOID,
    "softplus": sp.log(1 + sp.exp(x)),
}
POINTS = [sp.Rational(n, 7) for n in (-23, -5, -1, 1, 4, 16)]
RELATIONS = {"<": sp.Lt, "<=": sp.Le, ">": sp.Gt, ">=": sp.Ge, "==": sp.Eq, "!=": sp.Ne}


def to_sympy(e: Expr, names: dict[str, sp.Expr]) -> sp.Expr:
    """An expression of rank-0 accesses, with their values put in."""
    match e:
        case Literal(value=value):
            return sp.Rational(*Fraction(value).as_integer_ratio())
        case Constant(name="pi"):
            return sp.pi
        case Access(tensor=name, slots=()):
            return names[name]
        case Sum(terms=terms):
            return sp.Add(*(to_sympy(t, names) for t in terms))
        case Product(factors=factors):
            return sp.Mul(*(to_sympy(f, names) for f in factors))
        case Power(base=base, exponent=exponent):
            return to_sympy(base, names) ** to_sympy(exponent, names)
        case Apply(function=function, arguments=(argument,)):
            return DEFINITIONS[function].subs(x, to_sympy(argument, names))
        case Compare(operator=operator, left=left, right=right):
            holds = RELATIONS[operator](sp.simplify(to_sympy(left, names) - to_sympy(right, names)), 0)
            return sp.Piecewise((1, holds), (0, True))
        case Where(condition=condition, then=then, other=other):
            return to_sympy(then if to_sympy(condition, names) != 0 else other, names)
    raise TypeError(f"no SymPy form for {e!r}")


def slopes(name: str, **values: sp.Expr) -> list[sp.Expr]:
    """The table's derivatives of the function at these arguments."""
    value = (
        DEFINITIONS[name].subs(x, values["x"]) if "x" in values else getattr(sp, name.capitalize())(*values.values())
    )
    arguments = tuple(Access(n, ()) for n in values)
    return [to_sympy(s, {**values, "y": value}) for s in BUILTIN[name].slope(arguments, Access("y", ()))]


def test_every_function_is_here():
    assert {*DEFINITIONS, "max", "min"} == set(BUILTIN)


@pytest.mark.parametrize("name", sorted(DEFINITIONS))
def test_slope(name):
    derivative = sp.diff(DEFINITIONS[name], x)
    for point in POINTS:
        if name == "log" and point < 0:
            continue
        (ours,) = slopes(name, x=point)
        assert abs(sp.N(ours - derivative.subs(x, point), 40)) < sp.Float("1e-30"), (name, point)


@pytest.mark.parametrize("name", ["max", "min"])
def test_extremes_give_the_slope_to_the_one_that_is_chosen(name):
    chosen = getattr(sp, name.capitalize())(a, b)
    for first, second in ((1, 2), (2, 1), (-3, -4)):
        expected = [sp.diff(chosen, v).subs({a: first, b: second}) for v in (a, b)]
        assert slopes(name, a=sp.Integer(first), b=sp.Integer(second)) == expected


@pytest.mark.parametrize("name", ["max", "min"])
def test_a_tie_gives_the_whole_slope_once(name):
    assert slopes(name, a=sp.Integer(2), b=sp.Integer(2)) == [1, 0]


@pytest.mark.parametrize("name", sorted(BUILTIN))
def test_a_function_that_is_not_analytic_names_its_kinks(name):
    assert BUILTIN[name].analytic == (BUILTIN[name].kinks == "")
