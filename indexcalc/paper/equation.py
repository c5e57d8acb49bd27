"""One equation of a paper: where it stands, what it is called, its tokens, and (when asked for) its tree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from .declared import NOTHING, Declarations
from .symbols import RELATIONS, SUMMING
from .tex import Tex
from .tree import Relation

if TYPE_CHECKING:
    from .evidence import Evidence


@dataclass(eq=False)
class Equation:
    """A chain such as `a = b = c`.

    `tokens` are those of the formula with macros written out; each knows its place in `source`, whose stretch
    [`start`, `end`) holds the equation.  `environment` is "align", "$", "\\[", … or "" for a formula alone;
    `declared` is what the comments `% ix: …` before it say of indices and tensors.

    >>> from .document import equations
    >>> equation, = equations(r"We have $y_i = A_{ij} x_j$.")
    >>> equation.text, equation.line, equation.environment
    ('y_i = A_{ij} x_j', 1, '$')
    """

    source: str
    tokens: tuple[Tex, ...]
    line: int = 1
    label: str = ""
    environment: str = ""
    declared: Declarations = NOTHING

    @property
    def start(self) -> int:
        return min(t.start for t in self.tokens)

    @property
    def end(self) -> int:
        return max(t.end for t in self.tokens)

    @property
    def text(self) -> str:
        """The equation as its author wrote it."""
        return self.source[self.start : self.end]

    @cached_property
    def has_scripts(self) -> bool:
        """Whether anything here could be an index."""
        return any(t.text in ("_", "^") for t in self.tokens)

    @cached_property
    def says_something(self) -> bool:
        """Whether there is more than a symbol such as `$x_i$` in a sentence."""
        return len(self.tokens) > 12 or any(t.text in RELATIONS or t.text in SUMMING for t in self.tokens)

    @cached_property
    def tree(self) -> Relation | None:
        """The tree, or None where the formula is not one that can be read."""
        from .parse import parse

        return parse(self.tokens)

    @cached_property
    def words(self) -> frozenset[str]:
        """The scripts that are words, no indices; none where there is no tree."""
        from .words import words_in

        return frozenset() if self.tree is None else words_in(self.tree)

    @cached_property
    def evidence(self) -> Evidence | None:
        """What the equation by itself, and declarations, show of its indices; None where there is no tree."""
        from .evidence import weigh

        tree = self.tree if self.has_scripts and self.says_something else None
        return None if tree is None else weigh(tree, self.words, self.declared)


def names_of(equations: Sequence[Equation]) -> dict[str, Equation]:
    """Equations by their labels, the first of each."""
    found: dict[str, Equation] = {}
    for equation in equations:
        if equation.label:
            found.setdefault(equation.label, equation)
    return found
