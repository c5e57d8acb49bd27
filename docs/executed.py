"""Markdown whose code runs: each `python` and `sh` block is followed by what it prints."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from indexcalc.cli.main import BAD_INPUT, cli

ROOT = Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"^```(python|sh)\n(.*?)^```\n", re.MULTILINE | re.DOTALL)
WIDTH = "110"


def executed(text: str) -> str:
    """The page with the output of every block after it.  Python blocks share their names, as in a session."""
    names: dict[str, Any] = {}
    run: dict[str, Callable[[str], str]] = {"python": lambda code: _python(code, names), "sh": _shell}

    def with_output(block: re.Match[str]) -> str:
        output = run[block[1]](block[2]).rstrip()
        return block[0] + (f"\n```text\n{output}\n```\n" if output else "")

    return BLOCK.sub(with_output, text)


def _python(code: str, names: dict[str, Any]) -> str:
    """What the code prints.  It is this folder's own text, never a reader's."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "<page>", "exec"), names)
    return printed.getvalue()


def _shell(code: str) -> str:
    """What the `indexcalc` commands print, one per line, run in the project's folder."""
    printed = []
    here = Path.cwd()
    try:
        os.chdir(ROOT)
        for line in code.splitlines():
            program, *arguments = shlex.split(line)
            if program != "indexcalc":
                raise ValueError(f"a page runs indexcalc only, not {line!r}")
            done = CliRunner(env={"COLUMNS": WIDTH}).invoke(cli, arguments, prog_name="indexcalc")
            if done.exit_code == BAD_INPUT:
                raise ValueError(f"{line}\n{done.output}")
            printed.append(done.output)
    finally:
        os.chdir(here)
    return "\n".join(printed)
