"""Where in a CUDA text the errors are that the compiler's log tells."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...diagnostics import Diagnostic, Lines

FILE = "kernels.cu"  # what the compiler calls the text

_ERROR = re.compile(
    rf"^(?:{re.escape(FILE)}\((\d+)\)|At end of source): (?:catastrophic )?error(?: #[\w-]+)?: (.*)$", re.MULTILINE
)
_ASSEMBLY = re.compile(r"^ptxas .*, line (\d+); error +: (.*)$", re.MULTILINE)
_PLACE = re.compile(r"\s*\.loc\s+\d+\s+(\d+)\s")


def errors_of(log: str, source: str) -> list[Diagnostic]:
    """The errors of a log that name a line of the text, each at its line.

    >>> [error] = errors_of('kernels.cu(2): error: expected a ";"', "int a;\\nint b\\n")
    >>> print(error)
    kernels.cu:2:1: error IX976: the CUDA compiler refuses the text: expected a ";"
       |
     2 | int b
       | ^^^^^
    """
    last = len(source.rstrip().split("\n"))
    found = ((int(error[1] or last), error[2].strip()) for error in _ERROR.finditer(log))
    return list(_at_lines(found, source, "the CUDA compiler refuses the text"))


def assembly_errors_of(log: str, ptx: str, source: str) -> list[Diagnostic]:
    """The errors of a log that name a line of the PTX, each at the line of the text that the PTX is marked with there.

    >>> ptx = ".entry f()\\n{\\n .loc 1 2 3\\n no.such;\\n}"
    >>> log = "ptxas application ptx input, line 4; error   : Not a name of any known instruction: 'no'"
    >>> [error] = assembly_errors_of(log, ptx, 'void f() {\\n  asm("no.such;");\\n}\\n')
    >>> error.message, error.span.line
    ("the assembler refuses `no.such;`: Not a name of any known instruction: 'no'", 2)
    """
    lines = ptx.split("\n")
    found = []
    for error in _ASSEMBLY.finditer(log):
        upto = lines[: int(error[1])]
        place = next((int(mark[1]) for line in reversed(upto) if (mark := _PLACE.match(line))), None)
        if place is not None:
            found.append((place, f"`{upto[-1].strip()}`: {error[2].strip()}"))
    return list(_at_lines(iter(found), source, "the assembler refuses", ""))


def _at_lines(errors: Iterator[tuple[int, str]], source: str, what: str, colon: str = ":") -> Iterator[Diagnostic]:
    """One finding for each (line, text); a line behind the end counts as the last one."""
    lines, texts = Lines(source), source.split("\n")
    for number, message in errors:
        line = min(number, len(texts))
        text = texts[line - 1]
        start = lines.start(line) + len(text) - len(text.lstrip())
        span = lines.span(start, start + len(text.strip()))
        yield Diagnostic("IX976", f"{what}{colon} {message}", span, file=FILE, source=source)
