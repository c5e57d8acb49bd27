"""A fresh process that lints a small file, and one that does nothing."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "attention.idx"


def _process(*arguments: str) -> Callable[[], object]:
    return lambda: subprocess.run([sys.executable, *arguments], check=True, capture_output=True)


lint = _process("-m", "indexcalc", "lint", str(EXAMPLE))
nothing = _process("-c", "pass")
