"""Names that a program can say, made from those of another notation."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, count

from ..diagnostics import IndexCalcError
from ..ir.text import KEYWORDS
from ..scalar.names import check_name
from ..syntax.greek import fold, letters

LETTERS = "ijklmnpqrstuvwabcdefgh"


@dataclass
class Names:
    """Gives each name once; `alpha` and `α` count as one."""

    taken: set[str] = field(default_factory=set)

    def new(self, wanted: str) -> str:
        """The name, in the language's spelling, with a number where it is taken or a word of the language.

        >>> names = Names()
        >>> [names.new(n) for n in ("layers.0.weight", "softmax", "softmax", "x", "x")]
        ['layers_0_weight', 'softmax_1', 'softmax_2', 'x', 'x_2']
        """
        stem: str = str(letters("_".join(re.findall(r"[^\W_]+", wanted)) or "value"))
        stem = stem if stem[0].isalpha() else f"layer_{stem}"
        for name in _numbered(stem, 2 if sayable(stem) else 1):
            if fold(name) not in self.taken and sayable(name):
                self.taken.add(fold(name))
                return name
        raise AssertionError("there are more numbers than names")

    def index(self) -> str:
        """A letter for an index, or a letter with a number."""
        for name in chain(LETTERS, (f"{c}{n}" for n in count(1) for c in LETTERS)):
            if fold(name) not in self.taken:
                self.taken.add(fold(name))
                return name
        raise AssertionError("there are more letters than spaces")

    def free(self, name: str) -> bool:
        return fold(name) not in self.taken

    def take(self, names: Iterable[str]) -> None:
        self.taken |= {fold(n) for n in names}


def _numbered(stem: str, start: int) -> Iterator[str]:
    if start == 2:
        yield stem
    number = start
    while True:
        yield f"{stem}_{number}"
        number += 1


def sayable(name: str) -> bool:
    """Whether the language can say the name, and does not say something else by it."""
    if name in KEYWORDS or not name.isidentifier():
        return False
    try:
        check_name(name)
    except IndexCalcError:
        return False
    return True
