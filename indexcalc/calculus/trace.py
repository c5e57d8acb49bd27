"""The steps of a derivation, found when they are first looked at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import overload

from ..ir.program import Program
from ..ir.trace import Step
from .explain import explained
from .question import Question


class LazyTrace(Sequence[Step]):
    """What `Program.trace` of a derived program holds."""

    def __init__(self, question: Question) -> None:
        self._question = question

    @property
    def forward(self) -> Program:
        """The program that was differentiated."""
        return self._question.program

    @cached_property
    def _steps(self) -> tuple[Step, ...]:
        return tuple(step for section in explained(self._question).sections for step in section.steps)

    @overload
    def __getitem__(self, item: int) -> Step: ...
    @overload
    def __getitem__(self, item: slice) -> Sequence[Step]: ...
    def __getitem__(self, item: int | slice) -> Step | Sequence[Step]:
        return self._steps[item]

    def __len__(self) -> int:
        return len(self._steps)

    def __repr__(self) -> str:
        """One line for each step: what is derived, the rule, and what it gives."""
        return "\n".join(f"{s.target}   {s.rule}   {s.after}" for s in self._steps)

    def __iter__(self) -> Iterator[Step]:
        return iter(self._steps)
