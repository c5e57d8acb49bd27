"""`indexcalc lsp`."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec

import click

from .. import __version__
from ..diagnostics import fail


@click.command("lsp")
@click.option("--stdio", is_flag=True, help="Talk over standard input and output, which is the default.")
@click.option("--tcp", type=click.IntRange(1, 65535), metavar="PORT", help="Listen on this port of this machine.")
def command(stdio: bool, tcp: int | None) -> None:
    """The language server: findings, explanations and fixes in an editor, for .idx, Python, LaTeX, Markdown, notebooks.

    It talks to one editor, which starts it. docs/lsp.md says how editors are told.
    """
    if stdio and tcp is not None:
        raise click.UsageError("--stdio and --tcp exclude each other.")
    if find_spec("pygls") is None:
        hint = "pip install 'indexcalc[lsp]'"
        raise fail("IX903", "the language server needs the library `pygls`, which is not installed", hint=hint)
    from ..lsp.features import make_server

    server = make_server(__version__)
    if tcp is not None:
        server.start_tcp("127.0.0.1", tcp)
        return
    messages = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what anything else prints is no message to the editor
    server.start_io(sys.stdin.buffer, messages)
