"""Texts of C++ headers that emitted sources carry along, so that they compile by themselves."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def header(name: str) -> str:
    """The text of `NAME.hpp` of this folder.

    >>> header("core").splitlines()[0]
    '// What every emitted source begins with: arrays, extents, errors, threads, memory.'
    """
    return files(__name__).joinpath(f"{name}.hpp").read_text(encoding="utf-8")
