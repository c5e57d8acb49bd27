"""`indexcalc simplify`."""

from __future__ import annotations

import click

from .arguments import format_option, source_argument, source_of
from .output import look, write, write_json


@click.command("simplify")
@source_argument
@click.option("--given", default="", metavar="DECLARATIONS", help="Declarations that the expression is read under.")
@click.option("--steps", is_flag=True, help="Show every step with its rule and law.")
@format_option("text", "latex", "json")
def command(source: str, given: str, steps: bool, shape: str) -> None:
    """Simplify one expression: contract deltas, split and pull out sums, collect like terms.

    \b
    indexcalc simplify 'sum[j](delta[i,j] x[j])'
    indexcalc simplify 'diff(x[i] A[i,j] x[j], x[k])' --steps
    indexcalc simplify 'delta[i,i]' --given 'index i : n(N)'
    """
    from ..calculus.declared import simplified_as_declared
    from ..elaborate.read import read_expression, read_program
    from ..ir.latex import expression_latex
    from ..ir.text import expression_text
    from ..present.derive_json import step_data
    from ..present.derive_text import trace_lines
    from ..rewrite.tidy import tidy

    beside = read_program(given, filename="--given")
    expression = read_expression(source_of(source).text.strip(), given=beside)
    answer, trace = simplified_as_declared(expression, beside)
    answer = tidy(answer)
    if shape == "json":
        data = {"expression": expression_text(expression), "result": expression_text(answer)}
        write_json({**data, "latex": expression_latex(answer), "steps": [step_data(s) for s in trace]})
    elif shape == "latex":
        lines = [expression_latex(s.after) for s in trace] if steps else [expression_latex(answer)]
        write("\n= ".join([expression_latex(expression), *lines]) if steps else lines[0])
    else:
        if steps:
            write("\n".join([f"      {expression_text(expression)}", *trace_lines(trace, look()), ""]))
        write(expression_text(answer))
