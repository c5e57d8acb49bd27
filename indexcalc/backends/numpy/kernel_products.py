"""A contraction of two blocks as one matrix product over views, written into the block's place."""

from __future__ import annotations

from ...ir.index import Index
from ...ir.kernel import Block, Contract, Store
from .kernel_names import KernelNames, aligned
from .kernel_slots import view

Labels = tuple[Index, ...]


def added_text(names: KernelNames, step: Contract, store: Store) -> str:
    """The line that adds the product to an output, by pieces where it is one of matrices."""
    place = view(names, f"y_{store.array}", store.slots)
    if len(step.left.axes) == len(step.right.axes) == 2 and not set(step.left.axes) & set(step.right.axes) <= set(
        step.block.axes
    ):
        rows, columns = step.block.axes
        left, right = (step.left, step.right) if rows in step.left.axes else (step.right, step.left)
        (summed,) = set(left.axes) & set(right.axes)
        first = aligned(names.block(left), left.axes, (rows, summed))
        second = aligned(names.block(right), right.axes, (summed, columns))
        return f"add_product({place}, {first}, {second})"
    return f"{place if place.endswith(']') else place + '[...]'} += {product_text(names, step, '')}"


def product_text(names: KernelNames, step: Contract, out: str) -> str:
    """The call; with `out`, the block's place, into which it writes."""
    left, right, axes = step.left, step.right, step.block.axes
    into = f", out={out}" if out else ""
    batch = tuple(x for x in axes if x in left.axes and x in right.axes)
    rows = tuple(x for x in axes if x not in right.axes)
    columns = tuple(x for x in axes if x not in left.axes)
    summed = tuple(x for x in left.axes if x in right.axes and x not in axes)
    alone = {*left.axes, *right.axes} - {*batch, *rows, *columns, *summed}
    if alone or not summed:
        return _einsum(names, step, into)
    if not rows and not columns:
        return _einsum(names, step, into) if batch else _dot(names, step, summed)
    if axes == (*batch, *columns, *rows) and columns:
        left, right, rows, columns = right, left, columns, rows
    if axes != (*batch, *rows, *columns) or len(columns) > 1 or (len(rows) > 1 and (batch or len(summed) > 1)):
        return _einsum(names, step, into)
    if len(summed) > 1:
        first, second = _merged(names, left, batch, rows, summed), _merged(names, right, batch, summed, columns)
    else:
        first = aligned(names.block(left), left.axes, (*batch, *rows, *summed))
        second = aligned(names.block(right), right.axes, (*batch, *summed, *columns))
    if batch and not columns:
        return f"np.matmul({first}, {second}[..., None]{f', out={out}[..., None]' if out else ''})[..., 0]"
    if batch and not rows:
        return f"np.matmul({first}[..., None, :], {second}{f', out={out}[..., None, :]' if out else ''})[..., 0, :]"
    return f"np.matmul({first}, {second}{into})"


def _merged(names: KernelNames, block: Block, batch: Labels, first: Labels, second: Labels) -> str:
    """The block as (batch, first, second), each group as one axis at most.

    Where the second group lies before the first, it is reshaped that way round and then transposed, without a copy.
    """
    have = block.axes
    turned = not batch and bool(first) and bool(second) and have.index(second[0]) < have.index(first[0])
    groups = (second, first) if turned else (first, second)
    dims = [*(names.count(x) for x in batch), *(names.elements(g) for g in groups if g)]
    text = f"{aligned(names.block(block), have, (*batch, *groups[0], *groups[1]))}.reshape({', '.join(dims)})"
    return f"{text}.T" if turned else text


def _einsum(names: KernelNames, step: Contract, into: str) -> str:
    """Row by row where each operand has all of the result's axes, else by whatever products einsum finds."""
    letters = {x: chr(97 + n) for n, x in enumerate(dict.fromkeys((*step.left.axes, *step.right.axes)))}
    terms = ["".join(letters[x] for x in axes) for axes in (step.left.axes, step.right.axes, step.block.axes)]
    plain = set(step.block.axes) <= set(step.left.axes) & set(step.right.axes)
    how = "" if plain else ", optimize=True"
    operands = f"{names.block(step.left)}, {names.block(step.right)}"
    return f'np.einsum("{terms[0]},{terms[1]}->{terms[2]}", {operands}{into}{how})'


def _dot(names: KernelNames, step: Contract, summed: Labels) -> str:
    """The sum of all products, a scalar."""
    parts = [aligned(names.block(b), b.axes, summed) for b in (step.left, step.right)]
    if len(summed) > 1:
        parts = [f"{p}.reshape({names.elements(summed)})" for p in parts]
    return f"np.dot({parts[0]}, {parts[1]})"
