"""Which files below a folder are linted: those of a known kind that git does not ignore and nobody excludes.

Links to folders are not followed, so that a loop of links cannot trap the walk.  Hidden files, virtual environments and
folders of installed packages are left out.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .source import KINDS, LINTED_KINDS, not_waiting

SKIPPED = ("__pycache__", "node_modules", "site-packages", "venv", "build", "dist", "__pypackages__")


@dataclass(frozen=True, slots=True)
class Walk:
    """How folders are walked.  Patterns are as in .gitignore: `exclude` relative to the folder `base`, `configured` to
    the folder of their pyproject.toml.
    """

    exclude: tuple[str, ...] = ()
    gitignore: bool = True
    base: str = "."
    configured: tuple[str, ...] = ()
    config_folder: str = "."


@dataclass(frozen=True, slots=True)
class _Ignore:
    """The patterns of one .gitignore, or of `exclude`, and the folder that they are relative to."""

    folder: str
    patterns: Any

    def says(self, path: str, is_folder: bool) -> bool | None:
        """Whether the path is ignored (True), taken back by a `!` pattern (False), or not spoken of (None)."""
        inside = os.path.relpath(path, self.folder)
        if inside.startswith(".."):
            return None
        name = inside.replace(os.sep, "/") + ("/" if is_folder else "")
        verdict: bool | None = self.patterns.check_file(name).include
        return verdict


def files_below(folder: str, walk: Walk) -> list[str]:
    """Files below the folder that are linted, in sorted order; folders that cannot be read are left out."""
    named = ((walk.base, walk.exclude), (walk.config_folder, walk.configured))
    excluded = [_compiled(os.path.abspath(base), patterns) for base, patterns in named if patterns]
    found: list[str] = []
    stack = [(os.path.normpath(folder), _above(folder) if walk.gitignore else ())]
    while stack:
        here, ignores = stack.pop()
        try:
            with os.scandir(here) as entries:
                listed = sorted(entries, key=lambda e: e.name)
        except OSError:
            continue
        if walk.gitignore and any(e.name == ".gitignore" for e in listed):
            ignores = (*ignores, *_read(here, ".gitignore"))
        below = []
        for entry in listed:
            path = os.path.normpath(os.path.join(here, entry.name))
            is_folder = entry.is_dir(follow_symlinks=False)
            if entry.name.startswith(".") or (is_folder and _skipped(entry)):
                continue
            if not is_folder and not (_linted(entry.name) and _is_file(entry)):
                continue
            place = os.path.abspath(path)
            if _ignored(place, is_folder, ignores) or any(_ignored(place, is_folder, (x,)) for x in excluded):
                continue
            if is_folder:
                below.append((path, ignores))
            else:
                found.append(path)
        stack += reversed(below)
    return found


def matches(pattern: str, folder: str, path: str) -> bool:
    """Whether a pattern as in .gitignore, relative to the folder, names the file.

    >>> matches("tests/**", ".", "tests/a.py"), matches("*.tex", ".", "a.py")
    (True, False)
    """
    return _ignored(os.path.abspath(path), False, (_compiled(os.path.abspath(folder), (pattern,)),))


def _linted(name: str) -> bool:
    return KINDS.get(os.path.splitext(name)[1].lower()) in LINTED_KINDS


def _is_file(entry: os.DirEntry[str]) -> bool:
    """A file, or a link that leads nowhere, of which is told; a pipe or a device is never opened."""
    try:
        return stat.S_ISREG(entry.stat().st_mode)
    except OSError:
        return True


def _skipped(entry: os.DirEntry[str]) -> bool:
    if entry.name in SKIPPED or entry.name.endswith(".egg-info"):
        return True
    return os.path.exists(os.path.join(entry.path, "pyvenv.cfg"))  # a virtual environment by another name


def _ignored(path: str, is_folder: bool, ignores: Sequence[_Ignore]) -> bool:
    """The nearest file that speaks of the path decides, as in git."""
    for ignore in reversed(ignores):
        verdict = ignore.says(path, is_folder)
        if verdict is not None:
            return verdict
    return False


def _above(folder: str) -> tuple[_Ignore, ...]:
    """The .gitignore files that hold for the folder from above: those of its repository."""
    here = os.path.abspath(folder)
    chain = [here]
    while not os.path.exists(os.path.join(chain[-1], ".git")):
        parent = os.path.dirname(chain[-1])
        if parent == chain[-1]:
            return ()  # in no repository
        chain.append(parent)
    found = list(_read(chain[-1], os.path.join(".git", "info", "exclude")))
    for above in reversed(chain[1:]):  # the folder's own is read when it is walked
        found += _read(above, ".gitignore")
    return tuple(found)


def _read(folder: str, name: str) -> tuple[_Ignore, ...]:
    try:
        path = os.path.join(folder, name)
        with open(path, encoding="utf-8", errors="replace", opener=not_waiting) as stream:
            lines = stream.read(1_000_000).splitlines()
    except OSError:
        return ()
    lines = [line for line in lines if line.strip() and not line.startswith("#")]
    return (_compiled(os.path.abspath(folder), lines),) if lines else ()


def _compiled(folder: str, patterns: Sequence[str]) -> _Ignore:
    from pathspec import GitIgnoreSpec  # 15 ms, and many folders have no such file

    good: list[Any] = []
    for pattern in patterns:
        try:
            good += GitIgnoreSpec.from_lines([pattern]).patterns
        except (ValueError, re.error):
            continue  # git passes over what is no pattern, too
    return _Ignore(folder, GitIgnoreSpec(good))
