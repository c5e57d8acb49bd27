"""`indexcalc emit`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from .arguments import (
    Asked,
    backend_option,
    derived,
    format_option,
    grad_option,
    memory_options,
    of_option,
    program_of,
    sizes_option,
    source_argument,
    strict_option,
    value_option,
)
from .output import json_text, write

if TYPE_CHECKING:
    from ..ir.program import Program


@click.command("emit")
@source_argument
@backend_option
@grad_option
@of_option
@value_option
@memory_options
@sizes_option
@strict_option
@click.option("--without", default="", metavar="PASS,…", help="Leave these passes of lowering out.")
@click.option("--explain", is_flag=True, help="Print what each pass of lowering decided, instead of the source.")
@click.option("--stop-after", metavar="PASS", help="Print the operations after this pass, instead of the source.")
@format_option("text", "json")
@click.option("-o", "--output", type=click.Path(dir_okay=False), metavar="FILE", help="Write here, in UTF-8.")
def command(
    source: str,
    backend: str,
    grad: tuple[str, ...] | None,
    of: str | None,
    with_value: bool,
    save: tuple[str, ...] | None,
    recompute: tuple[str, ...] | None,
    memory: int | None,
    sizes: dict[str, int],
    strict: bool,
    without: str,
    explain: bool,
    stop_after: str | None,
    shape: str,
    output: str | None,
) -> None:
    """Print stand-alone source text of a program, or of its gradient with --grad.

    --sizes only help to choose between equal forms; the source takes arrays of any size.

    \b
    indexcalc emit examples/attention.idx
    indexcalc emit examples/attention.idx --grad Q,K,V --with-value --backend cupy -o attention_cupy.py
    indexcalc emit examples/attention.idx --sizes L=4096,D=64 --explain
    indexcalc emit examples/attention.idx --stop-after lowering
    """
    left_out = tuple(filter(None, (p.strip() for p in without.split(","))))
    program = derived(program_of(source, strict=strict), Asked(grad, of, with_value, save, recompute, memory), sizes)
    if explain or stop_after is not None:
        text, data = _lowering(program, backend, sizes, left_out, explain, stop_after)
    else:
        from .. import api

        text = api.emit(program, backend, sizes=sizes or None, without=left_out)
        data = {"source": text}
    if shape == "json":
        text = json_text({"backend": backend, **data})
    _put(text, output)


def _lowering(
    program: Program,
    backend: str,
    sizes: Mapping[str, int],
    without: tuple[str, ...],
    explain: bool,
    stop_after: str | None,
) -> tuple[str, dict[str, object]]:
    """What the passes decided, if that is asked for, then the operations after one of them, if they are."""
    from ..backends import lowered
    from ..ir.graph_text import graph_text
    from ..present.lowering import lowering_data, lowering_text

    checked = stop_after is not None
    graph, context = lowered(
        program, backend, sizes=sizes or None, without=without, stop_after=stop_after, check=checked
    )
    texts: list[str] = []
    data: dict[str, object] = {}
    if explain:
        texts.append(lowering_text(program, context))
        data = lowering_data(program, context)
    if stop_after is not None:
        texts.append(graph_text(graph))
        data["graph"] = texts[-1]
    return "\n\n".join(texts) + "\n", data


def _put(text: str, output: str | None) -> None:
    if output is None:
        write(text.rstrip("\n"))
        return
    with open(output, "w", encoding="utf-8", newline="\n") as stream:
        stream.write(text)
