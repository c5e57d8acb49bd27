"""`indexcalc lint`."""

from __future__ import annotations

import os

import click

from ..diagnostics import Diagnostic, IndexCalcError
from ..lint.run import lint_folder, lint_source
from ..lint.settings import Settings
from ..lint.source import is_path
from ..present.findings import finding_text, findings_data, summary_text
from .arguments import format_option, source_of, strict_option
from .output import look, write, write_json

BAD_INPUT = {"IX010", "IX011", "IX012"}  # nothing was linted


@click.command("lint")
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@format_option("text", "json")
@strict_option
@click.pass_context
def command(ctx: click.Context, sources: tuple[str, ...], shape: str, strict: bool) -> None:
    """Find mistakes in index notation.

    SOURCE is a file, a folder (every .idx file in it), `-` for standard input, or the text itself.  Exits with 1 if
    there is an error or a warning, with 2 if something could not be read at all.  A comment `# ix: ignore[IX506]` at
    the end of a line takes back findings of that code on that line.

    \b
    indexcalc lint examples
    indexcalc lint model.idx --format json
    indexcalc lint 'C[i,j] = A[i,k] B[j,l]'
    """
    findings: list[Diagnostic] = []
    files, here, settings = 0, look(), Settings(strict=strict)
    for source in sources:
        for found in _lint(source, settings):
            files += 1
            findings += found
            if shape == "text":
                for finding in found:
                    write(finding_text(finding, here) + "\n")
    if shape == "json":
        write_json(findings_data(findings, files))
    else:
        write(summary_text(findings, files))
    if any(d.code in BAD_INPUT for d in findings):
        ctx.exit(2)
    ctx.exit(1 if any(d.severity != "note" for d in findings) else 0)


def _lint(argument: str, settings: Settings) -> list[list[Diagnostic]]:
    """Findings per source that the argument means."""
    if argument != "-" and is_path(argument) and os.path.isdir(argument):
        return list(lint_folder(argument, settings))
    try:
        return [lint_source(source_of(argument), settings)]
    except IndexCalcError as error:
        return [error.diagnostics]
