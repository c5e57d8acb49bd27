"""Matrix products of two blocks: a library's for one row, column and inner axis, loops over the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ....ir.index import Index
from ....ir.kernel import Affine, Contract, Fold, Store
from .names import Lines, Names, Storage, times, total
from .order import Order
from .pieces import Unit
from .reducing import fill
from .storage import Memory


def print_product(names: Names, order: Order, memory: Memory, unit: Unit, out: Lines) -> None:
    """block = Σ left · right, or the same added to what a Fold or a Store names."""
    step = unit.step
    assert isinstance(step, Contract)
    left, right, made = step.left.axes, step.right.axes, step.block.axes
    batch = [x for x in made if x in left and x in right]
    rows, columns = ([x for x in made if x in own and x not in batch] for own in (left, right))
    inner = [x for x in left if x in right and x not in made]
    pointer, strides = _target(names, memory, unit)
    adds = isinstance(unit.into, Fold) or (isinstance(unit.into, Store) and unit.into.mode == "+=")
    if len(inner) > 1 and not adds:
        split = made[0] if order.team else None
        fill(names, Storage(pointer, strides, step.block.kind), made, f"{names.real}(0)", out, split)
        if order.team:
            out.add("team.wait();")
        adds = True
    operands = [memory.blocks[b.number] for b in (step.left, step.right)]
    around = (strides, operands[0].strides, operands[1].strides)
    m, n, k = (_main(names, axes, around) for axes in (rows, columns, inner))
    outer = [x for x in (*batch, *rows, *columns, *inner) if x not in (m, n, k)]
    for axis in outer:
        out.open(names.loop(axis))
    texts = [
        _matrix(names, operands[0].name, operands[0].strides, left, m, k),
        _matrix(names, operands[1].name, operands[1].strides, right, k, n),
        _matrix(names, pointer, strides, made, m, n),
    ]
    counts = ", ".join(names.count(x) for x in (m, n, k))
    note = f"// block {step.block.number} = block {step.left.number} times block {step.right.number}"
    out.add(f"{note}, summed over i{_names(names, inner)}")
    team = "team, " if order.team else ""
    function = "large_product" if order.large else "product"
    out.add(f"ix::{function}<{names.real}>({team}{counts}, {', '.join(texts)}, {'true' if adds else 'false'});")
    out.close(len(outer))


def _main(names: Names, axes: Sequence[Index], around: Sequence[Mapping[Index, str]]) -> Index:
    """Of several axes the one for the library: contiguous if one is, else that with the largest tiles."""

    def merit(axis: Index) -> tuple[int, int, int]:
        tile = names.walked.get(axis)
        return sum(strides.get(axis) == "1" for strides in around), tile.size if tile else 0, names.number(axis)

    return max(axes, key=merit)


def _names(names: Names, axes: Sequence[Index]) -> str:
    return ", i".join(str(names.number(x)) for x in axes)


def _target(names: Names, memory: Memory, unit: Unit) -> tuple[str, Mapping[Index, str]]:
    """Where the product goes: a pointer and strides by axis."""
    step, into = unit.step, unit.into
    assert isinstance(step, Contract)
    if isinstance(into, Store):
        array = f"out{into.array}"
        places, strides = [], {}
        for n, slot in enumerate(into.slots):
            assert isinstance(slot, Index)
            stride = "1" if n == len(into.slots) - 1 else f"{array}_{n}"
            if slot in step.block.axes:
                strides[slot] = stride
                places.append(times(names.start(slot), stride))
            else:
                places.append(times(names.form(Affine(((1, slot),), 0)), stride))
        return total((array, *places)), strides
    storage = memory.blocks[(into.carry if isinstance(into, Fold) else step.block).number]
    return storage.name, storage.strides


def _matrix(
    names: Names, pointer: str, strides: Mapping[Index, str], axes: Sequence[Index], row: Index, column: Index
) -> str:
    fixed = [times(names.at(x), strides[x]) for x in axes if x not in (row, column)]
    return f"{{{total((pointer, *fixed))}, {strides[row]}, {strides[column]}}}"
