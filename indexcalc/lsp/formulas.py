"""LaTeX as an editor asks about it: the free and summed indices of an equation."""

from __future__ import annotations

from functools import cached_property

from ..diagnostics import listed
from ..paper.document import equations
from ..paper.equation import Equation
from ..paper.evidence import Evidence, weigh
from ..paper.paper import Paper
from ..paper.teller import command
from ..paper.to_language import to_program_text
from .hover import Hover, code


class LatexReading:
    """One document."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def paper(self) -> Paper:
        """Its equations, and what it declares."""
        return Paper(self.text, "<input>", equations(self.text))

    def hover(self, offset: int) -> Hover | None:
        """The indices of the equation at a place, and first the one that stands there."""
        for equation in self.paper.equations:
            if equation.start <= offset <= equation.end:
                return self._equation(equation, offset)
        return None

    def _equation(self, equation: Equation, offset: int) -> Hover | None:
        tree = equation.tree if equation.has_scripts else None
        if tree is None:
            return None
        evidence = weigh(tree, equation.words, equation.declared)
        summed = _summed(evidence)
        free = [n for n in _free(evidence) if n not in summed]
        if not free and not summed:
            return None
        rows = [self._one(name, equation, summed) for name in _at(evidence, offset)]
        said = to_program_text(equation)
        rows += [code(said)] if said else []
        rows += [f"free: {_names(free)}"] if free else []
        rows += [f"summed: {_names(summed)}"] if summed else []
        return Hover(equation.start, equation.end, "\n\n".join(rows))

    def _one(self, name: str, equation: Equation, summed: list[str]) -> str:
        space = equation.declared.spaces.get(name)
        last = self.paper.shapes.letters.get(name)
        rows = [f"index **`{command(name)}`**: {'summed' if name in summed else 'free'}"]
        rows += [f"space `{space}`"] if space else []
        rows += [f"from 1 to `{last}`"] if last else []
        return ", ".join(rows)


def _summed(evidence: Evidence) -> list[str]:
    """Letters under a sum sign, and pairs that are free nowhere."""
    bound = {e.name for _, found, _ in evidence.met.ranges for e in found.names}
    names = dict.fromkeys(u.name for t in evidence.terms for u in (*t.uses, *t.local))
    inside = dict.fromkeys(u.name for _, _, body in evidence.met.ranges for t in body for u in t.uses)
    free = _free(evidence)
    pairs = [n for n in names if n in evidence.sure and n not in free and n not in bound]
    return [*(n for n in inside if n in bound), *(n for n in sorted(bound) if n not in inside), *pairs]


def _free(evidence: Evidence) -> list[str]:
    """Letters that stand once in some term."""
    names = dict.fromkeys(u.name for t in evidence.terms for u in t.uses if t.count(u.name) == 1)
    return [n for n in names if n in evidence.sure]


def _at(evidence: Evidence, offset: int) -> list[str]:
    """The index at a place, if one stands there."""
    terms = [*evidence.terms, *(t for _, _, body in evidence.met.ranges for t in body)]
    uses = [u for t in terms for u in (*t.uses, *t.local) if u.name in evidence.sure]
    found = [u.name for u in uses if u.place.start <= offset < max(u.place.end, u.place.start + 1)]
    entries = [e.name for _, r, _ in evidence.met.ranges for e in r.names if e.place.start <= offset < e.place.end]
    return list(dict.fromkeys([*found, *entries]))[:1]


def _names(names: list[str]) -> str:
    return listed([f"`{command(n)}`" for n in names])
