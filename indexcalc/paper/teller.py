"""What the checks of one equation share: its evidence, places, and words."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..diagnostics import Diagnostic, Label, Lines, Span, listed
from .equation import Equation
from .evidence import Evidence
from .letters import ABSTRACT, COORDINATES, FIRM
from .symbols import GREEK
from .terms import Term, Use
from .tree import Place, Relation

COMMANDS = {name: command for command, name in GREEK.items() if not command.startswith(r"\var")}


def command(name: str) -> str:
    """A letter as LaTeX writes it.

    >>> command("i"), command("mu")
    ('i', '\\\\mu')
    """
    return COMMANDS.get(name, name)


@dataclass(slots=True)
class Teller:
    """`told`: letters of which something is said already; one slip has one finding.
    `told_terms`: terms that were said to differ from the others."""

    equation: Equation
    lines: Lines
    evidence: Evidence
    tree: Relation
    strict: bool
    told: set[str] = field(default_factory=set)
    told_terms: set[Place] = field(default_factory=set)

    def is_usual(self, name: str) -> bool:
        """Whether a letter mostly is an index, and is not reckoned with here as a number."""
        return name in FIRM | ABSTRACT and name not in COORDINATES and name not in self.evidence.met.counted

    def span(self, place: Place) -> Span:
        return self.lines.span(place.start, place.end)

    def show(self, name: str) -> str:
        return f"`{command(name)}`"

    def words(self, names: list[str]) -> str:
        return listed([self.show(n) for n in names])

    def label(self, place: Place, text: str) -> Label:
        return Label(self.span(place), text)

    def source(self, place: Place) -> str:
        """The formula's text at a place, on one line."""
        return " ".join(self.equation.source[place.start : place.end].split())

    def finding(
        self, code: str, message: str, place: Place, hint: str, label: str = "", labels: tuple[Label, ...] = (),
        *, severity: str = "error", why: str = "",
    ) -> Diagnostic:  # fmt: skip
        return Diagnostic(code, message, self.span(place), hint, severity, why, label=label, labels=labels)

    def certain(self, side: tuple[Term, ...]) -> dict[str, Use]:
        """The free indices that a side has for sure, with a place of each."""
        out: dict[str, Use] = {}
        for term in side:
            for use in term.uses:
                unsure = term.open or use.name in term.may
                if use.name in self.evidence.sure and term.count(use.name) == 1 and not unsure:
                    out.setdefault(use.name, use)
        return out


def absent(name: str, side: tuple[Term, ...]) -> bool:
    """Whether a side surely has no such free index."""
    return not any(t.count(name) or t.open or name in t.may for t in side)


def extent(side: tuple[Term, ...]) -> Place:
    return Place(min(t.place.start for t in side), max(t.place.end for t in side))


def is_constant(side: tuple[Term, ...]) -> bool:
    """Whether nothing stands on a side but numbers."""
    return not any(t.uses or t.open or t.may for t in side) and bool(side)
