"""What the steps of an emitted C++ function are written with: memory that is taken and given back, loops, names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import count

from ...ir.graph import Graph, Operand, Scatter, Value
from .layout import Layout, dense, times
from .loops import Bound, Lines, Scalars
from .names import TYPES, CppNames
from .plan import Plan


class Writer:
    """What is known while the steps of a graph are written in order; `place` is that of the step at hand.

    `layouts`: where inputs, stored values and views of them lie.  `owned`: pointers to memory that can be given back,
    by the number of the value whose last reader frees it.  `headers`: what the text needs, by name.  `kernels`: the
    functions of fused kernels by their text, and the texts in order.  `destined`: by the number of a stored value, the
    output whose memory takes its result.
    """

    def __init__(self, graph: Graph, names: CppNames, real: str, *, is_complex: bool) -> None:
        self.graph = graph
        self.names = names
        self.plan = Plan(graph)
        self.lines = Lines()
        self.layouts: dict[int, Layout] = {}
        self.owned: dict[int, str] = {}
        self.headers: dict[str, None] = {}
        self.kernels: dict[str, str] = {}
        self.kernel_texts: list[str] = []
        self.real = real
        self.is_complex = is_complex
        self.rows: set[int] = set()  # numbers of inputs that lie without gaps along their last axis
        self.destined = self._destinations()
        self.place = 0
        self._fresh = count()

    # -- memory -------------------------------------------------------------------------------------------------------

    def target(self, value: Value, *, zero: bool = False, as_it_is: bool = False) -> Layout:
        """Memory for the value's result: the caller's where it is a result of the program, else our own.

        `as_it_is`: the last axis of the value must be the fastest.
        """
        extents = self.names.extents(value.axes)
        name, kind = self.names.text(value), TYPES[value.kind]
        if as_it_is and value.number in self.destined:
            output = self.graph.outputs[self.destined[value.number]]
            if output.axes and output.axes[-1] != output.operand.labels[-1]:
                del self.destined[value.number]
        number = self.destined.get(value.number)
        if number is not None:
            output = self.graph.outputs[number]
            order = [output.operand.labels.index(x) for x in output.axes]
            self.lines.add(f"{kind}* const {name} = static_cast<{kind}*>(out[{number}].data);")
            layout = Layout(name, kind, dense(extents, order))
        elif not extents:
            self.lines.add(f"{kind} {name}[1];")
            layout = Layout(name, kind, ())
        else:
            self.take(name, kind, extents)
            self.owned[value.number] = name
            layout = Layout(name, kind, dense(extents))
        if zero:
            self.zero(layout, extents)
        self.layouts[value.number] = layout
        return layout

    def take(self, name: str, kind: str, extents: Sequence[str]) -> None:
        """A pointer of this name to memory of our own."""
        self.lines.add(f"{kind}* const {name} = memory.take<{kind}>({times(*extents)});")
        self.lines.add(f"if (!{name}) return RUN_MEMORY;")

    def zero(self, layout: Layout, extents: Sequence[str]) -> None:
        """Fills memory without gaps by zeros."""
        self.lines.add(
            f"std::memset(static_cast<void*>({layout.base}), 0, {times(*extents, f'sizeof({layout.type})')});"
        )

    def release(self, value: Value) -> None:
        """Gives back what nobody reads after this value."""
        for number in sorted(self.plan.reads(value)):
            if self.is_dead_after(number) and number in self.owned:
                self.lines.add(f"memory.give({self.owned.pop(number)});")

    def is_dead_after(self, number: int) -> bool:
        """Whether nothing reads the memory of this value after the step at hand."""
        return self.plan.last.get(number, -1) <= self.place

    def taken_over(self, value: Value, loads: Mapping[int, set[str]], at: tuple[str, ...]) -> Layout | None:
        """The memory of an operand that dies here and is read at the result's places only; the result's from now on."""
        if value.number in self.destined or not value.axes:
            return None
        wanted = dense(self.names.extents(value.axes)), TYPES[value.kind]
        for number, elements in sorted(loads.items()):
            layout = self.layouts[number]
            same = (layout.strides, layout.type) == wanted and elements == {layout.element(at)}
            if same and number in self.owned and self.is_dead_after(number):
                self.owned[value.number] = self.owned.pop(number)
                self.layouts[value.number] = layout
                return layout
        return None

    def operand(self, operand: Operand, kind: str) -> Layout:
        """The layout of an operand of a library's call, its elements of this type: converted where they are not."""
        layout = self.layouts[operand.value.number]
        if layout.type == kind or not (self.is_complex and {layout.type, kind} == {"real", "value"}):
            return layout
        extents = self.names.extents(operand.value.axes)
        name = f"c{len(self.lines.text)}"
        self.take(name, kind, extents)
        wide = Layout(name, kind, dense(extents))
        at = tuple(f"i{n}" for n in range(len(extents)))
        with self.lines.loops([Bound(i, n) for i, n in zip(at, extents)]):
            self.lines.add(f"{wide.element(at)} = {layout.element(at)};")
        return wide

    # -- loops --------------------------------------------------------------------------------------------------------

    def scalars(self) -> Scalars:
        return Scalars(self.names, self.plan, self.layouts, self._fresh)

    def guard(self, body: Scalars, walked: Iterable[str]) -> None:
        """Before loops over these extents that check positions: an axis without elements has none that is right."""
        walked = [n for n in dict.fromkeys(walked) if not n.isdigit() or n == "0"]
        for extent in body.nonempty:
            if extent not in walked and (not extent.isdigit() or extent == "0"):
                some = "".join(f"{n} > 0 && " for n in walked)
                self.lines.add(f"if ({some}{extent} == 0) return RUN_OUTSIDE;")

    def checked(self, body: Scalars) -> None:
        """Behind a loop that checks positions."""
        if body.checks:
            self.lines.add("if (code) return code;")

    def nest(self, bounds: Sequence[Bound], body: Scalars, statement: str) -> None:
        """One statement for each place: the outer loops in parallel, the innermost one as vector code."""
        if len(bounds) > 1:
            self.lines.parallel(bounds, len(bounds) - 1)
        with self.lines.loops(bounds[:-1]):
            if len(bounds) == 1:
                simd = "" if body.checks else " simd"
                self.lines.add(f"#pragma omp parallel for{simd} if ({bounds[0].end} > PARALLEL)")
            elif bounds and not body.checks:
                self.lines.add("#pragma omp simd")
            with self.lines.loops(bounds[-1:]):
                self.lines.add(*body.lines.text, statement)

    def _destinations(self) -> dict[int, int]:
        """By the number of a stored value, the output whose memory takes its result, and what that adds to."""
        found: dict[int, int] = {}
        for number, output in enumerate(self.graph.outputs):
            value, labels = output.operand.value, output.operand.labels
            if value.number in self.plan.stored and set(output.axes) == set(labels) and len(labels) == len(output.axes):
                found.setdefault(value.number, number)
        for place, value in reversed(list(enumerate(self.graph.values))):
            if value.number in found and (base := self._base(value, place)) is not None:
                found.setdefault(base.number, found[value.number])
        return found

    def _base(self, value: Value, place: int) -> Value | None:
        """What the step at this place adds to, if nothing else needs it any more."""
        if not isinstance(value.operation, Scatter) or not value.operation.has_base:
            return None
        *others, base = value.operands
        number = base.value.number
        alone = all(self.plan.root.get(o.value.number) != number for o in others)
        last = number in self.plan.stored and self.plan.last[number] == place
        return base.value if alone and last and base.labels == value.axes and base.kind == value.kind else None

    def is_in_place(self, value: Value, base: Value) -> bool:
        """Whether both are made in the memory of the same output."""
        number = self.destined.get(value.number)
        return number is not None and self.destined.get(base.number) == number
