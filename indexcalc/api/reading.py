"""Text to programs, and what is to be said about it."""

from __future__ import annotations

from pathlib import Path

from ..diagnostics import Diagnostic
from ..ir.program import Program
from .arguments import text_of


def parse(text: str, *, filename: str = "<input>", strict: bool = False) -> Program:
    """Read and check a program.  `strict` asks for a declaration of every name.

    Raises `IndexCalcError`, whose `.diagnostics` lists everything that is wrong.

    >>> import indexcalc as ic
    >>> ic.parse("C_ij = A_ik B_kj").inputs.keys()
    dict_keys(['A', 'B'])
    """
    from ..elaborate.read import read_program

    return read_program(text_of(text, "a program"), filename=filename, strict=strict)


def lint(text_or_path: str | Path, *, kind: str | None = None) -> list[Diagnostic]:
    """Everything that is to be said about a program's text or file.  Never raises on bad input.

    >>> import indexcalc as ic
    >>> [d.code for d in ic.lint("S[i,j] = Q[i,d] K[k,d]")]
    ['IX101']
    """
    from ..lint.run import lint as run

    return run(text_or_path, kind=kind)
