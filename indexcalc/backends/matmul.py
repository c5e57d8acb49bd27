"""A pairwise contraction as one batched matrix product over views, reshaped only where several axes form one group."""

from __future__ import annotations

from dataclasses import dataclass
from string import ascii_letters

from ..ir.graph import Operand, Value
from ..ir.index import Index
from .names import Names, tuple_text

Labels = tuple[Index, ...]


@dataclass(frozen=True)
class Groups:
    """The labels of a contraction: on both operands and the result, on one operand, on both operands only."""

    batch: Labels
    rows: Labels
    columns: Labels
    summed: Labels


def groups_of(value: Value) -> Groups:
    """The groups, summed labels in the order of the operand with more labels (its reshape is the larger copy)."""
    left, right = value.operands
    lead = left if len(left.labels) >= len(right.labels) else right
    return Groups(
        tuple(x for x in value.axes if x in left.labels and x in right.labels),
        tuple(x for x in value.axes if x not in right.labels),
        tuple(x for x in value.axes if x not in left.labels),
        tuple(x for x in lead.labels if x not in value.axes),
    )


def contraction(names: Names, value: Value) -> str:
    """The text of the contraction."""
    left, right = value.operands
    g = groups_of(value)
    matmul = names.spelling.operations["matmul"]
    if not g.rows and not g.columns:
        return _inner(names, value, g)
    a = _matrix(names, left, g.batch, g.rows, g.summed)
    b = _matrix(names, right, g.batch, g.summed, g.columns)
    if g.batch and not g.columns:
        text = matmul.format(a, f"{b}[..., None]") + "[..., 0]"
    elif g.batch and not g.rows:
        text = matmul.format(f"{a}[..., None, :]", b) + "[..., 0, :]"
    else:
        text = matmul.format(a, b)
    if len(g.rows) > 1 or len(g.columns) > 1:
        text = names.spelling.operations["reshape"].format(text, names.shape(value.axes))
    return text


def _inner(names: Names, value: Value, g: Groups) -> str:
    """Nothing but summed and batch labels: a dot product, or one for each element of the batch."""
    left, right = value.operands
    operations = names.spelling.operations
    if not g.batch:
        flat = [names.ordered(o, g.summed) for o in (left, right)]
        if len(g.summed) > 1:
            flat = [operations["reshape"].format(x, "-1") for x in flat]
        return operations["dot"].format(*flat)
    if "einsum" in operations:
        return operations["einsum"].format(_letters(value, g), names.text(left.value), names.text(right.value))
    lead = next((o for o in (left, right) if tuple(x for x in o.labels if x in g.batch) == g.batch), None)
    axes = lead.labels if lead is not None else (*g.batch, *g.summed)
    product = f"{names.ordered(left, axes)} * {names.ordered(right, axes)}"
    return operations["sum"].format(product, tuple_text(str(n) for n, x in enumerate(axes) if x in g.summed))


def _letters(value: Value, g: Groups) -> str:
    """The contraction as an einsum string."""
    letter = dict(zip((*g.batch, *g.summed), ascii_letters))
    left, right, out = ("".join(letter[x] for x in labels) for labels in (*(o.labels for o in value.operands), g.batch))
    return f"{left},{right}->{out}"


def _matrix(names: Names, operand: Operand, batch: Labels, first: Labels, second: Labels) -> str:
    """The operand as (batch, first, second) with each group as at most one axis.

    Where the second group lies before the first in memory, it is reshaped that way round and then transposed, which
    copies nothing.  A batch axis that is innermost in memory is left there: NumPy's matmul copies one matrix at a time,
    which takes no longer than to copy all before.
    """
    if len(first) <= 1 and len(second) <= 1:
        return names.ordered(operand, (*batch, *first, *second))
    place = {x: n for n, x in enumerate(operand.labels)}
    swapped = bool(first) and bool(second) and max(place[x] for x in second) < min(place[x] for x in first)
    inner = (second, first) if swapped else (first, second)
    text = names.ordered(operand, (*batch, *inner[0], *inner[1]))
    dims = [names.size(x.space) for x in batch] + [names.product(group) for group in inner if group]
    text = names.spelling.operations["reshape"].format(text, tuple_text(dims))
    if not swapped:
        return text
    last = len(batch)
    if not batch:
        return f"{text}.T"
    order = [*range(last), last + 1, last]
    return names.spelling.operations["transpose"].format(text, ", ".join(map(str, order)))
