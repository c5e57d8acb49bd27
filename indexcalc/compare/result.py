"""What a comparison answers: equal, different or undecided, why, and under which names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

EQUAL, DIFFERENT, UNDECIDED = "equal", "different", "undecided"


@dataclass(frozen=True, slots=True)
class Counterexample:
    """Inputs at which the two differ, and how, at one component of one output.

    `sizes` is by the names of indices, `inputs` by the first program's names (nested lists), `component` counts from 0.
    """

    sizes: Mapping[str, int]
    inputs: Mapping[str, Any]
    output: str
    component: tuple[int, ...]
    left: float
    right: float

    def __str__(self) -> str:
        at = f"{self.output}[{', '.join(map(str, self.component))}]" if self.component else self.output
        return f"{at} is {_number(self.left)} in the first and {_number(self.right)} in the second"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Whether two programs compute the same.  Truthy when they do.

    verdict         "equal", "different" or "undecided"
    reason          "proved by normal form", "equal at 3 random points", or what is in the way, in words
    mapping         the first program's inputs to the second's, as they were compared
    exchanged       inputs that have to change places for the two to be equal; the verdict is then "different"
    counterexample  where they differ, if that was found by numbers
    error           a bound on the probability that "equal" is wrong; 0 for a proof, None where there is no bound
    each            indices of one side that the other does not have: it holds for each of their values
    """

    verdict: str
    reason: str
    mapping: Mapping[str, str] = field(default_factory=dict)
    exchanged: tuple[str, ...] = ()
    counterexample: Counterexample | None = None
    error: float | None = None
    each: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.verdict == EQUAL

    @property
    def renamed(self) -> Mapping[str, str]:
        """The part of the mapping in which the two names differ."""
        return {a: b for a, b in self.mapping.items() if a != b}


def _number(x: float) -> str:
    return str(int(x)) if x == int(x) and abs(x) < 1e15 else f"{x:.6g}"
