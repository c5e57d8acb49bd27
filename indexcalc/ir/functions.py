"""The built-in elementwise functions: one row each, with derivatives written in x and y = f(x).

A new function is one row here plus a spelling in each backend's table.  `tests/scalar` compares every derivative with
SymPy's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from .build import MINUS_ONE, ONE, ZERO, lift, power, sqrt
from .expr import Apply, Compare, Constant, Expr, Literal, Where

if TYPE_CHECKING:
    from collections.abc import Mapping

Slope = Callable[[tuple[Expr, ...], Expr], tuple[Expr, ...]]


@dataclass(frozen=True, slots=True)
class Function:
    """`slope(arguments, value)` gives ∂value/∂argument for each argument.  `arity` 0 means two or more.

    `analytic`: the complex step may go through it.  `kinks`: where it has no derivative, in words; `there`: what is
    taken for it at such a point.
    """

    name: str
    arity: int
    slope: Slope
    analytic: bool = True
    kinks: str = ""
    there: str = ""


def _one(derivative: Callable[[Expr, Expr], Expr]) -> Slope:
    return lambda arguments, value: (derivative(arguments[0], value),)


def call(name: str, *arguments: Expr) -> Expr:
    return Apply(name, arguments)


def _sign(x: Expr) -> Expr:
    return call("sign", x)


def _gelu(x: Expr, y: Expr) -> Expr:
    phi = call("erf", x / sqrt(lift(2)))
    density = call("exp", Literal(Fraction(-1, 2)) * power(x, lift(2))) / sqrt(2 * Constant("pi"))
    return Literal(Fraction(1, 2)) * (1 + phi) + x * density


def _silu(x: Expr, y: Expr) -> Expr:
    s = call("sigmoid", x)
    return s + y * (1 - s)


def _extreme(operator: str) -> Slope:
    """max and min: the argument that is chosen gets the slope; a tie gives it to the first."""

    def slope(arguments: tuple[Expr, ...], value: Expr) -> tuple[Expr, ...]:
        out: list[Expr] = []
        earlier: Expr = ONE
        for x in arguments:
            here = Compare("==", x, value)
            out.append(Where(earlier, here, ZERO) if out else here)
            earlier = Compare("!=", x, value) if earlier is ONE else earlier * Compare("!=", x, value)
        return tuple(out)

    return slope


_ROWS = (
    Function("exp", 1, _one(lambda x, y: y)),
    Function("log", 1, _one(lambda x, y: 1 / x)),
    Function("abs", 1, _one(lambda x, y: _sign(x)), False, "0", "its slope is taken as 0"),
    Function("sign", 1, _one(lambda x, y: ZERO), False, "0", "its slope is taken as 0, as everywhere"),
    Function("sin", 1, _one(lambda x, y: call("cos", x))),
    Function("cos", 1, _one(lambda x, y: MINUS_ONE * call("sin", x))),
    Function("tan", 1, _one(lambda x, y: 1 + power(y, lift(2)))),
    Function("tanh", 1, _one(lambda x, y: 1 - power(y, lift(2)))),
    Function("sinh", 1, _one(lambda x, y: call("cosh", x))),
    Function("cosh", 1, _one(lambda x, y: call("sinh", x))),
    Function("sigmoid", 1, _one(lambda x, y: y * (1 - y))),
    Function("relu", 1, _one(lambda x, y: Compare(">", x, ZERO)), False, "0", "its slope is taken as 0"),
    Function("gelu", 1, _one(_gelu)),
    Function("silu", 1, _one(_silu)),
    Function("softplus", 1, _one(lambda x, y: call("sigmoid", x))),
    Function("erf", 1, _one(lambda x, y: 2 / sqrt(Constant("pi")) * call("exp", -power(x, lift(2))))),
    Function("max", 0, _extreme("max"), False, "where two arguments agree", "the first of them takes the whole slope"),
    Function("min", 0, _extreme("min"), False, "where two arguments agree", "the first of them takes the whole slope"),
)
BUILTIN: Mapping[str, Function] = {f.name: f for f in _ROWS}
