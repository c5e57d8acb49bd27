"""The steps of a kernel as C++ statements: views, carries, nests, products, loops, and where threads wait."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from ....ir.index import Index
from ....ir.kernel import Carry, Condition, Load, Loop, Step, Tile
from ....ir.kernel_bounds import Limit, limits
from .names import Lines, Names, times, total
from .nest import NestPrinter
from .order import Order
from .pieces import Nest, Region
from .product import print_product
from .reducing import fill, neutral
from .steps import is_product, is_view
from .storage import Memory
from .team import Waits, Work
from .view import print_view


class BodyPrinter:
    """Prints into `out`."""

    def __init__(self, names: Names, order: Order, memory: Memory, out: Lines) -> None:
        self.names, self.order, self.memory, self.out = names, order, memory, out
        self.waits = Waits(order, memory, out)

    def body(self, steps: Sequence[Step]) -> None:
        """The steps of one tile; behind them threads have finished."""
        names, order, memory = self.names, self.order, self.memory
        for step in steps:
            if isinstance(step, Load) and is_view(step):
                print_view(names, order, memory, step, self.out)
        for step in steps:
            if isinstance(step, Carry):
                self._carry(step)
        for piece in order.bodies[id(steps)].pieces:
            if isinstance(piece, Region):
                for nest in piece.nests:
                    self._nest(nest)
            elif isinstance(piece.step, Loop):
                self._loop(piece.step)
            else:
                assert is_product(piece.step)
                self.waits.before(self.waits.product(piece))
                print_product(names, order, memory, piece, self.out)
        self.waits.all()

    def _carry(self, step: Carry) -> None:
        storage = self.memory.blocks[step.block.number]
        start = neutral(step.operation, self.names.type(step.block.kind))
        work = self.waits.carry(step)
        self.waits.before(work)
        with self._first(work):
            split = work.split if isinstance(work.split, Index) else None
            fill(self.names, storage, storage.strides, start, self.out, split if self.order.team else None)

    def _nest(self, nest: Nest) -> None:
        work = self.waits.nest(nest)
        self.waits.before(work)
        with self._first(work):
            NestPrinter(self.names, self.order, self.memory, nest, self.out).print()

    @contextmanager
    def _first(self, work: Work) -> Iterator[None]:
        """What cannot be divided is the first thread's."""
        alone = self.order.team and work.split == "first"
        if alone:
            self.out.open("if (team.number == 0)")
        yield
        if alone:
            self.out.close()

    def _loop(self, loop: Loop) -> None:
        before = list(self.waits.since)
        self.walk(loop.tile, loop.skip)
        self.body(loop.body)
        self.out.close(2 if loop.skip else 1)
        self.waits.since = before  # where the loop has not run at all

    def walk(self, tile: Tile, skip: Sequence[Condition]) -> None:
        """The head of a loop over the tiles of an axis, from the first to the last that the conditions leave."""
        out, names, axis = self.out, self.names, tile.axis
        number, extent = names.number(axis), names.extent(axis.space)
        begin, end = "0", extent
        if skip:
            out.open("")
            begin, end = "begin", "end"
            out.add(f"int64_t begin = 0, end = {extent};")
            out.add(*(self._bound(limit) for limit in limits(skip, axis)))
            if tile.size:
                out.add(f"begin = begin / {tile.size} * {tile.size};")
        if not tile.size:
            out.open(f"for (int64_t p{number} = {begin}; p{number} < {end}; ++p{number})")
            return
        out.open(f"for (int64_t s{number} = {begin}; s{number} < {end}; s{number} += {tile.size})")
        out.add(f"const int64_t c{number} = ix::smaller({tile.size}, {end} - s{number});", *names.parts(axis))

    def _bound(self, limit: Limit) -> str:
        """Where along the axis the condition holds for some position of every other axis."""
        factor, terms = limit.factor, []
        for f, x in limit.rest.terms:
            first = self.names.position(x) if x in self.order.single else self.names.start(x)
            last = first if x in self.order.single else total((first, self.names.count(x), "-1"))
            terms.append(times(last if f > 0 else first, str(f)))
        most = total((*terms, str(limit.rest.offset)))
        if factor == 0:
            return f"if ({most} < 0) end = 0;"
        if factor > 0:
            text = f"-({most})" if factor == 1 else f"ix::ceiling(-({most}), {factor})"
            return f"begin = ix::larger(begin, {text});"
        text = most if factor == -1 else f"ix::floor({most}, {-factor})"
        return f"end = ix::smaller(end, {text} + 1);"
