"""The table of derivatives is right: each is SymPy's derivative of the function's formula."""

from dataclasses import replace
from fractions import Fraction

import pytest
import sympy

from indexcalc.ir.build import number
from indexcalc.ir.expr import Access, Apply
from indexcalc.ir.functions import BUILTIN
from indexcalc.scalar.to_sympy import FUNCTIONS, to_sympy

DIGITS = 50
POINTS = [sympy.Rational(p, 7) for p in (1, 3, 6, 9, 11, 20, -1, -4, -8, -10, -13, -19)]
POSITIVE_ONLY = {"log"}


def arguments(function):
    return tuple(Access(name, ()) for name in ("x", "z", "w")[: function.arity or 3])


def on_the_reals(e):
    return to_sympy(e).xreplace({sympy.Symbol(n): sympy.Symbol(n, real=True) for n in ("x", "z", "w")})


def residuals(function):
    """Table − SymPy, for each argument."""
    given = arguments(function)
    value = Apply(function.name, given)
    formula = on_the_reals(value)
    for argument, slope in zip(given, function.slope(given, value)):
        yield on_the_reals(slope) - sympy.diff(formula, on_the_reals(argument))


def points(function):
    chosen = [p for p in POINTS if p > 0 or function.name not in POSITIVE_ONLY]
    for k in range(len(chosen)):
        yield {sympy.Symbol(n, real=True): chosen[(k + 5 * m) % len(chosen)] for m, n in enumerate(("x", "z", "w"))}


def check(function):
    for residual in residuals(function):
        for point in points(function):
            # doit: SymPy leaves the derivative of sign as a delta function
            error = abs(residual.subs(point).doit().evalf(DIGITS, maxn=400))
            assert error < sympy.Float(10) ** (8 - DIGITS), (function.name, point, error)


@pytest.mark.parametrize("function", BUILTIN.values(), ids=lambda f: f.name)
def test_the_derivative_is_sympys_at_fifty_digits(function):
    check(function)


@pytest.mark.parametrize("name", sorted(name for name, f in BUILTIN.items() if f.analytic))
def test_the_derivative_is_sympys_as_a_formula(name):
    for residual in residuals(BUILTIN[name]):
        assert sympy.simplify(residual.rewrite(sympy.exp)) == 0


@pytest.mark.parametrize("function", BUILTIN.values(), ids=lambda f: f.name)
@pytest.mark.parametrize("place", [0, -1], ids=["first", "last"])
def test_a_slope_that_is_off_in_the_fortieth_digit_is_seen(function, place):
    def slope(given, value):
        slopes = list(function.slope(given, value))
        slopes[place] = slopes[place] + number(Fraction(1, 10**40))
        return tuple(slopes)

    with pytest.raises(AssertionError, match=function.name):
        check(replace(function, slope=slope))


def test_every_function_has_a_formula():
    assert set(FUNCTIONS) == set(BUILTIN)
