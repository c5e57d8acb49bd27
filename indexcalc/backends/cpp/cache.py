"""The folder of compiled libraries: private, found by content, bounded."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path

from ...diagnostics import fail

MAX_BYTES = 256 << 20  # of compiled libraries that are kept


def cache_folder() -> Path:
    """$INDEXCALC_CACHE, else `indexcalc` in $XDG_CACHE_HOME or ~/.cache: made if need be, for its owner only.

    What lies there is run, so a folder in which others may write is refused (IX957).
    """
    given = os.environ.get("INDEXCALC_CACHE")
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    folder = Path(os.path.expanduser(given)) if given else Path(base) / "indexcalc"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = folder.resolve()  # a link that is turned later leads nowhere else
        found = folder.stat()
    except OSError as error:
        message = f"the folder {folder} for compiled programs cannot be made: {error.strerror}"
        raise fail("IX957", message, hint=_ELSEWHERE) from None
    if hasattr(os, "getuid") and found.st_uid != os.getuid():
        raise fail("IX957", f"the folder {folder} for compiled programs belongs to somebody else", hint=_ELSEWHERE)
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        message = f"others may write into the folder {folder} for compiled programs"
        raise fail("IX957", message, hint=f"chmod 700 it, or {_ELSEWHERE}")
    return folder


_CONTENT = "[0-9a-f]" * 32  # the hash of a file's content, in a pattern of names
_ELSEWHERE = "set INDEXCALC_CACHE to a folder of your own"


def cached(key: str, make: Callable[[Path], None]) -> Path:
    """The file of this key, made by `make(path)` if it is not there or not whole.

    A file's name ends with the hash of its content, so that one that was cut short or changed is not used.  Files come
    into being by renaming, so that several processes may make the same one.
    """
    folder = cache_folder()
    for path in sorted(folder.glob(f"{key}-{_CONTENT}.so")):
        try:
            if path.name == _name(key, path):
                os.utime(path)
                return path
        except FileNotFoundError:  # another process removed it
            continue
        path.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(prefix="making-", dir=folder) as place:
        made = Path(place) / "library.so"
        make(made)
        path = folder / _name(key, made)
        os.replace(made, path)
    _evict(folder, path)
    return path


def _name(key: str, path: Path) -> str:
    return f"{key}-{hashlib.sha256(path.read_bytes()).hexdigest()[:32]}.so"


def _evict(folder: Path, newest: Path) -> None:
    """Removes what was not used for longest until the rest is small enough; what is not ours stays."""
    found = []
    for path in folder.glob(f"*-{_CONTENT}.so"):
        try:
            about = path.stat()
        except FileNotFoundError:  # another process was faster
            continue
        found.append((about.st_mtime_ns, about.st_size, path))
    total = sum(size for _, size, _ in found)
    for _, size, path in sorted(found):
        if total <= MAX_BYTES:
            break
        if path != newest:
            path.unlink(missing_ok=True)
            total -= size
