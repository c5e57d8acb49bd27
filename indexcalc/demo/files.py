"""Where the examples lie: inside the package when it is installed, beside it in a checkout."""

from __future__ import annotations

from pathlib import Path

from ..diagnostics import fail

_PACKAGE = Path(__file__).resolve().parent.parent


def example_path(name: str) -> Path:
    """The path of an example, or of a file of its `data` folder.

    >>> example_path("attention.idx").read_text(encoding="utf-8").splitlines()[0][:25]
    '# Causal attention in thr'
    """
    for folder in (_PACKAGE / "examples", _PACKAGE.parent / "examples"):
        if (folder / name).is_file():
            return folder / name
    raise fail("IX901", f"no such example: `{name}`", hint="the installation is incomplete; install indexcalc again")
