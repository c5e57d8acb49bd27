"""IPython's additions to Python, written over by Python of the same length: `%magic`, `!command`, `name?`."""

from __future__ import annotations

import ast
import re
import warnings

# Magics that run what stands behind them, or below, as Python.
_RUNNING = "time|timeit|prun|capture|memit|mprun|lprun|snakeviz|px|python|python3|pypy"
_CELL = re.compile(r"\s*%%(?P<name>\w*)[^\r\n]*")
_TIMED = re.compile(rf"(?P<indent>[ \t]*)(?P<magic>%(?:{_RUNNING})\b(?:[ \t]+-\w+(?:[ \t]+\d+)?)*[ \t]+)(?=[^\s-])")
_LINE = re.compile(
    r"(?P<indent>[ \t]*)(?P<magic>[%!][^\r\n]*|\?{1,2}[\w.]+[ \t]*|[\w.\[\]]+\?{1,2}[ \t]*)(?=\r|\n|$)", re.MULTILINE
)
_ASSIGNED = re.compile(r"(?P<indent>[ \t]*[\w, \t.]+=[ \t]*)(?P<magic>[%!][^\r\n]*)")


def plain_python(text: str) -> str | None:
    """A notebook's cell as Python, character for character at its place; None where it is none.

    >>> plain_python("%matplotlib inline\\nx = 1")
    '0                 \\nx = 1'
    >>> plain_python("%%bash\\nls -l") is None
    True
    """
    if parses(text):
        return text
    masked = without_magics(text)
    return masked if masked is not None and parses(masked) else None


def without_magics(text: str) -> str | None:
    """A cell with its magics written over, be it Python or not; None where it says that it is of another language.

    >>> without_magics("!ls\\nprint x"), without_magics("%%html\\n<b>")
    ('0  \\nprint x', None)
    """
    cell = _CELL.match(text)
    if cell:
        if not re.fullmatch(_RUNNING, cell["name"]):
            return None
        text = _over(text, *cell.span())
    out, goes_on = [], False
    for line in re.split(r"(?<=\n)|(?<=\r)(?!\n)", text):
        out.append(_line(line, goes_on))
        goes_on = out[-1] != line and line.rstrip("\r\n").endswith("\\")
    return "".join(out)


def _line(line: str, goes_on: bool) -> str:
    if goes_on:
        return _over(line, 0, len(line.rstrip("\r\n")), "")
    timed = _TIMED.match(line)
    if timed:
        width = len(timed["magic"])
        return f"{timed['indent']}{'0;'.ljust(width)}{line[timed.end() :]}"
    match = _LINE.match(line) or _ASSIGNED.match(line)
    return _over(line, match.start("magic"), match.end("magic")) if match else line


def _over(text: str, start: int, end: int, what: str = "0") -> str:
    return text[:start] + what.ljust(end - start) + text[end:]


def parses(text: str) -> bool:
    """Whether a text is Python."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of invalid escapes and the like
            ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
