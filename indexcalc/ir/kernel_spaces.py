"""Which extents a kernel asks for, in which order: what `n[k]` means in the text of its function."""

from __future__ import annotations

from .index import Space
from .kernel import Affine, Block, Extent, Kernel, Load, Loop, Map, Store, block_made
from .slots import unknown_of


def kernel_spaces(kernel: Kernel) -> tuple[Space, ...]:
    """The spaces of unknown extent that a kernel speaks of, each once.  Its function reads the k-th one's from `n[k]`.

    >>> from .index import Index
    >>> from .kernel import Array, Tile
    >>> i, j = Index("i", Space("rows", "N")), Index("j", Space("columns", 3))
    >>> kernel_spaces(Kernel((Array((i, j), "float"),), (), (Tile(i, 8),), ()))
    (Space('rows', 'N'),)
    """
    found: dict[object, Space] = {}
    for space in _every(kernel):
        if not isinstance(space.extent, int):
            found.setdefault(unknown_of(space), space)
    return tuple(found.values())


def _every(kernel: Kernel) -> list[Space]:
    spaces = [x.space for array in (*kernel.inputs, *kernel.outputs) for x in array.axes]
    spaces += [tile.axis.space for tile in kernel.grid]
    for step in kernel.steps():
        made = block_made(step)
        if made is not None:  # the axes of which conditions and positions may be the only ones to speak
            spaces += [x.space for x in made.axes]
        if isinstance(step, Loop):
            spaces.append(step.tile.axis.space)
            spaces += [x.space for c in step.skip for _, x in c.form.terms]
        if isinstance(step, (Load, Store)):
            for slot in step.slots:
                if isinstance(slot, Affine):
                    spaces += [x.space for _, x in slot.terms]
                elif not isinstance(slot, Block):
                    spaces.append(slot.space)
        if isinstance(step, Map):
            spaces += [a.space for a in step.arguments if isinstance(a, Extent)]
    return spaces
