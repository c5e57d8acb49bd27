"""The values of blocks at one point, as C++ constants, each computed in the outermost loop that knows its axes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ....ir.graph import Kind
from ....ir.index import Index
from ....ir.kernel import (
    Affine,
    Argument,
    Block,
    Constant,
    Extent,
    Load,
    Map,
    Mask,
    Position,
    Slot,
)
from .elementwise import cast, elementwise, literal
from .names import Names, Storage, times, total
from .order import Order
from .steps import is_view, starts_as_maximum
from .storage import Memory


@dataclass
class Level:
    """The lines of one loop's body, and the names that they define.  A name goes when a carry behind it changes."""

    lines: list[str] = field(default_factory=list)
    names: dict[int, str] = field(default_factory=dict)
    inside: dict[tuple[int, str], str] = field(default_factory=dict)


class Values:
    """Values within one row of a nest.  `inner` is the innermost loop of the pass at hand, `beyond` those around it."""

    def __init__(self, names: Names, order: Order, memory: Memory) -> None:
        self.names, self.order, self.memory = names, order, memory
        self.row, self.outer, self.point = Level(), Level(), Level()
        self.beyond: frozenset[Index] = frozenset()
        self.inner: Index | None = None
        self.selection: Callable[[Mask], str | None] = lambda mask: None
        self.checked = False
        self._used: dict[str, int] = {}

    def begin(self, loops: tuple[Index, ...]) -> None:
        """Begin another pass of the same row."""
        self.row.lines, self.outer, self.point = [], Level(), Level()
        self.beyond, self.inner = frozenset(loops[:-1]), loops[-1] if loops else None

    def again(self) -> None:
        """Compute the points once more, by another selection."""
        self.point = Level()

    def level(self, axes: tuple[Index, ...]) -> Level:
        if self.inner is not None and self.inner in axes:
            return self.point
        return self.row if self.beyond.isdisjoint(axes) else self.outer

    def changed(self, numbers: frozenset[int]) -> None:
        """Forget what was computed from these blocks."""
        for level in (self.row, self.outer, self.point):
            for known in list(level.names):
                if not numbers.isdisjoint(self.order.reached((known,))):
                    del level.names[known]

    def fresh(self, name: str) -> str:
        """A name that this row has not used; those within its loops have scopes of their own."""
        count = self._used[name] = self._used.get(name, -1) + 1
        return f"{name}_{count}" if count else name

    def define(self, number: int, text: str, level: Level, type: str) -> str:
        name = self.fresh(f"b{number}") if level is self.row else f"b{number}"
        level.lines.append(f"const {type} {name} = {text};")
        level.names[number] = name
        return name

    def of(self, block: Block) -> str:
        """The name of the block's value at this point."""
        level = self.level(block.axes)
        number = block.number
        if number in level.names:
            return level.names[number]
        type = "bool" if block.kind == "bool" else self.names.type(block.kind)
        return self.define(number, self._text(block), level, type)

    def _text(self, block: Block) -> str:
        number, step = block.number, self.order.makers[block.number]
        storage = self.memory.blocks.get(number)
        if storage is not None and not self.order.lazy(number):
            text = self.place(storage, block.axes)
            return f"ix::shown({text})" if starts_as_maximum(step) else text
        return self.compute(step)

    def compute(self, step: object) -> str:
        """The text of an elementwise step at this point."""
        if isinstance(step, Map):
            return self._map(step)
        if isinstance(step, Mask):
            return self._mask(step)
        if isinstance(step, Position):
            return self.names.position(step.axis)
        assert isinstance(step, Load), step
        if is_view(step):
            return self.place(self.memory.blocks[step.block.number], step.block.axes)
        text, exists = self.element(step.slots, "in", step.array)
        return f"{exists} ? {text} : {self.names.type(step.block.kind)}(0)" if exists else text

    def place(self, storage: Storage, axes: tuple[Index, ...]) -> str:
        terms = [times(self.names.at(x), storage.strides.get(x, "0")) for x in axes]
        return f"{storage.name}[{total(terms)}]"

    def element(self, slots: tuple[Slot, ...], word: str, number: int) -> tuple[str, str]:
        """An element of an array that the caller gave, and the condition that it exists: empty, or of positions."""
        name = f"{word}{number}"
        arrays = self.names.kernel.inputs if word == "in" else self.names.kernel.outputs
        terms, conditions = [], []
        for n, (slot, axis) in enumerate(zip(slots, arrays[number].axes)):
            if isinstance(slot, Block):
                place = self.of(slot)
                conditions.append(self._exists(slot, self.names.extent(axis.space)))
            else:
                place = self.names.form(slot if isinstance(slot, Affine) else Affine(((1, slot),), 0))
            stride = "1" if word == "out" and n == len(slots) - 1 else f"{name}_{n}"
            terms.append(times(place, stride))
        return f"{name}[{total(terms)}]", " && ".join(dict.fromkeys(conditions))

    def _exists(self, slot: Block, extent: str) -> str:
        """Whether positions lie inside of an axis; where one does not, the run tells."""
        level = self.level(slot.axes)
        place = self.of(slot)
        key = (slot.number, extent)
        if key not in level.inside:
            self.checked = True
            name = f"inside{slot.number}" if level is not self.row else self.fresh(f"inside{slot.number}")
            level.inside[key] = name
            level.lines.append(f"const bool {name} = {place} >= 0 && {place} < {extent};")
            level.lines.append(f"outside |= !{name};")
        return level.inside[key]

    # -- elementwise steps -------------------------------------------------------------------------------------------

    def _argument(self, argument: Argument) -> tuple[str | float, Kind]:
        if isinstance(argument, Constant):
            return argument.value, "int" if isinstance(argument.value, int) else "number"
        if isinstance(argument, Extent):
            return self.names.extent(argument.space), "int"
        return self.of(argument), argument.kind

    def _map(self, step: Map) -> str:
        found = [self._argument(a) for a in step.arguments]
        texts, kinds = [t for t, _ in found], [k for _, k in found]
        if step.function == "inside":
            return self._inside(step, str(texts[0]), str(texts[1]))
        # A plain whole number beside real ones is real.
        if any(k in ("float", "real") for k in kinds):
            kinds = ["number" if isinstance(t, (int, float)) else k for t, k in zip(texts, kinds)]
        return elementwise(step.function, texts, kinds, step.block.kind, self.names.real)

    def _inside(self, step: Map, position: str, size: str) -> str:
        self.checked = True
        self.level(step.block.axes).lines.append(f"outside |= {position} < 0 || {position} >= {size};")
        return f"{position} < 0 || {position} >= {size} ? 0 : {position}"

    def _mask(self, step: Mask) -> str:
        type = self.names.type(step.block.kind)
        choice = self.selection(step)
        fill = literal(step.fill, type)
        if choice == "false":
            return fill
        source = self.of(step.source)
        if choice == "true":
            return source
        tests = [f"{self.names.form(c.form)} >= 0" for c in step.conditions]
        return f"{' && '.join(tests)} ? {cast(source, step.source.kind, type)} : {fill}"
