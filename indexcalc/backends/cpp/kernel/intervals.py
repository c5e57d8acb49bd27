"""Selections by position along the innermost loop of a pass: between which places all their conditions hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ....ir.index import Index
from ....ir.kernel import Condition, Mask
from ....ir.kernel_bounds import limits
from .names import times, total
from .order import Order
from .pieces import Pass
from .storage import masks_in
from .values import Values


@dataclass(frozen=True)
class Interval:
    """Names of the first place and of the one behind the last, and the lines that find them.

    `sets`: the conditions of each selection.
    """

    sets: tuple[tuple[Condition, ...], ...]
    low: str
    high: str
    lines: Sequence[str] = ()

    def choice(self, mask: Mask, *, one: Pass, inside: bool) -> str | None:
        """What is known of a selection: inside all conditions hold, outside of a lone one they fail."""
        if mask.conditions not in self.sets or not one.loops or one.loops[-1] not in mask.block.axes:
            return None
        if inside:
            return "true"
        return "false" if len(self.sets) == 1 else None


class Intervals:
    """Those of the passes of one nest, of `split` within the thread's places."""

    def __init__(self, order: Order, values: Values, split: Index | None) -> None:
        self.order, self.values, self.split = order, values, split
        self.known: dict[object, tuple[str, str]] = {}

    def of(self, one: Pass) -> Interval | None:
        """That of a pass; None where it selects nothing by position."""
        sets = tuple(dict.fromkeys(m.conditions for m in masks_in(self.order, one)))
        conditions = tuple(dict.fromkeys(c for some in sets for c in some))
        if not conditions:
            return None
        key = (conditions, one.loops)
        if key in self.known and len(one.loops) == 1:  # an earlier pass of this row has found them
            return Interval(sets, *self.known[key])
        low, high = self.values.fresh("low"), self.values.fresh("high")
        self.known[key] = (low, high)
        return Interval(sets, low, high, self._lines(conditions, one.loops[-1], low, high))

    def _lines(self, conditions: Sequence[Condition], inner: Index, low: str, high: str) -> list[str]:
        names = self.values.names
        first, last = names.span(inner, self.split)
        lines = [f"int64_t {low} = {first}, {high} = {last};"]
        for limit in limits(conditions, inner):
            factor = limit.factor
            rest = total((names.form(limit.rest), times(names.start(inner), str(factor))))
            if factor == 0:
                lines.append(f"if ({rest} < 0) {high} = 0;")
            elif factor > 0:
                lines.append(f"{low} = ix::larger({low}, {_divided(f'-({rest})', factor, up=True)});")
            else:
                lines.append(f"{high} = ix::smaller({high}, {_divided(rest, -factor, up=False)} + 1);")
        lines.append(f"{low} = ix::smaller({low}, {last}), {high} = ix::larger({low}, {high});")
        return lines


def _divided(text: str, by: int, *, up: bool) -> str:
    if by == 1:
        return text
    return f"ix::{'ceiling' if up else 'floor'}({text}, {by})"
