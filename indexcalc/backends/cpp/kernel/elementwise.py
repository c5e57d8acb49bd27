"""Elementwise functions in C++, of one point."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ....ir.graph import Kind

_COMPARE = {"less": "<", "less_equal": "<=", "greater": ">", "greater_equal": ">=", "equal": "==", "not_equal": "!="}
_INFIX = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/"}
_OWN = ("exp", "log", "tanh", "sigmoid", "softplus", "erf", "sign", "relu", "maximum", "minimum", "shown")
_CALLED = {name: f"ix::{name}" for name in _OWN} | {"abs": "std::fabs"}
_CALLED |= {name: f"std::{name}" for name in ("sqrt", "sin", "cos", "tan", "sinh", "cosh")}
_REAL = frozenset({"float", "real", "number"})


def literal(value: float, type: str) -> str:
    """A number as the C++ text of a type.

    >>> literal(0.5, "float"), literal(float("-inf"), "double"), literal(3, "int64_t")
    ('0.5f', '-double(INFINITY)', 'int64_t(3)')
    """
    if type == "int64_t":
        return f"int64_t({value})"
    if math.isnan(value):
        return f"{type}(NAN)"
    if math.isinf(value):
        return f"{'-' if value < 0 else ''}{type}(INFINITY)"
    text = repr(float(value))
    if type == "float" and abs(float(value)) > 3.4028234663852886e38:
        return f"{'-' if value < 0 else ''}float(INFINITY)"
    return f"{text}f" if type == "float" else text


def cast(text: str, kind: Kind, type: str) -> str:
    """A value of a kind, as a type."""
    same = type == "int64_t" if kind == "int" else (type == "bool" if kind == "bool" else type in ("float", "double"))
    if same:
        return text
    return f"({text} != 0)" if type == "bool" else f"{type}({text})"


def elementwise(function: str, texts: Sequence[str | float], kinds: Sequence[Kind], made: Kind, real: str) -> str:
    """The function of arguments: texts of values, or plain numbers, whose type is that of what they meet."""
    type = {"int": "int64_t", "bool": "bool"}.get(made, real)
    if function in _COMPARE:
        type = real if _REAL & set(kinds) else "int64_t"
    if function in ("where", "masked"):
        choice, *others = (texts[0], texts[1], texts[2]) if function == "where" else (texts[1], texts[2], texts[0])
        kind = kinds[0] if function == "where" else kinds[1]
        rest = kinds[1:] if function == "where" else (kinds[2], kinds[0])
        yes, no = (_as(t, k, type) for t, k in zip(others, rest))
        return f"{_as(choice, kind, 'bool')} ? {yes} : {no}"
    arguments = [_as(t, k, type) for t, k in zip(texts, kinds)]
    if function in _INFIX:
        return f" {_INFIX[function]} ".join(arguments)
    if function in _COMPARE:
        return f"{arguments[0]} {_COMPARE[function]} {arguments[1]}"
    if function in ("logical_and", "logical_or"):
        return f"{arguments[0]} {'&' if function == 'logical_and' else '|'} {arguments[1]}"
    if function in ("same", "as_real"):
        return arguments[0]
    if function == "logical_not":
        return f"!{arguments[0]}"
    if function == "negative":
        return f"-{arguments[0]}"
    if function == "square":
        return f"{arguments[0]} * {arguments[0]}"
    if function == "reciprocal":
        return f"{real}(1) / {arguments[0]}"
    if function == "power":
        return _power(arguments, texts[1], real)
    return f"{_CALLED[function]}({', '.join(arguments)})"


def _as(text: str | float, kind: Kind, type: str) -> str:
    if isinstance(text, str):
        return cast(text, kind, type)
    return ("true" if text else "false") if type == "bool" else literal(text, type)


def _power(arguments: Sequence[str], exponent: str | float, real: str) -> str:
    """Small whole powers as products; each is within two units in the last place of pow."""
    x = arguments[0]
    if isinstance(exponent, str) or exponent not in (1, 2, 3, -1, -2):
        return f"std::pow({arguments[0]}, {arguments[1]})"
    product = " * ".join([x] * abs(int(exponent)))
    return product if exponent > 0 else f"{real}(1) / ({product})"
