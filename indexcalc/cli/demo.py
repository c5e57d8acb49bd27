"""`indexcalc demo`."""

from __future__ import annotations

import click


@click.command("demo")
@click.option("--steps", type=click.IntRange(1), help="Training steps.  [default: 600]")
@click.option("--quick", is_flag=True, help="Train for 120 steps.")
@click.pass_context
def command(ctx: click.Context, steps: int | None, quick: bool) -> None:
    """Check, derive, emit, verify and train causal attention, in about a minute, on the CPU.

    Exits with 1 if a verification fails or the model does not learn.
    """
    from ..demo import use_one_blas_thread

    use_one_blas_thread()
    from rich.console import Console

    from ..demo.show import QUICK_STEPS, STEPS, show

    console = Console(highlight=False)
    outcome = show(console, steps or (QUICK_STEPS if quick else STEPS))
    console.print()
    for failure in outcome.failures:
        console.print(f"FAILED: {failure}", style="bold red", markup=False)
    if outcome.failures:
        ctx.exit(1)
    console.print(f"All of it in {outcome.seconds:.0f} s. Next: indexcalc --help", style="bold green")
