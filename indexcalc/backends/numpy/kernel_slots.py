"""Loads and stores: slices where slots are plain, strided views for affine slots, index arrays for positions."""

from __future__ import annotations

from collections.abc import Sequence

from ...ir.index import Index
from ...ir.kernel import Affine, Block, Contract, Kernel, Load, Slot, Store
from ..names import tuple_text
from .kernel_names import Axes, KernelNames, aligned, linear


def load_lines(names: KernelNames, step: Load) -> list[str]:
    """block = x[slots]."""
    text, axes = _read(names, f"x_{step.array}", step.slots)
    return [f"{names.block(step.block)} = {aligned(text, axes, step.block.axes)}"]


def _read(names: KernelNames, array: str, slots: Sequence[Slot]) -> tuple[str, Axes]:
    axes = shown_axes(names, slots)
    if not slots:
        return array, ()
    if is_plain(slots):
        return view(names, array, slots), axes
    if any(isinstance(s, Block) for s in slots):
        return f"{array}[{_positions(names, slots, axes)}]", axes
    return f"tile_view({array}, {names.shape(axes)}, {forms(names, slots, axes)})", axes


def store_lines(names: KernelNames, step: Store) -> list[str]:
    """y[slots] = or += source; axes that no slot has are summed."""
    array, source = f"y_{step.array}", names.block(step.source)
    axes = shown_axes(names, step.slots)
    gone = [n for n, x in enumerate(step.source.axes) if x not in axes]
    if gone:
        source = f"{source}.sum({tuple_text(map(str, gone))})"
    have = tuple(x for x in step.source.axes if x in axes)
    if is_plain(step.slots):
        part = view(names, array, step.slots)
        return [f"{array + '[...]' if part == array else part} {step.mode} {aligned(source, have, axes)}"]
    whole = aligned(source, have, axes)
    if set(have) != set(axes):
        whole = f"np.broadcast_to({whole}, {names.shape(axes)})"
    if not any(isinstance(s, Block) for s in step.slots):
        return [f"add_along({array}, {forms(names, step.slots, axes)}, {whole})"]
    rows = _rows(names, array, step.slots, whole, axes)
    return [rows or f"np.add.at({array}, ({_positions(names, step.slots, axes)},), {whole})"]


def _rows(names: KernelNames, array: str, slots: Sequence[Slot], source: str, axes: Axes) -> str:
    """The call that adds rows at positions, where one slot holds a vector of them and the others are plain."""
    (at, *more) = [n for n, s in enumerate(slots) if isinstance(s, Block)]
    position = slots[at]
    rest = [s for n, s in enumerate(slots) if n != at]
    if more or not isinstance(position, Block) or len(position.axes) != 1 or not is_plain(rest):
        return ""
    if position.axes[0] in rest:
        return ""
    others = tuple(x for x in axes if x not in position.axes)
    into = [s if isinstance(s, Index) and names.shown(s) else None for s in slots]
    place = sum(1 for s in into[:at] if s is not None)  # of the positions' axis in the view of the output
    cuts = [names.cut(s) if isinstance(s, Index) else ":" for s in slots]
    target = f"{array}[{', '.join(cuts)}]"
    if place:
        target = f"np.moveaxis({target}, {place}, 0)"
    return f"add_rows({target}, {names.block(position)}, {aligned(source, axes, (*position.axes, *others))})"


def view(names: KernelNames, array: str, slots: Sequence[Slot]) -> str:
    """The part of an array that plain slots name."""
    cuts = [names.cut(s) for s in slots if isinstance(s, Index)]
    while len(cuts) > 1 and cuts[-1] == ":":
        cuts.pop()
    return array if cuts == [":"] else f"{array}[{', '.join(cuts) or '...'}]"


def is_plain(slots: Sequence[Slot]) -> bool:
    """Whether the slots are axes, each one once."""
    return all(isinstance(s, Index) for s in slots) and len(set(slots)) == len(slots)


def shown_axes(names: KernelNames, slots: Sequence[Slot]) -> Axes:
    """The axes over which the slots run together, in the order in which they come."""
    found: dict[Index, None] = {}
    for slot in slots:
        if isinstance(slot, Block):
            axes = slot.axes
        else:
            axes = (slot,) if isinstance(slot, Index) else tuple(x for _, x in slot.terms)
        found |= dict.fromkeys(x for x in axes if names.shown(x))
    return tuple(found)


def forms(names: KernelNames, slots: Sequence[Slot], axes: Axes) -> str:
    """((weights over the axes, offset), …), one for each slot."""
    found = []
    for slot in slots:
        form = _form(slot)
        weight = {x: c for c, x in form.terms}
        weights = tuple_text(str(weight.get(x, 0)) for x in axes) if axes else "()"
        found.append(f"({weights}, {names.start(form)})")
    return tuple_text(found)


def _form(slot: Slot) -> Affine:
    assert not isinstance(slot, Block)
    return slot if isinstance(slot, Affine) else Affine(((1, slot),), 0)


def _positions(names: KernelNames, slots: Sequence[Slot], axes: Axes) -> str:
    """Index arrays for all slots, which broadcast together."""
    found = []
    for slot in slots:
        if isinstance(slot, Block):
            found.append(aligned(names.block(slot), slot.axes, axes))
            continue
        form = _form(slot)
        moving = [(c, x) for c, x in form.terms if names.shown(x)]
        fixed = [(c, names.first(x)) for c, x in form.terms if not names.shown(x)]
        parts = [(c, aligned(f"np.arange({names.first(x)}, {names.end(x)})", (x,), axes)) for c, x in moving]
        found.append(linear([*parts, *fixed], form.offset))
    return ", ".join(found)


def matrix_axes(kernel: Kernel, names: KernelNames) -> dict[int, list[int]]:
    """By input: along which of its axes lie the matrices that are loaded for products, where one place tells."""
    used = {b.number for s in kernel.steps() if isinstance(s, Contract) for b in (s.left, s.right)}
    found: dict[int, list[int]] = {}
    for step in kernel.steps():
        if isinstance(step, Load) and step.block.number in used and len(step.block.axes) > 1:
            own = [n for n, s in enumerate(step.slots) if isinstance(s, Index) and names.shown(s)]
            if len(own) == len(step.block.axes) and is_plain(step.slots):
                found.setdefault(step.array, own)
    return found
