"""Patterns of einops: axes on one side only, twice, or without a size."""

from __future__ import annotations

from collections.abc import Iterator

from ...diagnostics import Diagnostic
from ...einsum.dialects import DIALECTS
from ...einsum.spec import Axis, Group, Spec
from ...einsum.verdict import Refused, verdict
from ...python.module import Call
from ..registry import lint_rule

_IMPORT = "from einops import reduce, rearrange\n\n"


@lint_rule(
    "IX416",
    name="einops-pattern",
    summary="a pattern that einops refuses",
    why="Every axis of a rearrangement stands once on each side; `reduce` may drop axes, and `repeat` make some, whose "
    "sizes are given by name. Of the axes in one bracket on the left, all but one need a size.",
    bad=_IMPORT + "y = rearrange(x, 'b h (w c) -> b w h', c=3)",
    good=_IMPORT + "y = rearrange(x, 'b h (w c) -> b w h c', c=3)",
    severity="error",
    subject="call",
    language="python",
)
def pattern(call: Call) -> Iterator[Diagnostic]:
    """Patterns that do not read, or that break einops' rules."""
    spec = call.spec
    if DIALECTS[call.dialect].library != "einops" or DIALECTS[call.dialect].operation == "contract":
        return
    if spec is None:
        if call.problem is not None and not call.library:  # with the library known it is IX401
            place = call.place(call.problem.start, max(call.problem.end, call.problem.start))
            yield Diagnostic("IX416", f"not readable: {call.problem.message}", place, call.problem.hint)
        return
    # einops.layers.flax takes the sizes as a dictionary
    known = call.library == "einops" and all(k.arg not in (None, "sizes") for k in call.node.keywords)
    names = {k for k in call.keywords if k not in _OTHER_KEYWORDS}
    sizes = {name: call.sizes.get(name) for name in sorted(names)} if known else None
    said = verdict(spec, None, "einops", sizes=sizes)  # type: ignore[arg-type]  # None is a size not known
    if isinstance(said, Refused):
        yield Diagnostic("IX416", said.message, call.place(said.start, max(said.end, said.start)), said.hint)
    elif known:
        yield from _unsized(call, spec, names)


_OTHER_KEYWORDS = ("reduction", "tensor", "tensors", "pattern", "weight_shape", "bias_shape")


def _unsized(call: Call, spec: Spec, names: set[str]) -> Iterator[Diagnostic]:
    """Brackets on the left with two axes or more whose sizes nothing tells."""
    if DIALECTS[spec.dialect].operation not in ("rearrange", "reduce", "repeat"):
        return
    for item in spec.inputs[0].items:
        if not isinstance(item, Group):
            continue
        open_ones = [x for x in item.parts if isinstance(x, Axis) and x.is_label and x.name not in names]
        if len(open_ones) > 1:
            shown = " and ".join(f"`{axis.name}`" for axis in open_ones)
            hint = f"give one by name: {open_ones[0].name}=…"
            yield Diagnostic(
                "IX416", f"the sizes of {shown} cannot both be told", call.place(item.start, item.end), hint
            )


@lint_rule(
    "IX417",
    name="einops-reduces-nothing",
    summary="a reduction that keeps every axis",
    why="With every axis of the left on the right, the mean, sum or maximum is of single numbers and changes nothing.",
    bad=_IMPORT + "y = reduce(x, 'b h w -> b h w', 'mean')",
    good=_IMPORT + "y = reduce(x, 'b h w -> b', 'mean')",
    severity="note",
    subject="call",
    language="python",
)
def reduces_nothing(call: Call) -> Iterator[Diagnostic]:
    """`reduce` whose right side has all axes of the left."""
    spec = call.spec
    if spec is None or DIALECTS[call.dialect].library != "einops" or DIALECTS[call.dialect].operation != "reduce":
        return
    if spec.output is None or isinstance(verdict(spec, None, "einops"), Refused):
        return
    left, right = ({axis.name for axis in side.axes} for side in (spec.inputs[0], spec.output))
    if left <= right:
        place = call.place(0, len(spec.text))
        hint = "drop the axis to reduce from the right side, or use rearrange"
        yield Diagnostic("IX417", "nothing is reduced: every axis is kept", place, hint, "note")


RULES = (pattern, reduces_nothing)
