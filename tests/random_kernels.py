"""Random well-formed kernels, for whatever runs or prints kernels: every kind of step over axes of every kind."""

import numpy as np

from indexcalc.ir.elementwise import result_kind
from indexcalc.ir.index import Index, Space
from indexcalc.ir.kernel import (
    Affine,
    Array,
    Block,
    Carry,
    Condition,
    Constant,
    Contract,
    Extent,
    Fold,
    Kernel,
    Load,
    Loop,
    Map,
    Mask,
    Position,
    Reduce,
    Shift,
    Store,
    Tile,
)
from indexcalc.ir.kernel_check import check_kernel

SPACES = {name: Space(name, name.upper()) for name in "hijde"}
LONG = Space("long", "LONG")
H, ROW, COLUMN, D, E = (Index(name, space) for name, space in SPACES.items())
UNARY = ("tanh", "sigmoid", "softplus", "relu", "abs", "sign", "sin", "negative", "erf", "square")
BINARY = ("add", "subtract", "multiply", "maximum", "minimum")


class Maker:
    """Steps drawn by `rng`; `pool` holds the blocks in reach."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.inputs, self.outputs, self.count = [], [], 0
        self.positions = None

    def pick(self, items):
        return items[int(self.rng.integers(len(items)))]

    def some(self, items, least=0):
        order = [items[k] for k in self.rng.permutation(len(items))]
        return tuple(order[: int(self.rng.integers(least, len(items) + 1))])

    def block(self, axes, kind="float"):
        self.count += 1
        axes = [x for x in dict.fromkeys(axes) if x not in self.single]
        return Block(self.count, tuple(axes[k] for k in self.rng.permutation(len(axes))), kind)

    def load(self, axes):
        """A new input over these axes, one of them perhaps in an affine slot together with another."""
        slots, spaces = list(axes), [x.space for x in axes]
        if axes and self.rng.random() < 0.3:
            at, other = int(self.rng.integers(len(axes))), self.pick(self.around)
            factor = self.pick((-1, 1, 2))
            terms = ((self.pick((-1, 1)), axes[at]), *(((factor, other),) if other != axes[at] else ()))
            slots[at], spaces[at] = Affine(terms, 20), LONG
        if axes and self.rng.random() < 0.2:  # a diagonal
            axis = self.pick(axes)
            slots.append(axis)
            spaces.append(axis.space)
        self.inputs.append(Array(tuple(Index(f"s{k}", s) for k, s in enumerate(spaces)), "float"))
        used = [x for s in slots for x in ((s,) if isinstance(s, Index) else [x for _, x in s.terms])]
        block = self.block(used)
        return block, Load(block, len(self.inputs) - 1, tuple(slots))

    def gather(self):
        """x[t[a], b] with positions t over LONG, which all inputs of integers hold."""
        axis, other = self.pick(self.around), self.pick((D, E))
        self.inputs += [Array((axis,), "int"), Array((Index("s", LONG), other), "float")]
        t = self.block((axis,), "int")
        block = self.block((axis, other))
        steps = [Load(t, len(self.inputs) - 2, (axis,)), Load(block, len(self.inputs) - 1, (t, other))]
        self.positions = t
        return block, steps

    def condition(self, among):
        axes = self.some(among, 1)[:2]
        return Condition(Affine(tuple((self.pick((-2, -1, 1, 2)), x) for x in axes), int(self.rng.integers(-2, 4))))

    def map(self, function, *arguments):
        blocks = [a for a in arguments if isinstance(a, Block)]
        kind = result_kind(function, [a.kind if isinstance(a, Block) else "number" for a in arguments])
        repeated = self.some(self.around)[:1] if self.rng.random() < 0.1 else ()
        block = self.block([*(x for b in blocks for x in b.axes), *repeated], kind)
        return block, [Map(block, function, arguments)]

    def step(self, pool):
        """A step and the block that it makes, from blocks of the pool."""
        rng, kind, x = self.rng, self.rng.integers(8), self.pick(pool)
        if kind == 0:
            return self.map(self.pick(UNARY), x)
        if kind == 1:
            function = self.pick(BINARY)
            y = self.pick(pool if function in ("maximum", "minimum") else [*pool, Constant(0.5), Extent(D.space)])
            return self.map(function, *((x, y) if rng.random() < 0.5 else (y, x)))
        if kind == 2:
            conditions = tuple(self.condition(self.around) for _ in range(int(rng.integers(1, 3))))
            block = self.block((*x.axes, *(a for c in conditions for _, a in c.form.terms)), x.kind)
            return block, [Mask(block, x, conditions, self.pick((0.0, -1.5)))]
        if kind == 3:
            y = self.pick(pool)
            axes = list(dict.fromkeys((*x.axes, *y.axes)))
            if axes:
                kind = "float" if "float" in (x.kind, y.kind) else "real"
                block = self.block(self.some(axes)[: len(axes) - 1], kind)
                return block, [Contract(block, x, y)]
        if kind == 4 and x.axes:
            operation = self.pick(("sum", "max", "min", "prod"))
            block = self.block(self.some(x.axes)[: len(x.axes) - 1], x.kind)
            small = self.block(x.axes, x.kind)
            return block, [Map(small, "tanh", (x,)), Reduce(block, operation, small)]
        if kind == 5:
            y = self.pick(pool)
            mask, compared = self.map(self.pick(("less", "greater_equal")), x, y)
            last = ("where", mask, x, y) if rng.random() < 0.5 else ("masked", x, mask, Constant(2.0))
            block, chosen = self.map(*last)
            return block, [*compared, *chosen]
        if kind == 6:
            axis = self.pick(self.around)
            place, real = self.block((axis,), "int"), self.block((axis,), "real")
            block, product = self.map("multiply", x, real)
            return block, [Position(place, axis), Map(real, "as_real", (place,)), *product]
        if rng.random() < 0.3:
            return self.gather()
        block, load = self.load(self.some(self.around, 1))
        return block, [load]

    def steps(self, pool, count):
        found = []
        for _ in range(count):
            block, steps = self.step(pool)
            squashed = self.block(block.axes, block.kind)
            pool.append(squashed)
            found += [*steps, Map(squashed, "tanh", (block,))]  # so that nothing grows without bound
        return found

    def folds(self, pool):
        """Carries before a loop, and what changes them inside."""
        before, inside, carried = [], [], []
        source = self.pick(pool)
        outer = [x for x in source.axes if x != COLUMN]
        shift = self.rng.random() < 0.6
        if shift:
            top = self.block(self.some(outer), "real")
            before.append(Carry(top, "shift"))
        rescaled = []
        for _ in range(int(self.rng.integers(1, 3))):
            value = self.pick(pool)
            axes = [x for x in value.axes if x != COLUMN]
            operation = self.pick(("sum", "sum", "max", "min", "prod"))
            carry = self.block(self.some(axes), value.kind)
            before.append(Carry(carry, operation))
            inside.append(Fold(carry, operation, value))
            carried.append(carry)
            if shift and operation == "sum" and set(top.axes) <= set(carry.axes):
                rescaled.append((carry, self.pick((1, 2))))
        if shift:
            inside.insert(0, Shift(top, source, tuple(rescaled)))
            carried.append(top)
        return before, inside, carried

    def store(self, block):
        """The block to an output of its own: whole where it has all that the grid walks, else added up."""
        source, steps = self.floating(block)
        full = tuple(dict.fromkeys((*(t.axis for t in self.grid), *source.axes)))
        full = tuple(full[k] for k in self.rng.permutation(len(full)))
        if self.rng.random() < 0.5:
            self.outputs.append(Array(full, "float"))
            return [*steps, Store(len(self.outputs) - 1, full, source, "=")]
        return [*steps, self.addition(source)]

    def floating(self, block):
        return (block, []) if block.kind == "float" else self.map("add", block, self.zero)

    def addition(self, source):
        """A "+=" at some of its axes, at a diagonal, or at positions."""
        slots = list(self.some([x for x in self.around if x in self.single or x in source.axes]))
        spaces = [x.space for x in slots]
        free = [x for x in source.axes if x not in slots]
        if free and self.rng.random() < 0.4:
            terms = tuple((self.pick((-1, 1)), x) for x in free[:2])
            slots.append(Affine(terms, 20))
            spaces.append(LONG)
        elif self.positions is not None and self.rng.random() < 0.7:
            slots.insert(int(self.rng.integers(len(slots) + 1)), self.positions)
            spaces.insert(slots.index(self.positions), LONG)
        self.outputs.append(Array(tuple(Index(f"o{k}", s) for k, s in enumerate(spaces)), "float", accumulated=True))
        return Store(len(self.outputs) - 1, tuple(slots), source, "+=")

    def kernel(self):
        walked = self.some((H, ROW), 1)
        self.single = {x for x in walked if self.rng.random() < (0.7 if x == H else 0.2)}
        tile = Tile(COLUMN, int(self.rng.integers(0, 4)))
        if tile.size == 0:
            self.single.add(COLUMN)
        sizes = {x: 0 if x in self.single else int(self.rng.integers(1, 4)) for x in walked}
        self.grid = tuple(Tile(x, sizes[x], bool(self.rng.random() < 0.8)) for x in walked)
        self.around = [*walked, D, E]
        self.zero = Block(0, (), "float")
        self.inputs.append(Array((), "float"))
        pool = [self.zero]
        before = [Load(self.zero, 0, ()), *self.steps(pool, 3)]
        outside = list(pool)
        self.around.append(COLUMN)
        body = self.steps(pool, 5)
        carries, folds, carried = self.folds(pool[1:])
        late = self.positions
        self.positions = None
        stores = []
        if self.rng.random() < 0.5:
            self.positions = late
            source, steps = self.floating(pool[-1])
            stores += [*steps, self.addition(source)]
            self.positions = None
        # What a skipped tile would have done is for the maker of a kernel to prove; here tiles are single positions, so
        # that runs which leave out more of a tile that is skipped in part do the same as those that do not.
        bounded = [x for x in self.around if x not in (D, E)] if tile.size < 2 else []
        skip = tuple(self.condition(bounded) for _ in range(int(self.rng.integers(0, 3))) if bounded)
        loop = Loop(tile, (*body, *folds, *stores), skip)
        self.around.remove(COLUMN)
        after = [s for b in (*carried, outside[-1]) for s in self.store(b)]
        kernel = Kernel(tuple(self.inputs), tuple(self.outputs), self.grid, (*before, *carries, loop, *after))
        check_kernel(kernel)
        return kernel


def random_kernel(seed):
    """A kernel over the spaces h, i, j, d, e and LONG, which must be at least 60 long."""
    return Maker(seed).kernel()


def random_case(seed):
    """A kernel, its inputs, and the extents of its spaces, which may be 0 or 1."""
    kernel = random_kernel(seed)
    rng = np.random.default_rng(seed + 1)
    extents = {space: int(rng.integers(0, 7)) for space in SPACES.values()} | {LONG: 60}
    inputs = []
    for array in kernel.inputs:
        shape = [extents[x.space] for x in array.axes]
        inputs.append(rng.integers(0, 60, shape) if array.kind == "int" else rng.standard_normal(shape))
    return kernel, inputs, extents
