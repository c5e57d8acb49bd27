"""`indexcalc compare`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from .arguments import format_option, source_of
from .output import write, write_json

if TYPE_CHECKING:
    from ..compare.result import Comparison


@click.command("compare")
@click.argument("first", metavar="A")
@click.argument("second", metavar="B")
@format_option("text", "json")
@click.pass_context
def command(ctx: click.Context, first: str, second: str, shape: str) -> None:
    """Say whether two formulas compute the same, up to the names of indices and tensors.

    A and B are each a formula, a file, `model.idx#S` (a definition), `paper.tex#eq:scores` (an equation by its label),
    an einsum string or a pattern of einops, or `model.py:128` (the statement on a line).  Exits with 1 where they
    differ or where that cannot be decided.

    \b
    indexcalc compare 'S[i,j] = Q[i,d] K[j,d]' 'bhid,bhjd->bhij'
    indexcalc compare model.idx#S paper.tex#eq:scores
    indexcalc compare 'b (c p q) -> b c p q' 'b (c q p) -> b c p q'
    """
    from ..lint.reference.given import compare_given, read_given

    found = compare_given(read_given(first, source_of), read_given(second, source_of))
    if shape == "json":
        write_json(_data(found))
    else:
        write("\n".join(_lines(found)))
    ctx.exit(0 if found else 1)


def _lines(found: Comparison) -> list[str]:
    each = f" for each {', '.join(found.each)}" if found.each and (found or found.exchanged) else ""
    lines = [f"{found.verdict}{each}: {found.reason}"]
    if found.error:
        lines.append(f"  wrong with a probability below {found.error:.0e}")
    names = [f"{a} = {b}" for a, b in found.renamed.items()]
    if names:
        lines.append(f"  {', '.join(names)}")
    shown = found.counterexample
    if shown is not None:
        at = ", ".join(f"{i} = {n}" for i, n in shown.sizes.items())
        lines.append(f"  {shown}{f', for {at} and' if at else ', for'}")
        lines += [f"    {name} = {value}" for name, value in shown.inputs.items()]
    return lines


def _data(found: Comparison) -> dict[str, Any]:
    shown = found.counterexample
    return {
        "verdict": found.verdict,
        "reason": found.reason,
        "each": list(found.each),
        "mapping": dict(found.mapping),
        "exchanged": list(found.exchanged),
        "error": found.error,
        "counterexample": None
        if shown is None
        else {
            "sizes": dict(shown.sizes),
            "inputs": dict(shown.inputs),
            "output": shown.output,
            "component": list(shown.component),
            "first": shown.left,
            "second": shown.right,
        },
    }
