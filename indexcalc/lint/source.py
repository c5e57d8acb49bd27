"""From a path or bytes to source text: decoded, limited, and refused with a diagnostic where it cannot be read.

Every door that takes "a file, `-`, or the text itself" comes through here, so all of them refuse alike.
"""

from __future__ import annotations

import codecs
import os
import re
from dataclasses import dataclass
from pathlib import Path

from ..diagnostics import Diagnostic, IndexCalcError, Span
from ..limits import MAX_CHARACTERS, MAX_NOTEBOOK

KINDS = {
    ".idx": "idx",
    ".tex": "latex",
    ".latex": "latex",
    ".md": "markdown",
    ".markdown": "markdown",
    ".ipynb": "notebook",
    ".py": "python",
}
LINTED_KINDS = ("idx", "latex", "markdown", "notebook", "python")
_LINE = re.compile(r"[^\n\0]+")
_FILE_NAME = re.compile(r"[^=#\[\](){}]+\.[A-Za-z]\w*")  # no formula has a point before a letter
MAX_BYTES = 4 * MAX_CHARACTERS  # no character of UTF-8 or UTF-16 takes more


@dataclass(frozen=True, slots=True)
class Source:
    """Text with the name under which findings tell of it, and its kind ("idx", "latex", …)."""

    text: str
    name: str = "<input>"
    kind: str = "idx"


def kind_of(name: str) -> str:
    """The kind that a file's ending says; a file with another ending or none is taken as "idx".

    >>> kind_of("paper.tex"), kind_of("model.idx"), kind_of("equations")
    ('latex', 'idx', 'idx')
    """
    return KINDS.get(os.path.splitext(name)[1].lower(), "idx")


def is_path(text: str) -> bool:
    """Whether a string names a file rather than being the source itself.

    A line is a path if such a file exists, or if it has a file's ending and nothing that only a formula has.

    >>> is_path("missing.idx"), is_path("y[i] = 2 x[i]"), is_path("y = x  # see notes.md")
    (True, False, False)
    """
    if not text or len(text) > 4096 or not _LINE.fullmatch(text):
        return False
    if _FILE_NAME.fullmatch(text):
        return True
    try:
        return os.path.exists(text)
    except (OSError, ValueError):  # a name that the file system cannot even look up is no file
        return False


def read_source(path: str | Path, kind: str | None = None) -> Source:
    """The text of a file; `IndexCalcError` says why where there is none."""
    name = str(path)
    kind = kind or kind_of(name)
    limit = max_bytes(kind)
    try:
        with open(path, "rb", opener=not_waiting) as stream:
            data = stream.read(limit + 1)
    except (OSError, ValueError) as error:
        raise _unreadable(name, error) from None
    return Source(decode(data, name, limit), name, kind)


def max_bytes(kind: str) -> int:
    """How long a file of a kind may be.

    >>> max_bytes("notebook") > max_bytes("python") == MAX_BYTES
    True
    """
    return MAX_NOTEBOOK if kind == "notebook" else MAX_BYTES


def not_waiting(path: str, flags: int) -> int:
    """An `opener`: a named pipe is read as far as somebody writes to it, and not waited for if nobody does."""
    handle = os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
    if hasattr(os, "set_blocking"):
        os.set_blocking(handle, True)
    return handle


def decode(data: bytes, name: str, limit: int = MAX_BYTES) -> str:
    """Text of the bytes: UTF-8, or UTF-16 and UTF-8 with a byte order mark, which is dropped.

    >>> decode(codecs.BOM_UTF16_LE + "α".encode("utf-16-le"), "<stdin>")
    'α'
    """
    if len(data) > limit:
        raise _refusal("IX009", f"more than {limit:_} bytes", name, "split the file, or lint its parts")
    encoding = "utf-8"
    if data.startswith(codecs.BOM_UTF8):
        data = data[len(codecs.BOM_UTF8) :]
    elif data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    elif b"\0" in data:
        hint = "text in UTF-8 is expected (UTF-16 needs a byte order mark)"
        raise _refusal("IX012", "a binary file, not text: it holds a zero byte", name, hint)
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        good = data[: error.start].decode(encoding, "ignore")
        span = Span.of(good, len(good), len(good))
        message = f"not {encoding.upper()} text: byte 0x{data[error.start]:02x} after {error.start:_} good bytes"
        raise _refusal("IX012", message, name, "save the file as UTF-8", span) from None


def _unreadable(name: str, error: OSError | ValueError) -> IndexCalcError:
    hint = ""
    if isinstance(error, FileNotFoundError):
        message = "no such file"
        folder = os.path.dirname(name) or "."
        if os.path.isdir(folder):
            near = _near(os.path.basename(name), folder)
            hint = f"did you mean {os.path.join(os.path.dirname(name), near)}?" if near else ""
        else:
            hint = f"there is no folder {folder}"
    elif isinstance(error, IsADirectoryError):
        message, hint = "a folder, not a file", "name a file in it; `indexcalc lint` alone takes folders"
    else:
        message = f"cannot be read: {getattr(error, 'strerror', None) or error}"
    return _refusal("IX011", message, name, hint)


def _near(name: str, folder: str) -> str:
    """A file in the folder whose name is almost this one."""
    from difflib import get_close_matches

    try:
        names = os.listdir(folder)
    except OSError:
        return ""
    return next(iter(get_close_matches(name, names, 1, 0.75)), "")


def _refusal(code: str, message: str, name: str, hint: str = "", span: Span | None = None) -> IndexCalcError:
    return IndexCalcError(Diagnostic(code, message, span, hint, file=name))
