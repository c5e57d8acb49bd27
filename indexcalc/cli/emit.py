"""`indexcalc emit`."""

from __future__ import annotations

import click

from .arguments import (
    Asked,
    backend_option,
    derived,
    grad_option,
    memory_options,
    of_option,
    program_of,
    sizes_option,
    source_argument,
    strict_option,
    value_option,
)
from .output import write


@click.command("emit")
@source_argument
@backend_option
@grad_option
@of_option
@value_option
@memory_options
@sizes_option
@strict_option
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
    output: str | None,
) -> None:
    """Print stand-alone source text of a program, or of its gradient with --grad.

    --sizes only help to choose between equal forms; the source takes arrays of any size.

    \b
    indexcalc emit examples/attention.idx
    indexcalc emit examples/attention.idx --grad Q,K,V --with-value --backend cupy -o attention_cupy.py
    """
    from .. import api

    program = derived(program_of(source, strict=strict), Asked(grad, of, with_value, save, recompute, memory), sizes)
    text = api.emit(program, backend, sizes=sizes or None)
    if output is None:
        write(text.rstrip("\n"))
        return
    with open(output, "w", encoding="utf-8", newline="\n") as stream:
        stream.write(text)
