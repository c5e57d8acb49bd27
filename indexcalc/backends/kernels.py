"""Fused values in an emitted text: a function for each kernel, and the lines that call it."""

from __future__ import annotations

from ..diagnostics import fail
from ..ir.graph import Fused, Graph, Part, Value
from .formula import sanitised
from .names import Names, tuple_text


class Kernels:
    """The functions of one text.  Kernels that differ in nothing but the names of their indices share one."""

    def __init__(self, graph: Graph, names: Names) -> None:
        self.names = names
        self._functions: dict[tuple[str, ...], tuple[str, str]] = {}  # name and first line, by the other lines
        self._parts: dict[int, dict[int, Value]] = {}
        self.takes_out = False
        self._outputs: dict[int, str] = {}  # the output that a part is, with its axes in their order
        for output in graph.outputs:
            value = output.operand.value
            if isinstance(value.operation, Part) and output.operand.labels == output.axes:
                self._outputs.setdefault(value.number, output.name)
        for value in graph:
            if isinstance(value.operation, Part):
                made = self._parts.setdefault(value.operands[0].value.number, {})
                made.setdefault(value.operation.number, value)

    def call(self, value: Value) -> str:
        """The line that runs the kernel and names its outputs."""
        assert isinstance(value.operation, Fused)
        kernel, write = value.operation.kernel, self.names.spelling.kernel
        if write is None:
            raise fail("IX902", f"the {self.names.spelling.title} backend has no kernels", hint="leave out fusion")
        name = f"kernel_{len(self._functions)}"
        text = write(kernel, name)
        name, _ = self._functions.setdefault(text.lines[1:], (name, text.lines[0]))
        arguments = [self.names.text(o.value) for o in value.operands]
        arguments += [self.names.size(space) for space in text.spaces]
        made = self._parts.get(value.number, {})
        arguments += ["floating", *self._places(made)]
        target = tuple_text(self.names.text(made[n]) if n in made else "_" for n in range(len(kernel.outputs)))
        line = f"{target[1:-1] if len(kernel.outputs) > 1 else target} = {name}({', '.join(arguments)})"
        return f"{line}  # {sanitised(kernel.note)}" if kernel.note else line

    def _places(self, made: dict[int, Value]) -> list[str]:
        """Arguments for the arrays of the caller's in which outputs of the program are made."""
        named = {n: self._outputs[v.number] for n, v in sorted(made.items()) if v.number in self._outputs}
        self.takes_out |= bool(named)
        return [f"y_{n}=out.get({name!a})" for n, name in named.items()]

    def lines(self) -> list[str]:
        """All functions."""
        found = []
        for body, (_, head) in self._functions.items():
            found += ["", "", head, *body]
        return found
