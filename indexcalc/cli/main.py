"""`indexcalc`: the group of commands, each loaded when it is called, and the one place where errors become exit codes.

Exit codes: 0 fine; 1 findings, or a verification that failed; 2 bad usage or bad input; 130 interrupted; 141 the reader
of a pipe went away.
"""

from __future__ import annotations

import atexit
import gc
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, NoReturn, TextIO

import click

from ..diagnostics import IndexCalcError
from ..present.findings import finding_text
from ..present.look import look_of
from .output import write_error

COMMANDS = (
    "demo",
    "lint",
    "explain",
    "compare",
    "derive",
    "simplify",
    "emit",
    "run",
    "verify",
    "cost",
    "einsum",
    "lsp",
)
COLLECT = 50_000  # new objects before the collector looks for cycles: trees and modules have few, and are all alive
BAD_INPUT, INTERRUPTED, PIPE_CLOSED = 2, 130, 141


class Commands(click.Group):
    """Subcommands by name: `indexcalc.cli.<name>.command`, imported when asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"{__package__}.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(args[0], COMMANDS, 1, 0.5)
            hint = f"Did you mean {near[0]!r}?" if near else f"Commands: {', '.join(COMMANDS)}."
            ctx.fail(f"No such command {args[0][:60]!r}. {hint}")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; what it cannot do becomes a message on stderr and an exit code, never a traceback."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
            return result
        except IndexCalcError as error:
            look = look_of(sys.stderr)
            write_error("\n\n".join(finding_text(d, look) for d in error.diagnostics))
            ctx.exit(BAD_INPUT)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python tells of it again at its end
            ctx.exit(PIPE_CLOSED)
        except MemoryError:
            write_error("error: not enough memory for arrays of these sizes; choose smaller --sizes")
            ctx.exit(BAD_INPUT)
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            write_error(f"{where}error: {error.strerror or error}")
            ctx.exit(BAD_INPUT)


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Wherever a command takes SOURCE, that is a file, `-` for standard input, or the text itself.",
)
@click.version_option(package_name="indexcalc", message="indexcalc %(version)s")
def cli() -> None:
    """Index notation that is checked, differentiated, compiled and verified.

    \b
    indexcalc demo                                       see all of it in a minute
    indexcalc lint model.py paper.tex model.idx          find mistakes where equations are written
    indexcalc derive 'L = x[i] A[i,j] x[j]' --wrt x --steps
    indexcalc emit attention.idx --grad Q,K,V            NumPy source of the backward pass
    indexcalc verify attention.idx --wrt Q,K,V           check every gradient numerically
    indexcalc cost attention.idx --sizes L=512,D=64      count its operations and its memory
    """


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """The entry point of the installed command."""
    gc.set_threshold(COLLECT)
    atexit.register(gc.freeze)  # or Python looks for cycles once more as it ends, which takes a tenth of a short run
    for stream in (sys.stdout, sys.stderr):
        _replace_unwritable(stream)
    try:
        result = cli.main(arguments, prog_name="indexcalc", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        write_error("interrupted")
        sys.exit(INTERRUPTED)
    sys.exit(result if isinstance(result, int) else 0)


def _replace_unwritable(stream: TextIO) -> None:
    """Characters that the stream's encoding lacks are written as `?`, one for one, so that carets stay in place."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="replace")


if __name__ == "__main__":
    main()
