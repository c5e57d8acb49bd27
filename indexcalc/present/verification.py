"""A verification for the terminal: its own table, with colour on the verdicts."""

from __future__ import annotations

import re

from ..verify.report import Verification
from .look import Look

_VERDICT = re.compile(r"\bok$|\bverified$|FAILED")


def verification_lines(verification: Verification, look: Look) -> list[str]:
    """The lines of `str(verification)`."""

    def painted(match: re.Match[str]) -> str:
        return look.paint(match[0], "bold", "red" if match[0] == "FAILED" else "green")

    return [_VERDICT.sub(painted, line) for line in str(verification).split("\n")]
