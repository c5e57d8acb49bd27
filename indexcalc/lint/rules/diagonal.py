"""A label twice in one operand, which takes its diagonal."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from ...diagnostics import Diagnostic
from ...python.contraction import Contraction, contractions
from ...python.module import Call
from ..registry import lint_rule


@lint_rule(
    "IX406",
    name="einsum-diagonal",
    summary="an operand has one label twice, and only its diagonal is used",
    why="Two axes with one label run together: of a square weight, only the diagonal takes part. Both axes having the "
    "same size, or the same meaning, is no reason for the same label.",
    bad="from fancy_einsum import einsum\n\n"
    "y = einsum('batch pos d_model, d_model d_model -> batch pos d_model', x, W)",
    good="from fancy_einsum import einsum\n\n"
    "y = einsum('batch pos d_in, d_in d_out -> batch pos d_out', x, W)",
    subject="call",
    language="python",
    right="For a trace or a diagonal that is meant, as `ii->` and `bii->bi`: those are not flagged. Formulas of "
    "chemistry repeat letters as a rule, so that its profile has this off.",
    profiles={"chemistry": "off"},
)  # fmt: skip
def diagonal(call: Call) -> Iterator[Diagnostic]:
    """Names of several letters that stand twice in an operand, and any label that another operand has besides."""
    for c in contractions(call):
        for name in c.uses:
            operand = _doubled(c, name)
            if operand is None:
                continue
            elsewhere = len(c.operands_of(name)) > 1
            if not elsewhere and (len(name) == 1 or name.isdecimal()):
                continue
            first, second, *_ = (use.axis for use in c.uses[name] if use.operand == operand)
            yield c.finding(
                "IX406", f"`{name}` stands twice in one operand: only a diagonal of {c.name(operand)} is used", second,
                others=[(first, "")], label="the same label again",
                hint="give the two axes labels of their own; for a diagonal that is meant, take it before the product",
            )  # fmt: skip


def _doubled(c: Contraction, name: str) -> int | None:
    operands = [use.operand for use in c.uses[name]]  # in their order: equal ones are neighbours
    return next((k for k, following in pairwise(operands) if k == following), None)


RULES = (diagonal,)
