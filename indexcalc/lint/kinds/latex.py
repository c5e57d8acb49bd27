"""LaTeX: the index equations of a document, or of a single formula."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence

from ...diagnostics import Diagnostic, Lines
from ...paper.balance import balance
from ...paper.document import equations
from ...paper.equation import Equation
from ...paper.paper import Paper
from ...paper.slots import slot_findings
from ..registry import checks
from ..settings import Settings
from ..source import Source

KNOWN = 3  # equations that have to show that a letter is an index before the others are read with it


def findings(source: Source, settings: Settings) -> Iterator[Diagnostic]:
    """What the equations have, each by itself and all of them together.  What is no index notation is skipped."""
    folder = os.path.dirname(os.path.abspath(source.name)) if os.path.isfile(source.name) else None
    found = equations(source.text, folder=folder)
    lines = Lines(source.text)
    strict = settings.strict or settings.profile in ("einstein", "strict")
    known = known_indices(found)
    for equation in found:
        yield from balance(equation, lines, known, strict)
    yield from slot_findings(found, lines)
    paper = Paper(source.text, source.name, found)
    for rule in checks("document"):
        yield from rule.run(paper, settings)


def known_indices(found: Sequence[Equation]) -> frozenset[str]:
    """Letters that several equations of a document show to be indices.

    >>> from ...paper.document import equations
    >>> sorted(known_indices(equations(r"$a_{ij}=b_{ij}$, $c_{ij}=d_{ji}$, $e_{ij}=f_{ij}$, $g_n=h_n$")))
    ['i', 'j']
    """
    seen: Counter[str] = Counter()
    if len(found) < KNOWN:
        return frozenset()
    for equation in found:
        if equation.evidence is not None:
            seen.update(equation.evidence.sure)
    return frozenset(name for name, times in seen.items() if times >= KNOWN)
