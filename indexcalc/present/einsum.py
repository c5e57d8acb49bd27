"""An einsum explained, as text and as data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..cost.report import bytes_text
from ..diagnostics import listed
from ..einsum.describe import Description, Layout
from ..einsum.verdict import Refused, Verdict
from .look import Look

Verdicts = Sequence[tuple[str, Verdict]]
_FACTORS = ((10**12, "T"), (10**9, "G"), (10**6, "M"), (10**3, "k"))


def description_text(found: Description, verdicts: Verdicts, dtype: str, look: Look) -> str:
    """The equation and the kind of operation, its figures, gradients, layout, and who takes it."""
    head = "   ".join(part for part in (found.equation, found.sentence) if part)
    rows = [head] if head else []
    if found.figures is not None:
        figures = found.figures
        times = "×" if look.unicode else "x"
        shape = times.join(map(str, figures.shape)) or "a number"
        moved = figures.read + figures.written
        rows.append(
            f"result      {shape} ({bytes_text(figures.written)} {dtype})   {flops_text(figures.flops)}   "
            f"{bytes_text(figures.read)} read   {figures.flops / max(moved, 1):.3g} FLOP/byte"
        )
        if len(figures.order) > 1:
            steps = ", then ".join(" and ".join(str(k + 1) for k in step) for step in figures.order)
            rows.append(f"order       operands {steps} (of what is left; a result goes to the end)")
    for n, gradient in enumerate(found.gradients):
        note = f"   {gradient.note}" if gradient.note else ""
        rows.append(f"{'gradients' if n == 0 else '':12}{gradient.spec}{note}")
    rows += [f"{'layout' if n == 0 else '':12}{_layout_text(layout)}" for n, layout in enumerate(found.layout)]
    return "\n".join([*rows, *_verdict_rows(verdicts)])


def _layout_text(layout: Layout) -> str:
    """What hinders a matrix product."""
    apart = bytes_text(layout.bytes_apart)
    return (
        f"{layout.operand}: {listed(layout.inside)} inside, each matmul reads rows {apart} apart; "
        f"in ({', '.join(layout.order)}) each matrix is in one piece"
    )


def _verdict_rows(verdicts: Verdicts) -> list[str]:
    taken = [name for name, verdict in verdicts if not isinstance(verdict, Refused)]
    rows = [f"taken by    {', '.join(taken)}"] if taken else []
    for name, verdict in verdicts:
        if isinstance(verdict, Refused):
            hint = f" ({verdict.hint})" if verdict.hint else ""
            rows.append(f"refused     {name}: {verdict.message}{hint}")
    return rows


def flops_text(count: int) -> str:
    """A count of operations in a unit that reads well.

    >>> flops_text(33554432), flops_text(12)
    ('33.6 MFLOP', '12 FLOP')
    """
    for factor, unit in _FACTORS:
        if count >= factor:
            return f"{count / factor:.3g} {unit}FLOP"
    return f"{count} FLOP"


def description_data(found: Description, verdicts: Verdicts, dtype: str) -> dict[str, Any]:
    """The same for JSON."""
    figures = found.figures
    return {
        "equation": found.equation,
        "kind": found.sentence,
        "shape": None if figures is None else list(figures.shape),
        "dtype": dtype,
        "flops": None if figures is None else figures.flops,
        "bytes_read": None if figures is None else figures.read,
        "bytes_written": None if figures is None else figures.written,
        "order": None if figures is None else [list(step) for step in figures.order],
        "gradients": [{"einsum": g.spec, "note": g.note} for g in found.gradients],
        "layout": [
            {
                "operand": x.operand,
                "inside": list(x.inside),
                "bytes_apart": x.bytes_apart,
                "order": list(x.order),
            }
            for x in found.layout
        ],
        "targets": {name: _verdict_data(verdict) for name, verdict in verdicts},
    }


def _verdict_data(verdict: Verdict) -> dict[str, Any]:
    if isinstance(verdict, Refused):
        return {
            "valid": False, "message": verdict.message, "start": verdict.start, "end": verdict.end,
            "hint": verdict.hint,
        }  # fmt: skip
    return {"valid": True, "shape": None if verdict.shape is None else list(verdict.shape)}
