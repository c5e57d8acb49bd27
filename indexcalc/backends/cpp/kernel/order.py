"""In which order the steps of a kernel are printed, and which of them share loops.

A body becomes pieces: matrix products and inner loops as early as what they read allows, and between them regions of
everything else.  A region becomes nests: loops over *rows*, the axes that its steps have in common.  For each row there
are passes along the vector axis: one more wherever a step reads what an earlier pass has reduced.

Elementwise steps are computed where they are read, in registers, and so possibly more than once; those that cost more
than that are *kept* in memory.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from ....ir.index import Index
from ....ir.kernel import (
    Block,
    Carry,
    Contract,
    Fold,
    Kernel,
    Load,
    Loop,
    Reduce,
    Shift,
    Step,
    Store,
    block_made,
    blocks_read,
)
from .pieces import Body, Nest, Pass, Region, Unit, conflict, pieces_of, stands_alone
from .steps import (
    Axes,
    bodies,
    divisible,
    is_pointwise,
    is_product,
    is_view,
    own_cost,
    points,
    reads,
    slot_axes,
    summed,
    writes,
)

CHEAP = 3  # plain operations a point that are rather repeated than stored and read again


class Order:
    """The order of a whole kernel.  `kept`: numbers of the elementwise blocks that are stored.

    `team`: whether threads may have to share the steps of a tile, because not all tiles can run at the same time.
    `large`: whether matrix products may be as large as to leave them to a library, because no tiles can.
    """

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.team = not all(t.parallel for t in kernel.grid) or not kernel.grid
        self.large = not any(t.parallel for t in kernel.grid) and any(is_product(s) for s in kernel.steps())
        self.single = frozenset(t.axis for t in kernel.tiles.values() if t.size == 0)
        self.makers = {b.number: step for step in kernel.steps() if (b := block_made(step))}
        self.readers = Counter(b.number for step in kernel.steps() for b in set(blocks_read(step)))
        self.ranks = {x: n for n, x in enumerate(_axes(kernel))}
        self.owner: dict[Axes, Index] = {}
        self.bodies: dict[int, Body] = {}
        self.home: dict[int, int] = {}
        for steps in bodies(kernel.body):
            units = self._units(steps)
            views = [step for step in steps if is_view(step)]
            vector = self._vector([u.step for u in units if not stands_alone(u)], views, _loop_of(kernel, steps))
            self.bodies[id(steps)] = Body(steps, pieces_of(units), vector)
            self.home |= {b.number: id(steps) for step in steps if (b := block_made(step))}
        self.kept = self._forced()
        while True:
            for body in self.bodies.values():
                for region in body.pieces:
                    if isinstance(region, Region):
                        region.nests = self._nests(region, body.vector)
            more = self._costly()
            if more is None:
                break
            self.kept.add(more)

    # -- what is kept ------------------------------------------------------------------------------------------------

    def lazy(self, number: int) -> bool:
        """Whether a block is computed anew wherever it is read."""
        return is_pointwise(self.makers[number]) and number not in self.kept

    def reached(self, numbers: Iterable[int]) -> frozenset[int]:
        """These blocks, and those that are read to compute the ones among them that are not stored."""
        found: set[int] = set()
        stack = list(numbers)
        while stack:
            number = stack.pop()
            if number not in found:
                found.add(number)
                if self.lazy(number):
                    stack += reads(self.makers[number])
        return frozenset(found)

    def needs(self, unit: Unit) -> frozenset[int]:
        return self.reached(unit.reads)

    def is_sink(self, unit: Unit) -> bool:
        """Whether the unit is computed in its place."""
        return not is_pointwise(unit.step) or not writes(unit.step).isdisjoint(self.kept)

    def _forced(self) -> set[int]:
        """Operands of matrix products, and what reads a carry before it changes."""
        found: set[int] = set()
        for body in self.bodies.values():
            changed: set[int] = set()
            for step in reversed(body.steps):
                if is_product(step):
                    found |= {n for n in reads(step) if is_pointwise(self.makers[n])}
                if is_pointwise(step) and not reads(step).isdisjoint(changed):
                    found |= writes(step)
                if not block_made(step):
                    changed |= writes(step)
        return found

    def cost(self, number: int) -> int:
        """Operations a point for a block that is not stored, with those that lead to it."""
        return sum(own_cost(self.makers[n]) for n in self.reached((number,)) if self.lazy(n))

    def _costly(self) -> int | None:
        """The last block that costs more to compute again and again than to keep."""
        places: dict[int, set[int]] = {}
        repeated: set[int] = set()
        for key, body in self.bodies.items():
            for piece in body.pieces:
                for nest in piece.nests if isinstance(piece, Region) else ():
                    for one in nest.passes:
                        for n in frozenset().union(*(self.needs(u) for u in one.units)):
                            places.setdefault(n, set()).add(id(one))
                            if self.home[n] != key or not set(self._block(n).axes) >= set(nest.rows):
                                repeated.add(n)
        often = [n for n in places if self.lazy(n) and (len(places[n]) > 1 or n in repeated)]
        costly = [n for n in often if self.cost(n) > CHEAP]
        place = {n: k for k, n in enumerate(self.makers)}
        return max(costly, key=lambda n: place[n], default=None)

    def _block(self, number: int) -> Block:
        made = block_made(self.makers[number])
        assert made is not None
        return made

    # -- units and pieces --------------------------------------------------------------------------------------------

    def _units(self, steps: Sequence[Step]) -> list[Unit]:
        """What is to be put in order: not views and carries, which stand at the beginning of a body."""
        taken: dict[int, Contract] = {}
        merged: set[int] = set()
        for place, step in enumerate(steps):
            if isinstance(step, (Fold, Store)):
                product = self._product_for(step, steps, place)
                if product is not None:
                    taken[place] = product
                    merged.add(product.block.number)
        found = []
        for place, step in enumerate(steps):
            if is_view(step) or isinstance(step, Carry):
                continue
            if place in taken:
                assert isinstance(step, (Fold, Store))
                found.append(Unit(taken[place], step, place))
            elif not (isinstance(step, Contract) and step.block.number in merged):
                found.append(Unit(step, None, place))
        return found

    def _product_for(self, step: Fold | Store, steps: Sequence[Step], place: int) -> Contract | None:
        """The matrix product that can write where the step would."""
        made = self.makers[step.source.number]
        if not isinstance(made, Contract) or not is_product(made) or self.readers[made.block.number] != 1:
            return None
        if made not in steps[:place]:
            return None
        between = steps[steps.index(made) + 1 : place]
        if any(not reads(made).isdisjoint(writes(other)) for other in between):
            return None
        if isinstance(step, Fold):
            return made if step.operation == "sum" and set(step.carry.axes) == set(made.block.axes) else None
        own = [x for x in slot_axes(step.slots) if x not in self.single]
        plain = all(isinstance(s, Index) for s in step.slots) and len(set(step.slots)) == len(step.slots)
        last = step.slots[-1] if step.slots else None
        both = set(made.left.axes) & set(made.right.axes)
        return made if plain and set(own) == set(made.block.axes) and last in own and last not in both else None

    def _vector(self, steps: Sequence[Step], views: Sequence[Step], loop: Index | None) -> Index | None:
        """The axis with the most work; of equals one that is reduced, walked here, or contiguous in memory."""
        scores: Counter[Index] = Counter()
        rank = max((len(points(step, self.single)) for step in steps), default=0)
        for step in (*steps, *views):
            own = points(step, self.single)
            if len(own) < rank:
                continue
            if step not in views:
                scores.update(dict.fromkeys(own, 100 * (1 + own_cost(step))))
            if isinstance(step, (Reduce, Fold, Shift, Contract)):
                scores.update(dict.fromkeys(summed(step), 10))
            last = step.slots[-1] if isinstance(step, (Load, Store)) and step.slots else None
            if isinstance(last, Index) and last in own:
                scores[last] += 50
        scores = Counter({x: n for x, n in scores.items() if any(x in points(step, self.single) for step in steps)})
        if loop in scores and loop is not None:
            scores[loop] += 20
        return max(scores, key=lambda x: (scores[x], -self.ranks[x]), default=None)

    # -- nests and passes --------------------------------------------------------------------------------------------

    def _nests(self, region: Region, vector: Index | None) -> list[Nest]:
        sinks = [u for u in region.units if self.is_sink(u)]
        before = self._dependencies(sinks)
        found: list[Nest] = []
        done: set[Unit] = set()
        while len(done) < len(sinks):
            waiting = [u for u in sinks if u not in done]
            ready = [u for u in waiting if before[u] <= done]
            first = next((u for u in ready if vector in points(u.step, self.single)), ready[0])
            own = points(first.step, self.single)
            along = self._along(first, vector)
            rows = frozenset(own) - {along}
            split = divisible(first.step, self.single)
            chosen: set[Unit] = set()
            for unit in waiting:
                if before[unit] <= done | chosen:
                    common = self._common_rows(unit, rows, along)
                    local = (self._result(d) for d in before[unit] & chosen)
                    apart = divisible(unit.step, self.single)
                    shares = not self.team or bool(apart & split) or not (apart or split)
                    if common is not None and shares and all(common <= axes for axes in local):
                        rows, split = common, apart & split
                        chosen.add(unit)
            nest = Nest(self.sorted(rows), split=self.divided(split, rows) if self.team else None)
            nest.passes = self._passes([u for u in waiting if u in chosen], before, nest.rows, along)
            found.append(nest)
            done |= chosen
        return found

    def divided(self, axes: frozenset[Index], rows: frozenset[Index] = frozenset()) -> Index | None:
        """Of axes that threads may divide one with tiles, whose extent is known to be large, and an outer one."""
        tiles = self.kernel.tiles
        return max(axes, key=lambda x: (x in tiles, x in rows, -self.ranks[x]), default=None)

    def _along(self, unit: Unit, vector: Index | None) -> Index | None:
        """The innermost loop of a nest that begins with the unit; a running maximum moves only between such loops."""
        own = points(unit.step, self.single)
        if isinstance(unit.step, Shift):
            own = tuple(x for x in own if x not in unit.step.carry.axes)
        return vector if vector in own else max(own, key=lambda x: self.ranks[x], default=None)

    def _common_rows(self, unit: Unit, rows: frozenset[Index], along: Index | None) -> frozenset[Index] | None:
        """The rows of a nest that takes the unit in; None where it cannot."""
        own = frozenset(points(unit.step, self.single))
        if isinstance(unit.step, Shift) and along in unit.step.carry.axes:
            return None
        if along in own:
            common = rows & own
            return common if bool(common) == bool(rows) and (rows or own == {along}) else None
        return rows if rows <= own and (rows or not own) else None

    def _result(self, unit: Unit) -> frozenset[Index]:
        step = unit.step
        if isinstance(step, (Fold, Shift)):
            return frozenset(step.carry.axes)
        made = block_made(step)
        return frozenset(made.axes if made else points(step, self.single))

    def _dependencies(self, units: Sequence[Unit]) -> dict[Unit, set[Unit]]:
        needs = {u: self.needs(u) for u in units}
        found: dict[Unit, set[Unit]] = {u: set() for u in units}
        for n, later in enumerate(units):
            for earlier in units[:n]:
                if conflict(earlier.writes, needs[earlier], later.writes, needs[later]):
                    found[later].add(earlier)
        return found

    def _passes(
        self, units: Sequence[Unit], before: dict[Unit, set[Unit]], rows: Axes, along: Index | None
    ) -> list[Pass]:
        inside = set(units)
        waiting = list(units)
        found: list[Pass] = []
        done: set[Unit] = set()
        while waiting:
            ready = next(u for u in waiting if before[u] & inside <= done)
            loops = self._loops(ready, rows, along)
            one = Pass(loops, [])
            for unit in waiting:
                blocking = (before[unit] & inside) - done
                if self._loops(unit, rows, along) == loops and all(
                    d in one.units and self._beside(d, unit) for d in blocking
                ):
                    one.units.append(unit)
            done |= set(one.units)
            waiting = [u for u in waiting if u not in done]
            found.append(one)
        return found

    def _beside(self, earlier: Unit, later: Unit) -> bool:
        """Whether both can be in one pass: what the earlier makes is in a register, or the later does not see it."""
        return is_pointwise(earlier.step) or earlier.writes.isdisjoint(self.needs(later) | later.writes)

    def _loops(self, unit: Unit, rows: Axes, along: Index | None) -> Axes:
        own = [x for x in points(unit.step, self.single) if x not in rows]
        return (*self.sorted(x for x in own if x != along), *((along,) if along is not None and along in own else ()))

    def sorted(self, axes: Iterable[Index]) -> Axes:
        return tuple(sorted(axes, key=lambda x: self.ranks[x]))


def _axes(kernel: Kernel) -> Iterator[Index]:
    """Every axis, in the order in which they appear."""
    seen: dict[Index, None] = dict.fromkeys(t.axis for t in kernel.grid)
    for step in kernel.steps():
        if isinstance(step, Loop):
            seen[step.tile.axis] = None
        made = block_made(step)
        seen.update(dict.fromkeys(made.axes if made else ()))
        if isinstance(step, (Load, Store)):
            seen.update(dict.fromkeys(slot_axes(step.slots)))
    yield from seen


def _loop_of(kernel: Kernel, steps: Sequence[Step]) -> Index | None:
    """The axis of the loop whose body this is."""
    for step in kernel.steps():
        if isinstance(step, Loop) and step.body is steps:
            return step.tile.axis
    return None
