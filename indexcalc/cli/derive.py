"""`indexcalc derive`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from .arguments import (
    Names,
    format_option,
    memory_options,
    of_option,
    program_of,
    sizes_option,
    source_argument,
    strict_option,
)
from .output import look, write, write_json

if TYPE_CHECKING:
    from ..calculus.question import Kind


@click.command("derive")
@source_argument
@click.option("--wrt", type=Names(), metavar="Q,K,V", help="Inputs to differentiate by. Default: every real input.")
@of_option
@click.option(
    "--kind",
    type=click.Choice(["gradient", "jacobian", "jvp", "hessian", "hvp"]),
    default="gradient",
    show_default=True,
    help="What to derive: jvp and hvp are along directions that the result takes.",
)
@click.option("--steps", is_flag=True, help="Show every step with its rule and law.")
@click.option(
    "--form",
    type=click.Choice(["program", "closed"]),
    default="program",
    show_default=True,
    help="The derived program, or each result as one equation.",
)
@memory_options
@sizes_option
@strict_option
@format_option("text", "latex", "markdown", "json")
def command(
    source: str,
    wrt: tuple[str, ...] | None,
    of: str | None,
    kind: Kind,
    steps: bool,
    form: str,
    save: tuple[str, ...] | None,
    recompute: tuple[str, ...] | None,
    memory: int | None,
    sizes: dict[str, int],
    strict: bool,
    shape: str,
) -> None:
    """Derive the gradients of a program's output, or other derivatives, as a program.

    Where the output O is not scalar, a gradient takes the cotangent grad_O.

    \b
    indexcalc derive 'L = x[i] A[i,j] x[j]' --wrt x --steps
    indexcalc derive examples/attention.idx --wrt Q,K,V
    indexcalc derive examples/layer_norm.idx --wrt x --form closed
    indexcalc derive 'p[v] = softmax[v](z[v])' --kind jacobian
    indexcalc derive examples/attention.idx --wrt Q,K,V --recompute P
    indexcalc derive model.idx --wrt W --format latex > derivation.tex
    """
    from ..calculus.closed import closed_derivation
    from ..calculus.explain import derivation, remembered
    from ..syntax.greek import spelt

    remember = save is not None or recompute is not None or memory is not None
    if remember and (form == "closed" or kind != "gradient"):
        raise click.UsageError("--save, --recompute and --memory are for gradients in --form program.")
    program = program_of(source, strict=strict)
    names = spelt(wrt or (t.name for t in program.tensors if not t.is_integer), program.inputs)
    found = derivation(program, names, of, sizes=sizes, kind=kind)
    if remember:
        found = remembered(found, save, recompute, memory, sizes)
    final = closed_derivation(found) if form == "closed" else found
    if shape == "text":
        from ..present.derive_text import derivation_text

        closed = final if form == "closed" else None
        write(derivation_text(found, look(), steps=steps, sizes=sizes, closed=closed))
    elif shape == "json":
        from ..present.derive_json import derivation_data

        write_json(derivation_data(final, steps=steps, sizes=sizes))
    else:
        from ..present.derive_latex import derivation_latex, derivation_markdown

        page = derivation_latex if shape == "latex" else derivation_markdown
        write(page(final, steps=steps).rstrip("\n"))
