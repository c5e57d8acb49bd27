"""Settings that have to stand before NumPy and torch are loaded, and how the random tests draw.

`make test` draws the same examples every time; `make fuzz` draws new ones and prints how to repeat a failure.
"""

import getpass
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from indexcalc.demo import use_one_blas_thread

# Compiled programs lie beside other temporary files, and the processes of a run share them.
os.environ.setdefault("INDEXCALC_CACHE", str(Path(tempfile.gettempdir()) / f"indexcalc-tests-{getpass.getuser()}"))

# The tests' arrays are small and several test processes may run side by side.
use_one_blas_thread()

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("fuzz", print_blob=True, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))

Work = Callable[[Callable[[], object]], int]


@pytest.fixture
def calls() -> Work:
    """How many Python and C functions a piece of code calls: work that is the same on every machine, unlike seconds."""

    def count(run: Callable[[], object]) -> int:
        total = 0

        def seen(frame: Any, event: str, argument: Any) -> None:
            nonlocal total
            total += event in ("call", "c_call")

        before = sys.getprofile()
        sys.setprofile(seen)
        try:
            run()
        finally:
            sys.setprofile(before)
        return total

    return count
