"""A whole document for the rules that compare its equations with each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from ..diagnostics import Diagnostic, Label, Lines, Span
from .defined import Defined, definitions_in, extents_by_definition
from .equation import Equation
from .extents import Declared, Shapes, shapes_of
from .tree import Place
from .uses import Uses, uses_in


@dataclass(eq=False)
class Paper:
    """The equations of a text, what it declares of shapes, and which components each equation uses."""

    text: str
    file: str
    equations: Sequence[Equation]

    @cached_property
    def shapes(self) -> Shapes:
        return shapes_of(self.text, self.equations)

    @cached_property
    def uses(self) -> list[tuple[Equation, Uses]]:
        """Equations that state something (`=`), with their uses."""
        stated = ((e, e.tree) for e in self.equations if e.has_scripts)
        return [(e, uses_in(tree, e.words)) for e, tree in stated if tree is not None and r"\in" not in tree.relations]

    @cached_property
    def definitions(self) -> list[Defined]:
        """The equations that define a tensor by its components."""
        return list(definitions_in(self.uses))

    @cached_property
    def known(self) -> dict[str, Declared]:
        """The extents of tensors: declared, or following from their definition."""
        return {**self.shapes.tensors, **extents_by_definition(self.definitions, self.shapes)}

    @cached_property
    def ranks(self) -> dict[str, int]:
        """The numbers of indices of tensors that are declared with extents, or have as many wherever they have any."""
        found: dict[str, int] = {}
        met = ((u.name, len(u.letters)) for _, uses in self.uses for u in uses.tensors if u.letters and not u.marks)
        for name, rank in met:
            found[name] = rank if found.get(name, rank) == rank else 0
        found |= {name: len(d.dims) for name, d in self.shapes.tensors.items() if not d.leading}
        return {name: rank for name, rank in found.items() if rank}

    @cached_property
    def lines(self) -> Lines:
        return Lines(self.text)

    def span(self, place: Place) -> Span:
        return self.lines.span(place.start, place.end)

    def where(self, place: Place) -> str:
        """The place in words."""
        return f"line {self.lines.line(place.start)}"

    def finding(
        self, code: str, message: str, place: Place, *, label: str = "", others: Sequence[tuple[Place, str]] = (),
        why: str = "", hint: str = "", severity: str = "warning",
    ) -> Diagnostic:  # fmt: skip
        """A finding at a place of the document, with other places of it."""
        labels = tuple(Label(self.span(p), text) for p, text in others)
        return Diagnostic(
            code, message, self.span(place), hint, severity, why, file=self.file, label=label, labels=labels,
            source=self.text,
        )  # fmt: skip
