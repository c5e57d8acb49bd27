"""Which axes are walked in a kernel that begins with a value: those of the largest virtual value that it needs."""

from __future__ import annotations

from collections.abc import Mapping

from ...ir.graph import Contract, Value
from ...ir.index import Index, Space
from .group import Group, Style
from .instance import Slot, operands_at, operands_of
from .needs import Needs
from .virtual import adds_up, size

FEATURES = 256  # axes whose extents multiply to at most this stay whole: nothing is gained by walking them


def opened(value: Value, needs: Needs, sizes: Mapping[Space, int], style: Style) -> Group:
    """A group without members, in which the value at its plain naming can be the first."""
    naming = needs.plain_naming(value)
    virtual, _ = needs.of(value, naming, ())
    labels = [x for x in dict.fromkeys(naming.values()) if isinstance(x, Index)]
    top = max(virtual, key=lambda i: size(i.free, sizes))
    loops = [x for x in labels if x in top.free]
    batch = _batch(value, naming, loops, needs)
    kept = [x for x in loops if x in value.axes]
    summed = [x for x in loops if x not in value.axes]
    extent = lambda x: sizes[x.space]  # noqa: E731
    order = [x for x in loops if x not in batch] or loops  # with no other axis, one of these is tiled
    row = max([x for x in order if x in kept], key=extent, default=None)
    column = max([x for x in order if x in summed], key=extent, default=None)
    adds = adds_up(value)
    if row is None and column is not None and adds:
        row, rest = column, [x for x in order if x != column]
        column = max(rest, key=extent, default=None)
    elif column is None and row is not None:
        column = max([x for x in order if x != row], key=extent, default=None)
    others = tuple(x for x in order if x not in (row, column) and x not in batch)
    single = batch if size(others, sizes) <= FEATURES else {*batch, *others}
    single -= {row, column}
    grid = [x for x in kept if x in single]
    stream = [x for x in summed if x in single]
    grid += [row] if row is not None else []
    stream += [column] if column is not None else []
    apart = [x for x in stream if x in single]
    if style.whole:  # tiles of other reductions than sums cannot be put together
        grid, stream = ([*apart, *grid], []) if adds else (grid, apart)
    if not grid and adds:
        grid, stream = stream[:1], stream[1:]
    tiled = {x for x in (row, column) if x is not None}
    return Group(grid, stream, tiled, keeps=style.keep and len(stream) == 1 and tiled >= set(stream))


def _batch(value: Value, naming: Mapping[Index, Slot], loops: list[Index], needs: Needs) -> set[Index]:
    """Axes in both operands of every matrix product: no matrix has them."""
    virtual, _ = needs.of(value, naming, ())
    own = isinstance(value.operation, Contract) and not needs.inside(value)
    products = [operands_at(value, naming)] if own else []
    products += [list(operands_of(i, ())) for i in virtual if isinstance(i.value.operation, Contract)]
    found = set()
    for axis in loops:
        roles = [all(axis in o.free for o in pair) for pair in products if len(pair) == 2]
        if roles and all(roles):
            found.add(axis)
    return found
