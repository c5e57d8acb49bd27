"""`indexcalc cost`."""

from __future__ import annotations

import click

from .arguments import (
    Asked,
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
from .output import write, write_json


@click.command("cost")
@source_argument
@sizes_option
@grad_option
@of_option
@value_option
@memory_options
@click.option("--backend", default="numpy", show_default=True, metavar="NAME", help="For which it is emitted.")
@click.option("--without", default="", metavar="PASS,…", help="Leave these passes of lowering out.")
@click.option("--dtype", default="float64", show_default=True, metavar="NAME", help="Of the floating-point inputs.")
@strict_option
@format_option("text", "json")
def command(
    source: str,
    sizes: dict[str, int],
    grad: tuple[str, ...] | None,
    of: str | None,
    with_value: bool,
    save: tuple[str, ...] | None,
    recompute: tuple[str, ...] | None,
    memory: int | None,
    backend: str,
    without: str,
    dtype: str,
    strict: bool,
    shape: str,
) -> None:
    """Count the operations, the memory traffic and the peak memory of a program, or of its gradient with --grad.

    The figures are those of the source that `emit` prints for the same --sizes, which have to give every extent.

    \b
    indexcalc cost examples/attention.idx --sizes L=512,D=64
    indexcalc cost examples/attention.idx --sizes L=512,D=64 --grad Q,K,V --dtype float32
    """
    from .. import api
    from ..cost.report import added_text, cost_data

    forward = program_of(source, strict=strict)
    program = derived(forward, Asked(grad, of, with_value, save, recompute, memory), sizes)
    options = {"dtype": dtype, "backend": backend, "without": without}
    found = api.cost(program, sizes, **options)
    if shape == "json":
        write_json(cost_data(found))
        return
    write(str(found))
    if grad is not None:
        write(added_text(found, api.cost(forward, sizes, **options)))
