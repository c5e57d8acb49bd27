"""`indexcalc cost`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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

if TYPE_CHECKING:
    from ..cost.formulas import Formulas
    from ..cost.report import Cost
    from ..ir.program import Program


@click.command("cost")
@source_argument
@sizes_option
@grad_option
@of_option
@value_option
@memory_options
@click.option("--backend", default="numpy", show_default=True, metavar="NAME", help="For which it is emitted.")
@click.option("--without", default="", metavar="PASS,…", help="Leave these passes of lowering out.")
@click.option("--machine", metavar="NAME", help="laptop, matmul=1.6e11,… or a .json file: least times there.")
@click.option("--alternatives", is_flag=True, help="Show what is saved, and beside what.")
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
    machine: str | None,
    alternatives: bool,
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
    from ..cost.formulas import Formulas, formula_data
    from ..cost.report import Cost, added_text, cost_data

    forward = program_of(source, strict=strict)
    program = derived(forward, Asked(grad, of, with_value, save, recompute, memory), sizes)

    def count(of: Program, **more: Any) -> Cost | Formulas:
        return api.cost(of, sizes, dtype=dtype, backend=backend, without=without, **more)

    found = count(program, machine=machine, alternatives=alternatives)
    if isinstance(found, Formulas):
        write_json(formula_data(found)) if shape == "json" else write(str(found))
        return
    if shape == "json":
        write_json(cost_data(found))
        return
    write(str(found))
    before = count(forward) if grad is not None else None
    if isinstance(before, Cost):
        write(added_text(found, before))
