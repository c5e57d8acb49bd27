"""`indexcalc verify`."""

from __future__ import annotations

import click

from .arguments import (
    Names,
    backend_option,
    format_option,
    program_of,
    seed_option,
    sizes_option,
    source_argument,
    strict_option,
)
from .output import look, write, write_json


@click.command("verify")
@source_argument
@click.option(
    "--wrt", type=Names(), metavar="Q,K,V", help="Inputs whose gradients to check. Default: every real input."
)
@sizes_option
@seed_option
@backend_option
@strict_option
@format_option("text", "json")
@click.pass_context
def command(
    ctx: click.Context,
    source: str,
    wrt: tuple[str, ...] | None,
    sizes: dict[str, int],
    seed: int,
    backend: str,
    strict: bool,
    shape: str,
) -> None:
    """Check derived gradients against finite differences, the interpreter and a second backend.

    The complex step is taken where every function is analytic, central differences elsewhere.  Exits with 1 if anything
    disagrees.

    \b
    indexcalc verify examples/attention.idx --wrt Q,K,V
    indexcalc verify 'L = x[i] A[i,j] x[j]' --sizes i=5,j=5
    """
    from .. import api
    from ..present.verification import verification_lines
    from .arrays import check_sizes

    program = program_of(source, strict=strict)
    check_sizes(program, sizes)
    result = api.verify(program, wrt=wrt, sizes=sizes or None, seed=seed, backend=backend)
    if shape == "json":
        write_json(result.as_dict())
    else:
        write("\n".join(verification_lines(result, look())))
    ctx.exit(0 if result else 1)
