"""Arithmetic on plain numbers is done here; a factor 1, a term −0 and a sign turned twice go.

Only what gives the same float for every x, also −0, ∞ and NaN, is dropped: x · 1, x / 1, x − 0 and x + (−0), but not
x + 0, which makes +0 of −0, and not x · 0.  (x · a) · b stays as it is: x · a may overflow where a b does not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from ...ir.elementwise import misfit, result_kind
from ...ir.graph import Graph, Kind, Map, Operand, Value
from ..builder import Builder
from ..factors import MAX_EXACT
from ..rebuild import Rebuild, axes_of
from . import Context, Pass

Number = int | float

_NUMBERS: Mapping[str, Callable[..., Number]] = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "negative": lambda a: -a,
    "reciprocal": lambda a: 1.0 / a,
    "square": lambda a: a * a,
    "abs": abs,
    "maximum": max,
    "minimum": min,
    "power": lambda a, b: float(a) ** float(b),
    "sqrt": math.sqrt,
    "exp": math.exp,
    "log": math.log,
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "tanh": math.tanh,
    "sinh": math.sinh,
    "cosh": math.cosh,
    "erf": math.erf,
}
"""Functions of plain numbers.  Where Python raises, or the result is not finite, the operation stays."""


def _run(graph: Graph, context: Context) -> Graph:
    if not any(_is_foldable(value) for value in graph):
        return graph
    folder = _Folder(graph)
    result = Rebuild(graph, context.sizes).run(folder.rewrite)
    if folder.numbers:
        context.decide(f"{_counted(folder.numbers)} of plain numbers computed beforehand")
    if folder.dropped:
        context.decide(f"{_counted(folder.dropped)} dropped that give back their operand")
    return result


def _counted(count: int) -> str:
    return f"{count} operation{'' if count == 1 else 's'}"


def _is_foldable(value: Value) -> bool:
    """Whether something may change at this value, before others have changed."""
    if not isinstance(value.operation, Map):
        return False
    negated = value.operation.function == "negative" and value.operands[0].value.operation == Map("negative")
    return negated or any(_plain(o) is not None for o in value.operands)


class _Folder:
    """The rewriting, and how often it did what."""

    def __init__(self, graph: Graph) -> None:
        self.outputs = {o.operand.value.number for o in graph.outputs}
        self.numbers = 0
        self.dropped = 0

    def rewrite(self, made: Rebuild, old: Value) -> Operand | None:
        """What takes the value's place; None where nothing is known of its operands."""
        operands = [made.new(o) for o in old.operands]
        if isinstance(old.operation, Map):
            number = _folded(old.operation.function, operands, old.kind)
            if number is not None:
                self.numbers += old.operation.function != "as_real"
                found = made.build.number(number)
                return made.build.floating(found) if old.number in self.outputs else found
            same = _unchanged(old.operation.function, operands)
            if same is not None and same.kind == old.kind and same.labels == old.axes:
                self.dropped += 1
                return same
        return _with_numbers(made.build, old, operands)


def _with_numbers(build: Builder, old: Value, operands: list[Operand]) -> Operand | None:
    """The operation on operands that have become numbers, which are made arrays again where it takes nothing else."""
    turned = [o.is_array and not n.is_array for n, o in zip(operands, old.operands)]
    if not any(turned):
        return None
    if not (isinstance(old.operation, Map) and _takes(old.operation.function, operands, old.kind)):
        operands = [build.floating(o) if t else o for o, t in zip(operands, turned)]
    return build.make(old.operation, operands, axes_of(old.operation, operands, old.axes), old.kind)


def _takes(function: str, operands: list[Operand], kind: Kind) -> bool:
    """Whether the function of these is well-formed and of the kind."""
    kinds = [o.kind for o in operands]
    return not misfit(function, kinds, [o.is_array for o in operands]) and result_kind(function, kinds) == kind


def _plain(operand: Operand) -> Number | None:
    """The number that an operand is, also as an array without axes."""
    value = operand.value
    return value.operands[0].number() if value.operation == Map("as_real") else operand.number()


def _folded(function: str, operands: list[Operand], kind: Kind) -> Number | None:
    """The function of plain numbers; None where that is no finite number."""
    numbers = [n for n in map(_plain, operands) if n is not None]
    if len(numbers) < len(operands):
        return None
    if function == "as_real":
        return float(numbers[0])
    if function not in _NUMBERS:
        return None
    try:
        result = _NUMBERS[function](*(numbers if kind == "int" else map(float, numbers)))
    except (ArithmeticError, ValueError):
        return None
    if isinstance(result, complex) or not math.isfinite(result) or (kind == "int" and abs(result) > MAX_EXACT):
        return None
    return result


def _unchanged(function: str, operands: list[Operand]) -> Operand | None:
    """The operand that the result is, whatever its elements are."""
    if function == "negative" and operands[0].value.operation == Map("negative"):
        label = dict(zip(operands[0].value.axes, operands[0].labels))
        (inner,) = operands[0].value.operands
        return Operand(inner.value, tuple(label[x] for x in inner.labels))
    if function in ("multiply", "divide") and _plain(operands[1]) == 1:
        return operands[0]
    if function == "multiply" and _plain(operands[0]) == 1:
        return operands[1]
    if function == "subtract" and _is_zero(operands[1], operands[0], sign=1):
        return operands[0]
    if function == "add" and _is_zero(operands[1], operands[0], sign=-1):
        return operands[0]
    if function == "add" and _is_zero(operands[0], operands[1], sign=-1):
        return operands[1]
    return None


def _is_zero(operand: Operand, beside: Operand, sign: int) -> bool:
    """Whether it is a zero of this sign; among integers there is only one."""
    number = _plain(operand)
    return number == 0 and (beside.kind == "int" or math.copysign(1, number) == sign)


PASS = Pass(
    "fold",
    "Arithmetic on plain numbers is done beforehand, and operations that give back their operand go.",
    "1/sqrt(64) in a formula is three calls of the array library; only what is the same for every float, also -0, "
    "infinities and NaN, is dropped.",
    """\
index i : n(100)
index d : feat(64)
tensor Q[i, d], x[d]
s = 1 / sqrt(sum[d](1))
y[i] = s Q[i, d] x[d]
output y
""",
    _run,
)
