"""Python source by `ast`: its einsum-like calls with their strings.  Nothing is imported or run."""

from __future__ import annotations

import ast
import re
import warnings

from ..diagnostics import Diagnostic, IndexCalcError, Lines
from .calls import read_call
from .module import Module
from .positions import Positions
from .scopes import survey

_BOM = "\ufeff"
_TRIGGER = re.compile(r"einsum|Einsum|einops|einx|opt_einsum|rearrange|contract")
_MAGIC = re.compile(
    r"(?m)^([ \t]*)((?:%%?[A-Za-z]|!(?!=)|\?+\w|\w[\w.,\t ]*=[ \t]*(?:%[A-Za-z]|!))[^\r\n]*|[\w.*]+\?{1,2}[ \t]*)$"
)
_CELL_MAGIC = re.compile(r"\s*%%(\w+)[^\r\n]*")
_PYTHON_CELLS = ("time", "timeit", "capture", "prun", "python", "python3", "pypy")


def read_module(text: str) -> Module:
    """The calls of a file.  Raises `IndexCalcError` (IX020) where the text is no Python of this version.

    >>> module = read_module("import numpy as np\\nC = np.einsum('ij,jk->ik', A, B.T)")
    >>> [(c.function, c.string.text, [a.name for a in c.operands]) for c in module.calls]
    [('numpy.einsum', 'ij,jk->ik', ['A', 'B'])]
    """
    lines = Lines(text)
    tree = _parsed(text, lines)
    if not _TRIGGER.search(text):
        return Module(text, tree, lines, ())
    positions = Positions(text, lines)
    _, found = survey(tree)
    calls = (read_call(node, scope, positions) for node, scope in found)
    return Module(text, tree, lines, tuple(c for c in calls if c is not None))


def _parsed(text: str, lines: Lines) -> ast.Module:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a doubtful escape is for other linters
            return ast.parse(text.removeprefix(_BOM))
    except SyntaxError as error:
        line = min(max(error.lineno or 1, 1), text.count("\n") + 1)
        message = f"not Python: {error.msg}"
        raise _refusal(message, lines, min(lines.start(line) + max((error.offset or 1) - 1, 0), len(text))) from None
    except ValueError as error:
        raise _refusal(f"not Python: {error}", lines, 0) from None
    except (RecursionError, MemoryError):
        raise _refusal("this Python is nested too deep to be read", lines, 0) from None


def _refusal(message: str, lines: Lines, at: int) -> IndexCalcError:
    hint = "Python of the version that runs indexcalc is read; nothing else in this file is checked"
    return IndexCalcError(Diagnostic("IX020", message, lines.span(at, at), hint))


def mask_magics(cell: str) -> str:
    """A notebook cell with IPython's own lines (`%…`, `!…`, `?…`, `x = !…`) made into statements that do nothing, every
    other character in its place.  A cell in another language (`%%bash`) becomes blank.

    >>> mask_magics("%matplotlib inline\\nfiles = !ls\\nx = 1")
    '0                 \\n0          \\nx = 1'
    """
    head = _CELL_MAGIC.match(cell)
    if head is not None and head[1] not in _PYTHON_CELLS:
        return re.sub(r"[^\r\n]", " ", cell)
    return _MAGIC.sub(lambda m: m[1] + "0" + " " * (len(m[2]) - 1), cell)
