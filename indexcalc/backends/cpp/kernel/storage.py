"""Where the blocks of a kernel lie in memory: each thread's scratch, or an array that the caller gave."""

from __future__ import annotations

from collections.abc import Iterable

from ....ir.index import Index
from ....ir.kernel import Block, Carry, Contract, Load, Mask, Reduce, block_made
from ..layout import times
from .names import Lines, Names, Storage
from .order import Order
from .pieces import Body, Nest, Pass, Region, Unit
from .steps import is_gather, is_pointwise, is_product, is_view, reads


class Memory:
    """`blocks`: storage by number.  `vectors`: along which axis a loaded block is read by registers.

    `matrices`: loaded blocks that matrix products read.  What one row of a nest needs is each thread's own.
    """

    def __init__(self, names: Names, order: Order) -> None:
        self.names = names
        self.order = order
        self.blocks: dict[int, Storage] = {}
        self.vectors: dict[int, Index] = {}
        self.matrices: set[int] = set()
        self.setup = Lines(1)
        self.pointers: list[str] = []
        self._readers: dict[int, set[int]] = {}
        self._passes: dict[int, set[int]] = {}
        self._place: dict[int, tuple[int, int]] = {}
        self._taken: set[int] = set()
        for body in order.bodies.values():
            self._look(body)
        for body in order.bodies.values():
            for step in body.steps:
                if isinstance(step, Carry):
                    self.make(step.block, self.layout(step.block.axes, body.vector))
            for piece in body.pieces:
                if isinstance(piece, Region):
                    for nest in piece.nests:
                        for one in nest.passes:
                            for unit in one.units:
                                self._made(unit, nest, one, body)
                elif is_product(piece.step) and piece.into is None:
                    block = block_made(piece.step)
                    assert block is not None
                    self.make(block, self.layout(block.axes, body.vector))

    def layout(self, axes: Iterable[Index], vector: Index | None) -> tuple[Index, ...]:
        """The order of dimensions: the vector axis last."""
        return tuple(sorted(axes, key=lambda x: x == vector))

    def make(self, block: Block, axes: tuple[Index, ...], *, own: bool = False) -> Storage:
        """Scratch for a block with these axes, contiguous along the last one; `own`: for each thread of a team."""
        names, name = self.names, f"t{block.number}"
        type = names.type(block.kind)
        strides, size = {}, "1"
        for n, axis in enumerate(reversed(axes)):
            strides[axis] = size
            if n == 0 and len(axes) > 1:
                size = f"w{block.number}"
                self.setup.add(f"const int64_t {size} = ix::row_length({names.most(axis)});")
            else:
                size = times(size, names.most(axis))
        self.setup.add(f"const int64_t o{block.number} = scratch_size;  // block {block.number}")
        bytes_, place = f"ix::whole_lines({size} * int64_t(sizeof({type})))", f"o{block.number}"
        if own and self.order.team:
            self.setup.add(f"const int64_t u{block.number} = {bytes_};  // for each thread")
            bytes_, place = f"u{block.number} * crew", f"{place} + u{block.number} * team.number"
        self.setup.add(f"scratch_size += {bytes_};")
        base = "scratch" if self.order.team else "scratch.data"
        self.pointers.append(f"{type}* const {name} = reinterpret_cast<{type}*>({base} + {place});")
        self.blocks[block.number] = found = Storage(name, strides, block.kind)
        return found

    def only_in(self, number: int, nest: Nest) -> bool:
        return self._readers.get(number, set()) <= {id(nest)}

    # -- what is read where -------------------------------------------------------------------------------------------

    def _look(self, body: Body) -> None:
        for piece in body.pieces:
            parts = [piece] if isinstance(piece, Unit) else [one for nest in piece.nests for one in nest.passes]
            for part in parts:
                self._place[id(part)] = id(body), len(self._place)
            if isinstance(piece, Unit):
                if is_product(piece.step):
                    self._note(reads(piece.step), id(piece), id(piece))
                    self.matrices |= {n for n in reads(piece.step) if is_view(self.order.makers[n])}
                continue
            for nest in piece.nests:
                for one in nest.passes:
                    for unit in one.units:
                        self._look_at(unit, nest, one)

    def _look_at(self, unit: Unit, nest: Nest, one: Pass) -> None:
        needs = self.order.needs(unit)
        self._note(needs, id(nest), id(one))
        inner = one.loops[-1] if one.loops else None
        for number in needs:
            made = self.order.makers[number]
            if inner is not None and isinstance(made, Load) and not is_gather(made) and inner in made.block.axes:
                self.vectors.setdefault(number, inner)

    def _note(self, numbers: Iterable[int], reader: int, one: int) -> None:
        for n in numbers:
            self._readers.setdefault(n, set()).add(reader)
            self._passes.setdefault(n, set()).add(one)

    # -- what is stored -----------------------------------------------------------------------------------------------

    def _made(self, unit: Unit, nest: Nest, one: Pass, body: Body) -> None:
        """Choose storage for what the unit makes."""
        step = unit.step
        block = block_made(step)
        if block is None:
            return
        local = self.only_in(block.number, nest) and set(nest.rows) <= set(block.axes)
        if isinstance(step, (Reduce, Contract)) and local and set(block.axes) == set(nest.rows) and len(one.loops) < 2:
            return  # a number in a register, for each row
        vector = one.loops[-1] if one.loops else body.vector
        axes = self.layout(block.axes, vector)
        if is_pointwise(step):
            other = self._replaced(unit, block, one)
            if other is not None:
                self.blocks[block.number] = other
                return
        self.make(block, tuple(x for x in axes if x not in nest.rows) if local else axes, own=local)

    def _replaced(self, unit: Unit, block: Block, one: Pass) -> Storage | None:
        """The storage of a matrix product that no pass after this one reads, and that so can be overwritten."""
        body, place = self._place[id(one)]
        for number in sorted(self.order.needs(unit)):
            made = self.order.makers[number]
            if not is_product(made) or number not in self.blocks or number in self._taken:
                continue
            source = block_made(made)
            assert source is not None
            alike = set(source.axes) == set(block.axes) and {source.kind, block.kind} <= {"float", "real"}
            here = self.order.home[number] == self.order.home[block.number]
            places = [self._place[p] for p in self._passes[number]]
            if alike and here and all(home == body and n <= place for home, n in places):
                self._taken.add(number)
                return self.blocks[number]
        return None


def masks_in(order: Order, one: Pass) -> list[Mask]:
    """The selections by position that a pass computes along its innermost loop."""
    if not one.loops:
        return []
    computed = {n for unit in one.units for n in order.needs(unit) if order.lazy(n)}
    computed |= {b.number for unit in one.units if (b := block_made(unit.step)) and is_pointwise(unit.step)}
    found = (order.makers[n] for n in sorted(computed))
    return [m for m in found if isinstance(m, Mask) and one.loops[-1] in m.block.axes]
