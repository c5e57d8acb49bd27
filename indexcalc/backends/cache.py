"""The folder of what compiling made: private, found by content, bounded."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from ..diagnostics import fail

MAX_BYTES = 256 << 20  # of all that is kept
SHARED, PROGRAM = ".so", ".json"  # kinds of files, by their suffix: a library, a text with how it is called

_ELSEWHERE = "set INDEXCALC_CACHE to a folder of your own"
_HASH = 32  # hexadecimal digits of a key, and of the hash of a file's content

T = TypeVar("T")


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


def key_of(*parts: str) -> str:
    """A name for what these texts decide; parts that run together otherwise have another one.

    >>> key_of("a", "b") == key_of("a", "b"), key_of("a", "b") == key_of("ab", "")
    (True, False)
    """
    whole = "".join(f"{len(part)}:{part}" for part in parts)
    return hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH]


def cached(key: str, kind: str, make: Callable[[Path], None]) -> Path:
    """The file of this key, made by `make(path)` if it is not there or not whole.

    A file's name ends with the hash of its content, so that one that was cut short or changed is not used.  Files come
    into being by renaming, so that several processes may make the same one.
    """
    folder = cache_folder()
    found = _whole(folder, key, kind)
    return found[0] if found else _made(folder, key, kind, make)


def recalled(key: str, read: Callable[[bytes], T], write: Callable[[T], bytes], make: Callable[[], T]) -> T:
    """What `read` makes of the file of this key, else of `make()`, which is then kept as `write` has it.

    `read` raises `ValueError` for what it did not write.  Such a file is removed, and its value made again.
    """
    folder = cache_folder()
    found = _whole(folder, key, PROGRAM)
    if found is not None:
        path, content = found
        try:
            return read(content)
        except ValueError as error:
            _discard(path, f"is not what was written: {error}")
    value = make()
    _made(folder, key, PROGRAM, lambda path: _write(path, write(value)))
    return value


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def _whole(folder: Path, key: str, kind: str) -> tuple[Path, bytes] | None:
    """The file of this key with its content; files that are not whole are removed."""
    for path in _files(folder, f"{key}-", (kind,)):
        try:
            content = path.read_bytes()
            if path.name == _name(key, kind, content):
                os.utime(path)
                return path, content
        except FileNotFoundError:  # another process removed it
            continue
        _discard(path, "was cut short or changed")
    return None


def _discard(path: Path, why: str) -> None:
    """Removes a file that is not used, and says so to who listens."""
    from logging import getLogger  # takes longer to load than all else here, and is rarely needed

    getLogger("indexcalc.cache").debug("%s %s; it is made anew", path, why)
    path.unlink(missing_ok=True)


def _made(folder: Path, key: str, kind: str, make: Callable[[Path], None]) -> Path:
    from tempfile import TemporaryDirectory  # what is kept needs none

    with TemporaryDirectory(prefix="making-", dir=folder) as place:
        made = Path(place) / f"made{kind}"
        make(made)
        path = folder / _name(key, kind, made.read_bytes())
        os.replace(made, path)
    _evict(folder, path)
    return path


def _name(key: str, kind: str, content: bytes) -> str:
    return f"{key}-{hashlib.sha256(content).hexdigest()[:_HASH]}{kind}"


def _files(folder: Path, start: str, kinds: tuple[str, ...] = (SHARED, PROGRAM)) -> Iterator[Path]:
    """Our files whose names begin so, by name.  Others may lie in the folder."""
    with os.scandir(folder) as entries:
        names = sorted(e.name for e in entries if e.name.startswith(start) and e.name.endswith(kinds))
    for name in names:
        content = os.path.splitext(name)[0].rpartition("-")[2]
        if len(content) == _HASH and set(content) <= set("0123456789abcdef"):
            yield folder / name


def _evict(folder: Path, newest: Path) -> None:
    """Removes what was not used for longest until the rest is small enough; what is not ours stays."""
    found = []
    for path in _files(folder, ""):
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
