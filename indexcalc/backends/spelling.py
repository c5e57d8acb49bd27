"""How one array library writes the operations of a graph.  Backends differ by this table, not by code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ..ir.index import Space
from ..ir.kernel import Kernel
from ..lower.target import ARRAYS, Target


@dataclass(frozen=True)
class KernelText:
    """Lines of a function NAME(x_0, …, n_0, …, floating, y_0=None, …) that gives a tuple of the outputs.

    The x are the inputs, the n the extents of `spaces`, `floating` the dtype of what is of kind "float"; each y is an
    array in which an output is made, or None.
    """

    lines: tuple[str, ...]
    spaces: tuple[Space, ...]


@dataclass(frozen=True)
class Spelling:
    """Text templates.  `{0}`, `{1}` are operands; a template that begins with a helper's name pulls the helper in.

    `maps`: elementwise functions.  `in_place`: functions that can write into an operand, by the callable that takes
    `out=`; `onto_first`: where it is the first operand, if that is written differently.  `operations`: everything
    else, by its name in the graph.  `helpers`: function definitions that the emitted
    text carries along where it uses them.  The operation "einsum" is optional: without it a batch of inner
    products is a product and a sum.
    """

    name: str  # as one asks for it: "numpy"
    title: str  # as one writes it: "NumPy"
    module: str
    imports: tuple[str, ...]
    preamble: tuple[str, ...]  # the first lines of `run`: the dtype of what is made from integers
    default_real: str  # the dtype where no input is floating
    decorator: str
    maps: Mapping[str, str]
    in_place: Mapping[str, str]
    operations: Mapping[str, str]
    helpers: Mapping[str, str]
    needs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # helpers and imports that a helper uses
    real_part: str = "{0}"
    target: Target = ARRAYS
    number_first: bool = True  # whether an in-place function takes a number as its first operand
    onto_first: Mapping[str, str] = field(default_factory=dict)
    kernel: Callable[[Kernel, str], KernelText] | None = None  # the text of a fused kernel, by the name of its function


INFIX = {
    "add": "{0} + {1}",
    "subtract": "{0} - {1}",
    "multiply": "{0} * {1}",
    "divide": "{0} / {1}",
    "negative": "-{0}",
    "reciprocal": "1.0 / {0}",
    "less": "{0} < {1}",
    "less_equal": "{0} <= {1}",
    "greater": "{0} > {1}",
    "greater_equal": "{0} >= {1}",
    "equal": "{0} == {1}",
    "not_equal": "{0} != {1}",
    "logical_and": "{0} & {1}",
    "logical_or": "{0} | {1}",
    "logical_not": "~{0}",
}
