"""Loads: pointers into an array with strides, or, where these are not as their readers need them, packed copies."""

from __future__ import annotations

from ....ir.index import Index
from ....ir.kernel import Affine, Contract, Load
from .names import Lines, Names, Storage, times, total
from .order import Order
from .storage import Memory


def reserve(names: Names, memory: Memory, step: Load) -> None:
    """Storage for a load's view, and room for a packed copy, if one may be needed."""
    number, array = step.block.number, f"in{step.array}"
    vector = memory.vectors.get(number)
    strides: dict[Index, str] = {}
    for axis in step.block.axes:
        terms = [times(f"{array}_{n}", str(f)) for n, f in _factors(step, axis)]
        strides[axis] = total(terms)
    if vector is None and number not in memory.matrices:
        memory.blocks[number] = Storage(f"v{number}", strides, step.block.kind)
        return
    memory.make(step.block, memory.layout(step.block.axes, vector or step.block.axes[-1]))
    found = {x: f"v{number}_{names.number(x)}" for x in step.block.axes}
    if vector is not None:
        found[vector] = "-1" if _reversed(step, vector, memory) else "1"
    memory.blocks[number] = Storage(f"v{number}", found, step.block.kind)


def print_view(names: Names, order: Order, memory: Memory, step: Load, out: Lines) -> None:
    """Define the view's pointer and strides where its block is loaded."""
    number, array = step.block.number, f"in{step.array}"
    type = names.type(step.block.kind)
    storage = memory.blocks[number]
    offset = []
    for n, slot in enumerate(step.slots):
        form = slot if isinstance(slot, Affine) else Affine(((1, slot),), 0)  # type: ignore[arg-type]
        fixed = [times(names.position(x) if x in order.single else names.start(x), str(f)) for f, x in form.terms]
        offset.append(times(total((*fixed, str(form.offset))), f"{array}_{n}"))
    pointer = total((array, *offset))
    packs = {b for b in storage.strides.values() if b.startswith(f"v{number}_")} or number in memory.vectors
    if not packs:
        out.add(f"const {type}* const v{number} = {pointer};  // block {number}")
        return
    out.add(f"const {type}* v{number} = {pointer};  // block {number}")
    axes = step.block.axes
    real = {x: total(times(f"{array}_{n}", str(f)) for n, f in _factors(step, x)) for x in axes}
    for axis in axes:
        if storage.strides[axis].startswith("v"):
            out.add(f"int64_t {storage.strides[axis]} = {real[axis]};")
    tests = _tests(names, order, memory, step, storage, real)
    if not tests:
        return
    out.open("" if tests == ["true"] else f"if ({' || '.join(tests)})")
    _pack(names, memory, step, storage, real, out, "team, " if order.team else "")
    if order.team:
        out.add("team.wait();")
    out.close()


def _factors(step: Load, axis: Index) -> list[tuple[int, int]]:
    """The slots in which an axis stands, with its factor there."""
    found = []
    for n, slot in enumerate(step.slots):
        terms = slot.terms if isinstance(slot, Affine) else ((1, slot),)
        factor = sum(f for f, x in terms if x == axis)
        if factor:
            found.append((n, factor))
    return found


def _reversed(step: Load, axis: Index, memory: Memory) -> bool:
    """Whether the array is read backwards along the axis, one element at a time."""
    factors = _factors(step, axis)
    return len(factors) == 1 and factors[0][1] == -1 and step.block.number not in memory.matrices


def _tests(
    names: Names, order: Order, memory: Memory, step: Load, storage: Storage, real: dict[Index, str]
) -> list[str]:
    """When the array cannot be read in place."""
    number = step.block.number
    tests = []
    vector = memory.vectors.get(number)
    if vector is not None:
        factors = _factors(step, vector)
        if len(factors) != 1 or factors[0][1] not in ((-1,) if storage.strides[vector] == "-1" else (1,)):
            return ["true"]
        tests.append(f"in{step.array}_{factors[0][0]} != 1")
    if number in memory.matrices:
        for row, column in _pairs(order, number):
            counts = f"{names.count(row)}, {names.count(column)}"
            tests.append(f"!ix::is_matrix({counts}, {real[row]}, {real[column]})")
    return tests


def _pairs(order: Order, number: int) -> list[tuple[Index, Index]]:
    """Any two axes of the block may become the rows and columns of a library's matrix."""
    found: dict[tuple[Index, Index], None] = {}
    for step in order.makers.values():
        if isinstance(step, Contract) and number in (step.left.number, step.right.number):
            own, other = (step.left, step.right) if step.left.number == number else (step.right, step.left)
            inner = [x for x in own.axes if x in other.axes and x not in step.block.axes]
            outer = [x for x in own.axes if x not in other.axes]
            found.update(dict.fromkeys((x, y) for x in outer for y in inner))
    return list(found)


def _pack(
    names: Names, memory: Memory, step: Load, storage: Storage, real: dict[Index, str], out: Lines, team: str
) -> None:
    number, axes = step.block.number, step.block.axes
    vector = memory.vectors.get(number, axes[-1])
    backwards = storage.strides[vector] == "-1"
    order = memory.layout(axes, vector)
    packed = {}
    for n, axis in enumerate(reversed(order)):
        rest = [f"w{number}", *(names.most(x) for x in list(reversed(order))[1:n])]
        packed[axis] = ("-1" if backwards else "1") if n == 0 else " * ".join(rest)
    target = f"t{number}" + (f" + {names.count(vector)} - 1" if backwards else "")
    out.add(f"const int64_t size[] = {{{', '.join(names.count(x) for x in order)}}};")
    out.add(f"const int64_t from[] = {{{', '.join(real[x] for x in order)}}};")
    out.add(f"const int64_t to[] = {{{', '.join(packed[x] for x in order)}}};")
    out.add(f"ix::copy({team}{len(order)}, size, v{number}, from, {target}, to);")
    out.add(f"v{number} = {target};")
    for axis in order:
        if storage.strides[axis].startswith("v"):
            out.add(f"{storage.strides[axis]} = {packed[axis]};")
