"""From a question to derived programs: which sweeps, in how many orders, and which direction is cheaper."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..ir.program import Program
from .derive import Derived, derive
from .plan import gradient_plan
from .question import Kind, Question


@dataclass(frozen=True, slots=True)
class Stage:
    """One derivation: the program that was differentiated, and what came out.  Second derivatives take two."""

    program: Program
    derived: Derived


def answer(question: Question) -> tuple[Stage, ...]:
    """The derivations that lead to the answer, which is the last one's result."""
    return _ANSWERS[question.kind](question)


def _gradient(q: Question) -> tuple[Stage, ...]:
    plan = gradient_plan(q.program, q.output(), q.wrt)
    return (Stage(q.program, derive(q.program, plan, q.with_value, q.sizes)),)


_ANSWERS: Mapping[Kind, Callable[[Question], tuple[Stage, ...]]] = {"gradient": _gradient}
