"""The value of a SymPy expression at given arrays and extents, by definition: SymPy sums and simplifies nothing."""

from __future__ import annotations

import math

import numpy as np
import sympy

FUNCTIONS = {
    sympy.exp: math.exp,
    sympy.log: math.log,
    sympy.Abs: abs,
    sympy.sign: lambda x: float(np.sign(x)),
    sympy.sin: math.sin,
    sympy.cos: math.cos,
    sympy.tan: math.tan,
    sympy.tanh: math.tanh,
    sympy.sinh: math.sinh,
    sympy.cosh: math.cosh,
    sympy.erf: math.erf,
    sympy.Max: max,
    sympy.Min: min,
    sympy.Add: lambda *a: math.fsum(a) if all(map(math.isfinite, a)) else sum(a),
    sympy.Mul: lambda *a: math.prod(a),
    sympy.Pow: lambda a, b: a**b,
    sympy.KroneckerDelta: lambda a, b: float(a == b),
    sympy.And: lambda *a: all(a),
    sympy.Or: lambda *a: any(a),
    sympy.Not: lambda a: not a,
    sympy.Lt: lambda a, b: a < b,
    sympy.Le: lambda a, b: a <= b,
    sympy.Gt: lambda a, b: a > b,
    sympy.Ge: lambda a, b: a >= b,
    sympy.Eq: lambda a, b: a == b,
    sympy.Ne: lambda a, b: a != b,
}


def meaning(e, arrays, names):
    """`names`: values of indices and extents by name; `arrays` holds scalars too."""
    if isinstance(e, sympy.Symbol):
        return float(arrays[e.name]) if e.name in arrays and not e.is_integer else names[e.name]
    if isinstance(e, sympy.Indexed):
        slots = [meaning(s, arrays, names) for s in e.indices]
        assert all(s == int(s) and s >= 0 for s in slots)
        return float(arrays[e.base.label.name][tuple(map(int, slots))])
    if isinstance(e, (sympy.Sum, sympy.Product)):
        return repeated(e, arrays, names)
    if isinstance(e, sympy.Piecewise):
        return next(meaning(v, arrays, names) for v, c in e.args if meaning(c, arrays, names))
    if isinstance(e, sympy.LeviCivita):
        slots = [meaning(s, arrays, names) for s in e.args]
        return float(np.sign(math.prod(b - a for k, b in enumerate(slots) for a in slots[:k])))
    if e.func in FUNCTIONS:
        return FUNCTIONS[e.func](*(meaning(a, arrays, names) for a in e.args))
    if e in (sympy.true, sympy.false):
        return bool(e)
    assert e.is_number and not e.args, e
    return float(e)


def repeated(e, arrays, names):
    def over(limits, names):
        if not limits:
            return meaning(e.function, arrays, names)
        *others, (symbol, lower, upper) = limits
        values = range(int(meaning(lower, arrays, names)), int(meaning(upper, arrays, names)) + 1)
        inner = [over(others, {**names, symbol.name: v}) for v in values]
        return math.fsum(inner) if isinstance(e, sympy.Sum) else math.prod(inner)

    return over(list(e.limits), names)
