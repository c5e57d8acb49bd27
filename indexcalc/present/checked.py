"""What a check of a derivation's steps found, for the terminal and as data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..ir.trace import Section
from ..verify.report import Row, Verification
from ..verify.steps import StepCheck
from .derive_closed import labelled
from .look import Look


@dataclass(frozen=True, slots=True)
class Checked:
    """Every line against the one before; and the results against numeric derivatives, where that was asked."""

    steps: tuple[StepCheck, ...]
    results: Verification | None = None

    def __bool__(self) -> bool:
        return all(c.passed for c in self.steps) and (self.results is None or bool(self.results))

    def of(self, section: Section) -> dict[int, StepCheck]:
        """The checks of one section by the number of the step."""
        return {c.number: c for c in self.steps if c.target == section.target.name}

    def broken(self, section: Section) -> dict[int, str]:
        """Steps that do not hold, with what is wrong."""
        return {n: f"DOES NOT HOLD: off by {c.error:.1g}" for n, c in self.of(section).items() if not c.passed}

    def failures(self) -> list[str]:
        """A sentence for each line that does not hold and each result that differs."""
        found = [_failure(c) for c in self.steps if not c.passed]
        return found + ([f for row in self.rows() for f in row.failures()])

    def rows(self) -> Sequence[Row]:
        return [] if self.results is None else [r for r in self.results.rows if r.kind == "gradient"]


def _failure(c: StepCheck) -> str:
    what = f"step {c.number}" if c.number else "the finished statement"
    return f"{what} of `{c.target}` does not hold: relative error {c.error:.1g} against the line before"


def checked_lines(checked: Checked, look: Look) -> list[str]:
    """The line `checked`, or what failed."""
    failures = checked.failures()
    if failures:
        return labelled("checked", [look.paint(f, "red") for f in failures], look)
    points = max((c.points for c in checked.steps), default=0)
    worst = max((c.error for c in checked.steps), default=0.0)
    told = [f"each line against the one before at {points} random points, {'≤' if look.unicode else '<='} {worst:.0e}"]
    methods = dict.fromkeys(r.method for r in checked.rows())
    for method in methods:
        told.append(f"{method} {max(r.relative_error for r in checked.rows() if r.method == method):.0e}")
    return labelled("checked", ["; ".join(told)], look)


def checked_data(checked: Checked) -> dict[str, Any]:
    """Keys: passed, steps (target, number, error, points), failures."""
    steps = [{"target": c.target, "number": c.number, "error": c.error, "points": c.points} for c in checked.steps]
    return {"passed": bool(checked), "steps": steps, "failures": checked.failures()}
