"""What functions and elements count for: the rules that arrays and the blocks of kernels share."""

from __future__ import annotations

from dataclasses import dataclass

from ..ir.graph import Kind

ADDITIVE = frozenset({"add", "subtract", "negative", "maximum", "minimum", "relu", "abs", "sign"})
MULTIPLICATIVE = frozenset({"multiply", "divide", "reciprocal", "square"})
FUNCTIONS = frozenset(
    {"exp", "log", "sqrt", "sin", "cos", "tan", "tanh", "sinh", "cosh", "sigmoid", "softplus", "erf", "power"}
)
FREE = frozenset(
    {"as_real", "inside", "masked", "where", "logical_and", "logical_or", "logical_not"}
    | {"less", "less_equal", "greater", "greater_equal", "equal", "not_equal"}
)


@dataclass(frozen=True, slots=True)
class Work:
    """What some operations take, counted exactly.

    `functions`: evaluations of exp, log, sqrt and the like, which are also FLOPs.  `matmul`: those FLOPs that are of
    contractions.
    """

    flops: int = 0
    multiplications: int = 0
    functions: int = 0
    bytes: int = 0
    matmul: int = 0

    def __add__(self, other: Work) -> Work:
        return Work(
            self.flops + other.flops,
            self.multiplications + other.multiplications,
            self.functions + other.functions,
            self.bytes + other.bytes,
            self.matmul + other.matmul,
        )


def function_work(function: str, count: int) -> Work:
    """Evaluating an elementwise function of numbers `count` times."""
    if function in FREE:
        return Work()
    if function in MULTIPLICATIVE:
        return Work(count, count)
    if function in FUNCTIONS:
        return Work(count, functions=count)
    assert function in ADDITIVE, f"no rule counts `{function}`"
    return Work(count)


def width(kind: Kind, item: int) -> int:
    """Bytes of an element.  `item`: those of a floating-point number."""
    return {"int": 8, "bool": 1}.get(kind, item)
