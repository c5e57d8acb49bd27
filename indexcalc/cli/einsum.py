"""`indexcalc einsum`."""

from __future__ import annotations

import click

from ..einsum.dialects import DIALECTS
from ..einsum.targets import TARGETS
from .arguments import Names, format_option, sizes_option
from .output import look, write, write_json

DTYPES = {"float16": 2, "bfloat16": 2, "float32": 4, "float64": 8, "complex64": 8, "complex128": 16}


@click.command("einsum")
@click.argument("spec", metavar="SPEC")
@sizes_option
@click.option(
    "--target", "targets", type=Names(), default=None, metavar="numpy,torch", help="Ask these libraries only."
)
@click.option("--names", type=Names(), metavar="Q,K,S", help="Names of the operands and the result.")
@click.option("--dtype", type=click.Choice(list(DTYPES)), default="float32", show_default=True)
@click.option(
    "--dialect", default="language", metavar="NAME", help="How to read it: einsum, sublist, einops.rearrange, …"
)
@format_option("text", "json")
@click.pass_context
def command(
    ctx: click.Context,
    spec: str,
    sizes: dict[str, int],
    targets: tuple[str, ...] | None,
    names: tuple[str, ...] | None,
    dtype: str,
    dialect: str,
    shape: str,
) -> None:
    """Explain an einsum: its equation, what kind of operation it is, its costs and gradients, and who takes it.

    SPEC is a string of letters or of names, or lists of labels; a pattern of einops with --dialect. With --target the
    exit code is 1 where one of those libraries refuses it.

    \b
    indexcalc einsum 'bqhd,bkhd->bhqk' --sizes b=2,q=128,h=8,d=64,k=128
    indexcalc einsum 'batch seq d, d e -> batch seq e' --names x,W,y
    indexcalc einsum '...i->i' --target numpy,torch
    indexcalc einsum 'b (h d) -> b h d' --dialect einops.rearrange
    """
    from ..einsum.describe import describe
    from ..einsum.parse import parse
    from ..einsum.refusal import refusal
    from ..einsum.spec import SpecError
    from ..einsum.verdict import Refused, judged
    from ..present.einsum import description_data, description_text

    for name in targets or ():
        if name not in TARGETS:
            raise click.UsageError(f"no target {name!r}; targets: {', '.join(TARGETS)}")
    try:
        if dialect not in DIALECTS and not dialect.startswith("einx."):
            raise click.UsageError(f"no dialect {dialect!r}; dialects: {', '.join(DIALECTS)}")
        read = parse(spec, dialect)
        found = describe(read, sizes, names=names or (), itemsize=DTYPES[dtype])
    except SpecError as error:
        raise refusal(spec, error) from None
    verdicts = judged(read, sizes, targets)
    if shape == "json":
        write_json(description_data(found, verdicts, dtype))
    else:
        write(description_text(found, verdicts, dtype, look()))
    if targets and any(isinstance(verdict, Refused) for _, verdict in verdicts):
        ctx.exit(1)
