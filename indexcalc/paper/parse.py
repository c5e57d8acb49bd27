"""The door of the formula parser: tokens in, a tree or None out."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from ..syntax.lalr import Machine, TooDeep, Unexpected
from ..syntax.tables import LATEX, load
from .build import FLAT, Builder
from .lexing import Unreadable, lex
from .tex import Tex
from .tree import Relation

MAX_NESTING = 40  # brackets, fractions and exponents inside each other


@lru_cache(1)
def _machine() -> Machine:
    return Machine(load(LATEX), Builder(), FLAT, MAX_NESTING)


def parse(tokens: Sequence[Tex], *, nested: bool = False) -> Relation | None:
    """The tree of a formula, or None where it is none that can be read.

    >>> from .tex import tokenise
    >>> tree = parse(tokenise("y_i = A_{ij} x_j"))
    >>> [len(side.terms[0].factors) for side in tree.sides]
    [1, 2]
    >>> parse(tokenise("y_i = (")) is None
    True
    """
    if _deep(tokens):
        return None
    try:
        found: Any = _machine().run(lex(tokens), "relation")
    except (Unexpected, TooDeep, Unreadable):
        return None
    assert isinstance(found, Relation)
    return found


def _deep(tokens: Sequence[Tex]) -> bool:
    depth = 0
    for t in tokens:
        depth += (t.text == "{") - (t.text == "}")
        if depth > MAX_NESTING:
            return True
    return False
