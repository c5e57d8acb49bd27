"""The body of an emitted C++ function: takes memory, writes each step's loops or calls, gives memory back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import count
from typing import Any

from ...ir.graph import (
    Along,
    Broadcast,
    Contract,
    Fused,
    Gather,
    Graph,
    Input,
    Map,
    MatrixFunction,
    Operand,
    Output,
    Part,
    Range,
    Reduce,
    Scatter,
    ScatterWindows,
    Value,
    View,
)  # fmt: skip
from ..formula import formula
from .layout import Layout, dense, times
from .loops import Bound, Lines, Scalars
from .names import TYPES, CppNames, comment
from .plan import Plan, is_alias


class Writer:
    """Writes the steps of a graph in order.

    `layouts`: where inputs, stored values and views of them lie.  `owned`: pointers to memory that can be given back,
    by the number of the value whose last reader frees it.  `headers`: what the text needs, by name.  `kernels`: the
    functions of fused kernels by the kernel, their texts in order.
    """

    def __init__(self, graph: Graph, names: CppNames, real: str, *, is_complex: bool) -> None:
        self.graph = graph
        self.names = names
        self.plan = Plan(graph)
        self.lines = Lines()
        self.layouts: dict[int, Layout] = {}
        self.owned: dict[int, str] = {}
        self.headers: dict[str, None] = {}
        self.kernels: dict[object, str] = {}
        self.kernel_texts: list[str] = []
        self.real = real
        self.is_complex = is_complex
        self.rows: set[int] = set()  # numbers of inputs that lie without gaps along their last axis
        self._destined = self._destinations()
        self._place = 0
        self._fresh = count()

    def run(self) -> None:
        """Every step, then the results that are not yet where they belong."""
        for place, value in enumerate(self.graph.values):
            self._place = place
            if isinstance(value.operation, Input):
                self._input(value)
            elif is_alias(value):
                self.layouts[value.number] = _ALIASES[type(value.operation)](self, value)
            elif not self.plan.is_inline(value) and not isinstance(value.operation, Part):
                told = formula(value, self.names.told)
                if isinstance(value.operation, Fused):
                    told = " ".join(value.operation.kernel.note.split())
                self.lines.add("", comment(told))
                STEPS[type(value.operation)](self, value)
                self.release(value)
        self._place += 1
        for number, output in enumerate(self.graph.outputs):
            if self._destined.get(output.operand.value.number) != number:
                self._copy_out(number, output)

    # -- memory -------------------------------------------------------------------------------------------------------

    def target(self, value: Value, *, zero: bool = False, as_it_is: bool = False) -> Layout:
        """Memory for the value's result: the caller's where it is a result of the program, else our own.

        `as_it_is`: the last axis of the value must be the fastest.
        """
        extents = self.names.extents(value.axes)
        name, kind = self.names.text(value), TYPES[value.kind]
        if as_it_is and value.number in self._destined:
            output = self.graph.outputs[self._destined[value.number]]
            if output.axes and output.axes[-1] != output.operand.labels[-1]:
                del self._destined[value.number]
        number = self._destined.get(value.number)
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
        return self.plan.last.get(number, -1) <= self._place

    def taken_over(self, value: Value, loads: Mapping[int, set[str]], at: tuple[str, ...]) -> Layout | None:
        """The memory of an operand that dies here and is read at the result's places only; the result's from now on."""
        if value.number in self._destined or not value.axes:
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

    # -- ends ---------------------------------------------------------------------------------------------------------

    def _input(self, value: Value) -> None:
        number = list(self.names.arrays.values()).index(self.names.text(value))
        name, kind = self.names.text(value), TYPES[value.kind]
        strides = []
        self.lines.add(f"const {kind}* const {name} = static_cast<const {kind}*>(in[{number}].data);")
        rank = len(value.axes)
        if rank and value.number in self.plan.looped():
            self.rows.add(number)
            rank -= 1
        for axis in range(rank):
            strides.append(f"{name}_{axis}")
            self.lines.add(f"const int64_t {name}_{axis} = in[{number}].strides[{axis}];")
        strides += ["1"] * (len(value.axes) - rank)
        self.layouts[value.number] = Layout(name, kind, tuple(strides))

    def _destinations(self) -> dict[int, int]:
        """By the number of a stored value, the output whose memory takes its result."""
        found: dict[int, int] = {}
        for number, output in enumerate(self.graph.outputs):
            value, labels = output.operand.value, output.operand.labels
            if value.number in self.plan.stored and set(output.axes) == set(labels) and len(labels) == len(output.axes):
                found.setdefault(value.number, number)
        return found

    def _copy_out(self, number: int, output: Output) -> None:
        kind = TYPES[output.operand.kind]
        extents = self.names.extents(output.axes)
        self.lines.add("", comment(f"output {number}: {output.name}"))
        self.lines.add(f"{kind}* const r_{number} = static_cast<{kind}*>(out[{number}].data);")
        at = [f"i{n}" for n in range(len(extents))]
        body = self.scalars()
        text = body.operand(output.operand, dict(zip(output.axes, at)))
        element = Layout(f"r_{number}", kind, dense(extents)).element(at)
        self.nest([Bound(i, n) for i, n in zip(at, extents)], body, f"{element} = {text};")


def _view(w: Writer, value: Value) -> Layout:
    """Strides of the view; every position is compared with the extent, unless it is plainly an axis as a whole."""
    operation, source = value.operation, value.operands[0].value
    assert isinstance(operation, View)
    extents, result = w.names.extents(source.axes), w.names.extents(value.axes)
    tests: dict[str, None] = {}
    for form, extent in zip(operation.forms, extents):
        moved = [(c, n) for c, n in zip(form.coefficients, result) if c]
        if form.offset == 0 and moved == [(1, extent)]:
            continue
        high = " + ".join([str(form.offset), *(f"{c} * ({n} - 1)" for c, n in moved if c > 0)])
        low = " + ".join([str(form.offset), *(f"({c}) * ({n} - 1)" for c, n in moved if c < 0)])
        tests[f"{high} >= {extent}"] = None
        if low != "0" and (form.offset < 0 or any(c < 0 for c, _ in moved)):
            tests[f"{low} < 0"] = None
    if tests:
        some = "".join(f"{n} > 0 && " for n in dict.fromkeys(result) if not n.isdigit())
        w.lines.add("", comment(formula(value, w.names.told)))
        w.lines.add(f"if ({some}({' || '.join(tests)})) return RUN_OUTSIDE;")
    return w.layouts[source.number].viewed(operation.forms, len(value.axes))


def _broadcast(w: Writer, value: Value) -> Layout:
    (operand,) = value.operands
    layout = w.layouts[operand.value.number]
    stride = dict(zip(operand.labels, layout.strides))
    return Layout(layout.base, layout.type, tuple(stride.get(x, "0") for x in value.axes), layout.offset)


def _at_place(w: Writer, value: Value) -> Layout:
    """source[position] at one place: the position is read, and the rest is a view."""
    operation = value.operation
    assert isinstance(operation, Gather)
    source, *positions = value.operands
    layout = w.layouts[source.value.number]
    stride = dict(zip(source.labels, layout.strides))
    extent = dict(zip(source.labels, w.names.extents(source.value.axes)))
    offset = layout.offset
    w.lines.add("", comment(formula(value, w.names.told)))
    for n, (index, position) in enumerate(zip(operation.indices, positions)):
        body = w.scalars()
        text = body.operand(position, {})
        name = f"{w.names.text(value)}_{n}"
        w.lines.add(*body.lines.text, f"const int64_t {name} = ix::checked({text}, {extent[index]}, &code);")
        w.lines.add("if (code) return code;")
        moved = times(name, stride[index])
        offset = moved if offset == "0" else f"{offset} + {moved}"
    return Layout(layout.base, layout.type, tuple(stride[x] for x in value.axes), offset)


def _pointwise(w: Writer, value: Value) -> None:
    body = w.scalars()
    at = tuple(f"i{n}" for n in range(len(value.axes)))
    text = body.text(value, at)
    extents = w.names.extents(value.axes)
    w.guard(body, extents)
    layout = w.taken_over(value, body.loads, at) or w.target(value)
    w.nest([Bound(at[n], extents[n]) for n in layout.order], body, f"{layout.element(at)} = {text};")
    w.checked(body)


def _contract(w: Writer, value: Value) -> None:
    left, right = value.operands
    w.headers["contract"] = None
    kind = TYPES[value.kind]
    a, b = w.operand(left, kind), w.operand(right, kind)
    out = w.target(value)
    strides = [dict(zip(labels, x.strides)) for labels, x in ((left.labels, a), (right.labels, b), (value.axes, out))]
    rows = []
    for label in dict.fromkeys((*value.axes, *left.labels, *right.labels)):
        inside = [label in s for s in strides]
        role = "SUMMED" if not inside[2] else "BATCH" if inside[0] and inside[1] else "ROW" if inside[0] else "COLUMN"
        moves = ", ".join(s.get(label, "0") for s in strides)
        rows.append(f"{{{role}, {w.names.size(label.space)}, {moves}}}")
    name = f"axes_{w.names.text(value)}"
    w.lines.add(f"const Axis {name}[] = {{{', '.join(rows)}}};")
    w.lines.add(
        f"if (!contract<{kind}>({name}, {len(rows)}, {a.pointer}, {b.pointer}, {out.pointer})) return RUN_MEMORY;"
    )


def _matrix_function(w: Writer, value: Value) -> None:
    w.headers["linear"] = None
    kind = TYPES[value.kind]
    (operand,) = value.operands
    source = w.operand(operand, kind)
    size = w.names.size(operand.labels[0].space)
    out = w.target(value)
    called = {"inv": "inverse", "det": "determinant", "logdet": "log_determinant"}[value.operation.function]  # type: ignore[union-attr]
    arguments = [out.pointer, *out.strides, source.pointer, *source.strides, size]
    w.lines.add(f"if (int failed = {called}<{kind}>({', '.join(arguments)})) return failed;")


_ALIASES: Mapping[type, Callable[[Writer, Any], Layout]] = {View: _view, Broadcast: _broadcast, Gather: _at_place}


def _steps() -> dict[type, Callable[[Writer, Any], None]]:
    from .along import along
    from .fused import fused
    from .reduce import reduction
    from .scatter import scatter, scatter_windows

    return {
        Along: along,
        Contract: _contract,
        Fused: fused,
        Gather: _pointwise,
        Map: _pointwise,
        MatrixFunction: _matrix_function,
        Range: _pointwise,
        Reduce: reduction,
        Scatter: scatter,
        ScatterWindows: scatter_windows,
        View: _pointwise,
    }


STEPS = _steps()
