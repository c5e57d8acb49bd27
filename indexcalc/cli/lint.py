"""`indexcalc lint`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import click

from ..diagnostics import Diagnostic, IndexCalcError
from ..lint.batch import Batch, Request
from ..lint.config import code_problem
from ..lint.settings import PROFILES, TARGETS
from ..lint.source import KINDS, Source, is_path, kind_of
from .arguments import source_of, strict_option
from .lint_report import FORMATS, Report
from .progress import Progress

BAD_INPUT = {"IX010", "IX011", "IX012", "IX014", "IX015", "IX016", "IX017"}  # something was not linted as asked


class Codes(click.ParamType[tuple[str, ...]]):
    """Codes, or their beginnings, separated by commas."""

    name = "codes"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        if isinstance(value, tuple):
            return value
        codes = tuple(part.strip().upper() for part in value.split(",") if part.strip())
        for code in codes:
            problem = code_problem(code)
            if problem is not None:
                self.fail("; ".join(problem), param, ctx)
        return codes


class Targets(click.ParamType[tuple[str, ...]]):
    """Libraries separated by commas."""

    name = "targets"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        if isinstance(value, tuple):
            return value
        names = tuple(part.strip() for part in value.split(",") if part.strip())
        for name in names:
            if name not in TARGETS:
                self.fail(f"{name!r} is none of {', '.join(TARGETS)}", param, ctx)
        return names


def _every(values: tuple[tuple[str, ...], ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(v for part in values for v in part))


@click.command("lint")
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option("--format", "shape", type=click.Choice(FORMATS), default="full", show_default=True)
@click.option("--select", type=Codes(), multiple=True, metavar="IX101,IX5", help="Only these codes, or families.")
@click.option("--ignore", type=Codes(), multiple=True, metavar="IX101,IX5", help="None of these codes, or families.")
@click.option("--profile", type=click.Choice(PROFILES), help="How a community writes: some severities differ.")
@click.option("--target", type=Targets(), multiple=True, metavar="numpy,torch", help="Libraries to work with, too.")
@strict_option
@click.option("--fix", is_flag=True, help="Write safe fixes into the files.")
@click.option("--unsafe-fixes", is_flag=True, help="With --fix or --diff: fixes that may change what is meant, too.")
@click.option("--diff", is_flag=True, help="Show what --fix would write, and change nothing.")
@click.option("--add-noqa", is_flag=True, help="Write comments that take back every finding of today.")
@click.option("--baseline", metavar="FILE", help="Tell only of findings that this file does not know.")
@click.option("--write-baseline", is_flag=True, help="Write the findings of today to the --baseline file.")
@click.option("--exclude", multiple=True, metavar="PATTERN", help="Leave out files in folders, as in .gitignore.")
@click.option("--no-respect-gitignore", is_flag=True, help="Read files that git ignores, too.")
@click.option("--isolated", is_flag=True, help="Read no pyproject.toml.")
@click.option("--kind", type=click.Choice(sorted(set(KINDS.values()))), help="Of every source, instead of its ending.")
@click.option("--stdin-filename", metavar="NAME", help="What `-` is called; its ending says the kind.")
@click.option("--jobs", type=click.IntRange(1), metavar="N", help="Processes for many files.  [default: all cores]")
@click.option("--statistics", is_flag=True, help="Count findings by code instead of showing them.")
@click.option("-q", "--quiet", is_flag=True, help="Findings only, without the lines that sum up.")
@click.option("--exit-zero", is_flag=True, help="Exit with 0 in spite of findings.")
@click.pass_context
def command(ctx: click.Context, /, sources: tuple[str, ...], **options: Any) -> None:
    """Find mistakes in index notation.

    SOURCE is a file, a folder (every .idx, .py, .ipynb, .tex and .md file in it that git does not ignore), `-` for
    standard input, or the text itself.  Settings come from [tool.indexcalc] of the nearest pyproject.toml.  Exits with
    1 if there is an error or a warning, with 2 if something could not be read at all.  A comment
    `# ix: ignore[IX506]` takes back findings of that code on its line.

    \b
    indexcalc lint examples
    indexcalc lint src paper.tex --profile chemistry --format sarif > lint.sarif
    indexcalc lint model.py --diff
    indexcalc lint 'C[i,j] = A[i,k] B[j,l]'
    """
    _check(options)
    batch = Batch([_source(s, options) for s in sources], _request(options))
    baseline = options["baseline"] or batch.baseline
    if options["write_baseline"] and baseline is None:
        raise click.UsageError("--write-baseline needs --baseline FILE, or `baseline` in pyproject.toml.")
    silent = options["statistics"] or options["write_baseline"]
    report = Report(options["shape"], diff=options["diff"], silent=silent, quiet=options["quiet"])
    if baseline is not None and not options["write_baseline"]:
        report.know(baseline)
    report.take(batch.findings)
    with Progress(len(batch)) as progress:
        for job, outcome in batch.run():
            progress.step()
            if report.has_news(outcome):
                progress.clear()
            report.outcome(job, outcome)
    if baseline is not None and options["write_baseline"]:
        report.write_baseline(baseline)
    else:
        report.end(len(batch), statistics=options["statistics"])
    ctx.exit(_exit_code(report.findings, options, report.would_change))


def _exit_code(findings: list[Diagnostic], options: dict[str, Any], would_change: bool) -> int:
    if any(d.code in BAD_INPUT for d in findings):
        return 2
    if options["exit_zero"] or options["write_baseline"]:
        return 0
    if options["diff"]:
        return int(would_change)
    return int(any(d.severity != "note" for d in findings))


def _check(options: dict[str, Any]) -> None:
    asked = [name for name in ("fix", "diff", "add_noqa", "write_baseline") if options[name]]
    if len(asked) > 1:
        raise click.UsageError(f"--{asked[0]} and --{asked[1]} exclude each other.".replace("_", "-"))
    if options["diff"] and options["shape"] not in ("full", "text"):
        raise click.UsageError("--diff has a format of its own.")


def _request(options: dict[str, Any]) -> Request:
    """What the options ask for; what is not given is left to the settings of each file."""
    asked: dict[str, Any] = {}
    for name, value in (("profile", options["profile"]), ("targets", _every(options["target"]))):
        asked |= {name: value} if value else {}
    for name in ("select", "ignore"):
        asked |= {name: _every(options[name])} if options[name] else {}
    asked |= {"strict": True} if options["strict"] else {}
    kind = "all" if options["unsafe_fixes"] else "safe"
    return Request(
        asked,
        options["exclude"],
        not options["no_respect_gitignore"],
        options["isolated"],
        options["jobs"] or 0,
        kind if options["fix"] or options["diff"] else "marks" if options["add_noqa"] else "",
        options["kind"],
    )


def _source(argument: str, options: dict[str, Any]) -> str | Source | IndexCalcError:
    """A path as it is; a text, or standard input, as a source."""
    if argument != "-" and is_path(argument):
        return argument
    try:
        source = source_of(argument)
    except IndexCalcError as error:
        return error
    name = options["stdin_filename"] if argument == "-" else None
    if name is not None:
        source = replace(source, name=name, kind=kind_of(name))
    return replace(source, kind=options["kind"]) if options["kind"] else source
