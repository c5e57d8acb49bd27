"""Calls of fused kernels: their arrays with strides, and memory for what they put out."""

from __future__ import annotations

from ...ir.graph import Fused, Operand, Value
from ...ir.kernel import Kernel
from ...ir.kernel_spaces import kernel_spaces
from .kernel import kernel_text
from .layout import Layout, dense
from .names import TYPES
from .writer import Writer


def fused(w: Writer, value: Value) -> None:
    """Runs the kernel; its outputs are the memory of the parts from here on."""
    operation = value.operation
    assert isinstance(operation, Fused)
    name = f"f_{value.number}"
    inputs = [_input(w, operand) for operand in value.operands]
    parts = {part.operation.number: part for part, _ in w.plan.readers[value.number]}  # type: ignore[union-attr]
    outputs, unread = [], []
    for number, array in enumerate(operation.kernel.outputs):
        if number in parts:
            outputs.append(w.target(parts[number], as_it_is=True))
        else:
            unread.append(f"{name}_out{number}")
            extents, kind = w.names.extents(array.axes), TYPES[array.kind]
            w.take(unread[-1], kind, extents)
            outputs.append(Layout(unread[-1], kind, dense(extents)))
    sizes = [w.names.size(space) for space in kernel_spaces(operation.kernel)]
    w.lines.add(f"const int64_t {name}_n[] = {{{', '.join(sizes) or '0'}}};")
    _references(w, f"{name}_in", inputs)
    _references(w, f"{name}_out", outputs)
    call = f"{_function(w, operation.kernel)}(Extents{{{name}_n}}, {name}_in, {name}_out)"
    w.lines.add(f"if (int stopped = {call}) return stopped;")
    w.lines.add(*(f"memory.give({pointer});" for pointer in unread))


def _input(w: Writer, operand: Operand) -> Layout:
    """Where the operand lies; a plain number gets a place of its own."""
    value = operand.value
    if not value.is_inline:
        return w.layouts[value.number]
    name = f"c{len(w.lines.text)}"
    kind = TYPES[value.kind]
    w.lines.add(f"const {kind} {name}[] = {{{kind}({w.names.text(value)})}};")
    return Layout(name, kind, ())


def _references(w: Writer, name: str, layouts: list[Layout]) -> None:
    rows = []
    for number, layout in enumerate(layouts):
        strides = ", ".join(layout.strides) or "0"
        w.lines.add(f"const int64_t {name}_{number}[] = {{{strides}}};")
        rows.append(f"{{(void*)({layout.pointer}), {name}_{number}}}")
    w.lines.add(f"ArrayRef {name}[] = {{{', '.join(rows) or '{nullptr, nullptr}'}}};")


def _function(w: Writer, kernel: Kernel) -> str:
    """The name of the kernel's function; kernels that differ in nothing but the names of their indices share one."""
    name = f"kernel_{len(w.kernel_texts)}"
    found = kernel_text(kernel, name, w.real)
    _, _, body = found.text.partition(f"static int {name}(")
    if body not in w.kernels:
        w.headers |= dict.fromkeys(found.headers)
        w.kernels[body] = name
        w.kernel_texts.append(found.text)
    return w.kernels[body]
