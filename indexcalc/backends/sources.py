"""What made a text: the package's own sources as one hash, and other programs and libraries as they are now."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterator
from functools import cache

from ..began import BEGAN

PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SUFFIXES = (".py", ".hpp")
PARTS = ("backends", "cost", "diagnostics.py", "ir", "limits.py", "lower", "paths")
"""The backends and what they are made of.  Nothing else decides what they emit for a program."""


def identity(path: str) -> str:
    """The program or library behind a path, as it is now: a new version of it is another one."""
    real = os.path.realpath(path)
    found = os.stat(real)
    return f"{real} {found.st_size} {found.st_mtime_ns}"


@cache
def sources_hash() -> str | None:
    """A hash of this package's sources and of Python's version; None where nobody can say what runs here.

    That is so where the sources lie in no folder, and where one of them was changed after this process had begun to
    load them: then another text may run than the one that lies there.
    """
    whole = hashlib.sha256(sys.version.encode())
    try:
        for path in sorted(path for part in PARTS for path in _sources(os.path.join(PACKAGE, part))):
            changed, content = _read(path)
            if changed >= BEGAN:
                return None
            whole.update(f"{os.path.relpath(path, PACKAGE)}:{len(content)}:".encode() + content)
    except OSError:
        return None
    return whole.hexdigest()


def _read(path: str) -> tuple[float, bytes]:
    """(when it was changed, content), by the fewest calls: there are 200 files to read before a program is found."""
    file = os.open(path, os.O_RDONLY)
    try:
        about = os.fstat(file)
        return about.st_mtime, os.read(file, about.st_size)
    finally:
        os.close(file)


def _sources(path: str) -> Iterator[str]:
    """The file, or the sources in the folder and in those inside of it."""
    if path.endswith(SUFFIXES):
        yield path
        return
    with os.scandir(path) as entries:
        every = list(entries)
    for entry in every:
        if entry.name.endswith(SUFFIXES):
            yield entry.path
        elif entry.is_dir() and entry.name != "__pycache__":
            yield from _sources(entry.path)
