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
from .output import look, write, write_error, write_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..calculus.question import Kind
    from ..ir.program import Program
    from ..ir.trace import Derivation
    from ..present.checked import Checked


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
    "--check-steps", "check", is_flag=True, help="Show the steps, each checked by numbers; exit with 1 if one is wrong."
)
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
@click.pass_context
def command(
    ctx: click.Context,
    source: str,
    wrt: tuple[str, ...] | None,
    of: str | None,
    kind: Kind,
    steps: bool,
    check: bool,
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
    indexcalc derive 'L = norm[i](A[i,j] x[j])' --wrt x --check-steps
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
    checked = _checked(found, program, names, of, kind, sizes) if check else None
    final = closed_derivation(found) if form == "closed" else found
    if shape == "text":
        from ..present.derive_text import derivation_text

        closed = final if form == "closed" else None
        write(derivation_text(found, look(), steps=steps or check, sizes=sizes, closed=closed, checked=checked))
    elif shape == "json":
        from ..present.derive_json import derivation_data

        write_json(derivation_data(final, steps=steps or check, sizes=sizes, checked=checked))
    else:
        from ..present.derive_latex import derivation_latex, derivation_markdown

        page = derivation_latex if shape == "latex" else derivation_markdown
        write(page(final, steps=steps or check).rstrip("\n"))
    if checked is not None and not checked:
        for failure in checked.failures():
            write_error(f"error: {failure}")
        ctx.exit(1)


def _checked(
    found: Derivation, program: Program, names: Sequence[str], of: str | None, kind: Kind, sizes: dict[str, int]
) -> Checked:
    """Every line by numbers; of a gradient also the result, against the forward program's numeric derivative."""
    from ..present.checked import Checked
    from ..verify import Task, check
    from ..verify.steps import check_steps

    steps = check_steps(found, sizes=sizes)
    if kind != "gradient":
        return Checked(steps)
    task = Task(of or program.outputs[0], tuple(names), found.result)
    return Checked(steps, check(program, [task], sizes=sizes))
