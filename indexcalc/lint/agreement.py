"""Whether two formulas agree, beside the same definitions and under what papers leave to words.

A derivative that is right for one-hot targets, for a symmetric matrix, or off the diagonal is not called wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from ..diagnostics import IndexCalcError
from ..elaborate.read import read_program

if TYPE_CHECKING:
    from ..compare.result import Comparison

MAX_INPUTS = 12  # that are looked at one by one


@dataclass(frozen=True, slots=True)
class Formulas:
    """Statements of the language, and two formulas over them with the same free indices."""

    lines: tuple[str, ...]
    free: tuple[str, ...]
    left: str
    right: str


def compared(formulas: Formulas, assumed: Sequence[str] = ()) -> Comparison:
    """Whether both formulas have the same values; `assumed` are statements put before the others.

    All inputs are outputs too, so that a formula which does not read one of them can be compared.

    >>> sum_of_one = Formulas(("y[i1] = W[i1, j1] * x[j1]",), ("i0",), "y[i0]", "W[i0, j0] * x[j0]")
    >>> compared(sum_of_one).verdict
    'equal'
    """
    from ..compare.programs import compare

    result = f"result[{', '.join(formulas.free)}]" if formulas.free else "result"
    texts = ["\n".join([*assumed, *formulas.lines, f"{result} = {x}"]) for x in (formulas.left, formulas.right)]
    ranks = {n: len(t.indices) for x in texts for n, t in read_program(x).inputs.items()}
    seen = [f"seen_{_slots(n, rank, k)} = {_slots(n, rank, k)}" for k, (n, rank) in enumerate(sorted(ranks.items()))]
    outputs = ", ".join(["result", *(f"seen_{n}" for n in sorted(ranks))])
    left, right = (read_program("\n".join([x, *seen, f"output {outputs}"])) for x in texts)
    return compare(left, right, rename=False)


def _slots(name: str, rank: int, number: int) -> str:
    return f"{name}[{', '.join(f'in{number}at{k}' for k in range(rank))}]" if rank else name


def agree_in_words(formulas: Formulas, ranks: dict[str, int], conditional: Sequence[tuple[str, str]]) -> bool:
    """Whether the formulas agree under a hypothesis that papers often leave to words.

    `ranks` are inputs whose slots are in one space: a vector may sum to 1, a matrix may be symmetric.  `conditional`
    are pairs of free indices of which the paper may say that they differ, or that they are one.
    """
    for assumed in _assumptions(ranks):
        if _agree(formulas, assumed):
            return True
    for one, other in conditional:
        for factor in (f"delta[{one}, {other}]", f"(1 - delta[{one}, {other}])"):
            left, right = (f"({x}) * {factor}" for x in (formulas.left, formulas.right))
            if _agree(Formulas(formulas.lines, formulas.free, left, right), ()):
                return True
    return False


def _assumptions(ranks: dict[str, int]) -> Iterator[list[str]]:
    found = [line for line in map(_assumption, sorted(ranks), (ranks[n] for n in sorted(ranks))) if line]
    found = found[:MAX_INPUTS]
    yield from ([line] for line in found)
    if len(found) > 1:
        yield found


def _assumption(name: str, rank: int) -> str:
    if rank == 1:
        return f"{name}[h1] = free_{name}[h1] / sum[h2](free_{name}[h2])"
    if rank == 2:
        return f"{name}[h1, h2] = free_{name}[h1, h2] + free_{name}[h2, h1]"
    return ""


def _agree(formulas: Formulas, assumed: Sequence[str]) -> bool:
    try:
        return bool(compared(formulas, assumed))
    except IndexCalcError:  # the hypothesis makes no sense here: slots of two spaces, for one
        return False


def spoken_of(text: str, of: Sequence[str], by: Sequence[str]) -> list[tuple[str, str]]:
    r"""Pairs of letters of which a text says that they are equal or that they differ.

    >>> spoken_of(r"for $i \neq j$", ["i"], ["j", "k"])
    [('i', 'j')]
    """
    return [
        (a, b)
        for a, b in product(of, by)
        if a != b
        and any(
            re.search(rf"(?<![A-Za-z_]){x}\s*(?:=|\\neq?\b|\\not\s*=|≠)\s*{y}(?![A-Za-z_^])", text)
            for x, y in ((re.escape(a), re.escape(b)), (re.escape(b), re.escape(a)))
        )
    ]
