"""The elementwise functions of graphs and kernels: how many operands each takes, of which kinds, and what it gives."""

from __future__ import annotations

from collections.abc import Sequence

from .graph import Kind

COMPARING = frozenset({"less", "less_equal", "greater", "greater_equal", "equal", "not_equal"})
LOGICAL = frozenset({"logical_and", "logical_or", "logical_not"})
MASKS = COMPARING | LOGICAL  # what gives a mask
EXACT = frozenset({"add", "subtract", "multiply", "negative"})  # integers stay integers
SLOW = frozenset({"exp", "log", "sin", "cos", "tan", "tanh", "sinh", "cosh", "sigmoid", "softplus", "erf", "power"})
"""Functions of many operations each, where the others take about one."""
SELECTING = {"where": 0, "masked": 1}  # by the place of the mask: where(mask, x, y), masked(base, mask, x)

ARITY = {
    **dict.fromkeys(COMPARING | LOGICAL - {"logical_not"}, 2),
    **dict.fromkeys(("add", "subtract", "multiply", "divide", "power", "maximum", "minimum", "inside"), 2),
    **dict.fromkeys(("where", "masked"), 3),
    **dict.fromkeys(("negative", "reciprocal", "square", "sqrt", "exp", "log", "abs", "sign", "as_real"), 1),
    **dict.fromkeys(("sin", "cos", "tan", "tanh", "sinh", "cosh", "sigmoid", "softplus", "erf", "relu"), 1),
    "logical_not": 1,
}
"""Every function that a Map may name."""


def common_kind(kinds: Sequence[Kind]) -> Kind:
    """The kind of arithmetic on these: the widest of float and real, an integer where all are."""
    for kind in ("float", "real"):
        if kind in kinds:
            return kind
    return "int" if all(k == "int" for k in kinds) else "real"


def result_kind(function: str, kinds: Sequence[Kind]) -> Kind:
    """The kind of the function's result.

    >>> result_kind("add", ("int", "int")), result_kind("less", ("float", "number"))
    ('int', 'bool')
    """
    if function in MASKS:
        return "bool"
    if function in ("sign", "as_real"):
        return "real"
    if function == "inside":
        return "int"
    if function in SELECTING:
        kinds = [k for n, k in enumerate(kinds) if n != SELECTING[function]]
    return common_kind(kinds)


def misfit(function: str, kinds: Sequence[Kind], arrays: Sequence[bool]) -> str:
    """What is wrong with operands of these kinds, `arrays` saying which are no plain numbers; "" where nothing is."""
    if function in LOGICAL:
        return "" if set(kinds) == {"bool"} else "takes masks"
    if function == "as_real":
        return ""
    if function == "inside":
        return "" if set(kinds) == {"int"} else "takes integers"
    if function in SELECTING:
        place = SELECTING[function]
        if kinds[place] != "bool":
            return f"operand {place} is no mask"
        kinds, arrays = [*kinds[:place], *kinds[place + 1 :]], [*arrays[:place], *arrays[place + 1 :]]
        return _mixed(kinds, arrays, masks=False, integers=True)
    if function in EXACT or function in COMPARING:
        return _mixed(kinds, arrays, masks=function == "multiply", integers=True)
    if function in ("divide", "power"):
        return _mixed(kinds, arrays, masks=False, integers=False)
    return "" if set(kinds) <= {"float", "real"} else "takes floating-point arrays"


def _mixed(kinds: Sequence[Kind], arrays: Sequence[bool], *, masks: bool, integers: bool) -> str:
    """Integers among themselves, or floating-point arrays with plain numbers, and masks where those may stand."""
    if integers and all(k == "int" for k in kinds):
        return ""
    if not any(a and k in ("float", "real") for k, a in zip(kinds, arrays)):
        return "has no floating-point array among its operands"
    allowed = {"float", "real", "bool"} if masks else {"float", "real"}
    wrong = [n for n, (k, a) in enumerate(zip(kinds, arrays)) if a and k not in allowed]
    return f"operand {wrong[0]} is of kind {kinds[wrong[0]]} beside floating-point arrays" if wrong else ""
