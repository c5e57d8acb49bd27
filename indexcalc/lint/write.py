"""Writing files so that none is ever half written, and none changes but where it was meant to."""

from __future__ import annotations

import codecs
import os
import tempfile
from errno import EACCES

from ..diagnostics import fail
from .source import decode


def replace_file(path: str, data: bytes) -> None:
    """Put these bytes in the place of the file at once, keeping its permissions; a link stays a link."""
    target = os.path.realpath(path)
    folder = os.path.dirname(target) or "."
    try:
        handle, temporary = tempfile.mkstemp(dir=folder, prefix=".indexcalc-")
    except OSError as error:
        error.filename = path  # a name that nobody has seen would tell nothing
        raise
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        os.chmod(temporary, _mode(target))
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise


def _mode(path: str) -> int:
    try:
        return os.stat(path).st_mode & 0o7777
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask


def rewrite(path: str, before: str, after: str) -> None:
    """Change a file's text, keeping its encoding and byte order mark; refused where the file is no longer `before`, and
    where it may not be written: that a new file can take its place is no leave to do so.
    """
    if not (os.stat(path).st_mode & 0o222 and os.access(path, os.W_OK)):
        raise PermissionError(EACCES, "it is read-only", path)
    with open(path, "rb") as stream:
        data = stream.read()
    if decode(data, path) != before:
        raise fail("IX011", f"{path} changed while it was linted", hint="run again")
    replace_file(path, encode(after, data))


def encode(text: str, like: bytes) -> bytes:
    """The text in the encoding of the bytes, with their byte order mark.

    >>> encode("β", codecs.BOM_UTF16_BE + b"")[:2] == codecs.BOM_UTF16_BE
    True
    """
    if like.startswith(codecs.BOM_UTF8):
        return codecs.BOM_UTF8 + text.encode()
    for mark, encoding in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        if like.startswith(mark):
            return mark + text.encode(encoding)
    return text.encode()
