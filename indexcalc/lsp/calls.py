"""Python as an editor asks about it: what an einsum string means, and what is known of its operands."""

from __future__ import annotations

import ast
from functools import cached_property

from ..diagnostics import listed
from ..einsum.describe import Description, describe
from ..einsum.spec import Axis, SpecError
from ..python.module import Argument, Call, Dim, Module, Shape
from ..python.read import read_module
from ..python.shapes import with_shapes
from .hover import Hover, code


class PythonReading:
    """One module.  It cannot be read while it is no Python; then nothing is said."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def module(self) -> Module:
        """The module with what it shows of shapes."""
        return with_shapes(read_module(self.text))

    def hover(self, offset: int) -> Hover | None:
        """What the call does whose string, or whose name, stands at the place."""
        for call in self.module.calls:
            if call.spec is None or not call.string.offsets:
                continue
            start, end = call.string.offsets[0], call.string.offsets[-1]
            name_end = self.text.find("(", call.span.start, call.span.end)
            if start <= offset <= end:
                return Hover(start, end, _told(call, self._axis(call, offset), self._result(call)))
            if call.span.start <= offset <= name_end:
                return Hover(call.span.start, name_end, _told(call, None, self._result(call)))
        return None

    def _result(self, call: Call) -> str:
        """The name that the call's value gets, "" where it gets none."""
        for node in ast.walk(self.module.tree):
            if isinstance(node, ast.Assign) and node.value is call.node and isinstance(node.targets[0], ast.Name):
                return node.targets[0].id
        return ""

    def _axis(self, call: Call, offset: int) -> Axis | None:
        """The label at a place of the string."""
        k = next((k for k, at in enumerate(call.string.offsets) if at >= offset), None)
        if k is None or call.spec is None:
            return None
        axes = [a for operand in call.spec.operands for a in operand.axes if a.is_label]
        return next((a for a in axes if a.start <= k < a.end), None)


def _told(call: Call, axis: Axis | None, result: str) -> str:
    assert call.spec is not None, "calls without a spec are passed over"
    names = [a.name for a in call.operands] if call.complete else []
    named = names if len(names) == len(call.spec.inputs) and all(n.isidentifier() for n in names) else []
    try:
        found = describe(call.spec, names=[*named, result] if named and result else named)
    except SpecError:  # not sound, of which the linter tells
        found = Description("", "")
    rows = [code(found.equation)] if found.equation else []
    rows += [found.sentence] if found.sentence else []
    rows += _label(call, axis) if axis is not None else []
    rows += [f"`{a.text}`: {_shape(a.shape)}" for a in call.operands if a.shape is not None and len(a.text) <= 40]
    return "\n\n".join(rows)


def _label(call: Call, axis: Axis) -> list[str]:
    """What becomes of a label, and where it stands."""
    here = call.contraction
    if here is None or axis.name not in here.uses:
        return []
    uses = here.uses[axis.name]
    what = "in the result" if axis.name in here.result else "summed"
    stands = [
        f"axis {u.position + 1} of {here.name(u.operand)}{_size(_dim(call, u.operand, u.position))}" for u in uses
    ]
    return [f"**`{axis.name}`**: {what}; {listed(stands)}"]


def _dim(call: Call, operand: int, position: int) -> Dim | None:
    """What is known of a dimension; nothing behind an ellipsis, whose axes are not counted."""
    known: Argument | None = call.operands[operand] if call.complete and operand < len(call.operands) else None
    if known is None or known.shape is None or known.shape.open_at is not None or call.spec is None:
        return None
    axes = call.spec.inputs[operand].axes
    if any(not a.is_label for a in axes[: position + 1]) or position >= len(known.shape.dims):
        return None
    return known.shape.dims[position]


def _size(dim: Dim | None) -> str:
    return f" ({_dim_text(dim)})" if dim is not None and (dim.name or dim.size is not None) else ""


def _dim_text(dim: Dim) -> str:
    if dim.name and dim.size is not None:
        return f"{dim.name} = {dim.size}"
    return dim.name or ("?" if dim.size is None else str(dim.size))


def _shape(shape: Shape | None) -> str:
    if shape is None:
        return "unknown"
    dims = [_dim_text(d) for d in shape.dims]
    if shape.open_at is not None:
        dims.insert(shape.open_at, "…")
    return f"({', '.join(dims)}{',' if len(dims) == 1 else ''})"
